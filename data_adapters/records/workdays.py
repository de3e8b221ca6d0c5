"""Which days are worked: the State Council's calendar, make-up workdays included, where Chinese time is kept.

The library carries the notices up to the year that its release knows; in a later year, and in every other zone,
Monday to Friday are worked. A notice appears each November: `make lock ARGS=--upgrade` brings the next year.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

_CHINESE_ZONES = frozenset({"Asia/Shanghai", "Asia/Urumqi", "PRC"})
_DAY = timedelta(days=1)


def is_workday(day: date, zone: ZoneInfo) -> bool:
    """Whether `day` is worked in `zone`."""
    return _worked(day, zone.key in _CHINESE_ZONES)


def workday_after(day: date, workdays: int, zone: ZoneInfo) -> date:
    """The `workdays`-th workday after `day`; for 0 the day itself if it is one, else the next."""
    return _after(day, workdays, zone.key in _CHINESE_ZONES)


def workday_before(day: date, workdays: int, zone: ZoneInfo) -> date:
    """The `workdays`-th workday before `day`."""
    while workdays:
        day -= _DAY
        workdays -= is_workday(day, zone)
    return day


@lru_cache(maxsize=50_000)
def _after(day: date, workdays: int, chinese: bool) -> date:
    if workdays == 0:
        while not _worked(day, chinese):
            day += _DAY
        return day
    while workdays:
        day += _DAY
        workdays -= _worked(day, chinese)
    return day


def _worked(day: date, chinese: bool) -> bool:
    if chinese:
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:  # a year whose notice the library does not have
            pass
    return day.weekday() < 5
