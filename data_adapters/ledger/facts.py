"""Reported figures of any grid: its own where it reported, else the sum of those that reported below it.

A figure that a grid itself reported stands for all that lies under it, so nothing is counted twice. Which period is
meant is for the indicator to say: ``latest`` takes of each grid the latest period that began before the end of what
was asked; ``sum`` adds the whole periods that lie within it, else takes the shortest that covers it, else the latest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from data_adapters.ledger.scope import under
from data_adapters.ledger.tables import grid
from data_adapters.ledger.tables import indicator_fact as fact

Rule = Literal["latest", "sum"]
Row = sa.Row[Any]
_TOLD = [
    fact.c[name]
    for name in (
        *("indicator", "grid_code", "path", "period_from", "period_to"),
        *("numerator", "denominator", "as_of", "revisions"),
    )
]


@dataclass(frozen=True, slots=True)
class Figure:
    """What was reported. ``part`` of ``whole`` are of the figures that have a denominator, ``count`` is of all.

    They are of the periods from ``first`` to the day before ``end``; ``as_of`` is the oldest time that is known.
    ``grids`` reported them; ``uneven``: not all for the same period; ``bare`` have no denominator.
    """

    count: int
    part: int
    whole: int | None
    first: date
    end: date
    as_of: datetime | None
    grids: int
    bare: int
    uneven: bool
    revised: bool


class Facts:
    """The figures of one snapshot. Paths must have been checked against the viewer's scope already."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._latest: dict[tuple[str, date], dict[str, list[Row]]] = {}

    def figure(
        self, path: str, indicator: str, first: date, end: date, today: date, rule: Rule
    ) -> Figure | None:
        """What was reported for the grid at `path` over [`first`, `end`); None where nothing was."""
        chosen: list[Row] = []
        if rule == "sum":
            chosen = self._whole_periods(path, indicator, first, end)
        if not chosen:
            # A grid that is gone by then would count beside the one that came after it.
            day = min(end - timedelta(days=1), today)
            chosen = self._highest(self._until(path, indicator, end, day), path)
        return _figure(chosen) if chosen else None

    def _whole_periods(self, path: str, indicator: str, first: date, end: date) -> list[Row]:
        where = (fact.c.indicator == indicator, fact.c.period_to > first, fact.c.period_from < end)
        rows = self._connection.execute(sa.select(*_TOLD).where(*where, under(fact.c.path, path))).all()
        within = [row for row in rows if first <= row.period_from and row.period_to <= end]
        if within:
            return self._highest(within, path, _without_overlap)
        around = [row for row in rows if row.period_from <= first and end <= row.period_to]
        return self._highest(around, path, _shortest)

    def _until(self, path: str, indicator: str, end: date, day: date) -> list[Row]:
        """The latest figure of each grid whose period began before `end`, of grids that there are on `day`."""
        key = (path, day)
        if key not in self._latest:
            self._latest[key] = self._read_latest(path, day)
        rows = self._latest[key].get(indicator, [])
        if all(row.period_from < end for row in rows):
            return rows
        where = (fact.c.indicator == indicator, fact.c.period_from < end, _stands(day))
        older = self._connection.execute(sa.select(*_TOLD).where(*where, under(fact.c.path, path))).all()
        return [row for told in _by_grid(older).values() for row in _newest(told)]

    def _read_latest(self, path: str, day: date) -> dict[str, list[Row]]:
        """indicator -> the latest figures: of this grid itself where there are any, else of those below."""
        latest = sa.select(*_TOLD).where(fact.c.latest, _stands(day))
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self._connection.execute(latest.where(fact.c.path == path)):
            found[row.indicator].append(row)
        below = sa.and_(under(fact.c.path, path), fact.c.path != path, fact.c.indicator.not_in(list(found)))
        for row in self._connection.execute(latest.where(below)):
            found[row.indicator].append(row)
        return found

    def _highest(
        self, rows: Iterable[Row], top: str, choose: Callable[[Sequence[Row]], list[Row]] = list
    ) -> list[Row]:
        """The rows of the highest grids that have any, and of each what `choose` takes."""
        by_path: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_path[row.path].append(row)
        kept: list[Row] = []
        above = "-"  # no path
        for path in sorted(by_path):
            if path.startswith(above):
                continue
            above = path
            for told in self._under_one_name(path, by_path[path]):
                kept += choose(told)
        return kept

    def _under_one_name(self, path: str, rows: list[Row]) -> list[list[Row]]:
        """The rows of one grid, by the code they were told under: its own code alone where that is among them."""
        if len(rows) == 1:
            return [rows]
        by_code: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_code[row.grid_code].append(row)
        if len(by_code) > 1:
            named = sa.select(grid.c.code).where(grid.c.path == path, grid.c.current)
            own = self._connection.execute(named).scalars().first()
            if own in by_code:
                return [by_code[own]]
        return list(by_code.values())


def _stands(day: date) -> sa.ColumnElement[bool]:
    """SQL: a version of the figure's grid holds on `day`."""
    begun = sa.or_(grid.c.valid_from.is_(None), grid.c.valid_from <= day)
    lasting = sa.or_(grid.c.valid_to.is_(None), grid.c.valid_to > day)
    return sa.exists().where(grid.c.path == fact.c.path, begun, lasting)


def _by_grid(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        found[row.path, row.grid_code].append(row)
    return found


def _newest(rows: Sequence[Row]) -> list[Row]:
    return [max(rows, key=lambda row: (row.period_to, row.period_from))]


def _shortest(rows: Sequence[Row]) -> list[Row]:
    return [min(rows, key=lambda row: (row.period_to - row.period_from, row.period_from))]


def _without_overlap(rows: Sequence[Row]) -> list[Row]:
    """Periods that do not overlap, the longest first: a quarter and its months are not added up."""
    kept: list[Row] = []
    for row in sorted(rows, key=lambda row: (row.period_from - row.period_to, row.period_from)):
        if all(row.period_to <= one.period_from or one.period_to <= row.period_from for one in kept):
            kept.append(row)
    return kept


def _figure(rows: Sequence[Row]) -> Figure:
    shares = [row for row in rows if row.denominator is not None]
    told = {(row.path, row.grid_code) for row in rows}
    spans = {(row.period_from, row.period_to) for row in rows}
    if len(told) < len(rows):  # a grid with several periods
        grouped = _by_grid(rows).values()
        spans = {(min(one.period_from for one in own), max(one.period_to for one in own)) for own in grouped}
    return Figure(
        count=sum(row.numerator for row in rows),
        part=sum(row.numerator for row in shares),
        whole=sum(row.denominator for row in shares) if shares else None,
        first=min(row.period_from for row in rows),
        end=max(row.period_to for row in rows),
        as_of=min((row.as_of for row in rows if row.as_of is not None), default=None),
        grids=len(told),
        bare=len(rows) - len(shares),
        uneven=len(spans) > 1,
        revised=any(row.revisions for row in rows),
    )
