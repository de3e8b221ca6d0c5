"""One indicator over the children of a grid: what the polygons are coloured by, and the legend that says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from dashboard.indicators.indicator import END, NOW, REPORTED, Indicator
from dashboard.indicators.reading import Reading, day_date
from dashboard.indicators.share import few
from data_adapters.ledger import Snapshot
from data_adapters.ledger.item import stamp
from data_adapters.ledger.snapshot import GridRow
from layers.scale import Scale

#: Values with one decimal are classed in tenths.
_TENTHS = 10
Painted = dict[str, Any]


def paint(
    snapshot: Snapshot, here: GridRow, indicator: Indicator, days: int, breaks: Sequence[float] | None = None
) -> Painted:
    """The indicator of each child of `here` over the last `days` local days, today included.

    ``items``: ``code``, ``value``, ``numerator``, ``denominator``, ``step`` (0 to 5; None: no colour) and ``small``:
    too few to colour or to rank by, hatched. ``classes`` counts the coloured ones. `breaks`: the least value of
    each class above the first, else about equally many grids a class.
    """
    family, children = snapshot.of_children(here)
    last = snapshot.today
    first = last - days + 1
    grain = _TENTHS if indicator.denominator else 1
    items = [_one(indicator, Reading(family, child.path, first, last), child.code) for child in children]
    coloured = [
        round(item["value"] * grain) for item in items if item["value"] is not None and not item["small"]
    ]
    scale = Scale.fixed([round(low * grain) for low in breaks]) if breaks else Scale.quantile(coloured)
    for item in items:
        shown = item["value"] is not None and not item["small"]
        item["step"] = scale.step(round(item["value"] * grain)) if shown else None
    lasting = indicator.period in {NOW, END, *REPORTED}
    return {
        "grid": here.code,
        "id": indicator.id,
        "label": indicator.label,
        "label_en": indicator.label_en,
        "unit": indicator.unit,
        "better": indicator.better,
        "formula": indicator.formula,
        "of": [indicator.numerator, indicator.denominator] if indicator.denominator else None,
        "lasting": lasting,
        "days": days,
        "period": None
        if indicator.period == NOW
        else {
            "from": day_date(first).isoformat(),
            "to": (day_date(last) + timedelta(days=1)).isoformat(),
        },
        "as_of": stamp(snapshot.now),
        "sources": [state.name for state in snapshot.sources() if state.kind in indicator.kinds],
        "items": items,
        "classes": [
            {
                "step": entry.step,
                "low": entry.low / grain,
                "high": None if entry.high is None else entry.high / grain,
                "count": entry.count,
            }
            for entry in scale.legend(coloured)
        ]
        if coloured
        else [],
        "small": sum(item["small"] for item in items),
        "unknown": sum(item["value"] is None and not item["small"] for item in items),
        "fixed": bool(breaks),
    }


def _one(indicator: Indicator, reading: Reading, code: str) -> Painted:
    numerator, denominator = indicator.measure(reading)
    if not indicator.denominator:
        denominator = None
    known = bool(indicator.denominator and denominator and denominator > 0 and numerator is not None)
    return {
        "code": code,
        "value": indicator.value(reading, numerator, denominator),
        "numerator": numerator,
        "denominator": denominator,
        "small": known and (few(denominator or 0) or (numerator or 0) < indicator.minimum),
    }
