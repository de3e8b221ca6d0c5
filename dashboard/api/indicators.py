"""``GET /indicators``: every indicator of one grid and period; ``/indicators/{id}/explain``: one, laid open."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from dashboard.api.guard import day, grid_or_404, reading
from dashboard.api.problem import Problem, reply
from dashboard.indicators.catalogue import BY_ID, CATALOGUE
from dashboard.indicators.explanation import explain
from dashboard.indicators.indicator import Indicator
from dashboard.indicators.reading import Reading, day_number
from dashboard.indicators.share import few
from dashboard.services import Services
from data_adapters.ledger import Snapshot
from data_adapters.ledger.item import stamp
from data_adapters.ledger.snapshot import GridRow


def routes(api: Blueprint, services: Services) -> None:
    """Reading indicators."""

    @api.get("/indicators")
    def get_indicators() -> Response:
        with reading(services) as snapshot:
            here, read = _asked(snapshot)
            sources = {state.name: state.kind for state in snapshot.sources()}
            items = [_one(indicator, read, sources) for indicator in CATALOGUE]
        return reply({"grid": here.code, "items": items, "next": None})

    @api.get("/indicators/<id_>/explain")
    def get_explanation(id_: str) -> Response:
        indicator = BY_ID.get(id_)
        if indicator is None:
            raise Problem(404, "没有这个指标")
        with reading(services) as snapshot:
            here, read = _asked(snapshot)
            sources = {state.name: state.kind for state in snapshot.sources()}
            found = _one(indicator, read, sources) | {"grid": {"code": here.code, "name": here.name}}
            found |= explain(indicator, read)
        if indicator.listed:
            period = found["period"]
            query = urlencode({"grid": here.code, "from": period["from"], "to": period["to"]})
            found["cases"] = f"/api/v1/cases?{query}"
        return reply(found)


def _asked(snapshot: Snapshot) -> tuple[GridRow, Reading]:
    """The grid and the reading that the query string asks for; today where it names no period."""
    first, last = day("from"), day("to")
    here = grid_or_404(snapshot, request.args.get("grid"))
    end = day_number(last) - 1 if last else snapshot.today
    start = day_number(first) if first else end
    if start > end:
        raise Problem(400, "参数 from 应早于 to；期间为 [from, to)，以日为单位")
    return here, Reading(snapshot, here.path, start, end)


def _one(indicator: Indicator, reading: Reading, sources: dict[str, str]) -> dict[str, Any]:
    numerator, denominator = indicator.measure(reading)
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
        "small": bool(indicator.denominator and few(denominator or 0)),
        "as_of": stamp(reading.snapshot.now),
        "sources": [name for name, kind in sources.items() if kind in indicator.kinds],
        "note": indicator.note(numerator, denominator),
    }
