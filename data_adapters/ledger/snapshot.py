"""One consistent look at the ledger through a scope: position first, then data, in one read transaction.

Nothing outside the scope comes out of here: a grid, a case or a change of another township is as if it did not
exist. Pages, API, tiles, live frames and exports all read through this.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from data_adapters.ledger import finals, steps, walls
from data_adapters.ledger.alerts import AlertLog
from data_adapters.ledger.behind import Behind
from data_adapters.ledger.columns import Columns
from data_adapters.ledger.contributions import DAY_0, local_day
from data_adapters.ledger.counts import Counts
from data_adapters.ledger.facts import Facts
from data_adapters.ledger.orgs import Orgs
from data_adapters.ledger.replay import Life, replay
from data_adapters.ledger.scope import ROOT, STEP, Scope, depth, lineage, under
from data_adapters.ledger.siblings import Siblings
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
from data_adapters.ledger.types import to_milliseconds
from data_adapters.records.time_limit import Limits

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
    predecessor: str | None
    source: str
    valid_from: date | None
    quality: str

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

    point_id: NDArray[Any]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    status: NDArray[np.str_]
    point_class: NDArray[np.str_]

    def id_of(self, number: int) -> str:
        """The id of one point."""
        value = self.point_id[number]
        return value.decode() if isinstance(value, bytes) else str(value)


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the change log as a viewer may see it: ``item`` is ready for the wire."""

    seq: int
    item: dict[str, Any]


#: By which a viewer knows what is gone.
_NAMES = ("case_no", "alert_id")
#: Days within which the latest cases of a large grid are looked for.
_RECENT_DAYS = 14
_GRID_COLUMNS = [grid.c[name] for name in GridRow.__slots__]


