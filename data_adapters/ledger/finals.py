"""Daily figures that are final, and what was told of their days afterwards (已修订).

Three days after a day its counts are written down for the centre and the grids right below it. Whoever tells more of
that day later makes a new version: nothing is hidden, and nothing changes in silence. Only what happened on the day
itself is kept, not what has become of its cases since, which goes on changing for good reasons.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from data_adapters.ledger.scope import ROOT, STEP
from data_adapters.ledger.tables import final_figure, grid, tally
from data_adapters.ledger.transaction import Transaction

#: A day is final when so many days have passed after it.
FINAL_AFTER_DAYS = 3
#: How far back final days are watched.
WATCHED_DAYS = 400
#: What happens on a day; the other flows are of a cohort or of a limit.
MEASURES = (
    *("reported", "accepted", "rejected", "assigned", "closed", "left", "transferred", "reopened"),
    *("succeeded", "failed", "followed"),
)


_days = sa.and_(
    final_figure.c.path == sa.bindparam("path"),
    final_figure.c.day.between(sa.bindparam("first"), sa.bindparam("last")),
)
#: Every version of the days that have more than one.
_SEVERAL = (
    sa.select(final_figure)
    .where(
        _days, final_figure.c.day.in_(sa.select(final_figure.c.day).where(_days, final_figure.c.version > 1))
    )
    .order_by(final_figure.c.day, final_figure.c.version)
)


@dataclass(frozen=True, slots=True)
class Restated:
    """One day whose figures were told otherwise after it was final; ``before`` and ``after`` by measure."""

    day: int
    before: dict[str, int]
    after: dict[str, int]
    at: datetime

    @property
    def changed(self) -> list[str]:
        """The measures that were told otherwise, in their order."""
        return [name for name in MEASURES if self.before.get(name, 0) != self.after.get(name, 0)]


def last_final(today: int) -> int:
    """The last day that is final on `today`."""
    return today - FINAL_AFTER_DAYS - 1


def keep(tx: Transaction, today: int) -> int:
    """Write down the days that have become final, and a version of those that differ; returns how many versions.

    Each minute the centre's own days are compared; those of the grids below where one differs, or a day has ended.
    None while a load of many cases runs, whose counts of the grids below are made at its end.
    """
    if tx.loading:
        return 0
    last = last_final(today)
    known = _known(tx.connection, [ROOT], last)
    counted = _counted(tx.connection, [ROOT], last)
    ended = last not in {day for _, day in known}
    if not ended and not _differing(known, counted):
        return 0
    below = sa.select(grid.c.path).where(grid.c.parent_path == ROOT, grid.c.current)
    paths = [ROOT, *sorted(set(tx.connection.execute(below).scalars()))]
    known, counted = _known(tx.connection, paths, last), _counted(tx.connection, paths, last)
    rows = [
        _row(path, day, known[path, day][0] + 1, counted.get((path, day), {}), tx.now)
        for path, day in _differing(known, counted)
    ]
    versions = len(rows)
    begun = {path for path, _ in known}
    for path in paths:
        # From its first final day on a grid has all of them; what was before the ledger began is history.
        first = max((day for at, day in known if at == path), default=last - 1) + 1 if path in begun else last
        rows += [
            _row(path, day, 1, counted.get((path, day), {}), tx.now)
            for day in range(max(first, last - WATCHED_DAYS), last + 1)
        ]
    if rows:
        tx.connection.execute(sa.insert(final_figure), rows)
    return versions


def restated(connection: sa.Connection, path: str, first: int, last: int) -> list[Restated]:
    """The days of a period that were told otherwise after they were final, oldest first."""
    if len(path) > 2 * STEP:
        return []
    asked = {"path": path, "first": first, "last": last}
    found: dict[int, list[Any]] = {}
    for row in connection.execute(_SEVERAL, asked):
        found.setdefault(row.day, []).append(row)
    return [
        Restated(day, orjson.loads(rows[0].counts), orjson.loads(rows[-1].counts), rows[-1].computed_at)
        for day, rows in found.items()
    ]


def _known(
    connection: sa.Connection, paths: list[str], last: int
) -> dict[tuple[str, int], tuple[int, dict[str, int]]]:
    """(path, day) -> (last version, its counts)."""
    where = (final_figure.c.path.in_(paths), final_figure.c.day.between(last - WATCHED_DAYS, last))
    chosen = sa.select(final_figure).where(*where).order_by(final_figure.c.version)
    return {
        (row.path, row.day): (row.version, orjson.loads(row.counts)) for row in connection.execute(chosen)
    }


def _counted(connection: sa.Connection, paths: list[str], last: int) -> dict[tuple[str, int], dict[str, int]]:
    columns = (tally.c.path, tally.c.day, *(tally.c[name] for name in MEASURES))
    where = (tally.c.path.in_(paths), tally.c.day.between(last - WATCHED_DAYS, last))
    rows = connection.execute(sa.select(*columns).where(*where)).mappings()
    return {(row["path"], row["day"]): {name: row[name] for name in MEASURES if row[name]} for row in rows}


def _differing(
    known: dict[tuple[str, int], tuple[int, dict[str, int]]], counted: dict[tuple[str, int], dict[str, int]]
) -> Iterable[tuple[str, int]]:
    return [key for key, (_, counts) in sorted(known.items()) if counts != counted.get(key, {})]


def _row(path: str, day: int, version: int, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    text = orjson.dumps(counts, option=orjson.OPT_SORT_KEYS).decode()
    return {"path": path, "day": day, "version": version, "counts": text, "computed_at": now}
