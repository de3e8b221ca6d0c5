"""What an indicator may look at: the counts of one grid over one period, each fetched at most once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from dashboard.indicators.handling import Handling
from data_adapters.ledger import Snapshot
from data_adapters.ledger.behind import Asked
from data_adapters.ledger.buckets import bucket_of
from data_adapters.ledger.contributions import DAY_0, RARE, TRANSFER
from data_adapters.ledger.declared import OF_GROUND, OF_PERIOD
from data_adapters.ledger.facts import Figure, Rule
from data_adapters.ledger.finals import Restated, last_final
from data_adapters.ledger.video_time import DAY_S

_EVER = -(10**6)
#: K16: reopened of those closed in so many days before the period.
REOPEN_DAYS = 90
_RARE = frozenset({*RARE, "agreed.1", *(f"transferred_to.{bucket}" for bucket in TRANSFER.values())})
_HAZARDS = ("hazard_found", "hazard_closed", "hazard_left")


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
    def rare(self) -> Counter[str]:
        """Rare flows within the period (`contributions.RARE`)."""
        return self.snapshot.counts.spread(self.path, self.first, min(self.last, self.snapshot.today))

    @cached_property
    def rare_expired(self) -> Counter[str]:
        """Rare flows within those days of the period that are over."""
        return self.snapshot.counts.spread(self.path, self.first, min(self.last, self.snapshot.today - 1))

    @cached_property
    def hazards_before(self) -> int:
        """Hazards in stock before the period."""
        flows = self.snapshot.counts.spread(self.path, _EVER, self.first - 1, _HAZARDS)
        return flows["hazard_found"] - flows["hazard_closed"] - flows["hazard_left"]

    @cached_property
    def handling(self) -> Handling:
        """How long the cases accepted in the period took, or have taken so far."""
        last, counts = min(self.last, self.snapshot.today), self.snapshot.counts
        waiting: Counter[int] = Counter()
        for day, n in counts.waiting(self.path, self.first, last).items():
            # A day's cases are as old as if they had been accepted at its noon.
            age = self.snapshot.now - day_start(day, self.snapshot.zone) - timedelta(hours=12)
            waiting[bucket_of(max(0, int(age.total_seconds())))] += n
        return Handling(counts.spans(self.path, "handle", self.first, last), waiting)

    @cached_property
    def staff(self) -> int | None:
        """Grid staff, None where no grid says it."""
        return self.snapshot.counts.staff(self.path)

    @cached_property
    def key_sites(self) -> tuple[int, int]:
        """(key sites with a point in the network, key sites)."""
        return self.snapshot.counts.key_sites(self.path)

    @cached_property
    def video_s(self) -> Counter[str]:
        """``online`` and ``expected``: seconds of video points within the period so far; ``restored``: how often."""
        last = min(self.last, self.snapshot.today)
        sums = self.snapshot.counts.video_sums(self.path, self.first, last)
        found = Counter(restored=sums["restored"])
        now = self.snapshot.now
        left_s = int((day_start(last + 1, self.snapshot.zone) - now).total_seconds())
        for name in ("online", "expected"):
            whole = DAY_S * ((last - self.first + 1) * sums[f"{name}_before"] + last * sums[name])
            found[name] = whole - DAY_S * sums[f"{name}_days"] + sums[f"{name}_s"]
            if last == self.snapshot.today:
                found[name] -= left_s * (sums[f"{name}_before"] + sums[name])
        return found

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
    def restated(self) -> list[Restated]:
        """The days of the period that were told otherwise after they were final."""
        return self.snapshot.restated(self.path, self.first, min(self.last, self.snapshot.today))

    @property
    def imbalance(self) -> tuple[int, int] | None:
        """(what the flows make the open stock, what is open) where the two differ: the figures cannot be right."""
        if self.last < self.snapshot.today:
            return None
        expected, counted = self.opening + stock(self.flows), self.gauges["open"]
        return None if expected == counted else (expected, counted)

    @cached_property
    def overdue(self) -> int:
        """Open cases past their due time now. Exactly due is not overdue, nor is what is suspended."""
        late = self.snapshot.counts.turned_late(self.path, self.snapshot.now)
        return self.gauges["open.light.RED"] + late

    @cached_property
    def overdue_in_period(self) -> int:
        """Open cases whose due time passed within the period: the second term of K10's denominator."""
        today, now = self.snapshot.today, self.snapshot.now
        late = self.expired["due_open"]
        if self.first <= today <= self.last:
            late += self.snapshot.counts.late_since(self.path, day_start(today, self.snapshot.zone), now)
        return late

    @property
    def days(self) -> int:
        """Days of the period that have begun."""
        return max(1, min(self.last, self.snapshot.today) - self.first + 1)

    @property
    def is_final(self) -> bool:
        """Whether every day of the period is final; what is told of it later is marked as a restatement."""
        return self.last <= last_final(self.snapshot.today)

    @cached_property
    def population(self) -> int:
        """Inhabitants of the grid, 0 where its source does not say."""
        here = self.snapshot.grid_at(self.path)
        return (here.population if here is not None else None) or 0

    @cached_property
    def ground(self) -> Counter[str]:
        """What the grids say (`declared.OF_GROUND`): inhabitants and area of this one, how those below are manned."""
        here = self.snapshot.grid_at(self.path)
        area_km2 = (here.area_km2 if here is not None else None) or 0.0
        own = Counter(population=self.population, area_m2=round(area_km2 * 1e6))
        return own + self.snapshot.counts.manning(self.path)

    def count(self, name: str, of: str = "flows") -> int:
        """The count of this name (`data_adapters.ledger.declared`, and those of `_OWN`). ``of``: "expired" for the
        days that are over only.
        """
        if (own := _OWN.get(name)) is not None:
            return own(self)
        if name in OF_GROUND:
            return self.ground[name]
        if name in OF_PERIOD:
            return (self.expired if of == "expired" else self.flows)[name]
        if name in _RARE:
            return (self.rare_expired if of == "expired" else self.rare)[name]
        return self.gauges[name]

    def asked(self, expired: bool) -> Asked:
        """The same question for the rows behind a figure; ``expired``: only of days that are over."""
        today = self.snapshot.today
        return Asked(
            path=self.path,
            first=self.first,
            last=min(self.last, today - 1 if expired else today),
            whole=self.last >= today,
            censored=self.handling.censored,
            ahead_days=REOPEN_DAYS,
            now=self.snapshot.now,
        )

    def fact(self, id_: str, rule: Rule) -> Figure | None:
        """What sources reported under this name for the grid and period (`data_adapters.ledger.facts`)."""
        first, end, today = (day_date(day) for day in (self.first, self.last + 1, self.snapshot.today))
        return self.snapshot.facts.figure(self.path, id_, first, end, today, rule)

    @cached_property
    def staffing(self) -> tuple[int, int, int]:
        """(grids with staff, grids that say how many they have or need, grids that say neither) now."""
        return self.snapshot.counts.staffing(self.path)

    @cached_property
    def reporting(self) -> tuple[int, int]:
        """(lowest grids that reported within the period, lowest grids)."""
        start, end = (day_start(day, self.snapshot.zone) for day in (self.first, self.last + 1))
        return self.snapshot.counts.reporting(self.path, start, end)


