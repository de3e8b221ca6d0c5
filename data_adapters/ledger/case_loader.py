"""New cases by the hundred thousand: placed, settled, numbered, counted and stored by column.

For what the ledger does not know yet; a revision of a known case goes through `CaseWriter`, row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
import sqlalchemy as sa

from data_adapters.ledger import case_columns, rollup
from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.bulk import insert_columns
from data_adapters.ledger.case_numbers import claim
from data_adapters.ledger.columns import Column, Columns, Mask, as_date, local_days
from data_adapters.ledger.digest import digests
from data_adapters.ledger.history import CASE
from data_adapters.ledger.placing import place_cases
from data_adapters.ledger.tables import case_number, cases
from data_adapters.ledger.transaction import Transaction, upsert
from data_adapters.ledger.types import to_milliseconds
from data_adapters.records.time_limit import Limits


@dataclass(frozen=True, slots=True)
class Prepared:
    """Cases as they will be stored, but for their number and their change; the grids were those of `revision`.

    ``given``: the columns that the cases tell of; ``otherwise``: those of them where their rows say something else.
    """

    rows: Columns
    given: tuple[str, ...]
    otherwise: Columns
    revision: int

    def told(self) -> Columns:
        """The cases as they came."""
        return Columns(
            cases,
            len(self.rows),
            {name: (self.otherwise if name in self.otherwise else self.rows)[name] for name in self.given},
        )


class Preparing:
    """Makes rows of new cases without the store: beside what is being stored, in another process."""

    def __init__(self, atlas: Atlas, revision: int, limits: Limits, clock: Callable[[], datetime]) -> None:
        self._atlas = atlas
        self._revision = revision
        self._limits = limits
        self._clock = clock

    def __call__(self, told: Columns) -> Prepared:
        """The rows of cases none of which is known."""
        rows = prepare(told, self._atlas, self._limits, self._clock())
        otherwise = Columns(
            cases, len(told), {name: told[name] for name in told.names if told[name] is not rows[name]}
        )
        return Prepared(rows, tuple(told.names), otherwise, self._revision)


def prepare(told: Columns, atlas: Atlas, limits: Limits, now: datetime) -> Columns:
    """The rows of new cases that tell `told`, but for their numbers and their change: placed and settled."""
    rows = Columns(cases, len(told), {name: told[name] for name in told.names})
    rows["digest"] = digests(rows)
    flags = place_cases(rows, atlas, limits.zone)
    case_columns.settle_columns(rows, flags, now, limits)
    return rows


class CaseLoader:
    """Loads cases within one transaction."""

    def __init__(self, transaction: Transaction, atlas: Atlas, prefix: str, limits: Limits) -> None:
        self._tx = transaction
        self._atlas = atlas
        self._prefix = prefix
        self._limits = limits
        self._zone = limits.zone

    def load(self, told: Columns, seq: int) -> Columns:
        """Store the cases of `told` (the fields of `records.Case`), none of which is known, under the change `seq`.

        Returns their complete rows; ``id`` is not among them.
        """
        return self.store(prepare(told, self._atlas, self._limits, self._tx.now), seq)

    def store(self, rows: Columns, seq: int) -> Columns:
        """`load` of what was prepared."""
        rows["ingested_at"] = np.full(len(rows), to_milliseconds(self._tx.now))
        self._number(rows)
        rows["seq"] = np.full(len(rows), seq)
        insert_columns(self._tx.connection, rows)
        old = int((rows["reported_at"] < to_milliseconds(self._tx.history.old_before)).sum())
        self._tx.history.loaded(CASE, rows["case_no"].tolist(), rows["path"].tolist(), old)
        flows = list(case_columns.flows(rows, self._zone))
        gauges, spreads = list(case_columns.gauges(rows)), list(case_columns.spreads(rows, self._zone))
        tallied = rollup.tallied(rows["path"], self._tx.rollup_depth, flows)
        self._tx.count_columns(tallied, rows["path"], gauges, spreads=spreads)
        if self._tx.sums is not None:
            self._tx.sums.add(rows.factor("path"), flows, gauges, spreads)
        return rows

    def _number(self, rows: Columns) -> None:
        """Give case numbers to those without: the day of the report and a running number of the day."""
        given = rows.known("case_no")
        claim(self._tx, self._prefix, rows["case_no"][given].tolist())
        free = np.flatnonzero(~given)
        if len(free) == 0:
            return
        days = local_days(rows["reported_at"][free], self._zone)
        codes, unique = pd.factorize(days)
        running = pd.Series(codes).groupby(codes).cumcount().to_numpy()
        wanted = np.bincount(codes)
        stored = sa.select(case_number).where(case_number.c.day.in_(unique.tolist()))
        tops = {row.day: row.top for row in self._tx.connection.execute(stored)}
        base = np.array([tops.get(day, 0) for day in unique.tolist()], dtype=np.int64)
        statement = upsert(self._tx.connection, case_number)
        self._tx.connection.execute(
            statement.on_conflict_do_update(index_elements=["day"], set_={"top": statement.excluded.top}),
            [
                {"day": day, "top": top}
                for day, top in zip(unique.tolist(), (base + wanted).tolist(), strict=True)
            ],
        )
        heads = [f"{self._prefix}-{as_date(day):%Y%m%d}-" for day in unique.tolist()]
        ends, numbers = pd.factorize(base[codes] + running + 1)
        tails = [f"{number:05d}" for number in numbers.tolist()]
        places = zip(codes.tolist(), ends.tolist(), strict=True)
        free_numbers = [heads[code] + tails[end] for code, end in places]
        every = rows["case_no"].copy()
        every[free] = free_numbers
        rows["case_no"] = every


def known_ids(connection: sa.Connection, told: Columns) -> Mask:
    """Where (source, source_id) is in the ledger already."""
    known = known_cases(connection, told)
    pairs = zip(told["source"].tolist(), told["source_id"].tolist(), strict=True)
    return (
        np.array([pair in known for pair in pairs], dtype=bool) if known else np.zeros(len(told), dtype=bool)
    )


def known_cases(
    connection: sa.Connection, told: Columns
) -> dict[tuple[str, str], tuple[int, datetime | None]]:
    """(source, source_id) -> (digest, time of the last revision) of those of `told` that are in the ledger."""
    found: dict[tuple[str, str], tuple[int, datetime | None]] = {}
    codes, sources = told.factor("source")
    for code, source in enumerate(sources.tolist()):
        ids = told["source_id"][codes == code]
        columns = (cases.c.source_id, cases.c.digest, cases.c.source_updated_at)
        table = sa.select(*columns).where(cases.c.source == source)
        if not _any_near(connection, table, ids):
            continue
        rows = connection.execute(table.where(is_one_of(connection, cases.c.source_id, ids)))
        found |= {(source, id_): (digest, at) for id_, digest, at in rows}
    return found


def _any_near(connection: sa.Connection, table: sa.Select[Any], ids: Column) -> bool:
    """Whether there are cases that may have one of the ids: one seek, where numbers given in order are all new."""
    if connection.dialect.name == "sqlite":  # which compares texts as Python does, byte by byte
        listed = ids.tolist()
        table = table.where(cases.c.source_id.between(min(listed), max(listed)))
    return connection.execute(table.limit(1)).first() is not None


def is_one_of(
    connection: sa.Connection, column: sa.ColumnElement[Any], values: Column
) -> sa.ColumnElement[bool]:
    """SQL: `column` is one of many values, sent as one parameter."""
    listed: list[Any] = values.tolist()
    if connection.dialect.name == "postgresql":
        return column == sa.any_(sa.cast(listed, sa.ARRAY(column.type)))
    parts = sa.func.json_each(orjson.dumps(listed).decode()).table_valued("value")
    return column.in_(sa.select(parts.c.value))
