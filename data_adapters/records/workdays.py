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
#: As the library calls them -> as a wall does.
HOLIDAYS = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋",
}


def is_workday(day: date, zone: ZoneInfo) -> bool:
    """Whether `day` is worked in `zone`."""
    return _worked(day, zone.key in _CHINESE_ZONES)


def word_of(day: date, zone: ZoneInfo) -> str:
    """What a calendar on the wall says of `day`: a holiday's name, 调休上班, 工作日 or 休息日."""
    worked = is_workday(day, zone)
    if zone.key in _CHINESE_ZONES and not worked:
        try:
            name = chinese_calendar.get_holiday_detail(day)[1]
        except NotImplementedError:
            name = None
        return HOLIDAYS.get(str(name), "休息日")
    if worked and day.weekday() >= 5:
        return "调休上班"
    return "工作日" if worked else "休息日"


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


@lru_cache(maxsize=50_000)
def _worked(day: date, chinese: bool) -> bool:
    if chinese:
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:  # a year whose notice the library does not have
            pass
    return day.weekday() < 5
