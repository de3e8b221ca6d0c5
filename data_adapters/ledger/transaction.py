"""THE write transaction: everything that enters the ledger passes here, and is in the change log, or is not in.

A transaction locks the stream row first (on SQLite the database itself), so there is one writer at a time and
numbering, de-duplication and rollups need no further locks. Changes are numbered as the last statement before
the rows that carry the number, without holes, in commit order.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from data_adapters.ledger import contributions
from data_adapters.ledger.bulk import copy, insert_lists, insert_mappings
from data_adapters.ledger.columns import Column, Mask
from data_adapters.ledger.history import History
from data_adapters.ledger.months import month_of
from data_adapters.ledger.rollup import Spread, Tallied, cells
from data_adapters.ledger.scope import STEP, lineage
from data_adapters.ledger.tables import change, gauge, grid, last_report, spread, stream, tally, video_day
from data_adapters.ledger.video_time import FLOWS as VIDEO_FLOWS

if TYPE_CHECKING:
    from data_adapters.ledger.sums import Sums

#: The depths of the rollups while a load of many cases runs: the root's flows, and no histograms (`load`).
LOADING = (0, -1)
#: From so many rows on, SQLAlchemy's part of adding them up costs more than the store's.
_MANY = 1_000
#: Measures of the tally that say whether a report stands.
_REPORTS = ("reported", "reported_void")
#: Grids whose last report is noted with one statement.
_NOTED = 500


def upsert(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT of this connection's dialect, which has ON CONFLICT."""
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: sa.Table) -> Any:
    """The same by the name of the dialect."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@functools.cache
def _noting(dialect: str) -> Any:
    """An upsert of the last day with a report that stands, for the grids at ``paths``."""
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(last_report)
    last = (
        sa.select(tally.c.day)
        .where(tally.c.path == grid.c.path, tally.c.reported > tally.c.reported_void)
        .order_by(tally.c.day.desc())
        .limit(1)
        .correlate(grid)
        .scalar_subquery()
    )
    told = sa.select(grid.c.path, last).where(grid.c.path.in_(sa.bindparam("paths", expanding=True)))
    day = insert.excluded.day
    return insert.from_select(["path", "day"], told.distinct()).on_conflict_do_update(
        index_elements=["path"], set_={"day": day}, where=last_report.c.day.is_distinct_from(day)
    )


@functools.cache
def _adding(dialect: str, table: sa.Table, keys: tuple[str, ...], sums: tuple[str, ...]) -> Any:
    """An INSERT that adds to the row already there."""
    statement = insert_of(dialect, table)
    added = {name: table.c[name] + statement.excluded[name] for name in sums}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=added)


# Statements made once: making one costs a transaction more than running it.
# FOR UPDATE is dropped by SQLite, whose BEGIN IMMEDIATE has locked already.
_BEGIN = sa.select(stream).where(stream.c.id == 1).with_for_update()
_ADVANCE = (
    sa.update(stream)
    .where(stream.c.id == 1)
    .values(
        top=stream.c.top + sa.bindparam("changes"),
        video_revision=stream.c.video_revision + sa.bindparam("videos"),
    )
    .returning(stream.c.top)
)


class Transaction:
    """One open write transaction. Collects changes and count deltas; `Ledger` finishes and commits it."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self.connection = connection
        # As the ledger keeps it, so that what is counted of a row now is what is counted of it later.
        self.now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        row = connection.execute(_BEGIN).one()
        self.epoch: str = row.epoch
        self.top: int = row.top
        self.grid_revision: int = row.grid_revision
        self.rollup_depth: int = row.rollup_depth
        #: What points that change in this transaction are marked with.
        self.video_revision: int = row.video_revision + 1
        self.span_depth: int = row.span_depth
        self.limits: str = row.limits
        self._changes: list[dict[str, Any]] = []
        self._flows: Counter[tuple[str, int, str]] = Counter()
        self._spreads: Counter[tuple[str, str, int, int]] = Counter()
        self._gauges: Counter[tuple[str, str]] = Counter()
        self._tallied: list[Tallied] = []
        self._video: Counter[tuple[str, int, str]] = Counter()
        self._video_changed = False
        #: Where a load sums up what it adds to the rollups, beside what is counted here.
        self.sums: Sums | None = None
        #: What the rows that change here were before.
        self.history = History(connection, now, row.known_from)

    @property
    def loading(self) -> bool:
        """Whether a load of many cases runs, or was killed: other rollups than the root's are not kept."""
        return self.span_depth == LOADING[1]

    def roll_up(self, rollup_depth: int, span_depth: int) -> None:
        """Keep rollups down to these depths from now on. Making them is the caller's."""
        self.rollup_depth, self.span_depth = rollup_depth, span_depth
        values = {"rollup_depth": rollup_depth, "span_depth": span_depth}
        self.connection.execute(sa.update(stream).where(stream.c.id == 1).values(values))

    def log(self, type_: str, path: str, body: dict[str, Any], path_before: str | None = None) -> int:
        """Append a change; returns the number it has if this transaction commits."""
        seq = self.top + len(self._changes) + 1
        self._changes.append(
            {
                "seq": seq,
                "type": type_,
                "accepted_at": self.now,
                "path": path,
                "path_before": path_before if path_before != path else None,
                "body": orjson.dumps(body).decode(),
            }
        )
        return seq

    def log_bulk(self, kind: str, path: str) -> int:
        """One change that stands for a whole load: clients load their state afresh."""
        return self.log("bulk", path, {"kind": kind})

    def count(
        self,
        path: str,
        flows: Iterable[tuple[int, str]],
        gauges: Iterable[str],
        sign: int,
        spreads: Iterable[tuple[int, str, int]] = (),
    ) -> None:
        """Add (+1) or take away (-1) what something at `path` contributes, at every rolled-up grid above it."""
        if self.sums is not None:
            flows, gauges, spreads = list(flows), list(gauges), list(spreads)
            self.sums.one(path, flows, gauges, sign, spreads)
        steps = self._rolled_up(path)
        for day, measure in flows:
            for ancestor in steps:
                self._flows[ancestor, day, measure] += sign
        for measure in gauges:
            for ancestor in steps:
                self._gauges[ancestor, measure] += sign
        for day, measure, bucket in spreads:
            for ancestor in self._spanned(steps, measure):
                self._spreads[ancestor, measure, day, bucket] += sign

    def count_video(self, path: str, deltas: Iterable[tuple[int, str, int]], sign: int = 1) -> None:
        """Add (+1) or take away (-1) what the transitions of a video point at `path` contribute."""
        steps = self._rolled_up(path)
        for day, measure, n in deltas:
            for ancestor in steps:
                self._video[ancestor, day, measure] += sign * n

    def _rolled_up(self, path: str) -> list[str]:
        return lineage(path[: (self.rollup_depth + 1) * STEP])

    def _spanned(self, steps: list[str], measure: str) -> list[str]:
        return steps[: self.span_depth + 1] if measure in contributions.SPANS else steps

    def count_columns(
        self,
        flows: Tallied | None,
        paths: Column,
        gauges: Iterable[tuple[str, Mask]],
        sign: int = +1,
        spreads: Iterable[Spread] = (),
    ) -> None:
        """The same for many rows: `flows` by grid and day, the others of the rows at `paths`."""
        if flows is not None:
            self._tallied.append(flows if sign > 0 else replace(flows, counts=-flows.counts))
        codes, every = pd.factorize(paths)
        # Many lie in one of the grids that have rollups.
        kept, unique = pd.factorize(
            np.array([path[: (self.rollup_depth + 1) * STEP] for path in every], object)
        )
        codes = kept[codes]
        steps = [lineage(path) for path in unique]
        for measure, mask in gauges:
            for path, n in zip(steps, np.bincount(codes[mask], minlength=len(unique)).tolist(), strict=True):
                if n:
                    for ancestor in path:
                        self._gauges[ancestor, measure] += sign * n
        for measure, days, buckets, mask in spreads:
            if self.span_depth < 0 and measure in contributions.SPANS:
                continue
            for at, day, bucket, n in cells(codes, days, buckets, mask):
                for ancestor in self._spanned(steps[at], measure):
                    self._spreads[ancestor, measure, day, bucket] += sign * n

    def video_changed(self) -> None:
        """Say that a video point or its status changed, so that cached tiles are made anew."""
        self._video_changed = True

    def flush_counts(self) -> None:
        """Write the counts collected so far: what goes through many rows need not hold them all."""
        self._flush_days(tally, contributions.FLOWS, self._flows)
        self._flush_days(video_day, VIDEO_FLOWS, self._video)
        self._flush_tallied()
        self.note_reports(self._reported_in())
        for (path, measure, day, bucket), n in list(self._spreads.items()):
            if measure in contributions.SPANS:
                self._spreads[path, measure, month_of(day), bucket] += n
        self._flush_sums(spread, ("path", "measure", "day", "bucket"), self._spreads)
        self._flush_sums(gauge, ("path", "measure"), self._gauges)
        for counted in (self._flows, self._video, self._spreads, self._gauges):
            counted.clear()
        self._tallied.clear()

    def _reported_in(self) -> set[str]:
        """The grids whose tally of reports changes with what was collected."""
        found = {path for (path, _, measure), n in self._flows.items() if n and measure in _REPORTS}
        return found.union(*(part.paths.tolist() for part in self._tallied))

    def note_reports(self, paths: Iterable[str]) -> None:
        """Note the last day of the tally on which something was reported in each of these grids."""
        ordered = sorted(paths)
        for start in range(0, len(ordered), _NOTED):
            self.connection.execute(
                _noting(self.connection.dialect.name), {"paths": ordered[start : start + _NOTED]}
            )

    def flush(self) -> int:
        """Write the collected counts and changes; returns the new top of the log."""
        self.flush_counts()
        self.history.flush()
        if self._changes or self._video_changed:
            moved = {"changes": len(self._changes), "videos": int(self._video_changed)}
            top = self.connection.execute(_ADVANCE, moved).scalar_one()
            if top != self.top + len(self._changes):
                raise RuntimeError(f"变更序号不连续：应为 {self.top + len(self._changes)}，得到 {top}")
            insert_mappings(self.connection, change, self._changes)
            return int(top)
        return self.top

    def _flush_days(
        self, table: sa.Table, names: tuple[str, ...], counted: Counter[tuple[str, int, str]]
    ) -> None:
        rows: dict[tuple[str, int], dict[str, Any]] = {}
        for (path, day, measure), n in counted.items():
            if n:
                row = rows.get((path, day))
                if row is None:
                    row = rows[path, day] = dict.fromkeys(names, 0) | {"path": path, "day": day}
                row[measure] = n
        if len(rows) > _MANY:
            keys = sorted(rows)
            told = [[rows[key][name] for key in keys] for name in names]
            self.add(table, ("path", "day"), names, [*map(list, zip(*keys, strict=True)), *told])
        elif rows:
            self.connection.execute(
                _adding(self.connection.dialect.name, table, ("path", "day"), tuple(names)),
                [rows[key] for key in sorted(rows)],
            )

    def _flush_tallied(self) -> None:
        for part in self._tallied:
            self.add(tally, ("path", "day"), contributions.FLOWS, part.lists())

    def _flush_sums(self, table: sa.Table, keys: tuple[str, ...], counted: Counter[Any]) -> None:
        rows = [(*key, n) for key, n in sorted(counted.items()) if n]
        if len(rows) > _MANY:
            self.add(table, keys, ("n",), list(zip(*rows, strict=True)))
        elif rows:
            names = (*keys, "n")
            self.connection.execute(
                _adding(self.connection.dialect.name, table, keys, ("n",)),
                [dict(zip(names, row, strict=True)) for row in rows],
            )

    def add(
        self, table: sa.Table, keys: tuple[str, ...], counts: Sequence[str], lists: Sequence[Sequence[Any]]
    ) -> None:
        """Add many rows to what is there, past SQLAlchemy, which costs more than the store.

        ``lists``: of each column of the `keys` and `counts` its values, a row once.
        """
        if not lists or not lists[0]:
            return
        names = [*keys, *counts]
        added = ", ".join(f'"{name}" = {table.name}."{name}" + excluded."{name}"' for name in counts)
        conflict = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {added}"
        if self.connection.dialect.name != "postgresql":
            insert_lists(self.connection, table, names, lists, conflict)
            return
        # Thousands of statements would take longer than one.
        run, aside = self.connection.exec_driver_sql, f"{table.name}_added"
        run(
            f"CREATE TEMP TABLE IF NOT EXISTS {aside} (LIKE {table.name} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
        )
        # Not DELETE: within one transaction what was deleted is still gone through, and a load adds many parts.
        run(f"TRUNCATE {aside}")
        copy(self.connection, aside, names, [list(held) for held in lists])
        quoted = ", ".join(f'"{name}"' for name in names)
        run(f"INSERT INTO {table.name} ({quoted}) SELECT {quoted} FROM {aside} {conflict}")  # noqa: S608
