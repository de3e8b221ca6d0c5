"""The rollups from the log: what stood where the log begins, and from there every change in its turn.

`change` says that something changed and where, `past` what it was before; both are written in the transaction that
changes the row, with its time. So a row as it stands, and what it was before each change, are every version it ever
had. A load of history is one change: the log begins after it, and its rows are what it stands for. Seconds of video
points come from their transitions, which are a log of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data_adapters.ledger import contributions
from data_adapters.ledger.history import CASE, POINT, from_text
from data_adapters.ledger.rebuild import clear, count_cases, count_points, count_video
from data_adapters.ledger.row import Row
from data_adapters.ledger.tables import cases, past, video_point
from data_adapters.ledger.transaction import Transaction

_CHUNK = 800
_KEY = {CASE: cases.c.case_no, POINT: video_point.c.point_id}
_NAMES = {CASE: ["path", *contributions.COLUMNS], POINT: ["path", *contributions.POINT_COLUMNS]}
Version = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one row: what is counted of it before and after; ``before`` None where it is new."""

    at: datetime
    kind: str
    before: Version | None
    after: Version


def recount(tx: Transaction, zone: ZoneInfo, until: datetime | None = None) -> None:
    """Empty the rollups and live through the log again, to its end or to what was committed by `until`."""
    clear(tx)
    first, steps = _log(tx.connection)
    for kind, changed in first.items():
        logged = sa.select(past.c.subject).where(past.c.kind == kind)
        (count_cases if kind == CASE else count_points)(tx, zone, _KEY[kind].not_in(logged))
        for version in changed.values():
            _count(tx, zone, kind, version, +1)
    for at, together in groupby(steps, key=lambda step: step.at):
        if until is not None and at > until:
            break
        for step in together:
            _count(tx, zone, step.kind, step.before, -1)
            _count(tx, zone, step.kind, step.after, +1)
        tx.flush_counts()
    count_video(tx, zone)
    tx.flush_counts()


def _log(connection: sa.Connection) -> tuple[dict[str, dict[str, Version | None]], list[Step]]:
    """(kind -> subject -> its version where the log begins, None where it was not there yet; every change in order).

    From the end of the log backwards, since it holds what was; the order is turned round at the end.
    """
    standing: dict[str, dict[str, Version | None]] = {
        kind: dict(_versions(connection, kind)) for kind in (CASE, POINT)
    }
    steps: list[Step] = []
    chosen = sa.select(past.c.at, past.c.kind, past.c.subject, past.c.before).where(
        past.c.kind.in_((CASE, POINT))
    )
    for row in connection.execute(chosen.order_by(past.c.id.desc())):
        after = standing[row.kind][row.subject]
        if after is None:
            raise ValueError(f"变更记录不完整：{row.subject} 在新增之前已有变更")
        before = None
        if row.before is not None:
            old = from_text(row.kind, row.before)
            before = after | {name: old[name] for name in after.keys() & old.keys()}
        if before != after:
            steps.append(Step(row.at, row.kind, before, after))
        standing[row.kind][row.subject] = before
    steps.reverse()
    return standing, steps


def _versions(connection: sa.Connection, kind: str) -> Iterator[tuple[str, Version]]:
    """(subject, what is counted of it as it stands) of every row that the log speaks of."""
    subjects = sa.select(past.c.subject).where(past.c.kind == kind).distinct().order_by(past.c.subject)
    columns = [_KEY[kind].table.c[name] for name in _NAMES[kind]]
    for part in _parts(connection.execute(subjects).scalars().all()):
        chosen = sa.select(_KEY[kind].label("subject"), *columns).where(_KEY[kind].in_(part))
        for row in connection.execute(chosen).mappings():
            yield row["subject"], {name: row[name] for name in _NAMES[kind]}


def _count(tx: Transaction, zone: ZoneInfo, kind: str, version: Version | None, sign: int) -> None:
    if version is None:
        return
    row: Any = Row(version)
    if kind == POINT:
        tx.count(row.path, (), contributions.point_gauges(row), sign)
        return
    flows, spreads = contributions.flows(row, zone), contributions.spreads(row, zone)
    tx.count(row.path, flows, contributions.gauges(row), sign, spreads)


def _parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
