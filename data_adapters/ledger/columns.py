"""Many rows of one table by column: what the bulk path places, settles, counts and stores.

Texts are object arrays with None where unknown; whole numbers, times (milliseconds UTC) and booleans (0, 1) are
int64 with `MISSING`; other numbers are float64 with NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray

from data_adapters.ledger.tables import metadata
from data_adapters.ledger.types import Instant, from_milliseconds, to_milliseconds

Column = NDArray[Any]
Mask = NDArray[np.bool_]
#: An unknown whole number or time.
MISSING = int(np.iinfo(np.int64).min)
DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: A text that stands for so many rows on average is worth naming once.
_REPEATED = 4
#: So many days in a row are looked up by their number.
_TABLED_DAYS = 20_000


class Columns:
    """`count` rows of `table`; a column that was not given is unknown throughout."""

    def __init__(self, table: sa.Table, count: int, values: Mapping[str, Column] | None = None) -> None:
        self.table = table
        self.count = count
        self._values: dict[str, Column] = {}
        self._blank: dict[str, Column] = {}
        self._factors: dict[str, tuple[Column, Column]] = {}
        self._days: dict[str, Column] = {}
        for name, column in (values or {}).items():
            self[name] = column

    @classmethod
    def of(cls, table: sa.Table, names: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> Columns:
        """From rows of values as Python holds them, `names` in their order; times aware."""
        listed = list(rows)
        lists = list(zip(*listed, strict=True))
        values = {name: column(table, name, lists[n]) for n, name in enumerate(names)} if listed else {}
        return cls(table, len(listed), values)

    @classmethod
    def read(
        cls,
        connection: sa.Connection,
        table: sa.Table,
        names: Sequence[str],
        *where: Any,
        chunk: int = 100_000,
    ) -> Iterator[Columns]:
        """The columns `names` of the rows that `where` chooses, `chunk` rows at a time."""
        plain = [
            sa.type_coerce(table.c[name], sa.BigInteger) if _dtype(table, name) is np.int64 else table.c[name]
            for name in names
        ]
        chosen = sa.select(*plain).where(*where).execution_options(yield_per=chunk)
        found = connection.execute(chosen)
        for rows in found.partitions(chunk):
            lists = list(zip(*rows, strict=True))
            values = {name: _filled(table, name, lists[n]) for n, name in enumerate(names)}
            yield cls(table, len(rows), values)

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process: the table by its name; of texts that repeat each one once, and where it stands."""
        texts = [name for name, values in self._values.items() if values.dtype == object]
        factors = {name: self.factor(name) for name in texts}
        kept = {name: told for name, told in factors.items() if len(told[1]) * _REPEATED <= self.count}
        values = {name: held for name, held in self._values.items() if name not in kept}
        return _of_table, (self.table.name, self.count, values, kept)

    def __len__(self) -> int:
        """How many rows."""
        return self.count

    def __contains__(self, name: str) -> bool:
        """Whether the column was given."""
        return name in self._values

    def __getitem__(self, name: str) -> Column:
        """The column; not to be changed in place."""
        if name in self._values:
            return self._values[name]
        if name not in self._blank:
            self._blank[name] = np.full(self.count, _unknown(self.table, name), _dtype(self.table, name))
        return self._blank[name]

    def __setitem__(self, name: str, values: Column) -> None:
        if len(values) != self.count:
            raise ValueError(f"{self.table.name}.{name}：有 {len(values)} 个值，应为 {self.count} 个")
        self._values[name] = values.astype(_dtype(self.table, name), copy=False)
        self._factors.pop(name, None)
        self._days.pop(name, None)

    @property
    def names(self) -> list[str]:
        """The columns that were given, in the table's order."""
        return [held.name for held in self.table.c if held.name in self._values]

    @classmethod
    def joined(cls, parts: Sequence[Columns]) -> Columns:
        """The rows of several, one after another."""
        names = {name for part in parts for name in part.names}
        values = {name: np.concatenate([part[name] for part in parts]) for name in names}
        return cls(parts[0].table, sum(map(len, parts)), values)

    def copy(self) -> Columns:
        """The same rows, whose columns may be set without changing these."""
        return Columns(self.table, self.count, self._values)

    def take(self, chosen: Column) -> Columns:
        """The rows chosen by a mask or by their numbers."""
        values = {name: held[chosen] for name, held in self._values.items()}
        count = int(chosen.sum()) if chosen.dtype == bool else len(chosen)
        return Columns(self.table, count, values)

    def factor(self, name: str) -> tuple[Column, Column]:
        """(a code for each row, -1 where unknown; the different values) of a column, found out once."""
        if name not in self._factors:
            self._factors[name] = pd.factorize(self[name])
        return self._factors[name]

    def days(self, name: str, zone: ZoneInfo) -> Column:
        """The local days of a column of times, found out once: `local_days`. One ledger has one zone."""
        if name not in self._days:
            self._days[name] = local_days(self[name], zone)
        return self._days[name]

    def known(self, name: str) -> Mask:
        """Where the column's value is known."""
        if name not in self._values:
            return np.zeros(self.count, dtype=bool)
        values = self[name]
        if values.dtype == object:
            return np.asarray(pd.notna(values))
        known: Mask = ~np.isnan(values) if values.dtype == np.float64 else values != MISSING
        return known

    def first(self, *names: str) -> Column:
        """Of columns of one type, row by row the first value that is known."""
        found = self[names[0]]
        for name in names[1:]:
            found = np.where(found == MISSING, self[name], found)
        return found

    def is_in(self, name: str, words: Iterable[str]) -> Mask:
        """Where a text is one of `words`."""
        if name not in self._values:
            return np.zeros(self.count, dtype=bool)
        codes, unique = self.factor(name)
        chosen = words if isinstance(words, Set) else set(words)
        wanted = np.array([word in chosen for word in unique] + [False], dtype=bool)
        found: Mask = wanted[codes]
        return found

    def flagged(self, flag: str) -> Mask:
        """Where the row's quality names `flag`."""
        codes, unique = self.factor("quality")
        wanted = np.array([flag in (text or "").split(",") for text in unique] + [False], dtype=bool)
        found: Mask = wanted[codes]
        return found

    def row(self, number: int) -> Any:
        """One row by attribute, as Python holds it: times aware, None where unknown."""
        values: dict[str, Any] = {str(column.name): None for column in self.table.c}
        values |= {name: self.take(np.array([number])).listed(name)[0] for name in self.names}
        for name, value in values.items():
            if isinstance(self.table.c[name].type, Instant) and value is not None:
                values[name] = from_milliseconds(value)
            elif isinstance(self.table.c[name].type, sa.Boolean) and value is not None:
                values[name] = bool(value)
        return SimpleNamespace(**values)

    def listed(self, name: str) -> list[Any]:
        """The column as the database takes it: numbers, texts and None."""
        values = self[name]
        if values.dtype != object:
            known = self.known(name)
            if not known.all():
                values = values.astype(object)
                values[~known] = None
        found: list[Any] = values.tolist()
        return found


