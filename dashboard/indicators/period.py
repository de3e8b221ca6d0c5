"""Periods of whole local days, and the ones they are compared with: the same elapsed span, never a longer one."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)
Pair = tuple["Period", "Period", str]


@dataclass(frozen=True, slots=True)
class Period:
    """The local days ``first`` to ``last``, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def over(self, today: date) -> Period | None:
        """Its days before `today`: what can be compared fairly, since today is not over. None where there are none."""
        last = min(self.last, today - _DAY)
        return Period(self.first, last) if last >= self.first else None


def year_before(period: Period) -> Pair:
    """(the period, the same dates a year earlier, what is to be said about it). 29 February stands beside the 28th."""
    first, last = (_a_year_before(day) for day in (period.first, period.last))
    leap = (2, 29) in {(day.month, day.day) for day in (period.first, period.last)}
    return period, Period(first, last), "2月29日与上年2月28日相比" if leap else ""


def period_before(period: Period) -> Pair:
    """(the period, the one before it, what is to be said about it).

    Days of one month from its first on stand beside the same days of the month before; where that one is shorter,
    both are cut to its length. Any other period stands beside the one of the same length that ends before it.
    """
    first, last = period.first, period.last
    if first.day != 1 or (first.year, first.month) != (last.year, last.month):
        return period, Period(first - timedelta(days=period.days), first - _DAY), ""
    before = (first - _DAY).replace(day=1)
    length = monthrange(before.year, before.month)[1]
    if last == first.replace(day=monthrange(first.year, first.month)[1]):
        return period, Period(before, before.replace(day=length)), ""  # a whole month beside a whole month
    cut = min(last.day, length)
    note = f"上月只有 {length} 日，均计到 {length} 日" if last.day > length else ""
    return Period(first, first.replace(day=cut)), Period(before, before.replace(day=cut)), note


def spring_months(period: Period) -> Pair | None:
    """January and February together, to the period's last day, beside the year before; None for other months.

    The Spring Festival lies in the one in some years and in the other in others.
    """
    if period.last.month > 2 or period.first.year != period.last.year:
        return None
    return year_before(Period(period.last.replace(month=1, day=1), period.last))


def _a_year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
