"""What has changed since a moment, each row as it stands and as it stood then.

Down to `known_from` this is exact: the old values are in the log of `history`. Further back nobody wrote down what was
known; there a case is taken back to the stage it had reached by the times of its own stages (`Past.exact` is False).
What a look costs follows from how much has changed since in the grid looked at, never from how many cases there are;
where it is more than `MOST` it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

import sqlalchemy as sa

from data_adapters.ledger.history import ALERT, CASE, DIRECTORY, POINT, from_text
from data_adapters.ledger.row import Row
from data_adapters.ledger.scope import ROOT, under
from data_adapters.ledger.tables import alert, cases, change, past, video_point
from data_adapters.records import life, time_limit

#: Changed rows of one kind that one look takes back.
MOST = 60_000
_CHUNK = 800
_V = TypeVar("_V")
_KEY = {CASE: cases.c.case_no, ALERT: sa.cast(alert.c.id, sa.String), POINT: video_point.c.point_id}
#: Whatever happened to a case after a moment, one of these did, or it is unfinished still; each has an index.
_STAGES = "reported_at accepted_at assigned_at resolved_at closed_at left_at followed_up_at".split()


class TooMuchChanged(Exception):
    """More has changed since then than one look takes back."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One row: as it stands, and as it stood; None where it was not there."""

    now: Row | None
    then: Row | None


class Past:
    """The moment ``at``, seen from a connection of today. ``known_from``: from when on the ledger knows its past."""

    def __init__(self, connection: sa.Connection, at: datetime, known_from: datetime) -> None:
        self._connection = connection
        self.at = at
        self.exact = at >= known_from
        self._since = max(at, known_from)
        self._pairs: dict[tuple[str, str], list[Pair]] = {}

    def cases(self, path: str) -> list[Pair]:
        """The cases of the subtree at `path`, then or now, that are not as they were."""
        return self._of(CASE, path)

    def alerts(self, path: str) -> list[Pair]:
        """The alerts of the subtree that are not as they were."""
        return self._of(ALERT, path)

    def points(self, path: str) -> list[Pair]:
        """The video points of the subtree that are not as they were."""
        return self._of(POINT, path)

    @cached_property
    def directory_came_later(self) -> bool:
        """Whether a directory of points was loaded since."""
        chosen = sa.select(past.c.id).where(past.c.at > self._since, past.c.kind == DIRECTORY)
        return self._connection.execute(chosen.limit(1)).first() is not None

    def seq(self, top: int) -> int:
        """The last change that was in the log by then. Times and numbers rise together, so halving finds it."""
        low, high = 0, top
        while low < high:
            middle = (low + high + 1) // 2
            when = self._connection.execute(
                sa.select(change.c.accepted_at).where(change.c.seq == middle)
            ).scalar()
            low, high = (middle, high) if when is not None and when <= self.at else (low, middle - 1)
        return low

    def _of(self, kind: str, path: str) -> list[Pair]:
        if (kind, path) not in self._pairs:
            # A subtree's own are among those of what was already looked at above it.
            above = next((key for key in self._pairs if key[0] == kind and path.startswith(key[1])), None)
            found = self._pairs[above] if above is not None else list(self._read(kind, path))
            self._pairs[kind, path] = [
                pair for pair in found if _lies(pair.now, path) or _lies(pair.then, path)
            ]
        return self._pairs[kind, path]

    def _read(self, kind: str, path: str) -> Iterator[Pair]:
        changed, born = self._changed(kind, path)
        now = {_subject(kind, row): row for row in self._rows(kind, sorted({*changed, *born}))}
        pairs = {}
        for subject, row in now.items():
            then = None if subject in born else row | _merged(changed[subject])
            pairs[subject] = Pair(Row(row), None if then is None else Row(then))
        if not self.exact and kind == CASE:
            self._infer(pairs, path)
        if not self.exact and kind == ALERT:
            pairs = {
                subject: Pair(
                    pair.now, pair.then if pair.then is not None and pair.then.first_at <= self.at else None
                )
                for subject, pair in pairs.items()
            }
        yield from pairs.values()

    def _changed(self, kind: str, path: str) -> tuple[dict[str, list[dict[str, Any]]], set[str]]:
        """(subject -> old values, the newest first; subjects that are new) of what lay or lies under `path`."""
        since = (past.c.at > self._since, past.c.kind == kind)
        columns = (past.c.id, past.c.subject, past.c.path_after, past.c.before)
        inside = [sa.true()] if path == ROOT else [under(past.c.path, path), under(past.c.path_after, path)]
        rows: dict[int, Any] = {}
        for where in inside:
            # Counted first: an index says that it is too much before anything is read.
            some = sa.select(sa.literal(1)).select_from(past).where(*since, where).limit(MOST + 1).subquery()
            if self._connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one() > MOST:
                raise TooMuchChanged
            rows |= {
                row.id: row for row in self._connection.execute(sa.select(*columns).where(*since, where))
            }
        moved = {row.subject for row in rows.values() if row.path_after is not None}
        if moved and path != ROOT:
            # What moved was changed elsewhere as well.
            for part in _parts(sorted(moved)):
                chosen = sa.select(*columns).where(*since, past.c.subject.in_(part))
                rows |= {row.id: row for row in self._connection.execute(chosen)}
        if len(rows) > MOST:
            raise TooMuchChanged
        changed: dict[str, list[dict[str, Any]]] = {}
        born: set[str] = set()
        for id_ in sorted(rows, reverse=True):
            row = rows[id_]
            if row.before is None:
                born.add(row.subject)
            else:
                changed.setdefault(row.subject, []).append(from_text(kind, row.before))
        return changed, born

    def _rows(self, kind: str, subjects: Sequence[str]) -> Iterator[dict[str, Any]]:
        table, key = _KEY[kind].table if kind != ALERT else alert, _KEY[kind]
        for part in _parts(subjects):
            wanted = alert.c.id.in_([int(one) for one in part]) if kind == ALERT else key.in_(part)
            for row in self._connection.execute(sa.select(table).where(wanted)).mappings():
                yield dict(row)

    def _touched(self, path: str) -> set[int]:
        """The ids of the cases to which something has happened since, or is still to happen. Raises `TooMuchChanged`:
        of the whole store each index is read as far as to know that, of a grid below it all of the grid.
        """
        waiting = [cases.c.state == sa.literal_column(f"'{state}'") for state in ("REPORTED", "REGISTERED")]
        unfinished = sa.or_(cases.c.is_open, *waiting)
        if path == ROOT:
            of_grid: sa.ColumnElement[bool] = sa.true()
            inside = [unfinished, *(cases.c[name] > self.at for name in _STAGES)]
        else:
            # Hidden from the planner, which would look for the cases of everybody that are later.
            hidden = [cases.c[name].op("+")(sa.literal_column("0")) for name in _STAGES]
            of_grid = under(cases.c.path, path)
            inside = [sa.or_(unfinished, *(moment > self.at for moment in hidden))]
        found: set[int] = set()
        for where in inside:
            chosen = sa.select(cases.c.id).where(where, of_grid).limit(MOST + 1)
            found.update(self._connection.execute(chosen).scalars())
            if len(found) > MOST:
                raise TooMuchChanged
        return found

    def _infer(self, pairs: dict[str, Pair], path: str) -> None:
        """Take the cases back to `at` by the times of their stages."""
        touched = self._touched(path)
        for part in _parts(sorted(touched)):
            for row in self._connection.execute(sa.select(cases).where(cases.c.id.in_(part))).mappings():
                if row["case_no"] not in pairs:
                    own = Row(dict(row))
                    pairs[row["case_no"]] = Pair(own, own)
        if len(pairs) > MOST:
            raise TooMuchChanged
        for subject, pair in pairs.items():
            then = None if pair.then is None else staged(pair.then.mapping, self.at)
            pairs[subject] = Pair(pair.now, None if then is None else Row(then))


