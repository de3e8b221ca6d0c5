"""``GET /heat``: where the cases of a window lie, as a picture; ``GET /heat/significance``: which grids stand out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from flask import Blueprint, Response, request

from dashboard.api.guard import grid_or_404, integer, moment, reading_at, span, viewer_scope
from dashboard.api.problem import Problem, reply
from dashboard.kept import Kept
from dashboard.services import Services
from data_adapters.ledger import Scope, Snapshot
from data_adapters.ledger.item import stamp
from data_adapters.ledger.snapshot import GridRow
from data_adapters.records.dictionary import SENSITIVE_CATEGORIES
from layers.heat import Heat, Mode, heat
from layers.significance import significance
from layers.suppression import LEAST

MODES = ("count", "rate")
MOST_DAYS = 366
#: A window ends now: a picture is made anew after this many seconds, and after every change.
FRESH_S = 30
KEPT = 64
_NOTHING = 255

Answer = dict[str, Any]


def routes(api: Blueprint, services: Services) -> None:
    """Heat of a grid."""
    kept: Kept[Answer] = Kept(KEPT)

    @api.get("/heat")
    @services.off_loop
    def get_heat() -> Response:
        mode = request.args.get("mode") or "count"
        if mode not in MODES:
            raise Problem(400, f"参数 mode 应为 {'、'.join(MODES)} 之一")
        days, category = _window()
        within = span()

        def make(snapshot: Snapshot, here: GridRow) -> Answer:
            found = heat(snapshot, here, cast("Mode", mode), days, category, within)
            if found is None:
                raise Problem(404, "这个网格没有边界")
            return _picture(found, category)

        return reply(
            _made(services, kept, viewer_scope(services), _grid(), (mode, days, category, within), make)
        )

    @api.get("/heat/significance")
    @services.off_loop
    def get_significance() -> Response:
        days, category = _window()
        within = span()

        def make(snapshot: Snapshot, here: GridRow) -> Answer:
            found = significance(snapshot, here, days, category, within)
            return {
                "unit": found.unit,
                "since": stamp(found.since),
                "until": stamp(found.until),
                "level": found.level,
                "total": _told(found.total, category),
                "unplaced": found.unplaced,
                "false_discoveries": found.false_discoveries,
                "note": found.note,
                "features": found.features["features"],
            }

        asked = ("significance", days, category, within)
        return reply(_made(services, kept, viewer_scope(services), _grid(), asked, make))


def _grid() -> str | None:
    return request.args.get("grid") or None


def _window() -> tuple[int, str | None]:
    return integer("days", 30, 1, MOST_DAYS), request.args.get("category") or None


def _made(
    services: Services,
    kept: Kept[Answer],
    scope: Scope,
    code: str | None,
    asked: tuple[Any, ...],
    make: Callable[[Snapshot, GridRow], Answer],
) -> Answer:
    at = moment(services)
    with reading_at(services, at) as snapshot:
        here = grid_or_404(snapshot, code)
        # The scope is part of the key: one viewer's picture is never another's.
        of = int(snapshot.now.timestamp()) // FRESH_S if at is None else at
        key = (scope.path, here.path, *asked, *snapshot.position(), of)
        found = kept.get(key)
        if found is None:
            found = {"grid": here.code, "as_of": stamp(snapshot.now), **make(snapshot, here)}
            kept.put(key, found)
    return found


def _picture(found: Heat, category: str | None) -> Answer:
    """`steps`: base64, a byte a cell, row by row from the north-west: 250 times the root of value / `top`, or 255."""
    known = np.isfinite(found.values)
    top = float(found.values[known].max()) if known.any() else 0.0
    shares = np.where(known, np.nan_to_num(found.values) / top if top > 0 else 0.0, 0.0)
    steps = np.where(known, np.round(np.sqrt(shares) * 250), _NOTHING).astype(np.uint8)
    rows, columns = found.values.shape
    return {
        "mode": found.mode,
        "unit": found.unit,
        "since": stamp(found.since),
        "until": stamp(found.until),
        "bandwidth_m": found.bandwidth_m,
        "total": _told(found.total, category),
        "drawn": found.drawn,
        "unplaced": _told(found.unplaced, category),
        "withheld": _told(found.withheld, category),
        "note": found.note,
        "box": [round(value, 6) for value in found.box],
        "rows": rows,
        "columns": columns,
        "top": top,
        "lows": list(found.lows),
        "steps": base64.b64encode(steps.tobytes()).decode(),
    }


def _told(n: int, category: str | None) -> int | None:
    """A small number of a sensitive category is not told."""
    return None if category in SENSITIVE_CATEGORIES and 0 < n < LEAST else n
