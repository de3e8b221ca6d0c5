"""The last whole day before a moment, from the counts of the days as they stand today.

For a grid of which more has changed since than one look takes back (`past`): what a day counted is told as it is known
now, which is not what a screen showed then. What only the rows of then could say is not known: lights, waiting times,
categories in hand, video points.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data_adapters.ledger.behind import STOCK
from data_adapters.ledger.contributions import local_day
from data_adapters.ledger.counts import Counts, Flows
from data_adapters.ledger.past import staged
from data_adapters.ledger.past_counts import CountsOfThen, NotKept
from data_adapters.ledger.row import Row
from data_adapters.ledger.scope import Scope
from data_adapters.ledger.snapshot import Snapshot
from data_adapters.ledger.tables import grid

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class _Stocks(Counter[str]):
    """Stocks of which only some are known."""

    def __missing__(self, key: str) -> int:
        raise NotKept


class DayCounts(CountsOfThen):
    """`Counts` of whole days that are over; ``last`` is the last of them."""

    def __init__(
        self, connection: sa.Connection, zone: ZoneInfo, rollup_depth: int, span_depth: int, last: int
    ) -> None:
        super().__init__(connection, zone, rollup_depth, span_depth)
        self._last = last

    def _count_stocks(self, path: str) -> Counter[str]:
        """Only what is open follows from what came and went."""
        flows: Flows = self.before(path, self._last + 1)
        return _Stocks(open=sum(sign * flows[name] for name, sign in STOCK.items()))

    def turned_late(self, path: str, now: datetime) -> int:
        """Not known."""
        raise NotKept

    def late_since(self, path: str, since: datetime, now: datetime) -> int:
        """Not known."""
        raise NotKept

    def manning(self, path: str) -> Counter[str]:
        """Not known."""
        raise NotKept


class DaySnapshot(Snapshot):
    """See the module. ``asked`` is the moment, ``now`` the end of the day before; the grids are those of that day."""

    def __init__(self, connection: sa.Connection, scope: Scope, zone: ZoneInfo, at: datetime) -> None:
        self.asked = at
        midnight = datetime.combine(at.astimezone(zone).date(), time(), zone)
        end = midnight.astimezone(UTC) - _MILLISECOND
        super().__init__(connection, scope, zone, end, on=end.astimezone(zone).date())

    @cached_property
    def counts(self) -> Counts:
        """Counts by path."""
        depths = self._stream.rollup_depth, self._stream.span_depth
        return DayCounts(self._connection, self.zone, *depths, local_day(self.now, self.zone))

    def redrawn(self, path: str) -> bool:
        """Whether the grid at `path`, its siblings or its children have other borders today: their cases went along."""
        then = self.boundaries(path)
        standing, self._standing = self._standing, grid.c.current
        try:
            return then != self.boundaries(path)
        finally:
            self._standing = standing

    def latest_cases(self, path: str, limit: int, *span: datetime) -> Sequence[Any]:
        """The cases that were reported last by the moment, each at the stage that its times say it had reached."""
        rows = super().latest_cases(path, limit, *(span or (_BEGINNING, self.asked + _MILLISECOND)))
        then = (staged(dict(row._mapping), self.asked) for row in rows)
        return [Row(row) for row in then if row is not None]
