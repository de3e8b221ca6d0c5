"""The mapping of cases by column: rows that are plainly right, many at a time; every other row goes its own way.

What is right is said once, in `mapping` and `records.case`, row by row. Here a row is taken only where that would
accept it without a doubt; a test holds the two to the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isnan
from typing import Any, cast

import numpy as np

from data_adapters.case_values import DOUBT, Names, Times, Values, numbers
from data_adapters.conversion import ISO_PATTERNS, conversion
from data_adapters.coordinates import Transform
from data_adapters.ledger.case_loader import Prepared
from data_adapters.ledger.columns import MISSING, Column, Columns, Mask
from data_adapters.ledger.tables import cases
from data_adapters.ledger.types import to_milliseconds
from data_adapters.readers.reader import GEOMETRY, Rows, column_of
from data_adapters.records import case
from data_adapters.records.field import (
    FUTURE_TOLERANCE,
    Context,
    FieldError,
    instant,
    past_instant,
    shorten,
)
from data_adapters.settings import SourceSettings

#: Fewer rows are as fast one by one.
FEWEST = 500
_TIMES = frozenset(field.name for field in case.FIELDS if field.parse in (instant, past_instant))
_PLACE = {"lon": 180.0, "lat": 90.0}
_DEFAULTS = {"kind": "DISPUTE", "category": "其它", "grade": "ORDINARY", "state": "REPORTED"}


@dataclass(frozen=True, slots=True)
class CaseTable:
    """Mapped cases by column. ``labels``: what people find each row by; ``places``: each one's number in its batch.

    ``held``: where a grid holds the case's place, nowhere where there was no ground to compare with. ``prepared``: the
    rows of the ledger, where they were made already.
    """

    told: Columns
    labels: Column
    places: Column
    held: Mask
    prepared: Prepared | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process: what is told is sent with what was prepared."""
        return _table, (
            None if self.prepared else self.told,
            self.labels,
            self.places,
            self.held,
            self.prepared,
        )

    def __len__(self) -> int:
        """How many cases."""
        return len(self.told)

    def row(self, number: int) -> str:
        """One row as people find it."""
        return shorten(self.labels[number])

    @classmethod
    def joined(cls, tables: Sequence[tuple[CaseTable, int]]) -> CaseTable:
        """Several as one, each with what its places are counted from."""
        return cls(
            Columns.joined([table.told for table, _ in tables]),
            np.concatenate([table.labels for table, _ in tables]),
            np.concatenate([table.places + start for table, start in tables]),
            np.concatenate([table.held for table, _ in tables]),
        )


def _table(
    told: Columns | None, labels: Column, places: Column, held: Mask, prepared: Prepared | None
) -> CaseTable:
    return CaseTable(
        cast(Prepared, prepared).told() if told is None else told, labels, places, held, prepared
    )


