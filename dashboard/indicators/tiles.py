"""The tiles of the wall: value, n / N, period, comparison and 24 points of history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from dashboard.indicators.catalogue import BY_ID
from dashboard.indicators.comparison import of_shares, signed
from dashboard.indicators.indicator import NOW, Indicator
from dashboard.indicators.period import Period, period_before
from dashboard.indicators.reading import Reading, day_date, day_number, day_start, stock
from dashboard.indicators.reported import span, words
from dashboard.indicators.share import percent
from data_adapters.ledger import Snapshot

HISTORY = 24
#: The longest history that a tile draws: so many weeks.
LONGEST_DAYS = HISTORY * 7


def tiles(snapshot: Snapshot, path: str, chosen: Sequence[Indicator]) -> dict[str, dict[str, Any]]:
    """id -> tile of the grid at `path`, in the order of `chosen`."""
    return {
        indicator.id: _OWN[indicator.id](snapshot, path)
        if indicator.id in _OWN
        else _plain(snapshot, path, indicator)
        for indicator in chosen
    }


def _plain(snapshot: Snapshot, path: str, indicator: Indicator) -> dict[str, Any]:
    """Any indicator as a tile: of this month so far, or of now."""
    now = indicator.period == NOW
    date = day_date(snapshot.today)
    first = snapshot.today if now else day_number(date.replace(day=1))
    reading = Reading(snapshot, path, first, snapshot.today)
    numerator, denominator = indicator.measure(reading)
    value = indicator.value(reading, numerator, denominator)
    figure = indicator.figure(reading) if indicator.figure is not None else None
    period = "此刻" if now else f"本月 1–{date.day} 日"
    note, doubt = indicator.note(numerator, denominator), indicator.doubt(reading)
    if figure is not None:
        period, note = span(figure), "；".join(filter(None, (note, words(figure, snapshot.zone))))
    return {
        "id": indicator.id,
        "label": indicator.label,
        "value": value,
        "text": _text(value),
        "unit": indicator.unit,
        "numerator": numerator,
        "denominator": denominator,
        "of": f"{indicator.numerator} / {indicator.denominator}" if indicator.denominator else "",
        "period": period,
        **_days(snapshot, None if now else first),
        "comparison": {"text": ""},
        "spark": [],
        "light": None,
        "formula": indicator.formula,
        "kinds": list(indicator.kinds),
        "sources": [state.name for state in snapshot.sources() if state.kind in indicator.kinds],
        "note": "；".join(filter(None, (note, doubt))),
        "doubt": bool(doubt),
        "restated": bool(indicator.restated(reading)),
    }


def _days(snapshot: Snapshot, first: int | None) -> dict[str, str | None]:
    """The period for whoever asks where the number comes from: [from, to); of now (None) it has none."""
    if first is None:
        return {"from": None, "to": None}
    return {"from": day_date(first).isoformat(), "to": day_date(snapshot.today + 1).isoformat()}


def _text(value: float | None) -> str:
    return "—" if value is None else f"{value:,}".replace(",", "\u2009")


def _past(snapshot: Snapshot, path: str) -> list[Counter[str]]:
    """The flows of the last `HISTORY` days, oldest first."""
    history = snapshot.counts.daily(path, snapshot.today - HISTORY + 1, snapshot.today)
    return [history.get(day, Counter()) for day in range(snapshot.today - HISTORY + 1, snapshot.today + 1)]


def _share(day: Any, part: str, whole: str) -> float | None:
    return percent(day.get(part, 0), day.get(whole, 0))


def _tile(
    snapshot: Snapshot,
    id_: str,
    label: str,
    numerator: int,
    denominator: int,
    *,
    of: str,
    period: str,
    comparison: str,
    spark: list[float | None] | list[int],
    light: str | None = None,
    first: int | None = None,
    as_count: bool = False,
    note: str = "",
    doubt: bool = False,
    restated: bool = False,
) -> dict[str, Any]:
    indicator = BY_ID[id_]
    value = numerator if as_count else percent(numerator, denominator)
    kinds = set(indicator.kinds)
    return {
        "id": id_,
        "label": label,
        "value": value,
        "text": _text(value),
        "unit": "件" if as_count else indicator.unit,
        "numerator": numerator,
        "denominator": denominator,
        "of": of,
        "period": period,
        **_days(snapshot, first),
        "comparison": {"text": comparison},
        "spark": spark,
        "light": light,
        "formula": indicator.formula,
        "kinds": list(indicator.kinds),
        "sources": [state.name for state in snapshot.sources() if state.kind in kinds],
        "note": note,
        "doubt": doubt,
        "restated": restated,
    }


def _points(now: Reading, then: Reading, id_: str) -> str:
    """The change of a rate in percentage points; a dash where either base is empty."""
    one = BY_ID[id_]
    (n, whole), (n_then, whole_then) = one.measure(now), one.measure(then)
    if not whole or not whole_then or n is None or n_then is None:
        return "—"
    return of_shares((n, whole), (n_then, whole_then)).text


def _reported(snapshot: Snapshot, path: str) -> dict[str, Any]:
    spark = [day["reported"] for day in _past(snapshot, path)]
    today = snapshot.today
    reading = Reading(snapshot, path, today, today)
    month = snapshot.counts.flows(path, today - 29, today)["reported"]
    start = day_start(today - 1, snapshot.zone)
    elapsed = snapshot.now - day_start(today, snapshot.zone)
    yesterday = snapshot.reported_count(path, start, start + elapsed)
    n = reading.flows["reported"]
    return _tile(
        snapshot,
        "K01",
        "今日上报",
        n,
        month,
        of="今日 / 近30日",
        period="今日 0:00 起",
        first=today,
        comparison=f"较昨日同刻 {signed(n - yesterday)}",
        spark=spark,
        as_count=True,
    )


def _open(snapshot: Snapshot, path: str) -> dict[str, Any]:
    today = snapshot.today
    first = today - HISTORY + 1
    reading = Reading(snapshot, path, first, today)
    daily = snapshot.counts.daily(path, first, today)
    level, series = reading.opening, []
    for day in range(first, today + 1):
        level += stock(daily[day]) if day in daily else 0
        series.append(level)
    n = reading.gauges["open"]
    accepted = reading.before["accepted"] + reading.flows["accepted"]
    # Stock-flow identity: what came in and has not gone is what is open. If not, the tile says so.
    note = BY_ID["K07"].doubt(reading)
    return _tile(
        snapshot,
        "K07",
        "在办",
        n,
        accepted,
        of="在办 / 累计受理",
        period="此刻",
        comparison=f"较7日前 {signed(n - series[-8])}",
        spark=series,
        as_count=True,
        note=note,
        doubt=bool(note),
    )


def _overdue(snapshot: Snapshot, path: str) -> dict[str, Any]:
    today = snapshot.today
    reading = Reading(snapshot, path, today, today)
    red, yellow = reading.overdue, reading.gauges["open.light.YELLOW"]
    return _tile(
        snapshot,
        "K11",
        "超期",
        red,
        reading.gauges["open"],
        of="超期 / 在办",
        period="此刻",
        comparison=f"红灯 {red} · 黄灯 {yellow}",
        spark=[],
        light="RED" if red else None,
        as_count=True,
    )


def _on_time(snapshot: Snapshot, path: str) -> dict[str, Any]:
    spark = [_share(day, "on_time", "due_closed") for day in _past(snapshot, path)]
    today = snapshot.today
    date = day_date(today)
    first = day_number(date.replace(day=1))
    now = Reading(snapshot, path, first, today)
    comparison = "环比 —"
    # Days that are over beside days that are over: today has hardly begun, and a whole day would stand beside it.
    if over := Period(day_date(first), date).over(date):
        kept, before, note = period_before(over)
        pair = [
            Reading(snapshot, path, day_number(one.first), day_number(one.last)) for one in (kept, before)
        ]
        change = _points(pair[0], pair[1], "K10")
        comparison = f"环比 {change}（{note}）" if note else f"环比 {change}"
    n, whole = BY_ID["K10"].measure(now)
    return _tile(
        snapshot,
        "K10",
        "按期办结率",
        n or 0,
        whole or 0,
        of="按期 / 应办结",
        period=f"本月 1–{date.day} 日",
        first=first,
        comparison=comparison,
        spark=spark,
        restated=bool(BY_ID["K10"].restated(now)),
    )


def _success(snapshot: Snapshot, path: str) -> dict[str, Any]:
    today = snapshot.today
    now = Reading(snapshot, path, today - 89, today)
    then = Reading(snapshot, path, today - 89 - 365, today - 365)
    n, whole = BY_ID["K13a"].measure(now)
    first = today - LONGEST_DAYS + 1
    weeks: list[float | None] = []
    for start in range(first, today, 7):
        week = snapshot.counts.flows(path, start, start + 6)
        weeks.append(percent(week["succeeded"], week["succeeded"] + week["failed"]))
    return _tile(
        snapshot,
        "K13a",
        "化解成功率",
        n or 0,
        whole or 0,
        of="成功 / 调处",
        period="近90日",
        first=today - 89,
        comparison=f"同比 {_points(now, then, 'K13a')}",
        spark=weeks,
        restated=bool(BY_ID["K13a"].restated(now)),
    )


def _online(snapshot: Snapshot, path: str) -> dict[str, Any]:
    today = snapshot.today
    reading = Reading(snapshot, path, today, today)
    n, whole = BY_ID["K63a"].measure(reading)
    return _tile(
        snapshot,
        "K63a",
        "视频在线率",
        n or 0,
        whole or 0,
        of="在线 / 已联网（路）",
        period="此刻",
        comparison=f"离线 {(whole or 0) - (n or 0)} 路",
        spark=[],
    )


#: The tiles that have a comparison and a history of their own.
_OWN: dict[str, Callable[[Snapshot, str], dict[str, Any]]] = {
    "K01": _reported,
    "K07": _open,
    "K11": _overdue,
    "K10": _on_time,
    "K13a": _success,
    "K63a": _online,
}
