"""One consistent look at the ledger through a scope: position first, then data, in one read transaction.

Nothing outside the scope comes out of here: a grid, a case or a change of another township is as if it did not
exist. Pages, API, tiles, live frames and exports all read through this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from data_adapters.ledger.contributions import local_day
from data_adapters.ledger.counts import Counts
from data_adapters.ledger.scope import ROOT, STEP, Scope, lineage, under
from data_adapters.ledger.sources import SourceLog, SourceState
from data_adapters.ledger.tables import (
    case_event,
    cases,
    change,
    grid,
    source_state,
    stream,
    video_point,
)

CaseRow = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class GridRow:
    """One grid as it is today. Degrees in EPSG:4490; ``lon``/``lat`` is the label point, inside the polygon."""

    code: str
    name: str
    short_name: str | None
    level: int
    path: str
    parent_path: str | None
    lon: float | None
    lat: float | None
    west: float | None
    south: float | None
    east: float | None
    north: float | None
    area_km2: float | None
    population: int | None

    @property
    def bbox(self) -> tuple[float, float, float, float] | None:
        """(west, south, east, north), None for a grid without a polygon."""
        if self.west is None or self.south is None or self.east is None or self.north is None:
            return None
        return self.west, self.south, self.east, self.north

    @property
    def label(self) -> str:
        """The short name where there is one."""
        return self.short_name or self.name


@dataclass(frozen=True, slots=True)
class VideoColumns:
    """Video points by column, all of one length. Secret ones (``secrecy`` 1) are not among them."""

    point_id: NDArray[np.str_]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    path: NDArray[np.str_]
    status: NDArray[np.str_]
    point_class: NDArray[np.str_]
    position_type: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the change log as a viewer may see it: ``item`` is ready for the wire."""

    seq: int
    item: dict[str, Any]


_GRID_COLUMNS = [grid.c[name] for name in GridRow.__slots__]


