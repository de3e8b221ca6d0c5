"""``GET /indicators``: every indicator of one grid and period, each with its integers, sources and time."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from dashboard.api.guard import day, grid_or_404, reading
from dashboard.api.problem import Problem, reply
from dashboard.indicators.catalogue import CATALOGUE, Indicator, percent
from dashboard.indicators.reading import Reading, day_number
from dashboard.services import Services
from data_adapters.ledger.item import stamp


def routes(api: Blueprint, services: Services) -> None:
    """Reading indicators."""

    @api.get("/indicators")
    def get_indicators() -> Response:
        first, last = day("from"), day("to")
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, request.args.get("grid"))
            end = day_number(last) - 1 if last else snapshot.today
            start = day_number(first) if first else end
            if start > end:
                raise Problem(400, "参数 from 应早于 to；期间为 [from, to)，以日为单位")
            reading_ = Reading(snapshot, here.path, start, end)
            sources = {state.name: state.kind for state in snapshot.sources()}
            items = [_one(indicator, reading_, sources) for indicator in CATALOGUE]
        return reply({"grid": here.code, "items": items, "next": None})


def _one(indicator: Indicator, reading: Reading, sources: dict[str, str]) -> dict[str, Any]:
    numerator, denominator = indicator.measure(reading)
    value: float | None = numerator
    if indicator.unit == "%":
        value = percent(numerator, denominator or 0)
    return {
        "id": indicator.id,
        "label": indicator.label,
        "label_en": indicator.label_en,
        "value": value,
        "numerator": numerator,
        "denominator": denominator,
        "unit": indicator.unit,
        "formula": indicator.formula,
        "as_of": stamp(reading.snapshot.now),
        "sources": [name for name, kind in sources.items() if kind in indicator.kinds],
        "note": "分母为 0" if indicator.unit == "%" and not denominator else "",
    }
