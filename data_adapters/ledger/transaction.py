"""THE write transaction: everything that enters the ledger passes here, and is in the change log, or is not in.

A transaction locks the stream row first (on SQLite the database itself), so there is one writer at a time and
numbering, de-duplication and rollups need no further locks. Changes are numbered as the last statement before
the rows that carry the number, without holes, in commit order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from data_adapters.ledger import contributions
from data_adapters.ledger.scope import STEP, lineage
from data_adapters.ledger.tables import change, gauge, stream, tally


def upsert(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT of this connection's dialect, which has ON CONFLICT."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


class Transaction:
    """One open write transaction. Collects changes and count deltas; `Ledger` finishes and commits it."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        # FOR UPDATE is dropped by SQLite, whose BEGIN IMMEDIATE has locked already.
        row = connection.execute(sa.select(stream).where(stream.c.id == 1).with_for_update()).one()
        self.epoch: str = row.epoch
        self.top: int = row.top
        self.grid_revision: int = row.grid_revision
        self.rollup_depth: int = row.rollup_depth
        self._changes: list[dict[str, Any]] = []
        self._flows: Counter[tuple[str, int, str]] = Counter()
        self._gauges: Counter[tuple[str, str]] = Counter()
        self._video_changed = False

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

    def count(self, path: str, flows: Iterable[tuple[int, str]], gauges: Iterable[str], sign: int) -> None:
        """Add (+1) or take away (-1) what something at `path` contributes, at every rolled-up grid above it."""
        steps = lineage(path[: (self.rollup_depth + 1) * STEP])
        for day, measure in flows:
            for ancestor in steps:
                self._flows[ancestor, day, measure] += sign
        for measure in gauges:
            for ancestor in steps:
                self._gauges[ancestor, measure] += sign

    def video_changed(self) -> None:
        """Say that a video point or its status changed, so that cached tiles are made anew."""
        self._video_changed = True

    def flush(self) -> int:
        """Write the collected counts and changes; returns the new top of the log."""
        self._flush_flows()
        self._flush_gauges()
        if self._changes or self._video_changed:
            top = self.connection.execute(
                sa.update(stream)
                .where(stream.c.id == 1)
                .values(
                    top=stream.c.top + len(self._changes),
                    video_revision=stream.c.video_revision + int(self._video_changed),
                )
                .returning(stream.c.top)
            ).scalar_one()
            if top != self.top + len(self._changes):
                raise RuntimeError(f"变更序号不连续：应为 {self.top + len(self._changes)}，得到 {top}")
            if self._changes:
                self.connection.execute(sa.insert(change), self._changes)
            return int(top)
        return self.top

    def _flush_flows(self) -> None:
        rows: dict[tuple[str, int], dict[str, Any]] = {}
        for (path, day, measure), n in self._flows.items():
            if n:
                row = rows.get((path, day))
                if row is None:
                    row = rows[path, day] = dict.fromkeys(contributions.FLOWS, 0) | {"path": path, "day": day}
                row[measure] = n
        if rows:
            statement = upsert(self.connection, tally)
            added = {name: tally.c[name] + statement.excluded[name] for name in contributions.FLOWS}
            self.connection.execute(
                statement.on_conflict_do_update(index_elements=["path", "day"], set_=added),
                [rows[key] for key in sorted(rows)],
            )

    def _flush_gauges(self) -> None:
        rows = [
            {"path": path, "measure": measure, "n": n}
            for (path, measure), n in sorted(self._gauges.items())
            if n
        ]
        if rows:
            statement = upsert(self.connection, gauge)
            self.connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["path", "measure"], set_={"n": gauge.c.n + statement.excluded.n}
                ),
                rows,
            )