#: Counts of which no rollup has a column of its own.
_OWN: dict[str, Callable[[Reading], int]] = {
    "opening": lambda r: r.opening,
    "closing": lambda r: r.closing,
    "overdue": lambda r: r.overdue,
    "overdue_in_period": lambda r: r.overdue_in_period,
    "closed_ahead": lambda r: r.ahead(REOPEN_DAYS)["closed"],
    "hazards_before": lambda r: r.hazards_before,
    "handled": lambda r: r.handling.closed.total(),
    "open_censored": lambda r: r.handling.waiting.total() if r.handling.censored else 0,
    "population": lambda r: r.population,
    "grids.staff": lambda r: r.staff or 0,
    "grids.reported": lambda r: r.reporting[0],
    "grids.lowest": lambda r: r.reporting[1],
    "grids.staffed": lambda r: r.staffing[0],
    "grids.staff_known": lambda r: r.staffing[1],
    "grids.unstated": lambda r: r.staffing[2],
    "key_sites.covered": lambda r: r.key_sites[0],
    "key_sites": lambda r: r.key_sites[1],
    "video_s.online": lambda r: r.video_s["online"],
    "video_s.expected": lambda r: r.video_s["expected"],
    "video_s.restored": lambda r: r.video_s["restored"],
}


def stock(flows: Counter[str]) -> int:
    """What flows leave in the open stock: accepted + reopened - closed - left."""
    return flows["accepted"] + flows["reopened"] - flows["closed"] - flows["left"]