class CaseColumns:
    """The mapping of one source of cases, made once; `apply` takes the rows of a chunk."""

    def __init__(self, source: SourceSettings, context: Context) -> None:
        self._source = source
        self._context = context
        self._latest_ms = to_milliseconds(context.now + FUTURE_TOLERANCE)
        self._works: list[tuple[str, str, Callable[[Sequence[Any]], tuple[Column, Mask]]]] = []
        self._constants: dict[str, Any] = {}
        for name, rule in source.fields.items():
            if rule.column is not None:
                self._works.append((name, rule.column, self._work(name)))
            elif rule.const is not None:
                self._constants[name] = self._parsed(name)(rule.const)

    @property
    def usable(self) -> bool:
        """Whether any row of this source can be taken: no case numbers given, no constant in doubt."""
        sure = all(value is not DOUBT for value in self._constants.values())
        return sure and "case_no" not in self._source.fields

    def apply(self, rows: Sequence[dict[str, Any]], transform: Transform | None) -> tuple[Columns, Mask]:
        """(the cases of the rows that could be taken, which those are)."""
        count = len(rows)
        told = Columns(cases, count)
        taken = np.ones(count, dtype=bool)
        if not isinstance(rows, Rows):
            # A place that the file itself draws is for the row.
            taken &= np.array([row.get(GEOMETRY) is None for row in rows], dtype=bool)
        for name, value in self._constants.items():
            told[name] = _full(told, name, value)
        for name, column, work in self._works:
            told[name], fine = work(column_of(rows, column))
            taken &= fine
        taken &= self._place(told, transform) & told.known("source_id") & _timely(told)
        for name, value in _DEFAULTS.items():
            known = told.known(name)
            if not known.all():
                told[name] = np.where(known, told[name], np.array(value, object))
        told["source"] = np.full(count, self._source.name, dtype=object)
        return told if taken.all() else told.take(taken), taken

    def _place(self, told: Columns, transform: Transform | None) -> Mask:
        """Bring the places to EPSG:4490; where that is sure."""
        lon, lat = told["lon"], told["lat"]
        fine: Mask = np.isnan(lon) == np.isnan(lat)
        at = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        if transform is not None and len(at):
            x, y = lon.copy(), lat.copy()
            x[at], y[at] = transform(lon[at], lat[at])
            told["lon"], told["lat"] = x, y
        for name, most in _PLACE.items():
            held = told[name][at]
            fine[at] &= np.isfinite(held) & (np.abs(held) <= most)
        return fine

    def _work(self, name: str) -> Callable[[Sequence[Any]], tuple[Column, Mask]]:
        """What makes a column of ours of theirs: (values, where they are sure)."""
        rule = self._source.fields[name]
        one = self._parsed(name)
        if name in self._source.values or (rule.format is not None and rule.format not in ISO_PATTERNS):
            return Values(name, one)
        if name in _PLACE:
            return lambda values: numbers(values, name, one)
        if name in _TIMES:
            latest = self._latest_ms if _FIELDS[name].parse is past_instant else None
            between = ISO_PATTERNS[rule.format] if rule.format is not None else " T"
            return Times(self._context.zone, latest, between, Values(name, one))
        return Names(name, one) if name == "source_id" else Values(name, one)

    def _parsed(self, name: str) -> Callable[[Any], Any]:
        """One raw value as the ledger holds it, None where unknown, `DOUBT` where its row must say why not."""
        rule, context = self._source.fields[name], self._context
        convert = conversion(rule, self._source.values.get(name)) if rule.column is not None else None
        # Places are bounded only once they are in our own system.
        parse = _float if name in _PLACE else _FIELDS[name].parse

        def one(value: Any) -> Any:
            try:
                value = convert(value) if convert is not None else value
                if value is None or (isinstance(value, str) and not value.strip()):
                    return None
                if isinstance(value, float) and isnan(value):
                    return DOUBT
                found = parse(value, context)
            except (FieldError, TypeError, ValueError, ArithmeticError):
                return DOUBT
            return to_milliseconds(found) if isinstance(found, datetime) else found

        return one


_FIELDS = case.FIELDS.by_name


def _float(raw: Any, _: Context) -> float:
    if isinstance(raw, bool):
        raise FieldError("type", "")
    value = float(raw)
    if not np.isfinite(value):
        raise FieldError("not_finite", "")
    return value


def _timely(told: Columns) -> Mask:
    """When it happened and when it was told stand for each other; where both are, they are in order."""
    occurred, reported = told["occurred_at"], told["reported_at"]
    either = np.where(occurred == MISSING, reported, occurred)
    told["reported_at"] = np.where(reported == MISSING, occurred, reported)
    told["occurred_at"] = either
    late = occurred - FUTURE_TOLERANCE // timedelta(milliseconds=1) > reported
    fine: Mask = (either != MISSING) & ~((occurred != MISSING) & (reported != MISSING) & late)
    return fine


def _full(told: Columns, name: str, value: Any) -> Column:
    if value is None:
        return told[name]
    found = np.empty(len(told), told[name].dtype)
    found[:] = value
    return found
