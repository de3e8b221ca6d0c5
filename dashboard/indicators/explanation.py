"""Any number laid open: what was left out and why, what it is compared with, how old what it rests on is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from dashboard.indicators.comparison import of_counts, of_shares
from dashboard.indicators.indicator import COHORT, END, NOW, Indicator
from dashboard.indicators.period import Pair, Period, period_before, spring_months, year_before
from dashboard.indicators.reading import Reading, day_date, day_number
from data_adapters.ledger.item import stamp


def explain(indicator: Indicator, reading: Reading) -> dict[str, Any]:
    """``period``, ``left_out``, ``comparisons``, ``sources`` with their age, ``cases`` (the list behind it).

    ``period.to`` is the day after the last one, as in the query. ``cases`` is None here: the caller knows addresses.
    """
    now = reading.snapshot.now
    first, last = day_date(reading.first), day_date(reading.last)
    today = day_date(reading.snapshot.today)
    local = now.astimezone(reading.snapshot.zone)
    complete = indicator.period in {NOW, END} or last < today
    return {
        "period": {
            "rule": indicator.period,
            "from": first.isoformat(),
            "to": (last + timedelta(days=1)).isoformat(),
            "complete": complete,
            "text": "此刻" if indicator.period == NOW else _span(first, last),
            "note": "" if complete else f"截至 {local:%H:%M}",
        },
        "left_out": [
            {"reason": reason, "n": n} for reason, count in indicator.left_out if (n := count(reading))
        ],
        "comparisons": _comparisons(indicator, reading, Period(first, last).over(today)),
        "sources": [
            {"name": state.name, "kind": state.kind, "as_of": stamp(state.last_ok_at)}
            for state in reading.snapshot.sources()
            if state.kind in indicator.kinds
        ],
        "cases": None,
    }


def _comparisons(indicator: Indicator, reading: Reading, over: Period | None) -> list[dict[str, Any]]:
    """环比 and 同比 over days that are over. Stocks of now have no past of their own to stand beside."""
    if over is None or indicator.period in {NOW, END}:
        return []
    spring = spring_months(over)
    pairs: list[tuple[str, Pair]] = [("环比", period_before(over)), ("同比", year_before(over))]
    return [
        _compared(indicator, reading, name, pair)
        for name, pair in [*pairs, *([("1–2月合并同比", spring)] if spring else [])]
    ]


def _compared(indicator: Indicator, reading: Reading, name: str, pair: Pair) -> dict[str, Any]:
    now, then, note = pair
    (n, whole), (n_then, whole_then) = (
        indicator.measure(
            Reading(reading.snapshot, reading.path, day_number(period.first), day_number(period.last))
        )
        for period in (now, then)
    )
    share = indicator.unit == "%"
    found = of_shares((n, whole or 0), (n_then, whole_then or 0)) if share else of_counts(n, n_then)
    if indicator.period == COHORT:
        note = "；".join(filter(None, (note, "较早的一批有更长的时间办理")))
    return {
        "name": name,
        "text": found.text,
        "delta": found.delta,
        "unit": found.unit,
        "now": {"text": _span(now.first, now.last), "numerator": n, "denominator": whole},
        "then": {"text": _span(then.first, then.last), "numerator": n_then, "denominator": whole_then},
        "note": note,
    }


def _span(first: date, last: date) -> str:
    return f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d} 至 {last:%Y-%m-%d}"
