"""The six tiles of the wall: value, n / N, period, comparison and 24 points of history."""

from __future__ import annotations

from collections import Counter
from typing import Any

from dashboard.indicators.catalogue import BY_ID
from dashboard.indicators.comparison import of_shares, signed
from dashboard.indicators.reading import Reading, day_date, day_number, day_start, stock
from dashboard.indicators.share import percent
from data_adapters.ledger import Snapshot

HISTORY = 24


def tiles(snapshot: Snapshot, path: str) -> dict[str, dict[str, Any]]:
    """id -> tile of the grid at `path`, in the wall's order."""
    today = snapshot.today
    history = snapshot.counts.daily(path, today - HISTORY + 1, today)
    days = [history.get(day, Counter()) for day in range(today - HISTORY + 1, today + 1)]
    return {
        "K01": _reported(snapshot, path, [day.get("reported", 0) for day in days]),
        "K07": _open(snapshot, path),
        "K11": _overdue(snapshot, path),
        "K10": _on_time(snapshot, path, [_share(day, "on_time", "due_closed") for day in days]),
        "K13a": _success(snapshot, path),
        "K63a": _online(snapshot, path),
    }


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
    as_count: bool = False,
    note: str = "",
) -> dict[str, Any]:
    indicator = BY_ID[id_]
    value = numerator if as_count else percent(numerator, denominator)
    kinds = set(indicator.kinds)
    return {
        "id": id_,
        "label": label,
        "value": value,
        "text": "—" if value is None else f"{value:,}".replace(",", "\u2009"),
        "unit": "件" if as_count else indicator.unit,
        "numerator": numerator,
        "denominator": denominator,
        "of": of,
        "period": period,
        "comparison": {"text": comparison},
        "spark": spark,
        "light": light,
        "formula": indicator.formula,
        "sources": [state.name for state in snapshot.sources() if state.kind in kinds],
        "note": note,
    }


def _points(now: Reading, then: Reading, id_: str, name: str) -> str:
    """The change of a rate in percentage points; nothing to say where either base is empty."""
    measure = BY_ID[id_].measure
    (n, whole), (n_then, whole_then) = measure(now), measure(then)
    if not whole or not whole_then:
        return f"{name} —"
    return f"{name} {of_shares((n, whole), (n_then, whole_then)).text}"


def _reported(snapshot: Snapshot, path: str, spark: list[int]) -> dict[str, Any]:
    today = snapshot.today
    reading = Reading(snapshot, path, today, today)
    month = snapshot.counts.flows(path, today - 29, today)["reported"]
    start = day_start(today - 1, snapshot.zone)
    elapsed = snapshot.now - day_start(today, snapshot.zone)
    yesterday = len(snapshot.reported_between(path, start, start + elapsed, "id"))
    n = reading.flows["reported"]
    return _tile(
        snapshot,
        "K01",
        "今日上报",
        n,
        month,
        of="今日 / 近30日",
        period="今日 0:00 起",
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
    note = "" if series[-1] == n else f"存量不平：流量推得 {series[-1]}，在办 {n}"
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


def _on_time(snapshot: Snapshot, path: str, spark: list[float | None]) -> dict[str, Any]:
    today = snapshot.today
    date = day_date(today)
    first = day_number(date.replace(day=1))
    earlier = day_date(first - 1).replace(day=1)
    # Period to date: the same elapsed days of the month before, cut to its length where it is shorter.
    span = min(today - first, first - 1 - day_number(earlier))
    now = Reading(snapshot, path, first, today)
    then = Reading(snapshot, path, day_number(earlier), day_number(earlier) + span)
    n, whole = BY_ID["K10"].measure(now)
    return _tile(
        snapshot,
        "K10",
        "按期办结率",
        n,
        whole or 0,
        of="按期 / 应办结",
        period=f"本月 1–{date.day} 日",
        comparison=_points(now, then, "K10", "环比"),
        spark=spark,
    )


def _success(snapshot: Snapshot, path: str) -> dict[str, Any]:
    today = snapshot.today
    now = Reading(snapshot, path, today - 89, today)
    then = Reading(snapshot, path, today - 89 - 365, today - 365)
    n, whole = BY_ID["K13a"].measure(now)
    daily = snapshot.counts.daily(path, today - HISTORY * 7 + 1, today)
    weeks: list[float | None] = []
    for week in range(HISTORY):
        start = today - HISTORY * 7 + 1 + week * 7
        won = sum(daily[day]["succeeded"] for day in range(start, start + 7) if day in daily)
        lost = sum(daily[day]["failed"] for day in range(start, start + 7) if day in daily)
        weeks.append(percent(won, won + lost))
    return _tile(
        snapshot,
        "K13a",
        "化解成功率",
        n,
        whole or 0,
        of="成功 / 调处",
        period="近90日",
        comparison=_points(now, then, "K13a", "同比"),
        spark=weeks,
    )


def _online(snapshot: Snapshot, path: str) -> dict[str, Any]:
    today = snapshot.today
    reading = Reading(snapshot, path, today, today)
    n, whole = BY_ID["K63a"].measure(reading)
    return _tile(
        snapshot,
        "K63a",
        "视频在线率",
        n,
        whole or 0,
        of="在线 / 已联网（路）",
        period="此刻",
        comparison=f"离线 {(whole or 0) - n} 路",
        spark=[],
    )
