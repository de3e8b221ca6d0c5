"""Counts for any grid and any period: from rollups where a subtree is large, from its own rows where it is small.

Both ways sum the same `contributions`, so they agree by construction; a test proves it on random histories.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data_adapters.ledger import contributions
from data_adapters.ledger.scope import STEP, depth, under
from data_adapters.ledger.tables import cases, gauge, tally, video_point

Flows = Counter[str]


class Counts:
    """The counts of one snapshot. Paths must have been checked against the viewer's scope already."""

    def __init__(self, connection: sa.Connection, zone: ZoneInfo, rollup_depth: int) -> None:
        self._connection = connection
        self._zone = zone
        self._rollup_depth = rollup_depth

    def flows(self, path: str, first_day: int, last_day: int) -> Flows:
        """measure -> count over the local days `first_day` to `last_day`, both included."""
        total: Flows = Counter()
        for day in self.daily(path, first_day, last_day).values():
            total.update(day)
        return total

    def daily(self, path: str, first_day: int, last_day: int) -> dict[int, Flows]:
        """day -> (measure -> count); days without any are absent."""
        if depth(path) > self._rollup_depth:
            return self._from_rows(path, first_day, last_day).get(path, {})
        where = sa.and_(tally.c.path == path, tally.c.day.between(first_day, last_day))
        return {row["day"]: _flows(row) for row in self._rows(sa.select(tally).where(where))}

    def before(self, path: str, day: int) -> Flows:
        """measure -> count over every day before `day`: what an opening stock is made of."""
        if depth(path) > self._rollup_depth:
            total: Flows = Counter()
            for counted in self._from_rows(path, -(10**6), day - 1).get(path, {}).values():
                total.update(counted)
            return total
        sums = [sa.func.coalesce(sa.func.sum(tally.c[name]), 0).label(name) for name in contributions.FLOWS]
        chosen = sa.select(*sums).where(tally.c.path == path, tally.c.day < day)
        return _flows(next(self._rows(chosen)))

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
        where = sa.and_(
            under(tally.c.path, path),
            sa.func.length(tally.c.path) == child,
            tally.c.day.between(first_day, last_day),
        )
        for row in self._rows(sa.select(tally).where(where)):
            totals[row["path"]].update(_flows(row))
        return dict(totals)

    def gauges(self, path: str) -> Counter[str]:
        """measure -> stock now: open cases by light, stage, category and grade; video points by state."""
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

    def _from_rows(
        self, path: str, first_day: int, last_day: int, key_length: int | None = None
    ) -> dict[str, dict[int, Flows]]:
        length = key_length or len(path)
        columns = [cases.c.path, *(cases.c[name] for name in contributions.COLUMNS)]
        found: dict[str, dict[int, Flows]] = defaultdict(lambda: defaultdict(Counter))
        # Every row of the subtree: a stage may be told that lies before the report, and a limit lies after it.
        for row in self._connection.execute(sa.select(*columns).where(under(cases.c.path, path))):
            for day, measure in contributions.flows(row, self._zone):
                if first_day <= day <= last_day:
                    found[row.path[:length]][day][measure] += 1
        return found

    def _rows(self, statement: sa.Select[Any]) -> Iterator[Any]:
        yield from self._connection.execute(statement).mappings()


def _flows(row: Any) -> Flows:
    return Counter({name: int(row[name]) for name in contributions.FLOWS if row[name]})
