"""``GET /indicators``: every indicator of one grid and period; ``/indicators/{id}/explain``: one, laid open;
``/indicators/{id}/rows``: the very rows that its numerator, its denominator or only the latter counted.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from dashboard.api.cases import listed
from dashboard.api.guard import day, grid_or_404, integer, reading
from dashboard.api.problem import Problem, reply
from dashboard.indicators.explanation import explain
from dashboard.indicators.indicator import PARTS, Indicator
from dashboard.indicators.reading import Reading, day_number
from dashboard.indicators.reported import words
from dashboard.indicators.share import few
from dashboard.services import Services
from data_adapters.ledger import Snapshot
from data_adapters.ledger.item import stamp
from data_adapters.ledger.lanes import BadPosition
from data_adapters.ledger.snapshot import GridRow


def routes(api: Blueprint, services: Services) -> None:
    """Reading indicators."""

    @api.get("/indicators")
    @services.off_loop
    def get_indicators() -> Response:
        with reading(services) as snapshot:
            here, read = _asked(snapshot)
            sources = {state.name: state.kind for state in snapshot.sources()}
            items = [item(indicator, read, sources) for indicator in services.catalogue]
        return reply({"grid": here.code, "items": items, "next": None})

    @api.get("/indicators/<id_>/explain")
    @services.off_loop
    def get_explanation(id_: str) -> Response:
        indicator = services.catalogue.by_id.get(id_)
        if indicator is None:
            raise Problem(404, "没有这个指标")
        with reading(services) as snapshot:
            here, read = _asked(snapshot)
            sources = {state.name: state.kind for state in snapshot.sources()}
            found = item(indicator, read, sources) | {"grid": {"code": here.code, "name": here.name}}
            found |= explain(indicator, read)
        period = found["period"]
        query = {"grid": here.code, "from": period["from"], "to": period["to"]}
        found["rows"] = {
            part: f"/api/v1/indicators/{id_}/rows?{urlencode(query | {'part': part})}"
            for part in PARTS
            if indicator.kind_of_rows(part) is not None
        }
        found["cases"] = (
            found["rows"].get("numerator") if indicator.kind_of_rows("numerator") == "case" else None
        )
        return reply(found)

    @api.get("/indicators/<id_>/rows")
    @services.off_loop
    def get_rows(id_: str) -> Response:
        indicator = services.catalogue.by_id.get(id_)
        if indicator is None:
            raise Problem(404, "没有这个指标")
        part = request.args.get("part", "numerator")
        if part not in PARTS:
            raise Problem(400, f"参数 part 应为 {'、'.join(PARTS)} 之一")
        kind = indicator.kind_of_rows(part)
        if kind is None:
            raise Problem(404, "这个数背后没有逐条的记录：它由来源报来，或是时长、人口等合计")
        limit = integer("limit", 100, 1, 1_000)
        with reading(services) as snapshot:
            here, read = _asked(snapshot)
            try:
                page = indicator.rows(read, part, request.args.get("after", ""), limit)
            except BadPosition:
                raise Problem(400, "参数 after 应为上一页的 next") from None
            found = [row for row, _ in page.rows]
            told = listed(snapshot, found) if kind == "case" else [_AS_JSON[kind](row) for row in found]
            items = [one | {"times": times} for one, (_, times) in zip(told, page.rows, strict=True)]
        return reply({"grid": here.code, "part": part, "kind": kind, "items": items, "next": page.next})


def _point(row: Any) -> dict[str, Any]:
    names = ("point_id", "status", "point_class", "should_network", "networked", "integrated")
    return {name: getattr(row, name) for name in names} | {"status_at": stamp(row.status_at)}


def _grid(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("code", "name", "level", "staff_count", "staff_required")}


def _site(row: Any) -> dict[str, Any]:
    return {"key_site": row.key_site}


#: One row behind a figure for the wire, by what it is, where it is no case.
_AS_JSON = {"video_point": _point, "grid": _grid, "key_site": _site}


def _asked(snapshot: Snapshot) -> tuple[GridRow, Reading]:
    """The grid and the reading that the query string asks for; today where it names no period."""
    first, last = day("from"), day("to")
    here = grid_or_404(snapshot, request.args.get("grid"))
    end = day_number(last) - 1 if last else snapshot.today
    start = day_number(first) if first else end
    if start > end:
        raise Problem(400, "参数 from 应早于 to；期间为 [from, to)，以日为单位")
    return here, Reading(snapshot, here.path, start, end)


def item(indicator: Indicator, reading: Reading, sources: dict[str, str]) -> dict[str, Any]:
    """An indicator for the wire. ``sources``: name -> kind of every source."""
    numerator, denominator = indicator.measure(reading)
    figure = indicator.figure(reading) if indicator.figure is not None else None
    said = [indicator.note(numerator, denominator), indicator.doubt(reading)]
    said += ["已修订"] if indicator.restated(reading) else []
    said += [words(figure, reading.snapshot.zone)] if figure is not None else []
    return {
        "id": indicator.id,
        "label": indicator.label,
        "label_en": indicator.label_en,
        "value": indicator.value(reading, numerator, denominator),
        "numerator": numerator,
        "denominator": denominator,
        "of": f"{indicator.numerator} / {indicator.denominator}" if indicator.denominator else "",
        "unit": indicator.unit,
        "better": indicator.better,
        "formula": indicator.formula,
        "period_rule": indicator.period,
        "interval": indicator.bounds(numerator, denominator),
        "doubt": bool(indicator.doubt(reading)),
        "small": bool(indicator.denominator and few(denominator or 0)),
        "as_of": stamp(figure.as_of if figure is not None else reading.snapshot.now),
        "sources": [name for name, kind in sources.items() if kind in indicator.kinds],
        "note": "；".join(filter(None, said)),
    }
