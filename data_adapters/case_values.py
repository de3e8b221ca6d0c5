"""Columns of raw values as the ledger holds them, and where that is sure: whole columns of one kind are quick."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from data_adapters.coordinates import Floats
from data_adapters.ledger.columns import DAY_MS, MISSING, Column, Columns, Mask
from data_adapters.ledger.tables import cases
from data_adapters.ledger.types import to_milliseconds
from data_adapters.records.field import EARLIEST

#: A value that its own row must look at.
DOUBT = object()
_KEPT = 50_000
_TEXT_OR_NONE = {str, type(None)}
_EPOCH = date(1970, 1, 1).toordinal()
#: Of the months from January on, in a year that is no leap year.
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_DAYS_BEFORE = np.concatenate([[0], np.cumsum(_MONTH_DAYS)[:-1]])
#: So many days in a row have their offsets in a table.
_TABLED_DAYS = 40_000
#: "2026-11-22 14:20:00": where the digits are, and what stands between them.
_DIGITS = [n for n in range(19) if n not in {4, 7, 10, 13, 16}]
_BETWEEN = {4: "-", 7: "-", 13: ":", 16: ":"}


class Values:
    """A column of few different values: each is parsed once."""

    def __init__(self, name: str, one: Callable[[Any], Any]) -> None:
        blank = Columns(cases, 1)[name]
        self._blank, self._dtype = blank[0], blank.dtype
        self._one = one
        self._known: dict[str, Any] = {}

    def __call__(self, values: Sequence[Any]) -> tuple[Column, Mask]:
        known, one = self._known, self._one
        if len(known) > _KEPT:
            known.clear()
        if set(map(type, values)) <= _TEXT_OR_NONE:
            different = set(values)
            known.update((text, one(text)) for text in different - known.keys() if text is not None)
            table = {value: known.get(value) for value in different}
            if not any(value is DOUBT for value in table.values()):
                table = {key: self._blank if value is None else value for key, value in table.items()}
                found = np.empty(len(values), self._dtype)
                found[:] = list(map(table.__getitem__, values))
                return found, np.ones(len(values), dtype=bool)
        texts = {value for value in values if type(value) is str} - known.keys()
        known.update((text, one(text)) for text in texts)
        parsed = [
            known[value] if type(value) is str else None if value is None else one(value) for value in values
        ]
        fine = np.array([value is not DOUBT for value in parsed], dtype=bool)
        if self._dtype.kind == "O" and fine.all():
            found = np.empty(len(parsed), dtype=object)
            found[:] = parsed
            return found, fine
        blank = self._blank
        kept = [blank if value is None or value is DOUBT else value for value in parsed]
        found = np.empty(len(kept), self._dtype)
        found[:] = kept
        return found, fine


class Names(Values):
    """The identities: all different, nearly all plain."""

    def __call__(self, values: Sequence[Any]) -> tuple[Column, Mask]:
        if not _are_plain(values):
            self._known.clear()
            return super().__call__(values)
        found = np.empty(len(values), dtype=object)
        found[:] = values
        return found, np.ones(len(values), dtype=bool)


def _are_plain(values: Sequence[Any]) -> bool:
    """Identities that need no second look: short, printable ASCII without blanks, none like 6.2E+18."""
    if set(map(type, values)) != {str}:
        return False
    lengths, text = set(map(len, values)), "".join(values)
    short = min(lengths) > 0 and max(lengths) <= 64
    return short and text.isascii() and text.isprintable() and " " not in text and "." not in text


class Times:
    """A column of times, nearly all as 2026-11-22 14:20:00 in the centre's zone."""

    def __init__(self, zone: ZoneInfo, latest_ms: int | None, between: str, other: Values) -> None:
        self._zone = zone
        self._between = between
        self._latest_ms = latest_ms
        self._other = other
        #: (a day, the offsets of it and of the days after it)
        self._table: tuple[int, Column] = (0, np.zeros(0, dtype=np.int64))

    def __call__(self, values: Sequence[Any]) -> tuple[Column, Mask]:
        given: Any = slice(None)
        local_ms = _iso_ms(values, self._between)
        if local_ms is None:
            given = [number for number, value in enumerate(values) if value is not None and value != ""]
            local_ms = _iso_ms([values[number] for number in given], self._between)
        if local_ms is None:
            return self._other(values)
        utc_ms, fine_here = self._utc(local_ms)
        fine_here &= utc_ms >= _EARLIEST_MS
        if self._latest_ms is not None:
            fine_here &= utc_ms <= self._latest_ms
        found = np.full(len(values), MISSING, dtype=np.int64)
        fine = np.ones(len(values), dtype=bool)
        found[given], fine[given] = utc_ms, fine_here
        return found, fine

    def _utc(self, local_ms: Column) -> tuple[Column, Mask]:
        """(times in UTC, where the clocks did not change on that day)."""
        days = local_ms // DAY_MS
        first, last = (int(days.min()), int(days.max())) if len(days) else (0, 0)
        if last - first > _TABLED_DAYS:  # one of them stands far apart
            where, unique = pd.factorize(days)
            begins, ends = (self._offsets(unique + after) for after in (0, 1))
            return local_ms - begins[where], (begins == ends)[where]
        start, table = self._table
        if first < start or last + 1 >= start + len(table):
            if len(table):
                first, last = min(first, start), max(last, start + len(table) - 2)
            start, last = first, last + 1
            table = self._offsets(np.arange(start, last + 1))
            self._table = start, table
        begins, ends = table[days - start], table[days - start + 1]
        return local_ms - begins, begins == ends

    def _offsets(self, days: Column) -> Column:
        return np.array([_offset_ms(day, self._zone) for day in days.tolist()], dtype=np.int64)