def staged(row: dict[str, Any], at: datetime) -> dict[str, Any] | None:
    """A case as the times of its stages have it at `at`; None where it was not reported yet."""
    if row["reported_at"] > at:
        return None
    then = dict(row)
    if then["reopened_at"] is not None and then["reopened_at"] > at:
        then |= {
            "closed_at": then["closed_before_at"],
            "state": "CLOSED",
            "reopened_at": None,
            "closed_before_at": None,
        }
    names = "registered_at accepted_at assigned_at received_at returned_at resolved_at closed_at left_at followed_up_at"
    gone = [name for name in (*names.split(), "agreed_at", "applied_at", "ruled_at", "suspended_at")
            if then[name] is not None and then[name] > at]  # fmt: skip
    then |= dict.fromkeys(gone)
    state = _state(then, row, gone)
    then["state"] = state
    then["is_open"] = state in life.OPEN
    if state not in life.CLOSED:
        then |= {"closed_at": None, "followed_up_at": None, "satisfaction": None, "follow_by": None}
    if then["resolved_at"] is None and state not in life.CLOSED | life.LEFT:
        then["outcome"] = None
    if then["followed_up_at"] is None:
        then["satisfaction"] = None
    if then["accepted_at"] is None:
        then |= {"due_at": None, "yellow_at": None}
    if then["assigned_at"] is None:
        then["sign_by"] = None
    then["edge"] = life.EDGES.get(state, None if state != row["state"] else then["edge"])
    then["light"] = time_limit.light(state, then["due_at"], then["yellow_at"], then["closed_at"], at)
    then["turn_at"] = time_limit.turns(then["light"], then["due_at"], then["yellow_at"], then["is_open"])
    return then


def _state(then: dict[str, Any], row: dict[str, Any], gone: Sequence[str]) -> str:
    state: str = then["state"]
    if state in {"FOLLOW_UP", "ARCHIVED"} and "followed_up_at" in gone:
        state = "CLOSED"
    concluded = then["closed_at"] if state in life.CLOSED else then["left_at"]
    if (state in life.CLOSED or state in life.LEFT or state == "NOT_ACCEPTED") and concluded is not None:
        return state
    if state in life.OPEN | {"REPORTED", "REGISTERED"} and not gone:
        return state
    steps = (
        ("resolved_at", "RESOLVED"),
        ("received_at", "IN_PROGRESS"),
        ("assigned_at", "ASSIGNED"),
        ("accepted_at", "ACCEPTED"),
        ("registered_at", "REGISTERED"),
    )
    return next((word for name, word in steps if then[name] is not None), "REPORTED")


def _merged(old: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Old values laid over each other, the oldest last."""
    found: dict[str, Any] = {}
    for values in old:
        found |= values
    return found


def _subject(kind: str, row: dict[str, Any]) -> str:
    return str(row["id"]) if kind == ALERT else str(row["case_no"] if kind == CASE else row["point_id"])


def _lies(row: Row | None, path: str) -> bool:
    return row is not None and row.path.startswith(path)


def _parts(values: Sequence[_V]) -> Iterator[Sequence[_V]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
