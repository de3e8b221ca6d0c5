"""An indicator that the county's configuration describes, as an entry of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from dashboard.indicators.indicator import FACT, FLOW, LATEST, NOW, SUM, Indicator, Measure
from dashboard.indicators.reading import Reading
from dashboard.indicators.reported import figure_of, score
from data_adapters.indicator_settings import IndicatorSettings
from data_adapters.ledger.declared import OF_PERIOD, kind_of
from data_adapters.ledger.facts import Rule
from data_adapters.sum_of_counts import SumOfCounts

#: The kinds of source that tell what a count of this kind rests on.
_TOLD_BY = {"grid": ("grid",), "case": ("case",), "video_point": ("video_point", "video_status")}
_RULES = {"latest": LATEST, "sum": SUM}


def configured(entry: IndicatorSettings) -> Indicator:
    """The entry as an indicator. A share of n in N gets its interval; n per so many N has none."""
    sums = [found for found in (entry.numerator, entry.denominator) if found is not None]
    names = frozenset[str]().union(*(found.names for found in sums))
    counted = (kind for name in sorted(names) for kind in _TOLD_BY[kind_of(name)])
    rule: Rule = entry.period or "latest"
    numerator, denominator = ("得分", "满分") if entry.score else entry.of or ("", "")
    measure, parts = score(entry, rule) if entry.score else (_measure(entry, rule), None)
    figure = figure_of(entry.fact, rule) if entry.fact is not None else None
    bare = entry.fact is not None and entry.is_ratio and entry.denominator is None
    return Indicator(
        id=entry.id,
        label=entry.label,
        label_en=entry.label_en or entry.label,
        unit=entry.unit,
        formula=entry.formula,
        own_measure=measure,
        counts=tuple(str(found) for found in sums) if entry.numerator is not None else (),
        numerator=numerator,
        denominator=denominator,
        better=entry.better,
        period=_RULES[rule] if entry.facts else FLOW if names & OF_PERIOD else NOW,
        kinds=tuple(dict.fromkeys([*(FACT if entry.facts else ()), *counted])),
        left_out=(("没有分母的报数", lambda r: _bare(r, entry, rule)),) if bare else (),
        factor=_constant(100 if entry.score else entry.factor),
        interval=entry.unit == "%" and entry.factor == 100,
        minimum=entry.hide_below,
        figure=figure,
        parts=parts,
        board=entry.board or "",
    )


def total(counts: SumOfCounts, reading: Reading) -> int:
    """What the sum comes to for a grid and period."""
    return sum(sign * reading.count(name) for sign, name in counts.terms)


def _constant(factor: int) -> Callable[[Reading], Fraction]:
    return lambda _: Fraction(factor)


def _bare(reading: Reading, entry: IndicatorSettings, rule: Rule) -> int:
    figure = reading.fact(entry.fact or "", rule)
    return figure.bare if figure is not None else 0


def _measure(entry: IndicatorSettings, rule: Rule) -> Measure:
    numerator, denominator, fact = entry.numerator, entry.denominator, entry.fact

    def measure(reading: Reading) -> tuple[int | None, int | None]:
        whole = total(denominator, reading) if denominator is not None else None
        if fact is None:
            return total(numerator, reading) if numerator is not None else None, whole
        figure = reading.fact(fact, rule)
        if figure is None:
            return None, whole
        if entry.count:
            return figure.count, None
        return (figure.count, whole) if denominator is not None else (figure.part, figure.whole)

    return measure