class Snapshot:
    """See the module. Opened by `Ledger.read`; of no use after its `with` block."""

    def __init__(self, connection: sa.Connection, scope: Scope, zone: ZoneInfo, now: datetime) -> None:
        self._connection = connection
        self.scope = scope
        self.zone = zone
        self.now = now
        # The first statement fixes the snapshot, so the position can never be older than the data.
        self._stream = connection.execute(sa.select(stream)).one()

    @property
    def today(self) -> int:
        """The local day of `now`, as days since 1970-01-01."""
        return local_day(self.now, self.zone)

    def position(self) -> tuple[str, int]:
        """(epoch, seq) of the last change this snapshot holds."""
        return self._stream.epoch, self._stream.top

    def grid_revision(self) -> int:
        """Changes whenever a grid does."""
        return int(self._stream.grid_revision)

    def video_revision(self) -> int:
        """Changes whenever a video point or its status does."""
        return int(self._stream.video_revision)

    @cached_property
    def counts(self) -> Counts:
        """Counts by path; the paths must come from this snapshot's own grids."""
        return Counts(self._connection, self.zone, self._stream.rollup_depth)

    # Grids

    def grid(self, code: str) -> GridRow | None:
        """The current grid of this code, if it lies in the scope."""
        return self._one_grid(grid.c.code == code)

    def grid_at(self, path: str) -> GridRow | None:
        """The current grid at this path, if it lies in the scope."""
        return self._one_grid(grid.c.path == path)

    def top_grid(self) -> GridRow | None:
        """The grid the scope begins at; None while no grid is known."""
        return self.grid_at(self.scope.path)

    def children(self, path: str) -> list[GridRow]:
        """The current children of a grid, by path."""
        return self._grids(sa.and_(grid.c.parent_path == path, self.scope.rows(grid.c.path)))

    def ancestors(self, path: str) -> list[GridRow]:
        """The grids from the scope's own down to `path`, both included."""
        return self._grids(grid.c.path.in_([p for p in lineage(path) if self.scope.covers(p)]))

    def grids_at(self, paths: Sequence[str]) -> list[GridRow]:
        """The current grids at these paths that lie in the scope."""
        return self._grids(sa.and_(grid.c.path.in_(list(paths)), self.scope.rows(grid.c.path)))

    def grids_of_level(self, level: int) -> list[GridRow]:
        """Every current grid of a level in the scope."""
        return self._grids(sa.and_(grid.c.level == level, self.scope.rows(grid.c.path)))

    def subtree_levels(self, path: str) -> dict[int, int]:
        """level -> how many current grids lie under `path` at it, the grid itself included."""
        inside = sa.and_(grid.c.current, under(grid.c.path, path), self.scope.rows(grid.c.path))
        chosen = sa.select(grid.c.level, sa.func.count()).where(inside).group_by(grid.c.level)
        return {int(level): int(n) for level, n in self._connection.execute(chosen.order_by(grid.c.level))}

    def geometries(self, paths: Sequence[str]) -> dict[str, shapely.Geometry]:
        """path -> polygon (EPSG:4490) of the current grids in the scope that have one."""
        found: dict[str, shapely.Geometry] = {}
        for start in range(0, len(paths), 800):
            where = sa.and_(
                grid.c.current,
                grid.c.path.in_(list(paths[start : start + 800])),
                grid.c.geometry.is_not(None),
                self.scope.rows(grid.c.path),
            )
            for row in self._connection.execute(sa.select(grid.c.path, grid.c.geometry).where(where)):
                found[row.path] = shapely.from_wkb(row.geometry)
        return found

    # Cases

    def case(self, case_no: str) -> CaseRow | None:
        """One case in the scope."""
        where = sa.and_(cases.c.case_no == case_no, self.scope.rows(cases.c.path))
        return self._connection.execute(sa.select(cases).where(where)).first()

    def case_events(self, case_id: int) -> Sequence[sa.Row[Any]]:
        """The steps of a case that this snapshot gave, oldest first."""
        chosen = sa.select(case_event).where(case_event.c.case_id == case_id)
        return self._connection.execute(chosen.order_by(case_event.c.number)).all()

    def latest_cases(self, path: str, limit: int) -> Sequence[CaseRow]:
        """The cases of a grid that were reported last, newest first."""
        newest = (
            sa.select(cases).where(self._inside(path)).order_by(cases.c.reported_at.desc(), cases.c.id.desc())
        )
        return self._connection.execute(newest.limit(limit)).all()

    def unfinished_cases(self, path: str) -> Sequence[CaseRow]:
        """The cases of a grid that are open, or reported and waiting to be accepted; by path."""
        # Literals, so that the partial index of just these rows is recognised.
        waiting = [cases.c.state == sa.literal_column(f"'{state}'") for state in ("REPORTED", "REGISTERED")]
        where = sa.and_(sa.or_(cases.c.is_open, *waiting), self._inside(path))
        return self._connection.execute(
            sa.select(cases).where(where).order_by(cases.c.path, cases.c.id)
        ).all()

    def open_due(self, path: str) -> list[datetime]:
        """The due times of the open cases of a grid that have one."""
        where = (self._inside(path), cases.c.is_open, cases.c.due_at.is_not(None))
        return list(self._connection.execute(sa.select(cases.c.due_at).where(*where)).scalars())

    def case_page(
        self,
        path: str,
        *,
        state: str | None,
        category: str | None,
        since: datetime | None,
        until: datetime | None,
        after: int,
        limit: int,
    ) -> Sequence[CaseRow]:
        """Cases of a grid by id, those after id `after`; ``since``/``until`` bound ``reported_at`` half-open."""
        where = [self._inside(path), cases.c.id > after]
        if state is not None:
            where.append(cases.c.state == state)
        if category is not None:
            where.append(cases.c.category == category)
        if since is not None:
            where.append(cases.c.reported_at >= since)
        if until is not None:
            where.append(cases.c.reported_at < until)
        return self._connection.execute(
            sa.select(cases).where(*where).order_by(cases.c.id).limit(limit)
        ).all()

    def reported_between(
        self, path: str, since: datetime, until: datetime, *names: str
    ) -> Sequence[sa.Row[Any]]:
        """Columns `names` of the cases reported in [`since`, `until`)."""
        where = (self._inside(path), cases.c.reported_at >= since, cases.c.reported_at < until)
        chosen = sa.select(*(cases.c[name] for name in names)).where(*where).order_by(cases.c.reported_at)
        return self._connection.execute(chosen).all()

    # Video points

    def points(self) -> VideoColumns:
        """Every video point in the scope that has a place and is not secret."""
        names = VideoColumns.__slots__
        where = sa.and_(
            self.scope.rows(video_point.c.path), video_point.c.secrecy == 0, video_point.c.lon.is_not(None)
        )
        chosen = sa.select(*(video_point.c[name] for name in names)).where(where).order_by(video_point.c.id)
        rows = self._connection.execute(chosen).all()
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        text = [np.array([value or "" for value in columns[n]], dtype=np.str_) for n in (0, 3, 4, 5)]
        return VideoColumns(
            text[0],
            np.array(columns[1], dtype=np.float64),
            np.array(columns[2], dtype=np.float64),
            text[1],
            text[2],
            text[3],
            np.array([value or 0 for value in columns[6]], dtype=np.int16),
        )

    # The change log

    def changes(self, after: int, limit: int) -> tuple[list[Change], int]:
        """The visible changes after `after`, oldest first, and the number they cover up to.

        At most `limit` rows of the log are looked at, so the second value moves on where nothing is visible.
        """
        chosen = sa.select(change).where(change.c.seq > after).order_by(change.c.seq).limit(limit)
        rows = self._connection.execute(chosen).all()
        visible = [
            Change(row.seq, item) for row in rows if (item := visible_item(row, self.scope)) is not None
        ]
        return visible, rows[-1].seq if rows else after

    # Sources

    def sources(self) -> list[SourceState]:
        """The state of every source that was ever read."""
        rows = self._connection.execute(sa.select(source_state).order_by(source_state.c.name))
        return [SourceState(**row._mapping) for row in rows]

    def source_log(self) -> SourceLog | None:
        """What was refused, by source. For the whole centre only, else None: rows name no grid."""
        return SourceLog(self._connection) if self.scope.path == ROOT else None

    def _inside(self, path: str) -> sa.ColumnElement[bool]:
        narrower = path if self.scope.covers(path) else None
        if narrower is None:
            return sa.false()
        return under(cases.c.path, narrower)

    def _one_grid(self, where: sa.ColumnElement[bool]) -> GridRow | None:
        rows = self._grids(sa.and_(where, self.scope.rows(grid.c.path)))
        return rows[0] if rows else None

    def _grids(self, where: sa.ColumnElement[bool]) -> list[GridRow]:
        chosen = sa.select(*_GRID_COLUMNS).where(grid.c.current, where).order_by(grid.c.path)
        return [GridRow(*row) for row in self._connection.execute(chosen)]


def visible_item(row: Any, scope: Scope) -> dict[str, Any] | None:
    """What a scope may see of one row of the change log, ready for the wire.

    A case that left the scope shows only that it is gone; grid codes above the scope are cut off.
    """
    head = {
        "seq": row.seq,
        "type": row.type,
        "accepted_at": row.accepted_at.isoformat(timespec="milliseconds"),
    }
    if row.type == "bulk":
        return head | {"kind": orjson.loads(row.body)["kind"]}
    if scope.covers(row.path):
        body = orjson.loads(row.body)
        if "paths" in body:
            body["paths"] = body["paths"][len(scope.path) // STEP - 1 :]
        seen: dict[str, Any] = head | body
        return seen
    if row.path_before is not None and scope.covers(row.path_before):
        return head | {"case_no": orjson.loads(row.body).get("case_no"), "removed": True}
    return None
