"""Everything on the screen that is a number, as flat keys: a live frame carries only the keys that changed.

Keys: ``as_of`` (to the minute),
``tile.ID``, ``child.CODE``, ``unassigned``, ``loop.STEP``, ``category.NAME``, ``day.DATE``, ``bin.K``.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from statistics import median
from typing import Any

from dashboard.indicators.reading import day_date, day_start
from dashboard.indicators.share import percent
from dashboard.indicators.tiles import tiles
from data_adapters.ledger import Snapshot
from data_adapters.ledger.item import stamp
from data_adapters.records.dictionary import GRADE

Figures = dict[str, Any]
WINDOW_DAYS = 7
TREND_DAYS = 30
BIN_MINUTES = 20
#: The medians of the closed loop rest on the last 30 days, at most this many cases.
_SAMPLE = 2_000
_GRADES = list(GRADE)


def figures(snapshot: Snapshot, path: str) -> Figures:
    """The figures of the grid at `path`, which must lie in the snapshot's scope."""
    found: Figures = {"as_of": stamp(snapshot.now.replace(second=0, microsecond=0))}
    found |= {f"tile.{id_}": tile for id_, tile in tiles(snapshot, path).items()}
    found |= _children(snapshot, path)
    found |= _loop(snapshot, path)
    found |= _categories(snapshot, path)
    found |= _trend(snapshot, path)
    found |= _bins(snapshot, path)
    return found


def changed(before: Figures, after: Figures) -> Figures:
    """The keys of `after` that are new or different, and None for those that are gone."""
    differing = {key: value for key, value in after.items() if before.get(key, _ABSENT) != value}
    return differing | {key: None for key in before if key not in after}


_ABSENT = object()


def _children(snapshot: Snapshot, path: str) -> Figures:
    today = snapshot.today
    first = today - WINDOW_DAYS + 1
    found: Figures = {}
    inside = 0
    flows = snapshot.counts.children(path, first, today)
    # A week closes too few cases for a rate: on-time closure is of the month.
    month = snapshot.counts.children(path, today - TREND_DAYS + 1, today)
    for child in snapshot.children(path):
        n = flows.get(child.path, Counter())["reported"]
        closed = month.get(child.path, Counter())
        inside += n
        found[f"child.{child.code}"] = {
            "n": n,
            "closed_on_time": closed["on_time"],
            "closed_due": closed["due_closed"],
        }
    own = snapshot.counts.flows(path, first, today)["reported"]
    found["unassigned"] = {"n": own - inside, "total": snapshot.counts.gauges(path)["unplaced"]}
    return found


def _loop(snapshot: Snapshot, path: str) -> Figures:
    today = snapshot.today
    now = snapshot.counts.flows(path, today, today)
    month = snapshot.counts.flows(path, today - TREND_DAYS + 1, today)
    since = day_start(today - TREND_DAYS + 1, snapshot.zone)
    names = ("reported_at", "accepted_at", "assigned_at", "closed_at")
    sample = snapshot.reported_between(path, since, snapshot.now, *names)[-_SAMPLE:]
    accept = [row.accepted_at - row.reported_at for row in sample if row.accepted_at]
    triage = [row.assigned_at - row.accepted_at for row in sample if row.assigned_at and row.accepted_at]
    handle = [row.closed_at - row.accepted_at for row in sample if row.closed_at and row.accepted_at]
    share = percent(month["satisfied"], month["answered"])
    return {
        "loop.ACCEPT": {"n": now["accepted"], "detail": _middle(accept)},
        "loop.TRIAGE": {"n": now["assigned"], "detail": _middle(triage)},
        "loop.HANDLE": {"n": snapshot.counts.gauges(path)["open"], "detail": _middle(handle)},
        "loop.CLOSE": {"n": now["closed"], "detail": f"近30日 {month['closed']} 件"},
        "loop.FOLLOW": {
            "n": now["followed"],
            "detail": "—" if share is None else f"{share}% 满意 ({month['satisfied']}/{month['answered']})",
        },
    }


def _middle(spans: list[timedelta]) -> str:
    if not spans:
        return "—"
    seconds = median(span.total_seconds() for span in spans)
    if seconds < 5_400:
        return f"中位 {seconds / 60:.0f} 分"
    if seconds < 129_600:
        return f"中位 {seconds / 3600:.1f} 小时"
    return f"中位 {seconds / 86_400:.1f} 天"


def _categories(snapshot: Snapshot, path: str) -> Figures:
    prefix = "open.category."
    stocks = snapshot.counts.gauges(path)
    return {
        f"category.{key.removeprefix(prefix)}": {"n": n}
        for key, n in stocks.items()
        if key.startswith(prefix)
    }


def _trend(snapshot: Snapshot, path: str) -> Figures:
    today = snapshot.today
    first = today - TREND_DAYS + 1
    daily = snapshot.counts.daily(path, first, today)
    # The season's band: the same weekday around the same date in the two years before.
    past = snapshot.counts.daily(path, first - 728 - 14, today - 728 + 14)
    past |= snapshot.counts.daily(path, first - 364 - 14, today - 364 + 14)
    found: Figures = {}
    for day in range(first, today + 1):
        around = [day - year + week for year in (364, 728) for week in (-14, -7, 0, 7, 14)]
        seen = sorted(past[d]["reported"] if d in past else 0 for d in around)
        counted = daily.get(day, Counter())
        found[f"day.{day_date(day).isoformat()}"] = {
            "reported": counted.get("reported", 0),
            "closed": counted.get("closed", 0),
            "low": seen[1],
            "high": seen[-2],
        }
    return found


def _bins(snapshot: Snapshot, path: str) -> Figures:
    start = day_start(snapshot.today, snapshot.zone)
    rows = snapshot.reported_between(path, start, start + timedelta(days=1), "reported_at", "grade")
    found: Figures = {}
    for row in rows:
        key = f"bin.{int((row.reported_at - start).total_seconds() // (BIN_MINUTES * 60))}"
        bin_ = found.setdefault(key, {"n": 0, "grade": row.grade})
        bin_["n"] += 1
        bin_["grade"] = max(bin_["grade"], row.grade, key=_GRADES.index)
    return found