class Snapshot:
    """See the module. Opened by `Ledger.read`; of no use after its `with` block."""

    def __init__(
        self,
        connection: sa.Connection,
        scope: Scope,
        zone: ZoneInfo,
        now: datetime,
        on: date | None = None,
    ) -> None:
        """``on``: the grids are those that were valid on that day, not those of today."""
        self._connection = connection
        self._standing = grid.c.current if on is None else valid_on(on)
        self._on = on
        self.scope = scope
        self.zone = zone
        self.now = now
        # The first statement fixes the snapshot, so the position can never be older than the data.
        self._stream = connection.execute(sa.select(stream)).one()
        self._parent: str | None = None
        self._known: dict[str, GridRow] = {}

    def of_children(self, here: GridRow) -> tuple[Snapshot, list[GridRow]]:
        """(this snapshot as it reads the children of a grid: whatever is asked of one is read for all; they)."""
        rows, told = self.children(here.path), copy(self)
        told._parent, told._known = here.path, {row.path: row for row in rows}
        told.__dict__["counts"] = Siblings(
            self._connection, self.zone, self._stream.rollup_depth, self._stream.span_depth, here.path
        )
        return told, rows

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

    def grid_version(self) -> tuple[str, int, date | None]:
        """Names the grids that this looks at: what rests on nothing else stays the same under the same name."""
        return self._stream.epoch, self.grid_revision(), self._on

    def video_revision(self) -> int:
        """Changes whenever a video point or its status does."""
        return int(self._stream.video_revision)

    @cached_property
    def counts(self) -> Counts:
        """Counts by path; the paths must come from this snapshot's own grids."""
        return Counts(self._connection, self.zone, self._stream.rollup_depth, self._stream.span_depth)

    @cached_property
    def behind(self) -> Behind:
        """The rows behind a figure; the paths must come from this snapshot's own grids."""
        return Behind(self._connection, self.zone, int(self._stream.rollup_depth))

    @cached_property
    def alerts(self) -> AlertLog:
        """The alerts inside the scope."""
        return AlertLog(self._connection, self.scope)

    @cached_property
    def walls(self) -> walls.WallLog:
        """The walls inside the scope, and the orders that reach it."""
        return walls.WallLog(self._connection, self.scope)

    @cached_property
    def facts(self) -> Facts:
        """Reported figures by path; the paths must come from this snapshot's own grids."""
        return Facts(self._connection)

    @cached_property
    def orgs(self) -> Orgs:
        """The organisations of the scope."""
        return Orgs(self._connection, self.scope)

    # Grids

    def grid(self, code: str) -> GridRow | None:
        """The current grid of this code, if it lies in the scope."""
        return self._one_grid(grid.c.code == code)

    def grid_at(self, path: str) -> GridRow | None:
        """The current grid at this path, if it lies in the scope."""
        if path in self._known:
            return self._known[path]
        return self._one_grid(grid.c.path == path)

    def top_grid(self) -> GridRow | None:
        """The grid the scope begins at; None while no grid is known."""
        return self.grid_at(self.scope.path)

    def children(self, path: str) -> list[GridRow]:
        """The current children of a grid, by path."""
        return self._grids(sa.and_(grid.c.parent_path == path, self.scope.rows(grid.c.path)))

    def regrouped(self, path: str, since: date, until: date) -> bool:
        """Whether a grid under `path` came, went or was drawn anew after `since` and by `until`."""
        days = (grid.c.valid_from, grid.c.valid_to)
        moved = sa.or_(*(sa.and_(day > since, day <= until) for day in days))
        chosen = sa.select(grid.c.id).where(under(grid.c.path, path), moved).limit(1)
        return self._connection.execute(chosen).first() is not None

    def restated(self, path: str, first: int, last: int) -> list[finals.Restated]:
        """The days of a period that were told otherwise after they were final (`finals`)."""
        return finals.restated(self._connection, path, first, last)

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
        inside = sa.and_(self._standing, under(grid.c.path, path), self.scope.rows(grid.c.path))
        chosen = sa.select(grid.c.level, sa.func.count()).where(inside).group_by(grid.c.level)
        return {int(level): int(n) for level, n in self._connection.execute(chosen.order_by(grid.c.level))}

    def boundaries(self, path: str) -> str:
        """Names the versions of the grid at `path`, its siblings and its children: another name, other borders."""
        near = [grid.c.path == path, grid.c.parent_path == path]
        if len(path) > STEP and self.scope.covers(path[:-STEP]):
            near.append(grid.c.parent_path == path[:-STEP])
        columns = (sa.func.max(grid.c.valid_from), sa.func.min(grid.c.valid_to), sa.func.count())
        found = self._connection.execute(sa.select(*columns).where(self._standing, sa.or_(*near))).one()
        return "/".join(str(value or "") for value in found)

    def geometries(self, paths: Sequence[str]) -> dict[str, shapely.Geometry]:
        """path -> polygon (EPSG:4490) of the current grids in the scope that have one."""
        found: dict[str, shapely.Geometry] = {}
        for start in range(0, len(paths), 800):
            where = sa.and_(
                self._standing,
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

    def cases_numbered(self, numbers: Collection[str], *names: str) -> list[CaseRow]:
        """The cases of these numbers in the scope, in no order; only the columns `names`, where there are any."""
        wanted: list[Any] = [cases.c[name] for name in names] or [cases]
        chosen = sa.select(*wanted).where(
            cases.c.case_no.in_(sa.bindparam("numbers", expanding=True)), self.scope.rows(cases.c.path)
        )
        told, found = list(numbers), list[CaseRow]()
        for start in range(0, len(told), 800):
            found += self._connection.execute(chosen, {"numbers": told[start : start + 800]})
        return found

    def case_events(self, case_id: int) -> Sequence[sa.Row[Any]]:
        """The steps of a case that this snapshot gave, oldest first."""
        chosen = sa.select(case_event).where(case_event.c.case_id == case_id)
        return self._connection.execute(chosen.order_by(case_event.c.number)).all()

    def case_life(self, row: CaseRow, limits: Limits) -> Life:
        """The life of a case that this snapshot gave: every step, those that must have been inferred and marked."""
        return replay(steps.told_row(dict(row._mapping)), self.case_events(row.id), limits)

    def case_lives(self, rows: Sequence[CaseRow], limits: Limits) -> list[Life]:
        """The lives of many cases that this snapshot gave, in their order."""
        told = steps.load(self._connection, [row.id for row in rows])
        return [replay(steps.told_row(dict(row._mapping)), told[row.id], limits) for row in rows]

    def latest_cases(self, path: str, limit: int, *span: datetime) -> Sequence[CaseRow]:
        """The cases of a grid that were reported last, newest first; ``span``: of those within [since, until)."""
        last = (cases.c.reported_at.desc(), cases.c.id.desc())
        wanted = sa.and_(self._inside(path), _within(span))
        if path != ROOT and self.scope.covers(path):
            since = None if span else self._since_when(path, limit)
            if since is not None:
                # A large grid's are met soon enough on the way back; its path is hidden from the planner, which would
                # read and sort all that it ever had.
                wanted = sa.and_(cases.c.reported_at >= since, under(cases.c.path.concat(""), path))
            else:
                # A small grid's own cases first, whatever the planner thinks: walking back through everybody's reports
                # until enough are its own costs the more the smaller it is.
                wanted = _newest_of(wanted, limit)
        return self._connection.execute(sa.select(cases).where(wanted).order_by(*last).limit(limit)).all()

    def _since_when(self, path: str, limit: int) -> datetime | None:
        """The beginning of a day since which a grid has had `limit` reports, as the books say: one not long ago."""
        if depth(path) > 1 or not self.counts.rolled_up(path):
            return None
        first = self.today - _RECENT_DAYS
        reported = self.counts.daily(path, first, self.today + _RECENT_DAYS)
        n = 0
        for day in sorted(reported, reverse=True):
            n += reported[day]["reported"]
            if n >= limit:
                return datetime.combine(DAY_0 + timedelta(days=day), time(), self.zone)
        return None

    def unfinished_cases(
        self, path: str, *names: str, limit: int | None = None, span: Sequence[datetime] = ()
    ) -> Sequence[CaseRow]:
        """The cases of a grid that are open, or reported and waiting to be accepted; by path.

        ``span``: only those reported within [since, until).

        Only the columns `names`, where there are any: a province has tens of thousands of such cases.
        """
        where = sa.and_(_unfinished(), self._inside(path), _within(span))
        wanted: list[Any] = [cases.c[name] for name in names] or [cases]
        chosen = sa.select(*wanted).where(where).order_by(cases.c.path, cases.c.id).limit(limit)
        return self._connection.execute(chosen).all()

    def stuck_cases(self, path: str, edge: str, since: str | None, limit: int) -> Sequence[CaseRow]:
        """The cases of a grid that are stuck on an edge of the double loop, by the column `since`, else by path."""
        first = cases.c.path if since is None else cases.c[since]
        where = (cases.c.edge == sa.literal(edge), cases.c.edge.is_not(None), self._inside(path))
        return self._connection.execute(
            sa.select(cases).where(*where).order_by(first, cases.c.id).limit(limit)
        ).all()

    def unstaffed(self, path: str, limit: int) -> list[GridRow]:
        """Grids under `path` that say that they have no staff, by path."""
        chosen = sa.select(*_GRID_COLUMNS).where(
            self._standing, grid.c.staff_count == 0, self.scope.rows(grid.c.path), under(grid.c.path, path)
        )
        rows = self._connection.execute(chosen.order_by(grid.c.path).limit(limit))
        return [GridRow(*row) for row in rows]

    def unstaffed_count(self, path: str) -> int:
        """How many grids under `path` say that they have no staff."""
        where = (
            self._standing,
            grid.c.staff_count == 0,
            self.scope.rows(grid.c.path),
            under(grid.c.path, path),
        )
        return int(self._connection.execute(sa.select(sa.func.count()).where(*where)).scalar_one())

    def unfinished_in(
        self, west: float, south: float, east: float, north: float, *names: str
    ) -> Sequence[CaseRow]:
        """Columns `names` of the unfinished cases of the scope whose place lies in a box of degrees."""
        box = (cases.c.lon.between(west, east), cases.c.lat.between(south, north), cases.c.placed)
        chosen = sa.select(*(cases.c[name] for name in names))
        where = (_unfinished(), self.scope.rows(cases.c.path), *box)
        return self._connection.execute(chosen.where(*where)).all()

    def unplaced_cases(self, path: str, limit: int) -> Sequence[CaseRow]:
        """The cases of a grid that lie in no grid below it or at all (待定位), those reported last first."""
        if not self.scope.covers(path):
            return []
        # These first: walking back through all that was reported would meet hardly any.
        found = _newest_of(sa.and_(under(cases.c.path, path), ~cases.c.placed), limit)
        last = (cases.c.reported_at.desc(), cases.c.id.desc())
        return self._connection.execute(sa.select(cases).where(found).order_by(*last).limit(limit)).all()

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
        orgs: Sequence[str] | None = None,
        is_open: bool = False,
    ) -> Sequence[CaseRow]:
        """Cases of a grid by id, those after id `after`; ``since``/``until`` bound ``reported_at`` half-open.

        ``orgs``: only the cases of these organisations; ``is_open``: only those in hand.
        """
        where = [self._inside(path), cases.c.id > after]
        if orgs is not None:
            where.append(cases.c.org.in_(orgs))
        if is_open:
            where.append(cases.c.is_open)
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

    def reported_count(self, path: str, since: datetime, until: datetime) -> int:
        """How many cases of a grid were reported in [`since`, `until`)."""
        where = (self._inside(path), cases.c.reported_at >= since, cases.c.reported_at < until)
        return int(self._connection.execute(sa.select(sa.func.count()).where(*where)).scalar_one())

    def reported_by(
        self, path: str, since: datetime, until: datetime, step_s: int
    ) -> list[tuple[int, str, int]]:
        """(number of the span of `step_s` seconds after `since`, grade, how many cases were reported in it)."""
        where = (self._inside(path), cases.c.reported_at >= since, cases.c.reported_at < until)
        after = sa.type_coerce(cases.c.reported_at, sa.BigInteger) - to_milliseconds(since)
        # Whole numbers on both sides: `/` cuts off on either database.
        span = sa.type_coerce(after.op("/", precedence=8)(step_s * 1000), sa.BigInteger).label("span")
        chosen = (
            sa.select(span, cases.c.grade, sa.func.count())
            .where(*where)
            .group_by(sa.literal_column("span"), cases.c.grade)
        )
        return [(int(number), grade, int(n)) for number, grade, n in self._connection.execute(chosen)]

    def reported_between(
        self, path: str, since: datetime, until: datetime, *names: str
    ) -> Sequence[sa.Row[Any]]:
        """Columns `names` of the cases reported in [`since`, `until`)."""
        where = (self._inside(path), cases.c.reported_at >= since, cases.c.reported_at < until)
        chosen = sa.select(*(cases.c[name] for name in names)).where(*where).order_by(cases.c.reported_at)
        return self._connection.execute(chosen).all()

    # Video points

    def point(self, point_id: str) -> sa.Row[Any] | None:
        """One video point of the scope; a secret one does not exist."""
        where = (
            video_point.c.point_id == point_id,
            video_point.c.secrecy == 0,
            self.scope.rows(video_point.c.path),
        )
        return self._connection.execute(sa.select(video_point).where(*where)).first()

    def sources_of_points(self, point_ids: Collection[str]) -> dict[str, str]:
        """Point -> the source that tells of it, of those of the scope that are not secret."""
        where = (
            video_point.c.point_id.in_(point_ids),
            video_point.c.secrecy == 0,
            self.scope.rows(video_point.c.path),
        )
        chosen = sa.select(video_point.c.point_id, video_point.c.source).where(*where)
        return {row.point_id: row.source for row in self._connection.execute(chosen)}

    def points(self) -> VideoColumns:
        """Every video point in the scope that has a place and is not secret."""
        shown = sa.and_(video_point.c.secrecy == 0, video_point.c.lon.is_not(None))
        return self._points(shown, self.scope.rows(video_point.c.path))[0]

    def points_since(self, revision: int) -> tuple[VideoColumns, NDArray[Any]]:
        """(points in the scope that changed after `revision`, ids of those that changed and are not to be seen).

        The second are secret, without a place or in another's scope by now: only good for taking them out.
        """
        return self._points(video_point.c.revision > revision)

    def _points(self, *where: sa.ColumnElement[bool]) -> tuple[VideoColumns, NDArray[Any]]:
        """By column, some ten thousand at a time: a province has millions. Ids as bytes, a quarter of a text's."""
        names = ["point_id", "lon", "lat", "status", "point_class", "secrecy", "path"]
        parts = [
            (
                np.array([value.encode() for value in rows["point_id"].tolist()], dtype="S"),
                rows["lon"],
                rows["lat"],
                np.array(rows["status"].tolist(), dtype="U8"),
                np.array([value or "" for value in rows["point_class"].tolist()], dtype="U8"),
                (rows["secrecy"] == 0)
                & rows.known("lon")
                & [self.scope.covers(p) for p in rows["path"].tolist()],
            )
            for rows in Columns.read(self._connection, video_point, names, *where, chunk=50_000)
        ]
        if not parts:
            none = np.array([], dtype="S1")
            text = np.array([], dtype="U8")
            number = np.array([], dtype=np.float64)
            return VideoColumns(none, number, number, text, text), none
        ids, lon, lat, status, classes, shown = (np.concatenate(held) for held in zip(*parts, strict=True))
        found = VideoColumns(ids[shown], lon[shown], lat[shown], status[shown], classes[shown])
        return found, ids[~shown]

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

    def changed_cases(self, after: int, limit: int) -> tuple[set[str] | None, int]:
        """(numbers of the cases of the next `limit` changes after `after`, the number they cover up to); None where one
        stands for a whole load, which names none. For who looks after the whole centre."""
        chosen = sa.select(change.c.seq, change.c.type, change.c.body)
        rows = self._connection.execute(
            chosen.where(change.c.seq > after).order_by(change.c.seq).limit(limit)
        ).all()
        end = rows[-1].seq if rows else after
        if any(row.type == "bulk" for row in rows):
            return None, end
        return {orjson.loads(row.body)["case_no"] for row in rows if row.type == "case"}, end

    # Sources

    def sources(self) -> list[SourceState]:
        """The state of every source that was ever read."""
        return list(self._sources)

    @cached_property
    def _sources(self) -> list[SourceState]:
        rows = self._connection.execute(sa.select(source_state).order_by(source_state.c.name))
        return [SourceState(**row._mapping) for row in rows]

    def source_log(self) -> SourceLog | None:
        """What was refused, by source. For the whole centre only, else None: rows name no grid."""
        return SourceLog(self._connection) if self.scope.path == ROOT else None

    def _inside(self, path: str) -> sa.ColumnElement[bool]:
        if not self.scope.covers(path):
            return sa.false()
        # Everything is under the root: a condition would only lead the planner to an index that helps nobody.
        return sa.true() if path == ROOT else under(cases.c.path, path)

    def _one_grid(self, where: sa.ColumnElement[bool]) -> GridRow | None:
        rows = self._grids(sa.and_(where, self.scope.rows(grid.c.path)))
        return rows[0] if rows else None

    def _grids(self, where: sa.ColumnElement[bool]) -> list[GridRow]:
        chosen = sa.select(*_GRID_COLUMNS).where(self._standing, where).order_by(grid.c.path)
        return [GridRow(*row) for row in self._connection.execute(chosen)]