def _of_table(
    name: str, count: int, values: Mapping[str, Column], factors: Mapping[str, tuple[Column, Column]]
) -> Columns:
    made = Columns(metadata.tables[name], count, values)
    for column, (codes, unique) in factors.items():
        made[column] = np.append(unique, [None])[codes]
        made._factors[column] = codes, unique
    return made


def column(table: sa.Table, name: str, values: Iterable[Any]) -> Column:
    """One column from Python values, None where unknown."""
    if isinstance(table.c[name].type, Instant):
        values = [None if value is None else to_milliseconds(value) for value in values]
    return _filled(table, name, values)


def _filled(table: sa.Table, name: str, values: Iterable[Any]) -> Column:
    unknown, dtype = _unknown(table, name), _dtype(table, name)
    kept = list(values) if dtype is object else [unknown if value is None else value for value in values]
    made: Column = np.empty(len(kept), dtype)
    made[:] = kept
    return made


@lru_cache(maxsize=1_000)
def _dtype(table: sa.Table, name: str) -> type:
    kind = table.c[name].type
    if isinstance(kind, sa.Float):
        return np.float64
    return np.int64 if isinstance(kind, sa.Integer | sa.Boolean | Instant) else object


def _unknown(table: sa.Table, name: str) -> Any:
    dtype = _dtype(table, name)
    return None if dtype is object else np.nan if dtype is np.float64 else MISSING


def local_days(times: Column, zone: ZoneInfo) -> Column:
    """The local days (since 1970-01-01) of times in milliseconds; `MISSING` stays."""
    known = times != MISSING
    if not known.any():
        return np.full(len(times), MISSING, dtype=np.int64)
    utc_day = np.where(known, times, times[known.argmax()]) // DAY_MS
    first, last = int(utc_day.min()), int(utc_day.max())
    if last - first < _TABLED_DAYS:
        codes, unique = utc_day - first, np.arange(first, last + 1)
    else:
        codes, unique = pd.factorize(utc_day)
    begins = np.array([_offset_ms(day, zone) for day in unique.tolist()], dtype=np.int64)
    ends = np.array([_offset_ms(day + 1, zone) for day in unique.tolist()], dtype=np.int64)
    if (begins == begins[0]).all() and (ends == begins[0]).all():
        days: Column = (times + begins[0]) // DAY_MS
    else:
        days = (times + begins[codes]) // DAY_MS
        for number in np.flatnonzero(known & (begins != ends)[codes]).tolist():  # the clocks changed that day
            local = (_EPOCH + timedelta(milliseconds=int(times[number]))).astimezone(zone)
            days[number] = local.toordinal() - _EPOCH.toordinal()
    return days if known.all() else np.where(known, days, MISSING)


@lru_cache(maxsize=50_000)
def _offset_ms(utc_day: int, zone: ZoneInfo) -> int:
    offset = (_EPOCH + timedelta(days=utc_day)).astimezone(zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds() * 1000)


def as_date(day: int) -> date:
    """The date of a day number."""
    return date.fromordinal(_EPOCH.toordinal() + day)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH.toordinal()


def once_each(work: Callable[..., int], where: Mask, *keys: Column) -> Column:
    """`work(*key)` for the rows of `where`, done once for each different key; `MISSING` elsewhere.

    So that what is said in one place row by row, with a calendar behind it, is not said again for columns.
    """
    found = np.full(len(where), MISSING, dtype=np.int64)
    chosen = np.flatnonzero(where)
    if len(chosen) == 0:
        return found
    codes = np.zeros(len(chosen), dtype=np.int64)
    parts = [key[chosen] for key in keys]
    for part in parts:
        own, unique = pd.factorize(part)
        codes = pd.factorize(codes * len(unique) + own)[0]
    first = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    lists = [part[first].tolist() for part in parts]
    worth = np.array([work(*key) for key in zip(*lists, strict=True)], dtype=np.int64)
    found[chosen] = worth[codes]
    return found
