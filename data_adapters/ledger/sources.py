"""How each source fares: its cursor, its last good read, and the rows that were refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from data_adapters.ledger.contributions import UNCLASSIFIED
from data_adapters.ledger.tables import cases, quarantine, source_state, video_point
from data_adapters.ledger.transaction import upsert
from data_adapters.records.record import Fault


@dataclass(frozen=True, slots=True)
class SourceState:
    """The state of one source. Counts and ``report`` are of the last good read; ``error`` is None after one.

    ``report``: ``crs`` and ``notes`` of the mapping report, as JSON.
    A stream counts all it ever read. ``lag``: messages that wait at the broker, None where nobody knows;
    ``retry_at``: when a stream that fails is tried again.
    """

    name: str
    kind: str
    cursor: str | None
    every_s: int | None
    last_try_at: datetime
    last_ok_at: datetime | None
    read: int
    accepted: int
    refused: int
    error: str | None
    lag: int | None = None
    last_message_at: datetime | None = None
    retry_at: datetime | None = None
    report: dict[str, Any] = field(default_factory=dict)


class Overtaken(Exception):
    """Another process has read the stream further meanwhile."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Rows of one source that were refused for one reason.

    ``examples`` are (first row, what was said of it, rows of which the same was said), the most frequent first;
    ``kinds``: how many different things were said.
    """

    field: str
    code: str
    count: int
    first_at: datetime
    last_at: datetime
    examples: tuple[tuple[str, str, int], ...]
    kinds: int = 1


class SourceLog:
    """Reads and writes `source_state` and `quarantine` on one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def state(self, name: str) -> SourceState | None:
        row = self._connection.execute(sa.select(source_state).where(source_state.c.name == name)).first()
        return None if row is None else SourceState(**row._mapping)

    def done(self, state: SourceState) -> None:
        values = asdict(state)
        if state.error is not None:
            kept = self.state(state.name)
            values |= {
                name: getattr(kept, name, 0 if name in {"read", "accepted", "refused"} else None)
                for name in ("last_ok_at", "cursor", "read", "accepted", "refused", "last_message_at")
            }
            values["report"] = kept.report if kept is not None else {}
        statement = upsert(self._connection, source_state).values(values)
        changed = {name: value for name, value in values.items() if name != "name"}
        self._connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed))

    def advance(self, state: SourceState, before: str | None) -> None:
        """Keep `state` where the cursor still is `before`: two processes never store the same message twice."""
        stored = self.state(state.name)
        if (stored.cursor if stored is not None else None) != before:
            raise Overtaken(state.name)
        self.done(state)

    def heard(self, name: str, kind: str, now: datetime) -> None:
        values = asdict(SourceState(name, kind, None, None, now, now, 0, 0, 0, None))
        statement = upsert(self._connection, source_state).values(values)
        fresh = {"last_try_at": now, "last_ok_at": now, "error": None}
        self._connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=fresh))

    def release(self, source: str, before: datetime | None = None, rows: Sequence[str] | None = None) -> None:
        where = [quarantine.c.source == source]
        if before is not None:
            where.append(quarantine.c.last_at < before)
        if rows is not None:
            where.append(quarantine.c.row.in_(rows))
        self._connection.execute(sa.delete(quarantine).where(*where))

    def held(self, source: str) -> dict[str, datetime]:
        chosen = sa.select(quarantine.c.row, sa.func.min(quarantine.c.last_at).label("last_at"))
        rows = self._connection.execute(
            chosen.where(quarantine.c.source == source).group_by(quarantine.c.row)
        )
        return {row.row: row.last_at for row in rows}

    def refusals(self, source: str, examples: int) -> list[Refusal]:
        """Why rows of a source are refused, the most frequent reason first, each with its most frequent examples."""
        one = quarantine.c
        n = sa.func.count().label("n")
        grouped = (
            sa.select(
                one.field,
                one.code,
                n,
                sa.func.min(one.first_at).label("f"),
                sa.func.max(one.last_at).label("l"),
                sa.func.count(one.reason.distinct()).label("kinds"),
            )
            .where(one.source == source)
            .group_by(one.field, one.code)
            .order_by(n.desc(), one.field, one.code)
        )
        found = []
        for group in self._connection.execute(grouped).all():
            same = (one.source == source, one.field == group.field, one.code == group.code)
            first = sa.func.min(one.id).label("first")
            alike = (
                sa.select(first, sa.func.count().label("n"))
                .where(*same)
                .group_by(one.reason)
                .order_by(sa.desc("n"), first)
                .limit(examples)
                .subquery()
            )
            chosen = (
                sa.select(one.row, one.reason, alike.c.n)
                .join(alike, one.id == alike.c.first)
                .order_by(alike.c.n.desc(), one.id)
            )
            shown = tuple((row.row, row.reason, row.n) for row in self._connection.execute(chosen))
            found.append(Refusal(group.field, group.code, group.n, group.f, group.l, shown, group.kinds))
        return found

    def located(self, source: str, kind: str) -> tuple[int, int] | None:
        """(how many lie in a grid, of how many) of a source's cases or video points; None for other kinds."""
        table = {"case": cases, "video_point": video_point}.get(kind)
        if table is None:
            return None
        inside = sa.func.sum(sa.case((table.c.placed, 1), else_=0))
        row = self._connection.execute(
            sa.select(sa.func.coalesce(inside, 0), sa.func.count()).where(table.c.source == source)
        ).one()
        return int(row[0]), int(row[1])

    def categorised(self, source: str, kind: str) -> tuple[int, int] | None:
        """(how many have a category that says something, of how many) of a source's cases; None for other kinds."""
        if kind != "case":
            return None
        said = sa.func.sum(sa.case((cases.c.category.in_(sorted(UNCLASSIFIED)), 0), else_=1))
        chosen = sa.select(sa.func.coalesce(said, 0), sa.func.count()).where(cases.c.source == source)
        row = self._connection.execute(chosen).one()
        return int(row[0]), int(row[1])

    def quarantine(self, source: str, refused: Sequence[tuple[str, Fault]], now: datetime) -> None:
        rows = {
            (row, fault.field, fault.code): {
                "source": source,
                "row": row[:64],
                "field": fault.field[:64],
                "code": fault.code[:32],
                "reason": fault.reason[:256],
                "first_at": now,
                "last_at": now,
                "count": 1,
            }
            for row, fault in refused
        }
        if rows:
            statement = upsert(self._connection, quarantine)
            again = {
                "last_at": statement.excluded.last_at,
                "reason": statement.excluded.reason,
                "count": quarantine.c.count + 1,
            }
            keys = ["source", "row", "field", "code"]
            self._connection.execute(
                statement.on_conflict_do_update(index_elements=keys, set_=again), list(rows.values())
            )
