"""``GET /grids/{code}/paint``: one indicator of every child of a grid; ``GET /map/paints``: those to choose from."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from flask import Blueprint, Response, request

from dashboard.api.guard import grid_or_404, moment, reading_at, standing, viewer_scope
from dashboard.api.problem import Problem, reply
from dashboard.indicators.indicator import END, NOW, REPORTED
from dashboard.indicators.paint import paint
from dashboard.kept import Kept
from dashboard.services import Services
from data_adapters.suggestion import did_you_mean

MOST_DAYS = 366
#: A busy centre changes every moment: an answer stands this long, and says as of when it is.
FRESH_S = 5
KEPT = 64


def routes(api: Blueprint, services: Services) -> None:
    """Colours of the map."""
    kept: Kept[dict[str, Any]] = Kept(KEPT)

    @api.get("/grids/<code>/paint")
    @services.off_loop
    def get_paint(code: str) -> Response:
        name = request.args.get("indicator") or "K01"
        indicator = services.catalogue.by_id.get(name)
        if indicator is None:
            raise Problem(404, f"没有指标 {name}{did_you_mean(name, services.catalogue.by_id)}")
        days = _days()
        at = moment(services)
        with reading_at(services, at) as snapshot:
            here = grid_or_404(snapshot, code)
            asked = (snapshot.scope.path, here.path, name, days, snapshot.position()[0])
            if at is None:
                key: Hashable = (*asked, int(snapshot.now.timestamp()) // FRESH_S)
            else:
                key = standing(services, snapshot, at, *asked)
            found = None if key is None else kept.get(key)
            if found is None:
                found = paint(snapshot, here, indicator, days, services.settings.map.breaks.get(name))
                if key is not None:
                    kept.put(key, found)
        return reply(found)

    @api.get("/map/paints")
    def get_paints() -> Response:
        viewer_scope(services)
        items = [
            {
                "id": indicator.id,
                "label": indicator.label,
                "label_en": indicator.label_en,
                "unit": indicator.unit,
                "lasting": indicator.period in {NOW, END, *REPORTED},
            }
            for indicator in services.catalogue
        ]
        return reply({"items": items, "next": None})


def _days() -> int:
    """``window=30d`` in days."""
    raw = request.args.get("window") or "30d"
    number = raw.removesuffix("d")
    if not number.isascii() or not number.isdigit() or len(number) > 3 or not 1 <= int(number) <= MOST_DAYS:
        raise Problem(400, f"参数 window 应为 1d 到 {MOST_DAYS}d，如 30d")
    return int(number)