def _within(span: Sequence[datetime]) -> sa.ColumnElement[bool]:
    """SQL: reported within [since, until), where a span is given."""
    if not span:
        return sa.true()
    since, until = span
    return sa.and_(cases.c.reported_at >= since, cases.c.reported_at < until)


def _newest_of(wanted: sa.ColumnElement[bool], limit: int) -> sa.ColumnElement[bool]:
    """SQL: one of the `limit` cases that were reported last of those that are wanted, all of which are looked at."""
    own = sa.select(cases.c.id, cases.c.reported_at).where(wanted).cte("own").prefix_with("MATERIALIZED")
    newest = sa.select(own.c.id).order_by(own.c.reported_at.desc(), own.c.id.desc()).limit(limit)
    return cases.c.id.in_(newest)


def valid_on(day: date) -> sa.ColumnElement[bool]:
    """SQL: the version of a grid that was valid on `day`; its first day is in, its last day not."""
    begun = sa.or_(grid.c.valid_from.is_(None), grid.c.valid_from <= day)
    return sa.and_(begun, sa.or_(grid.c.valid_to.is_(None), grid.c.valid_to > day))


def _unfinished() -> sa.ColumnElement[bool]:
    # Literals, so that the partial index of just these rows is recognised.
    waiting = [cases.c.state == sa.literal_column(f"'{state}'") for state in ("REPORTED", "REGISTERED")]
    return sa.or_(cases.c.is_open, *waiting)


def visible_item(row: Any, scope: Scope) -> dict[str, Any] | None:
    """What a scope may see of one row of the change log, ready for the wire.

    What left the scope shows only that it is gone; grid codes above the scope are cut off.
    """
    head = {
        "seq": row.seq,
        "type": row.type,
        "accepted_at": row.accepted_at.isoformat(timespec="milliseconds"),
    }
    if row.type == "canary":  # says nothing, so that everyone may see it
        return head
    if row.type == walls.TYPE:  # its path is its sender's; whom it reaches is a question of its own
        order = walls.visible_order(orjson.loads(row.body), scope)
        return None if order is None else head | order
    if row.type == "bulk":
        return head | {"kind": orjson.loads(row.body)["kind"]}
    if scope.covers(row.path):
        body = orjson.loads(row.body)
        if "paths" in body:
            body["paths"] = body["paths"][len(scope.path) // STEP - 1 :]
        seen: dict[str, Any] = head | body
        return seen
    if row.path_before is not None and scope.covers(row.path_before):
        body = orjson.loads(row.body)
        return head | {name: body[name] for name in _NAMES if name in body} | {"removed": True}
    return None
