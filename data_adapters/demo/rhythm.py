"""When people quarrel: the shape of the year, the week and the day, around a mean of 11.4 reports a day.

Times are seconds since the epoch; days are numbered by the local calendar of Asia/Shanghai, which has had one
offset since 1992, long before anything the demo tells about.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from random import Random

DAY_S = 86_400
OFFSET_S = 8 * 3_600
MEAN_A_DAY = 11.4
_EPOCH = date(1970, 1, 1)

#: Share of a day's reports in each hour: the office day, a lunch dip, a lively evening, a quiet night.
_HOURS = (
    0.4, 0.2, 0.2, 0.2, 0.3, 0.7, 1.8, 4.2, 8.8, 10.6, 9.8, 7.2,
    4.0, 4.6, 7.8, 8.6, 8.0, 6.6, 4.8, 4.2, 3.4, 2.2, 1.4, 0.8,
)  # fmt: skip
CUMULATED = [0.0, *accumulate(share / sum(_HOURS) for share in _HOURS)]

_SPRING_FESTIVALS = (
    "2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06",
    "2028-01-26", "2029-02-13", "2030-02-03", "2031-01-23", "2032-02-11", "2033-01-31", "2034-02-19", "2035-02-08",
    "2036-01-28", "2037-02-15", "2038-02-04", "2039-01-24", "2040-02-12",
)  # fmt: skip
_FESTIVAL_DAYS = tuple((date.fromisoformat(text) - _EPOCH).days for text in _SPRING_FESTIVALS)


def day_of(at: float) -> int:
    """The local calendar day of a time, as days since 1970-01-01."""
    return int((at + OFFSET_S) // DAY_S)


def start_of(day: int) -> float:
    """Local midnight at which `day` begins."""
    return day * DAY_S - OFFSET_S


def calendar(day: int) -> date:
    """The calendar date of `day`."""
    return _EPOCH + timedelta(days=day)


def local_text(at: float) -> str:
    """Local wall-clock time as Chinese systems print it, to the second: 2026-11-22 14:20:00."""
    return datetime.fromtimestamp(int(at) + OFFSET_S, UTC).strftime("%Y-%m-%d %H:%M:%S")


@lru_cache(maxsize=4096)
def day_factor(day: int) -> float:
    """How lively a day is, 1 in the middle: workdays over weekends, the weeks before Spring Festival, harvests."""
    when = calendar(day)
    factor = 1.15 if when.weekday() < 5 else 0.7
    ahead = min((festival - day for festival in _FESTIVAL_DAYS), key=abs)
    if 3 <= ahead <= 24:
        factor *= 1.5  # wages and debts fall due, people come home
    elif -2 <= ahead < 3:
        factor *= 0.6
    elif -16 <= ahead < -2:
        factor *= 1.25
    turn = (when.month, when.day)
    if (6, 8) <= turn <= (7, 5) or (9, 22) <= turn <= (10, 25):
        factor *= 1.2  # wheat and maize harvests: field borders, lost crops, hired hands
    elif (7, 20) <= turn <= (8, 31):
        factor *= 0.9
    return factor * 0.926  # brings the mean of a year to 1


def share_of_day_before(at: float) -> float:
    """Which share of the local day's reports usually has come in by this time of day, 0..1."""
    hours = ((at + OFFSET_S) % DAY_S) / 3_600
    hour = int(hours)
    return CUMULATED[hour] + (hours - hour) * (CUMULATED[hour + 1] - CUMULATED[hour])


def time_in_day(share: float) -> float:
    """Seconds after midnight by which `share` (0..1) of a day's reports has come in; inverse of the above."""
    hour = min(bisect_right(CUMULATED, share) - 1, 23)
    return 3_600 * (hour + (share - CUMULATED[hour]) / (CUMULATED[hour + 1] - CUMULATED[hour]))


def next_arrival(after: float, rng: Random, mean_a_day: float = MEAN_A_DAY) -> float:
    """The next report after `after`: a Poisson process with the rhythm's rate, by its inverse."""
    wanted = rng.expovariate(1.0)
    day = day_of(after)
    passed = share_of_day_before(after)
    while True:
        expected = mean_a_day * day_factor(day)
        left = (1 - passed) * expected
        if wanted < left:
            return start_of(day) + time_in_day(passed + wanted / expected)
        wanted -= left
        day, passed = day + 1, 0.0


def report_times(count: int, now: float, days: int, rng: Random) -> list[float]:
    """`count` report times of the last `days` days in order, none after `now`; today has its usual share so far."""
    today = day_of(now)
    so_far = min(count, max(1, round(MEAN_A_DAY * day_factor(today) * share_of_day_before(now))))
    past = [today - back for back in range(days - 1, 0, -1)]
    weights = [min(day_factor(day) * rng.gammavariate(9, 1 / 9), 2.6) for day in past]
    times = [
        start_of(day) + time_in_day(rng.random()) for day in rng.choices(past, weights, k=count - so_far)
    ]
    passed = share_of_day_before(now)
    times += [start_of(today) + time_in_day(passed * rng.random()) for _ in range(so_far)]
    return sorted(min(float(int(at)), now) for at in times)