_EARLIEST_MS = to_milliseconds(EARLIEST)


@lru_cache(maxsize=50_000)
def _offset_ms(day: int, zone: ZoneInfo) -> int:
    """The offset from UTC at the beginning of a local day (since 1970)."""
    if not 1 <= day + _EPOCH <= date.max.toordinal():
        return 0  # long before the earliest, or far ahead: refused by its row
    offset = datetime.combine(date.fromordinal(day + _EPOCH), time(), zone).utcoffset()
    return round((offset or timedelta()).total_seconds() * 1_000)


def _iso_ms(texts: Sequence[Any], between: str) -> Column | None:
    """Texts such as 2026-11-22 14:20:00 as milliseconds of their own clock; None where any is written otherwise.

    ``between``: what may stand between day and time.
    """
    if not texts:
        return np.zeros(0, dtype=np.int64)
    alike = set(map(type, texts)) == {str} and set(map(len, texts)) == {19}
    if not alike or not (told := "".join(texts)).isascii():
        return None
    marks = np.frombuffer(told.encode(), dtype=np.uint8).reshape(-1, 19)
    apart = all((marks[:, at] == ord(mark)).all() for at, mark in _BETWEEN.items())
    apart = apart and bool(np.isin(marks[:, 10], [ord(mark) for mark in between]).all())
    digits = np.ascontiguousarray(marks[:, _DIGITS].T) - ord("0")  # what comes before "0" is large then
    if not apart or digits.max() > 9:
        return None
    year, month, day, hour, minute, second = _sums_of_digits(digits.astype(np.int64))
    if (
        hour.max() > 23
        or minute.max() > 59
        or second.max() > 59
        or min(year.min(), month.min(), day.min()) < 1
    ):
        return None
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    if month.max() > 12 or (day > _MONTH_DAYS[month] + (leap & (month == 2))).any():
        return None
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400 + _DAYS_BEFORE[month] + day
    days += leap & (month > 2)
    found: Column = (days - _EPOCH) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1_000
    return found


def _sums_of_digits(digits: Column) -> Iterator[Column]:
    """The numbers that fourteen rows of digits make: a year, and five times two digits."""
    yield ((digits[0] * 10 + digits[1]) * 10 + digits[2]) * 10 + digits[3]
    for at in range(4, 14, 2):
        yield digits[at] * 10 + digits[at + 1]


def numbers(values: Sequence[Any], name: str, one: Callable[[Any], Any]) -> tuple[Floats, Mask]:
    """A column of coordinates, NaN where there is none."""
    if set(map(type, values)) <= {str, float, int}:
        try:
            found = np.array(list(map(float, values)))
            return found, np.isfinite(found)
        except (ValueError, OverflowError):  # one is blank, or no number
            pass
    try:
        found = np.array([float("nan") if value in {None, ""} else float(value) for value in values])
        blank = np.array([value in {None, ""} for value in values], dtype=bool)
        odd = any(type(value) is bool for value in values)
    except (TypeError, ValueError, OverflowError):
        odd = True
    if odd:
        return Values(name, one)(values)
    return found, blank | np.isfinite(found)
