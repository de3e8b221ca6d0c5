"""Organisations and what they have to do: open cases, what they closed, how much of it on time.

A case belongs to one organisation (`cases.org`: who handles it, else who leads), so the loads of a tree add up. They
are counted from an index that holds all they need, over the open cases and those closed in the period only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from data_adapters.ledger.case_loader import is_one_of
from data_adapters.ledger.scope import Scope, under
from data_adapters.ledger.tables import cases, grid, org
from data_adapters.records import life


@dataclass(frozen=True, slots=True)
class OrgRow:
    """One current organisation. ``parent`` is None for the highest that the scope shows."""

    code: str
    name: str
    short_name: str | None
    org_type: str
    level: str | None
    parent: str | None
    grid_code: str | None
    mediator_count: int | None
    path: str


@dataclass(slots=True)
class Load:
    """Cases: ``open`` now, ``overdue`` of them; ``closed`` in the period; ``on_time`` of ``due`` (K10's terms)."""

    open: int = 0
    overdue: int = 0
    closed: int = 0
    on_time: int = 0
    due: int = 0

    def add(self, other: Load) -> None:
        """Take another's cases in as well."""
        self.open += other.open
        self.overdue += other.overdue
        self.closed += other.closed
        self.on_time += other.on_time
        self.due += other.due


@dataclass(slots=True)
class OrgTree:
    """The organisations by code, and who is below whom."""

    rows: dict[str, OrgRow]
    below: dict[str | None, list[str]] = field(default_factory=lambda: defaultdict(list))

    def subtree(self, code: str) -> list[str]:
        """The codes of an organisation and of all below it; none where it is not in the tree."""
        found = [code] if code in self.rows else []
        for above in found:  # grows while it is walked
            found += self.below.get(above, [])
        return found

    def summed(self, own: dict[str, Load]) -> dict[str, Load]:
        """Each organisation's load with that of all below it."""
        totals: dict[str, Load] = {code: Load() for code in self.rows}
        order = [code for top in self.below[None] for code in self.subtree(top)]
        for code in reversed(order):  # whoever is below comes first
            totals[code].add(own.get(code, Load()))
            parent = self.rows[code].parent
            if parent is not None:
                totals[parent].add(totals[code])
        return totals

    def types(self) -> Counter[str]:
        """How many there are of each type."""
        return Counter(row.org_type for row in self.rows.values())


class Orgs:
    """The organisations that a scope shows, and the cases of that scope that they have."""

    def __init__(self, connection: sa.Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    def tree(self, path: str) -> OrgTree:
        """Those that serve the grid at `path` or one below it; in it, nobody has a parent outside."""
        names = OrgRow.__slots__
        where = sa.and_(org.c.current, self._scope.rows(org.c.path), under(org.c.path, path))
        chosen = sa.select(*(org.c[name] for name in names)).where(where).order_by(org.c.code)
        told = self._connection.execute(chosen).mappings().all()
        codes = {row["code"] for row in told}
        tree = OrgTree({})
        for row in told:
            parent = row["parent"] if row["parent"] in codes else None
            tree.rows[row["code"]] = OrgRow(**(dict(row) | {"parent": parent}))
            tree.below[parent].append(row["code"])
        return tree

    def near(self, lon: float, lat: float, limit: int) -> list[tuple[OrgRow, float, float]]:
        """(organisation, lon, lat of the label point of the grid it serves), the nearest first (degrees)."""
        names = OrgRow.__slots__
        # A degree of longitude is shorter; near enough to choose by, the caller measures.
        shrink = np.cos(np.radians(lat)) ** 2
        away = (grid.c.lon - lon) * (grid.c.lon - lon) * float(shrink) + (grid.c.lat - lat) * (
            grid.c.lat - lat
        )
        chosen = (
            sa.select(*(org.c[name] for name in names), grid.c.lon, grid.c.lat)
            .join(grid, sa.and_(grid.c.path == org.c.path, grid.c.current))
            .where(org.c.current, self._scope.rows(org.c.path), grid.c.lon.is_not(None))
            .order_by(away, org.c.code)
            .limit(limit)
        )
        rows = self._connection.execute(chosen).mappings()
        return [(OrgRow(**{name: row[name] for name in names}), row["lon"], row["lat"]) for row in rows]

    def loads(
        self, tree: OrgTree, path: str, since: datetime, until: datetime, now: datetime
    ) -> dict[str, Load]:
        """code -> its own load, of the scope's cases under `path`; the period is [`since`, `until`)."""
        found: dict[str, Load] = defaultdict(Load)
        # Hidden from the planner, which would go through every case of the grid to save itself the organisations.
        where = cases.c.path.concat("")
        mine = (
            is_one_of(self._connection, cases.c.org, np.array([*tree.rows], dtype=object)),
            self._scope.rows(where),
            under(where, path),
        )
        late = cases.c.due_at < now
        due = sa.and_(late, cases.c.due_at >= since, cases.c.due_at < until)
        standing = (sa.func.count(), _sum(late), _sum(due))
        for code, n, overdue, missed in self._grouped(standing, (*mine, cases.c.is_open)):
            found[code].add(Load(open=n, overdue=overdue, due=missed))
        closed = (
            cases.c.closed_at >= since,
            cases.c.closed_at < until,
            cases.c.state.in_(sorted(life.CLOSED)),
        )
        done = (sa.func.count(), _sum(cases.c.due_at.is_not(None)), _sum(cases.c.closed_at <= cases.c.due_at))
        for code, n, limited, on_time in self._grouped(done, (*mine, ~cases.c.is_open, *closed)):
            found[code].add(Load(closed=n, due=limited, on_time=on_time))
        return dict(found)

    def _grouped(
        self, sums: Sequence[sa.ColumnElement[Any]], where: Iterable[sa.ColumnElement[bool]]
    ) -> list[tuple[str, int, int, int]]:
        chosen = sa.select(cases.c.org, *sums).where(*where).group_by(cases.c.org)
        return [tuple(row) for row in self._connection.execute(chosen)]


def _sum(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)
