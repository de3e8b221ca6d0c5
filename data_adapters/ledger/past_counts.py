"""The counts of a past moment: those of now, without what has changed since, and with what it was instead.

The full days of three years come from the rollups as they stand; only what changed since is looked at row by row. So a
look back costs the same with ten thousand cases as with ten million, and equals a recount of the rows as they were.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data_adapters.ledger import contributions
from data_adapters.ledger.counts import EVER, Counts, Flows, earlier, open_of
from data_adapters.ledger.past import Pair, Past
from data_adapters.ledger.row import Row
from data_adapters.ledger.scope import STEP


class NotKept(Exception):
    """What is asked was not written down, so nobody knows what it was."""


class CountsOfThen(Counts):
    """`Counts` of a time that is over, without what nobody wrote down."""

    def video_days(self, path: str, last_day: int) -> dict[int, Flows]:
        """Not known: what was told of the past of a point since then has moved its seconds."""
        raise NotKept

    def video_sums(self, path: str, first_day: int, last_day: int) -> Counter[str]:
        """Not known, as `video_days`."""
        raise NotKept

    def key_sites(self, path: str) -> tuple[int, int]:
        """Not known."""
        raise NotKept

    def reporting(self, path: str, since: datetime, until: datetime) -> tuple[int, int]:
        """Not known."""
        raise NotKept


class PastCounts(CountsOfThen):
    """`Counts` at the moment of `past`."""

    def __init__(
        self, connection: sa.Connection, zone: ZoneInfo, rollup_depth: int, span_depth: int, past: Past
    ) -> None:
        super().__init__(connection, zone, rollup_depth, span_depth)
        self._past = past
        self._moved: dict[str, dict[int, Flows]] = {}
        self._below: dict[str, dict[str, dict[int, Flows]]] = {}
        self._spread_moved: dict[str, Counter[tuple[int, str, int]]] = {}

    def daily(self, path: str, first_day: int, last_day: int) -> dict[int, Flows]:
        """day -> (measure -> count); days without any are absent."""
        found = {day: Counter(flows) for day, flows in super().daily(path, first_day, last_day).items()}
        for day, flows in self._flows_moved(path).items():
            if first_day <= day <= last_day:
                found[day] = _sum(found.get(day, Counter()), flows)
        return {day: flows for day, flows in found.items() if flows}

    def daily_of(self, path: str, measure: str, first_day: int, last_day: int) -> dict[int, int]:
        """As `Counts.daily_of`, of what `daily` says."""
        return {day: flows[measure] for day, flows in self.daily(path, first_day, last_day).items()}

    def children(self, path: str, first_day: int, last_day: int) -> dict[str, Flows]:
        """child path -> (measure -> count) over the days; children without any are absent."""
        found = super().children(path, first_day, last_day)
        for child, days in self._children_moved(path).items():
            moved = self._within(days, first_day, last_day)
            found[child] = _sum(found.get(child, Counter()), moved)
        return {child: flows for child, flows in found.items() if flows}

    def waiting(self, path: str, first_day: int, last_day: int) -> dict[int, int]:
        """As `Counts.waiting`, of what `daily` says."""
        return open_of(self.daily(path, first_day, last_day))

    def spans(self, path: str, measure: str, first_day: int, last_day: int) -> Counter[int]:
        """bucket -> how many."""
        found = super().spans(path, measure, first_day, last_day)
        if measure not in contributions.SPANS:
            return found  # `_spread_sums` has seen to it
        moved: Counter[int] = Counter()
        for (day, name, bucket), n in self._spreads_moved(path).items():
            if name == measure and first_day <= day <= last_day:
                moved[bucket] += n
        return _sum(found, moved)

    def turned_late(self, path: str, now: datetime) -> int:
        """As `Counts.turned_late`, of the rows as they were."""
        return super().turned_late(path, now) + sum(
            sign
            for pair in self._past.cases(path)
            for row, sign in _signed(pair, path)
            if row.turn_at is not None and row.turn_at <= now and row.due_at < now
        )

    def late_since(self, path: str, since: datetime, now: datetime) -> int:
        """As `Counts.late_since`, of the rows as they were."""
        return super().late_since(path, since, now) + sum(
            sign
            for pair in self._past.cases(path)
            for row, sign in _signed(pair, path)
            if row.is_open and row.state != "SUSPENDED" and row.due_at and since <= row.due_at < now
        )

    def _count_stocks(self, path: str) -> Counter[str]:
        moved: Counter[str] = Counter()
        for pair in self._past.cases(path):
            for row, sign in _signed(pair, path):
                for measure in contributions.gauges(row):
                    moved[measure] += sign
        for pair in self._past.points(path):
            for row, sign in _signed(pair, path):
                for measure in contributions.point_gauges(row):
                    moved[measure] += sign
        return _sum(super()._count_stocks(path), moved)

    def _before(self, path: str, day: int) -> Flows:
        found = super()._before(path, day)
        if not self.rolled_up(path):
            return found  # `_sum` has seen to it
        return _sum(found, earlier(self._within(self._flows_moved(path), EVER, day - 1)))

    def _sum(self, path: str, first_day: int, last_day: int) -> Flows:
        moved = self._within(self._flows_moved(path), first_day, last_day)
        return _sum(super()._sum(path, first_day, last_day), moved)

    def _spread_sums(
        self, path: str, measures: tuple[str, ...], first_day: int, last_day: int
    ) -> list[tuple[str, int, int]]:
        total: Counter[tuple[str, int]] = Counter()
        for measure, bucket, n in super()._spread_sums(path, measures, first_day, last_day):
            total[measure, bucket] += n
        for (day, measure, bucket), n in self._spreads_moved(path).items():
            if measure in measures and first_day <= day <= last_day:
                total[measure, bucket] += n
        return [(*key, n) for key, n in total.items() if n]

    def _within(self, moved: dict[int, Flows], first_day: int, last_day: int) -> Flows:
        total: Flows = Counter()
        for day, flows in moved.items():
            if first_day <= day <= last_day:
                for measure, n in flows.items():
                    total[measure] += n
        return total

    def _children_moved(self, path: str) -> dict[str, dict[int, Flows]]:
        """child path -> what `_flows_moved` says of it, each row looked at once."""
        if path not in self._below:
            moved: dict[str, dict[int, Flows]] = defaultdict(lambda: defaultdict(Counter))
            for pair in self._past.cases(path):
                for row, sign in _signed(pair, path):
                    if row.path != path:
                        days = moved[row.path[: len(path) + STEP]]
                        for day, measure in contributions.flows(row, self._zone):
                            days[day][measure] += sign
            self._below[path] = moved
        return self._below[path]

    def _flows_moved(self, path: str) -> dict[int, Flows]:
        """day -> (measure -> how many more there were then)."""
        if path not in self._moved:
            moved: dict[int, Flows] = defaultdict(Counter)
            for pair in self._past.cases(path):
                for row, sign in _signed(pair, path):
                    for day, measure in contributions.flows(row, self._zone):
                        moved[day][measure] += sign
            self._moved[path] = dict(moved)
        return self._moved[path]

    def _spreads_moved(self, path: str) -> Counter[tuple[int, str, int]]:
        if path not in self._spread_moved:
            moved: Counter[tuple[int, str, int]] = Counter()
            for pair in self._past.cases(path):
                for row, sign in _signed(pair, path):
                    for key in contributions.spreads(row, self._zone):
                        moved[key] += sign
            self._spread_moved[path] = moved
        return self._spread_moved[path]


def _signed(pair: Pair, path: str) -> list[tuple[Any, int]]:
    """What of a pair lies under `path`: as it stood +1, as it stands -1."""
    sides: list[tuple[Row | None, int]] = [(pair.now, -1), (pair.then, +1)]
    return [(row, sign) for row, sign in sides if row is not None and row.path.startswith(path)]


def _sum(one: Counter[Any], other: Counter[Any]) -> Counter[Any]:
    """Both together, without what comes to nothing."""
    total = Counter(one)
    for key, n in other.items():
        total[key] += n
    return Counter({key: n for key, n in total.items() if n})
