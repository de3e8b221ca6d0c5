"""Everything on the screen that is a number, as flat keys: a live frame carries only the keys that changed.

Keys: ``as_of`` (to the minute), ``calendar`` (what day it is),
``tile.ID``, ``child.CODE``, ``unassigned``, ``loop.STEP``, ``category.NAME``, ``day.DATE``, ``bin.K``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from dashboard.indicators.catalogue import BY_ID, Catalogue
from dashboard.indicators.indicator import Indicator
from dashboard.indicators.reading import Reading, day_date, day_start
from dashboard.indicators.share import percent
from dashboard.indicators.tiles import LONGEST_DAYS, tiles
from data_adapters.ledger import Snapshot
from data_adapters.ledger.buckets import quantile
from data_adapters.ledger.item import stamp
from data_adapters.ledger.snapshot import GridRow
from data_adapters.records.dictionary import graver
from data_adapters.records.workdays import word_of

Figures = dict[str, Any]
WINDOW_DAYS = 7
TREND_DAYS = 30
BIN_MINUTES = 20


def figures(snapshot: Snapshot, path: str, shown: Sequence[Indicator] | None = None) -> Figures:
    """The figures of the grid at `path`, which must lie in the snapshot's scope. ``shown``: the tiles."""
    found: Figures = {
        "as_of": stamp(snapshot.now.replace(second=0, microsecond=0)),
        "calendar": {"text": word_of(day_date(snapshot.today), snapshot.zone)},
    }
    snapshot.counts.keep(path, snapshot.today - LONGEST_DAYS + 1, snapshot.today)
    found |= {
        f"tile.{id_}": tile
        for id_, tile in tiles(snapshot, path, Catalogue().tiles if shown is None else shown).items()
    }
    found |= _children(snapshot, path)
    found |= _loop(snapshot, path)
    found |= _categories(snapshot, path)
    found |= _trend(snapshot, path)
    found |= _bins(snapshot, path)
    return found


def day_figures(snapshot: Snapshot, here: GridRow, with_children: bool) -> Figures:
    """`figures` of the last whole day of a snapshot that knows whole days only (`DaySnapshot`), without tiles."""
    path, today = here.path, snapshot.today
    family, children = snapshot.of_children(here) if with_children else (snapshot, [])
    found: Figures = {
        "as_of": stamp(snapshot.now.replace(second=0, microsecond=0)),
        "calendar": {"text": word_of(day_date(today), snapshot.zone)},
    }
    for child in children:
        # Closed on time stands beside what was overdue then, which nobody knows.
        n = family.counts.flows(child.path, today - WINDOW_DAYS + 1, today)["reported"]
        found[f"child.{child.code}"] = {"n": n, "closed_on_time": 0, "closed_due": 0}
    return found | _loop(snapshot, path) | _trend(snapshot, path) | _bins(snapshot, path)


def changed(before: Figures, after: Figures) -> Figures:
    """The keys of `after` that are new or different, and None for those that are gone."""
    differing = {key: value for key, value in after.items() if before.get(key, _ABSENT) != value}
    return differing | {key: None for key in before if key not in after}


def parted(before: Figures, differing: Figures) -> tuple[Figures, dict[str, Figures]]:
    """`differing` (of `changed`) taken apart: (values to put in, fields to lay over the values of before).

    A tile is two lines of words and a number: where only the number moved, only the number has to travel.
    """
    whole: Figures = {}
    parts: dict[str, Figures] = {}
    for key, value in differing.items():
        old = before.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and old.keys() == value.keys():
            parts[key] = {name: one for name, one in value.items() if old[name] != one}
        else:
            whole[key] = value
    return whole, parts


_ABSENT = object()


def _children(snapshot: Snapshot, path: str) -> Figures:
    here = snapshot.grid_at(path)
    today = snapshot.today
    first = today - WINDOW_DAYS + 1
    found: Figures = {}
    inside = 0
    family, children = snapshot.of_children(here) if here is not None else (snapshot, [])
    for child in children:
        n = Reading(family, child.path, first, today).flows["reported"]
        # A week closes too few cases for a rate: on-time closure (K10) is of the month.
        on_time, due = BY_ID["K10"].measure(Reading(family, child.path, today - TREND_DAYS + 1, today))
        inside += n
        found[f"child.{child.code}"] = {"n": n, "closed_on_time": on_time or 0, "closed_due": due or 0}
    own = snapshot.counts.flows(path, first, today)["reported"]
    found["unassigned"] = {
        "n": own - inside,
        "total": snapshot.counts.gauges(path)["unplaced"],
        "of": snapshot.counts.before(path, today + 1)["reported"],
    }
    return found


def _loop(snapshot: Snapshot, path: str) -> Figures:
    today = snapshot.today
    now = snapshot.counts.flows(path, today, today)
    month = snapshot.counts.flows(path, today - TREND_DAYS + 1, today)
    first = today - TREND_DAYS + 1
    accept, triage, handle = (
        quantile(snapshot.counts.spans(path, name, first, today), 0.5)
        for name in ("accept", "triage", "handle")
    )
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


def _middle(seconds: float | None) -> str:
    if seconds is None:
        return "—"
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
    past = snapshot.counts.daily_of(path, "reported", first - 728 - 14, today - 728 + 14)
    past |= snapshot.counts.daily_of(path, "reported", first - 364 - 14, today - 364 + 14)
    found: Figures = {}
    for day in range(first, today + 1):
        around = [day - year + week for year in (364, 728) for week in (-14, -7, 0, 7, 14)]
        seen = sorted(past.get(d, 0) for d in around)
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
    counted = snapshot.reported_by(path, start, start + timedelta(days=1), BIN_MINUTES * 60)
    found: Figures = {}
    for number, grade, n in counted:
        bin_ = found.setdefault(f"bin.{number}", {"n": 0, "grade": grade})
        bin_["n"] += n
        bin_["grade"] = graver(bin_["grade"], grade)
    return found
