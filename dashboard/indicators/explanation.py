"""Any number laid open: what was left out and why, what it is compared with, how old what it rests on is."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from dashboard.indicators import reported
from dashboard.indicators.comparison import Comparison, of_counts, of_shares
from dashboard.indicators.indicator import COHORT, END, NOW, REPORTED, Indicator
from dashboard.indicators.period import (
    Pair,
    Period,
    festival_aligned,
    period_before,
    spring_months,
    year_before,
)
from dashboard.indicators.reading import Reading, day_date, day_number, day_start
from data_adapters.ledger.item import stamp

#: What a final day tells, in words.
_TOLD = {
    **{"reported": "上报", "accepted": "受理", "rejected": "不予受理", "assigned": "派单", "closed": "结案"},
    **{"left": "离开在办", "transferred": "移送", "reopened": "重办", "succeeded": "化解成功"},
    **{"failed": "调解不成", "followed": "回访"},
}


def explain(indicator: Indicator, reading: Reading) -> dict[str, Any]:
    """``period``, ``left_out``, ``comparisons``, ``sources`` with their age, ``cases`` (the list behind
    it), ``reported`` (of which period a reported figure is), ``parts`` (what a score is made of).

    ``period.to`` is the day after the last one, as in the query. ``cases`` is None here: the caller knows addresses.
    """
    now = reading.snapshot.now
    first, last = day_date(reading.first), day_date(reading.last)
    today = day_date(reading.snapshot.today)
    local = now.astimezone(reading.snapshot.zone)
    complete = indicator.period in {NOW, END, *REPORTED} or last < today
    return {
        "period": {
            "rule": indicator.period,
            "from": first.isoformat(),
            "to": (last + timedelta(days=1)).isoformat(),
            "complete": complete,
            "text": "此刻" if indicator.period == NOW else _span(first, last),
            "final": reading.is_final,
            "note": "" if complete else f"截至 {local:%H:%M}",
        },
        "restated": [
            {
                "day": day_date(one.day).isoformat(),
                "before": one.before,
                "after": one.after,
                "at": stamp(one.at),
                "changed": [
                    {"label": _TOLD[name], "before": one.before.get(name, 0), "after": one.after.get(name, 0)}
                    for name in one.changed
                ],
            }
            for one in indicator.restated(reading)
        ],
        "left_out": [{"reason": reason, "n": n} for reason, n in indicator.left(reading)],
        "reported": _reported(indicator, reading),
        "parts": indicator.parts(reading) if indicator.parts is not None else [],
        "comparisons": _comparisons(indicator, reading, Period(first, last)),
        "sources": [
            {"name": state.name, "kind": state.kind, "as_of": stamp(state.last_ok_at)}
            for state in reading.snapshot.sources()
            if state.kind in indicator.kinds
        ],
        "cases": None,
    }


def _reported(indicator: Indicator, reading: Reading) -> dict[str, Any] | None:
    figure = indicator.figure(reading) if indicator.figure is not None else None
    return reported.as_json(figure) if figure is not None else None


def _comparisons(indicator: Indicator, reading: Reading, asked: Period) -> list[dict[str, Any]]:
    """环比 and 同比. Stocks of now have no past of their own to stand beside.

    Of reports, which are found by their hour, a running day stands beside the same hours; of all else only the days
    that are over are compared, since a day is the smallest thing that is counted.
    """
    today = day_date(reading.snapshot.today)
    by_hour = indicator.counts == ("reported",) and asked.first <= today <= asked.last
    over = Period(asked.first, today) if by_hour else asked.over(today)
    if over is None or indicator.period in {NOW, END}:
        return []
    spring = spring_months(over)
    lunar = festival_aligned(over)
    pairs: list[tuple[str, Pair]] = [("环比", period_before(over)), ("同比", year_before(over))]
    pairs += [("春节对齐同比", lunar)] if lunar else []
    return [
        _compared(indicator, reading, name, pair)
        for name, pair in [*pairs, *([("1–2月合并同比", spring)] if spring else [])]
    ]


def _compared(indicator: Indicator, reading: Reading, name: str, pair: Pair) -> dict[str, Any]:
    now, then, note = pair
    readings = [
        Reading(reading.snapshot, reading.path, day_number(period.first), day_number(period.last))
        for period in (now, then)
    ]
    (n, whole), (n_then, whole_then) = (indicator.measure(one) for one in readings)
    texts = [_span(now.first, now.last), _span(then.first, then.last)]
    if day_number(now.last) == reading.snapshot.today:
        n_then = _by_now(readings[1])
        texts = [f"{text} {reading.snapshot.now.astimezone(reading.snapshot.zone):%H:%M}" for text in texts]
    if indicator.figure is not None:
        figures = [indicator.figure(one) for one in readings]
        texts = [reported.span(one) if one is not None else "—" for one in figures]
    share = indicator.unit == "%"
    if n is None or n_then is None:
        found = Comparison("—（没有报数）")
    elif indicator.figure is not None and texts[0] == texts[1]:
        found = Comparison("—（同一期报数）")
    elif share:
        found = of_shares((n, whole or 0), (n_then, whole_then or 0))
    else:
        found = of_counts(n, n_then)
    if indicator.period == COHORT:
        note = "；".join(filter(None, (note, "较早的一批有更长的时间办理")))
    if reading.snapshot.regrouped(reading.path, then.first, now.last):
        note = "；".join(filter(None, (note, "口径变化：其间网格有新设、撤并或改界")))
    return {
        "name": name,
        "text": found.text,
        "delta": found.delta,
        "unit": found.unit,
        "now": {"text": texts[0], "numerator": n, "denominator": whole},
        "then": {"text": texts[1], "numerator": n_then, "denominator": whole_then},
        "note": note,
    }


def _by_now(then: Reading) -> int:
    """Reports of a period by as late on its last day as it is now."""
    snapshot, start = then.snapshot, day_start(then.last, then.snapshot.zone)
    elapsed = snapshot.now - day_start(snapshot.today, snapshot.zone)
    days = (
        snapshot.counts.flows(then.path, then.first, then.last - 1) if then.first < then.last else Counter()
    )
    return days["reported"] + snapshot.reported_count(then.path, start, start + elapsed)


def _span(first: date, last: date) -> str:
    return f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d} 至 {last:%Y-%m-%d}"
