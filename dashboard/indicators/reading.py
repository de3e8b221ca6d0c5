"""What an indicator may look at: the counts of one grid over one period, each fetched at most once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from data_adapters.ledger import Snapshot
from data_adapters.ledger.contributions import DAY_0


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - DAY_0).days


def day_date(number: int) -> date:
    """The date of a day number."""
    return DAY_0 + timedelta(days=number)


def day_start(number: int, zone: ZoneInfo) -> datetime:
    """The UTC time at which a local day begins."""
    return datetime.combine(day_date(number), time(), zone).astimezone(UTC)


@dataclass(frozen=True)
class Reading:
    """The counts of the grid at ``path`` over the local days ``first`` to ``last``, both included."""

    snapshot: Snapshot
    path: str
    first: int
    last: int

    @cached_property
    def flows(self) -> Counter[str]:
        """Flows within the period."""
        return self.snapshot.counts.flows(self.path, self.first, min(self.last, self.snapshot.today))

    @cached_property
    def expired(self) -> Counter[str]:
        """Flows within those days of the period that are over: a limit that ends today has not passed."""
        last = min(self.last, self.snapshot.today - 1)
        return self.snapshot.counts.flows(self.path, self.first, last)

    def ahead(self, days: int) -> Counter[str]:
        """Flows within the `days` days before the period."""
        return self.snapshot.counts.flows(self.path, self.first - days, self.first - 1)

    @cached_property
    def before(self) -> Counter[str]:
        """Flows on every day before the period."""
        return self.snapshot.counts.before(self.path, self.first)

    @cached_property
    def gauges(self) -> Counter[str]:
        """Stocks now."""
        return self.snapshot.counts.gauges(self.path)

    @property
    def opening(self) -> int:
        """U(t0): the open stock before the period."""
        return stock(self.before)

    @property
    def closing(self) -> int:
        """U(t*): the open stock at the end of the period, or now if that comes first."""
        if self.last >= self.snapshot.today:
            return self.gauges["open"]
        return self.opening + stock(self.flows)

    @cached_property
    def overdue(self) -> int:
        """Open cases past their due time now. Exactly due is not overdue."""
        return len(self._late())

    @cached_property
    def overdue_in_period(self) -> int:
        """Open cases whose due time passed within the period: the second term of K10's denominator."""
        start = day_start(self.first, self.snapshot.zone)
        end = day_start(self.last + 1, self.snapshot.zone)
        return sum(start <= due_at < end for due_at in self._late())

    @property
    def days(self) -> int:
        """Days of the period that have begun."""
        return max(1, min(self.last, self.snapshot.today) - self.first + 1)

    @cached_property
    def population(self) -> int:
        """Inhabitants of the grid, 0 where its source does not say."""
        here = self.snapshot.grid_at(self.path)
        return (here.population if here is not None else None) or 0

    @cached_property
    def staffing(self) -> tuple[int, int, int]:
        """(grids with staff, grids that say how many they have or need, grids that say neither) now."""
        return self.snapshot.counts.staffing(self.path)

    @cached_property
    def reporting(self) -> tuple[int, int]:
        """(lowest grids that reported within the period, lowest grids)."""
        start, end = (day_start(day, self.snapshot.zone) for day in (self.first, self.last + 1))
        return self.snapshot.counts.reporting(self.path, start, end)

    def _late(self) -> list[datetime]:
        return [due_at for due_at in self.snapshot.open_due(self.path) if due_at < self.snapshot.now]


def stock(flows: Counter[str]) -> int:
    """What flows leave in the open stock: accepted + reopened - closed - left."""
    return flows["accepted"] + flows["reopened"] - flows["closed"] - flows["left"]
