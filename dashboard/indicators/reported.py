"""Indicators that rest on what sources report: the figure behind one, in words, and scores made of several."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.indicators.reading import Reading
from dashboard.indicators.share import rounded
from data_adapters.indicator_settings import IndicatorSettings
from data_adapters.ledger.facts import Figure, Rule
from data_adapters.ledger.item import stamp

_FULL = 100


def span(figure: Figure) -> str:
    """The period a figure is of: 2026, 2026-10, 2026-10-05 or 2026-07-01 至 2026-09-30."""
    first, last = figure.first, figure.end - timedelta(days=1)
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year:
        return f"{first.year}"
    if first.day == 1 and last.month == first.month and last.year == first.year and figure.end.day == 1:
        return f"{first:%Y-%m}"
    return f"{first}" if first == last else f"{first} 至 {last}"


def words(figure: Figure, zone: ZoneInfo) -> str:
    """What must be said of a figure: its period and time, and whether it is of one piece."""
    said = [f"{span(figure)} 的报数"]
    if figure.as_of is not None:
        said.append(f"截至 {figure.as_of.astimezone(zone):%Y-%m-%d}")
    if figure.uneven:
        said.append(f"{figure.grids} 个网格的期间不同")
    if figure.revised:
        said.append("已修订")
    return "，".join(said)


def as_json(figure: Figure) -> dict[str, Any]:
    """A figure's origin for the wire; ``to`` is the day after the last one."""
    return {
        "from": figure.first.isoformat(),
        "to": figure.end.isoformat(),
        "text": span(figure),
        "as_of": stamp(figure.as_of),
        "grids": figure.grids,
        "uneven": figure.uneven,
        "revised": figure.revised,
    }


def figure_of(id_: str, rule: Rule) -> Callable[[Reading], Figure | None]:
    """The reported figure of this name, for any grid and period."""
    return lambda reading: reading.fact(id_, rule)


def score(
    entry: IndicatorSettings, rule: Rule
) -> tuple[Callable[[Reading], tuple[int | None, int | None]], Callable[[Reading], list[dict[str, Any]]]]:
    """(measure, parts) of a score: Σ weight · n / N, and a bonus up to its limit. None where a part is missing.

    n / N of a grid with several below it is of the sums, never a mean of their shares. The measure is the score over
    100, in lowest terms.
    """

    def parts(reading: Reading) -> list[dict[str, Any]]:
        found = [_part(part.label, part.weight, reading.fact(part.fact, rule)) for part in entry.score]
        if (bonus := entry.bonus) is not None:
            most = bonus.at_most
            given = reading.fact(bonus.fact, rule)
            points = min(given.count, most) if given is not None else 0
            found.append({"label": bonus.label, "weight": most, "numerator": points, "denominator": None})
            found[-1] |= {"points": float(points), "exact": Fraction(points), "period": _span(given)}
        return found

    def measure(reading: Reading) -> tuple[int | None, int | None]:
        exact = [part["exact"] for part in parts(reading)]
        if None in exact:
            return None, None
        total = sum(exact, Fraction())
        return total.numerator, total.denominator * _FULL

    return measure, lambda reading: [
        {key: value for key, value in part.items() if key != "exact"} for part in parts(reading)
    ]


def _part(label: str, weight: int, figure: Figure | None) -> dict[str, Any]:
    n, whole = (figure.part, figure.whole) if figure is not None else (None, None)
    exact = Fraction(n, whole) * weight if n is not None and whole else None
    return {
        "label": label,
        "weight": weight,
        "numerator": n,
        "denominator": whole,
        "points": None if exact is None else rounded(exact),
        "exact": exact,
        "period": _span(figure),
    }


def _span(figure: Figure | None) -> str:
    return span(figure) if figure is not None else "没有报数"
