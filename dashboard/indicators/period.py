"""Periods of whole local days, and the ones they are compared with: the same elapsed span, never a longer one."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)
#: How far the Spring Festival reaches: migrant workers come home a month before and leave a month after.
_AROUND = timedelta(days=30)
#: The first day of the lunar year. The bundled calendar knows only the years that were announced; of those to come two
#: are close: the new moon is at 23:56 of 2027-02-06, and at 0:07 of 2030-02-03.
FESTIVALS = {
    day.year: day
    for day in map(
        date.fromisoformat,
        "2015-02-19 2016-02-08 2017-01-28 2018-02-16 2019-02-05 2020-01-25 2021-02-12 2022-02-01 2023-01-22 2024-02-10 "
        "2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-03 2031-01-23 2032-02-11 2033-01-31 2034-02-19 "
        "2035-02-08 2036-01-28 2037-02-15 2038-02-04 2039-01-24 2040-02-12".split(),
    )
}
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


def festival_aligned(period: Period) -> Pair | None:
    """The period beside the days that lay as far from the Spring Festival a year earlier; None far from it."""
    now, then = (FESTIVALS.get(year) for year in (period.last.year, period.last.year - 1))
    if now is None or then is None:
        return None
    if period.last < now - _AROUND or period.first > now + _AROUND:
        return None
    shift = now - then
    return (
        period,
        Period(period.first - shift, period.last - shift),
        f"春节 {now:%m-%d} 与上年 {then:%m-%d} 对齐",
    )


def _a_year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
