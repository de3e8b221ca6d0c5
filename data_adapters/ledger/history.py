"""What rows were before each change: the undo log from which any moment is read again as it was known then (`past`).

A change of a case, an alert or a video point leaves one row here, in the same transaction: when, which, where, and the
old values of what changed; a new one leaves a row without values (before it there was nothing). A load of history is
not written down row by row: from it on the past is known, and `stream.known_from` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from data_adapters.ledger.bulk import insert_mappings
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.tables import alert, cases, past, stream, video_point
from data_adapters.ledger.types import Instant, from_milliseconds, to_milliseconds

CASE, ALERT, POINT = "case", "alert", "point"
#: A whole directory of points came: what points there were before is not told apart.
DIRECTORY = "points"
#: A load with more rows than this that are older than `OLD`, and than what is known of the past, is one of history.
#: What happened since then is told late, not history: a week's cases after a holiday must not cost the past.
MOST_OLD = 100
OLD = timedelta(days=2)
#: More new video points than this at once are a directory.
MOST_NAMED = 1_000
#: More rows than this in one transaction are not written down; a sync writes less at once.
MOST = 50_000
#: How long the past is kept, where nothing else is configured.
KEPT = timedelta(days=40)
_PRUNED_EVERY = timedelta(hours=1)

_UNSEEN = {
    "id",
    "case_no",
    "source",
    "source_id",
    "source_updated_at",
    "ingested_at",
    "digest",
    "told",
    "due_told",
}
_NAMES: dict[str, tuple[str, ...]] = {
    CASE: tuple(str(column.name) for column in cases.c if column.name not in _UNSEEN),
    ALERT: tuple(
        str(column.name) for column in alert.c if column.name not in {"id", "rule", "subject_type", "subject"}
    ),
    POINT: tuple(
        "path name lon point_class status status_cause secrecy should_network networked integrated".split()
    ),
}
_TABLES: dict[str, sa.Table] = {CASE: cases, ALERT: alert, POINT: video_point}
_INSTANTS = {
    kind: frozenset(str(column.name) for column in table.c if isinstance(column.type, Instant))
    for kind, table in _TABLES.items()
}


class History:
    """What one transaction has changed. ``now`` is its time; ``known_from``: from when on the past is known."""

    def __init__(self, connection: sa.Connection, now: datetime, known_from: datetime) -> None:
        self._connection = connection
        self._now = now
        #: What happened before is history, where there is much of it.
        self.old_before = min(now - OLD, known_from)
        self._rows: list[dict[str, Any]] = []
        self._born: dict[tuple[str, str], dict[str, Any]] = {}
        self._forgotten = False

    def changed(self, kind: str, subject: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """One row has changed; nothing is kept of what no screen shows."""
        if self._forgotten:
            return
        if (fresh := self._born.get((kind, subject))) is not None:
            fresh["path"] = after["path"]
            return
        old = {name: before[name] for name in _NAMES[kind] if before[name] != after[name]}
        if old:
            moved = after["path"] if before["path"] != after["path"] else None
            self._add(self._row(kind, subject, before["path"], moved, to_text(old)))

    def moved(self, kind: str, subject: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """One row lies elsewhere: only what is given of it has changed."""
        if not self._forgotten and (old := {name: was for name, was in before.items() if was != after[name]}):
            if "placed" in old:
                old["placed"] = bool(old["placed"])
            moved = after["path"] if before["path"] != after["path"] else None
            self._add(self._row(kind, subject, before["path"], moved, to_text(old)))

    def born(self, kind: str, subject: str, path: str) -> None:
        """One row is new."""
        if not self._forgotten:
            row = self._born[kind, subject] = self._row(kind, subject, path, None, None)
            self._add(row)

    def loaded(self, kind: str, subjects: Sequence[str], paths: Sequence[str], old: int) -> None:
        """Many rows are new, `old` of them before `old_before`."""
        if old > MOST_OLD or len(subjects) > MOST:
            self.forget()
            return
        for subject, path in zip(subjects, paths, strict=True):
            self.born(kind, subject, path)

    def points(self, subjects: Sequence[str], paths: Sequence[str]) -> None:
        """Video points are new: a few by name, a whole directory as one."""
        if len(subjects) > MOST_NAMED:
            self._rows.append(self._row(DIRECTORY, "", ROOT, None, None))
            return
        for subject, path in zip(subjects, paths, strict=True):
            self.born(POINT, subject, path)

    def old(self, times: Iterable[datetime | None]) -> int:
        """How many of `times` are before `old_before`."""
        return sum(at is not None and at < self.old_before for at in times)

    def forget(self) -> None:
        """This transaction loads history: what was before it is not known."""
        self._forgotten = True
        self._rows, self._born = [], {}

    def flush(self) -> None:
        """Write it down, or from when on the past is known."""
        if self._forgotten:
            self._connection.execute(_until(self._now))
            self._connection.execute(sa.update(stream).where(stream.c.id == 1).values(known_from=self._now))
        elif self._rows:
            insert_mappings(self._connection, past, self._rows)
        self._rows, self._born = [], {}

    def prune(self, kept: timedelta) -> None:
        """Give up what is older than `kept`, about once an hour."""
        until = self._now - kept
        known = self._connection.execute(sa.select(stream.c.known_from)).scalar_one()
        if known + _PRUNED_EVERY <= until:
            self._connection.execute(_until(until))
            self._connection.execute(sa.update(stream).where(stream.c.id == 1).values(known_from=until))

    def _add(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        if len(self._rows) > MOST:
            self.forget()

    def _row(
        self, kind: str, subject: str, path: str, path_after: str | None, before: str | None
    ) -> dict[str, Any]:
        return {
            "at": self._now,
            "kind": kind,
            "subject": subject,
            "path": path,
            "path_after": path_after,
            "before": before,
        }


def _until(moment: datetime) -> sa.Delete:
    # By kind, as the index has it.
    return sa.delete(past).where(past.c.kind.in_((*_TABLES, DIRECTORY)), past.c.at <= moment)


def to_text(values: Mapping[str, Any]) -> str:
    """Old values for the column ``before``: times as milliseconds."""
    plain = {
        name: to_milliseconds(value) if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    return orjson.dumps(plain).decode()


def from_text(kind: str, text: str) -> dict[str, Any]:
    """The old values of a row of `past`."""
    values: dict[str, Any] = orjson.loads(text)
    for name in _INSTANTS[kind].intersection(values):
        if values[name] is not None:
            values[name] = from_milliseconds(values[name])
    return values
