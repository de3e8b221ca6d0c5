"""Counts for any grid and any period: from rollups where a subtree is large, from its own rows where it is small.

Both ways sum the same `contributions`, so they agree by construction; a test proves it on random histories.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data_adapters.ledger import contributions
from data_adapters.ledger.scope import STEP, depth, under
from data_adapters.ledger.tables import cases, gauge, grid, tally, video_point
from data_adapters.records import life

Flows = Counter[str]
_EVER = -(10**6)
_SUMS = [sa.func.coalesce(sa.func.sum(tally.c[name]), 0).label(name) for name in contributions.FLOWS]


class Counts:
    """The counts of one snapshot. Paths must have been checked against the viewer's scope already."""

    def __init__(self, connection: sa.Connection, zone: ZoneInfo, rollup_depth: int) -> None:
        self._connection = connection
        self._zone = zone
        self._rollup_depth = rollup_depth
        # A screen asks for the same sums and stocks many times; within one snapshot they cannot differ.
        self._summed: dict[tuple[str, int, int], Flows] = {}
        self._stocks: dict[str, Counter[str]] = {}
        self._histories: dict[tuple[str, int], dict[str, dict[int, Flows]]] = {}

    def flows(self, path: str, first_day: int, last_day: int) -> Flows:
        """measure -> count over the local days `first_day` to `last_day`, both included."""
        return self._sums(path, first_day, last_day)

    def daily(self, path: str, first_day: int, last_day: int) -> dict[int, Flows]:
        """day -> (measure -> count); days without any are absent."""
        if depth(path) > self._rollup_depth:
            return self._from_rows(path, first_day, last_day).get(path, {})
        where = sa.and_(tally.c.path == path, tally.c.day.between(first_day, last_day))
        return {row["day"]: _flows(row) for row in self._rows(sa.select(tally).where(where))}

    def before(self, path: str, day: int) -> Flows:
        """measure -> count over every day before `day`: what an opening stock is made of."""
        return self._sums(path, _EVER, day - 1)

    def children(self, path: str, first_day: int, last_day: int) -> dict[str, Flows]:
        """child path -> (measure -> count) over the days; children without any are absent."""
        child = len(path) + STEP
        totals: dict[str, Flows] = defaultdict(Counter)
        if depth(path) + 1 > self._rollup_depth:
            for key, days in self._from_rows(path, first_day, last_day, child).items():
                for counted in days.values():
                    totals[key].update(counted)
            totals.pop(path, None)
            return dict(totals)
        # By the children's own keys: a range over the whole subtree would read every grid's days.
        below = sa.select(grid.c.path).where(grid.c.parent_path == path)
        where = sa.and_(tally.c.path.in_(below), tally.c.day.between(first_day, last_day))
        chosen = sa.select(tally.c.path, *_SUMS).where(where).group_by(tally.c.path)
        return {row["path"]: _flows(row) for row in self._rows(chosen)}

    def gauges(self, path: str) -> Counter[str]:
        """measure -> stock now: open cases by light, stage, category and grade; video points by state."""
        if path not in self._stocks:
            self._stocks[path] = self._count_stocks(path)
        return self._stocks[path]

    def _count_stocks(self, path: str) -> Counter[str]:
        if depth(path) <= self._rollup_depth:
            rows = self._connection.execute(sa.select(gauge.c.measure, gauge.c.n).where(gauge.c.path == path))
            return Counter({row.measure: row.n for row in rows if row.n})
        stocks: Counter[str] = Counter()
        columns = [cases.c[name] for name in contributions.COLUMNS]
        wanted = sa.and_(under(cases.c.path, path), sa.or_(cases.c.is_open, ~cases.c.placed))
        for row in self._connection.execute(sa.select(*columns).where(wanted)):
            stocks.update(contributions.gauges(row))
        for row in self._connection.execute(sa.select(video_point).where(under(video_point.c.path, path))):
            stocks.update(contributions.point_gauges(row))
        return stocks

    def _sums(self, path: str, first_day: int, last_day: int) -> Flows:
        key = (path, first_day, last_day)
        if key not in self._summed:
            self._summed[key] = self._sum(path, first_day, last_day)
        return self._summed[key]

    def _sum(self, path: str, first_day: int, last_day: int) -> Flows:
        if depth(path) > self._rollup_depth:
            total: Flows = Counter()
            for counted in self._from_rows(path, first_day, last_day).get(path, {}).values():
                total.update(counted)
            return total
        where = sa.and_(tally.c.path == path, tally.c.day.between(first_day, last_day))
        return _flows(next(self._rows(sa.select(*_SUMS).where(where))))

    def staffing(self, path: str) -> tuple[int, int, int]:
        """(grids with staff, grids that say how many they have or need, grids that say neither) under `path`."""
        said = sa.or_(grid.c.staff_count.is_not(None), grid.c.staff_required.is_not(None))
        staffed, stated, every = (
            sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)
            for condition in (grid.c.staff_count > 0, said, sa.true())
        )
        chosen = sa.select(staffed, stated, every - stated).where(grid.c.current, under(grid.c.path, path))
        found = self._connection.execute(chosen).one()
        return int(found[0]), int(found[1]), int(found[2])

    def reporting(self, path: str, since: datetime, until: datetime) -> tuple[int, int]:
        """(lowest grids with a case reported in [`since`, `until`) that still stands, lowest grids) under `path`."""
        below = grid.alias("below")
        lowest = ~sa.exists().where(below.c.parent_path == grid.c.path, below.c.current)
        reported = sa.exists().where(
            cases.c.path == grid.c.path,
            cases.c.reported_at >= since,
            cases.c.reported_at < until,
            cases.c.state.not_in(life.VOID),
        )
        some = sa.func.coalesce(sa.func.sum(sa.case((reported, 1), else_=0)), 0)
        chosen = sa.select(some, sa.func.count()).select_from(grid)
        found = self._connection.execute(chosen.where(grid.c.current, under(grid.c.path, path), lowest)).one()
        return int(found[0]), int(found[1])

    def _from_rows(
        self, path: str, first_day: int, last_day: int, key_length: int | None = None
    ) -> dict[str, dict[int, Flows]]:
        """The counts of a small subtree by grid and day, each row looked at once however often it is asked."""
        key = (path, key_length or len(path))
        if key not in self._histories:
            self._histories[key] = self._history(*key)
        return {
            grid_path: {day: counted for day, counted in days.items() if first_day <= day <= last_day}
            for grid_path, days in self._histories[key].items()
        }

    def _history(self, path: str, length: int) -> dict[str, dict[int, Flows]]:
        columns = [cases.c.path, *(cases.c[name] for name in contributions.COLUMNS)]
        found: dict[str, dict[int, Flows]] = defaultdict(lambda: defaultdict(Counter))
        for row in self._connection.execute(sa.select(*columns).where(under(cases.c.path, path))):
            days = found[row.path[:length]]
            for day, measure in contributions.flows(row, self._zone):
                days[day][measure] += 1
        return found

    def _rows(self, statement: sa.Select[Any]) -> Iterator[Any]:
        yield from self._connection.execute(statement).mappings()


def _flows(row: Any) -> Flows:
    return Counter({name: int(row[name]) for name in contributions.FLOWS if row[name]})
