"""What was reported over a day, a week or a month, in bins of the centre's local time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Any

from dashboard.indicators.reading import day_date, day_start
from dashboard.kept import Kept
from data_adapters.ledger import Snapshot
from data_adapters.ledger.contributions import local_day
from data_adapters.ledger.item import stamp
from data_adapters.ledger.past_snapshot import PastSnapshot
from data_adapters.records.dictionary import graver

#: span -> (local days, minutes of a bin). A bin never reaches over midnight.
SPANS = {"day": (1, 20), "week": (7, 120), "month": (30, 1_440)}
#: Days that are kept, and changes that are looked through before everything is counted anew.
KEPT_DAYS = 2_048
MOST_CHANGES = 5_000


def ribbon(
    snapshot: Snapshot, path: str, span: str, last: int | None = None, book: RibbonBook | None = None
) -> dict[str, Any]:
    """The bins of the local days that end with day `last`, that of the snapshot where it is None; oldest first.

    Each has ``from`` and ``to`` (RFC 3339), ``n``, and the gravest ``grade`` in it, None where it is empty. A day on
    which clocks change has fewer or more bins, and its last one may be shorter. ``book``: days that are known already.
    """
    days, minutes = SPANS[span]
    last = snapshot.today if last is None else last
    wanted = range(last - days + 1, last + 1)
    known = {} if book is None else book.known(snapshot, path, wanted, minutes)
    bins: list[dict[str, Any]] = []
    for day in wanted:
        found = known.get(day)
        if found is None:
            start, end = (day_start(at, snapshot.zone) for at in (day, day + 1))
            step = timedelta(minutes=minutes) if minutes < 1_440 else end - start
            found = _bins(snapshot, path, start, end, step)
            if book is not None:
                book.keep(snapshot, path, day, minutes, found)
        bins += found
    return {
        "span": span,
        "first": day_date(last - days + 1).isoformat(),
        "last": day_date(last).isoformat(),
        "as_of": stamp(snapshot.now.astimezone(snapshot.zone)),
        "bins": bins,
    }


class RibbonBook:
    """The bins of days as they were last counted, so that a month of a province is not counted row by row each time.

    A day is counted anew once a case that was reported on it has changed, or the books count another number on it; so
    what is told is always what a count would give. Only of grids whose days are in the books. Safe for several threads.
    """

    def __init__(self) -> None:
        #: Of one grid, day and width of bins: (change up to which they hold, bins).
        self._kept: Kept[tuple[int, list[dict[str, Any]]]] = Kept(KEPT_DAYS)

    def known(
        self, snapshot: Snapshot, path: str, days: range, minutes: int
    ) -> dict[int, list[dict[str, Any]]]:
        """day -> its bins, of the days that need no counting."""
        if not self._serves(snapshot, path):
            return {}
        kept = {day: self._kept.get(self._key(snapshot, path, day, minutes)) for day in days}
        held = {day: entry for day, entry in kept.items() if entry is not None}
        if not held:
            return {}
        touched = _touched(snapshot, min(seq for seq, _ in held.values()))
        if touched is None:
            return {}
        counted = snapshot.counts.daily(path, days[0], days[-1])
        found = {}
        for day, (seq, bins) in held.items():
            same = sum(one["n"] for one in bins) == counted.get(day, Counter())["reported"]
            if same and touched.get(day, 0) <= seq:
                found[day] = bins
                self.keep(snapshot, path, day, minutes, bins)
        return found

    def keep(self, snapshot: Snapshot, path: str, day: int, minutes: int, bins: list[dict[str, Any]]) -> None:
        """Note what was counted through this snapshot."""
        if self._serves(snapshot, path):
            key = self._key(snapshot, path, day, minutes)
            self._kept.put(key, (snapshot.position()[1], bins))

    def _serves(self, snapshot: Snapshot, path: str) -> bool:
        return not isinstance(snapshot, PastSnapshot) and snapshot.counts.rolled_up(path)

    def _key(self, snapshot: Snapshot, path: str, day: int, minutes: int) -> Hashable:
        return (snapshot.scope.path, path, snapshot.grid_version(), day, minutes)


def _touched(snapshot: Snapshot, after: int) -> dict[int, int] | None:
    """day -> the last change of a case that was reported on it, of the changes after `after`; None: too many."""
    changes, reached = snapshot.changes(after, MOST_CHANGES)
    if reached < snapshot.position()[1]:
        return None
    found: dict[int, int] = {}
    for change in changes:
        if change.item["type"] == "bulk" and change.item["kind"] in {"case", "case_event", "grid"}:
            return None
        # What has gone elsewhere is missing in the books' number.
        if change.item["type"] == "case" and (told := change.item.get("reported_at")) is not None:
            found[local_day(datetime.fromisoformat(told), snapshot.zone)] = change.seq
    return found


def _bins(
    snapshot: Snapshot, path: str, start: datetime, end: datetime, step: timedelta
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    at = start
    while at < end:
        until = min(at + step, end)
        found.append(
            {
                "from": stamp(at.astimezone(snapshot.zone)),
                "to": stamp(until.astimezone(snapshot.zone)),
                "n": 0,
                "grade": None,
            }
        )
        at = until
    for number, grade, n in snapshot.reported_by(path, start, end, int(step.total_seconds())):
        bin_ = found[number]
        bin_["n"] += n
        bin_["grade"] = graver(bin_["grade"], grade)
    return found
