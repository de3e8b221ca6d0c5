"""The rows behind a figure: which cases, grids or video points a sum of counts has counted, and how often each.

A row is judged by the very functions that counted it (`contributions`), so the list and the figure cannot differ; SQL
only narrows down which rows are looked at. A case may count twice, closed twice over or with two whistles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data_adapters.ledger import contributions
from data_adapters.ledger.contributions import DAY_0
from data_adapters.ledger.lanes import Lane, lanes, parse, parse_sum, position
from data_adapters.ledger.scope import PAST_EVERY_STEP, STEP, depth, under
from data_adapters.ledger.tables import cases, grid, last_report, tally, video_point
from data_adapters.records import dictionary, life

Terms = Sequence[tuple[int, str]]
#: What changes the open stock, and which way.
STOCK = {"accepted": 1, "reopened": 1, "closed": -1, "left": -1}
_HAZARDS = {"hazard_found": 1, "hazard_closed": -1, "hazard_left": -1}
#: Rows looked at for one page: where hardly any counts, a page ends early, with where the next begins.
MOST_LOOKED = 20_000
#: Rows looked at in one go.
_MOST = 2_000
#: Of grids: see `grid_conditions`. Of key sites: names.
_SITES = ("key_sites", "key_sites.covered")


@dataclass(frozen=True, slots=True)
class Asked:
    """A grid and period. ``last``: the last day that counts; ``censored``: open ones count for K12;
    ``whole``: the period reaches today, so its end is now.
    """

    path: str
    first: int
    last: int
    whole: bool
    censored: bool
    ahead_days: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """``rows``: (row, how often it counts). ``next``: where the following page begins; None: there is none."""

    rows: list[tuple[Any, int]]
    next: str | None


def _page(rows: list[tuple[Any, int]], limit: int) -> Page:
    full = len(rows) == limit
    return Page(rows, position(0, [rows[-1][0].path, rows[-1][0].id]) if full else None)


def kind_of(terms: Terms) -> str | None:
    """What a sum of counts lists: ``case``, ``grid``, ``video_point``, ``key_site``; None where it has no rows."""
    kinds = {_kind(name) for _, name in terms}
    return kinds.pop() if len(kinds) == 1 else None


def _kind(name: str) -> str | None:
    if name in _SITES:
        return "key_site"
    if name.startswith("video_s.") or name in {"population", "area_m2", "grids.staff"}:
        return None
    if name.startswith("video"):
        return "video_point"
    return "grid" if name.startswith("grids") else "case"


class Behind:
    """The rows of one snapshot. Paths must have been checked against the viewer's scope already."""

    def __init__(self, connection: sa.Connection, zone: ZoneInfo, rollup_depth: int) -> None:
        self._connection = connection
        self._zone = zone
        self._rollup_depth = rollup_depth

    def rows(
        self,
        terms: Terms,
        asked: Asked,
        after: str,
        limit: int,
        less: Terms = (),
        total: int | None = None,
    ) -> Page:
        """At most `limit` rows after the position `after` ("": from the first), and where that is, if there may be
        more. ``less``: taken away, such as the numerator's from the denominator's: what is left is what did not make
        it. ``total``: what the whole list adds up to, where none of its rows takes away: once that is reached nobody
        looks further. Raises `BadPosition`.
        """
        if total == 0:
            return Page([], None)
        every = (*terms, *((-sign, name) for sign, name in less))
        kind = kind_of(every)
        if kind == "case":
            return self._cases(every, asked, after, limit, total)
        if kind == "video_point":
            return self._points(every, asked, after, limit)
        if kind == "key_site":
            return self._sites(every, asked, after, limit)
        return self._grids(every, asked, after, limit) if kind == "grid" else Page([], None)

    def _cases(self, terms: Terms, asked: Asked, after: str, limit: int, total: int | None) -> Page:
        found: list[tuple[Any, int]] = []
        every = self.lanes(terms, asked)
        looked = 0
        begin, last, seen = parse_sum(after, [lane.order for lane in every])
        # Those of a township or less are read by its path, all of them.
        small = depth(asked.path) >= max(self._rollup_depth, 1)
        for number, lane in enumerate(every[begin:], start=begin):
            others = [~one.holds for one in every[:number]]
            size = limit
            while True:
                page = self._connection.execute(lane.page(asked.path, small, last, size, *others)).all()
                for row in page:
                    n = self._times(row, terms, asked)
                    last = [getattr(row, column.name) for column in lane.order]
                    if n:
                        found.append((row, n))
                        seen += n
                        if total is not None and seen >= total:
                            return Page(found, None)
                        if len(found) == limit:
                            return Page(found, position(number, [*last, seen]))
                if len(page) < size:
                    break
                looked += len(page)
                if looked >= MOST_LOOKED:
                    return Page(found, position(number, [*last, seen]))
                size = min(2 * size, _MOST)
            last = []
        return Page(found, None)

    def lanes(self, terms: Terms, asked: Asked) -> list[Lane]:
        """Where every case that may count is found."""
        start, end = self._start(asked.first), self._start(asked.last + 1)
        ahead = self._start(asked.first - asked.ahead_days)
        return lanes([name for _, name in terms], start, end, ahead, asked.now)

    def _times(self, row: Any, terms: Terms, asked: Asked) -> int:
        counted = counts_of(row, asked, self._zone)
        return sum(sign * counted[name] for sign, name in terms)

    def _points(self, terms: Terms, asked: Asked, after: str, limit: int) -> Page:
        conditions = point_conditions()
        held = [sa.case((conditions[name], sign), else_=0) for sign, name in terms]
        order = (video_point.c.path, video_point.c.id)
        chosen = sa.select(video_point).where(
            self._after(order, asked.path, after), video_point.c.secrecy == 0, sum(held[1:], held[0]) != 0
        )
        found = []
        for row in self._connection.execute(chosen.order_by(*order).limit(limit)):
            names = set(contributions.point_gauges(row))
            found.append((row, sum(sign for sign, name in terms if name in names)))
        return _page(found, limit)

    def _grids(self, terms: Terms, asked: Asked, after: str, limit: int) -> Page:
        since, until = self._start(asked.first), self._start(asked.last + 1)
        span = Span(asked.first, asked.last, since, until)
        conditions = grid_conditions(span, self._rollup_depth, lambda column: under(column, asked.path))
        held = [sa.case((conditions[name], sign), else_=0) for sign, name in terms]
        times = sum(held[1:], held[0]).label("times")
        order = (grid.c.path, grid.c.id)
        where = (grid.c.current, self._after(order, asked.path, after), times != 0)
        rows = self._connection.execute(sa.select(grid, times).where(*where).order_by(*order).limit(limit))
        return _page([(row, int(row.times)) for row in rows], limit)

    def _after(self, order: Sequence[sa.Column[Any]], path: str, after: str) -> sa.ColumnElement[bool]:
        _, last = parse(after, [order])
        if not last:
            return under(order[0], path)
        values = sa.tuple_(*(sa.literal(value, key.type) for value, key in zip(last, order, strict=True)))
        return sa.and_(sa.tuple_(*order) > values, order[0] < path + PAST_EVERY_STEP)

    def _sites(self, terms: Terms, asked: Asked, after: str, limit: int) -> Page:
        """Key sites have no id of their own: that of the first point that names one stands for it."""
        linked = sa.func.max(sa.case((video_point.c.networked.is_not(sa.false()), 1), else_=0))
        first = sa.func.min(video_point.c.id).label("id")
        where = (
            video_point.c.key_site.is_not(None),
            video_point.c.secrecy == 0,
            under(video_point.c.path, asked.path),
        )
        _, last = parse(after, [[video_point.c.id]])
        chosen = sa.select(first, video_point.c.key_site, linked.label("covered")).where(*where)
        rows = self._connection.execute(chosen.group_by(video_point.c.key_site).order_by(first))
        found: list[tuple[Any, int]] = []
        for row in rows:
            n = sum(sign for sign, name in terms if name == "key_sites" or row.covered)
            if n and row.id > (last[0] if last else 0):
                found.append((row, n))
        full = len(found) > limit
        return Page(found[:limit], position(0, [found[limit - 1][0].id]) if full else None)

    def _start(self, day: int) -> datetime:
        return datetime.combine(DAY_0 + timedelta(days=day), time(), self._zone)


@dataclass(frozen=True, slots=True)
class Span:
    """Local days `first` to `last`, and the times [`since`, `until`) that they are; or parameters for them."""

    first: int | sa.BindParameter[int]
    last: int | sa.BindParameter[int]
    since: datetime | sa.BindParameter[Any]
    until: datetime | sa.BindParameter[Any]


def has_reported(
    span: Span, rollup_depth: int, inside: Callable[[sa.Column[str]], sa.ColumnElement[bool]]
) -> sa.ColumnElement[bool]:
    """SQL that a case was reported in a grid within the `span` that still stands; ``inside``: which paths are asked of.

    Where a grid has a tally its last report tells; where that came after the span, the tally.
    """
    told = sa.and_(
        tally.c.path == grid.c.path,
        tally.c.day.between(span.first, span.last),
        tally.c.reported > tally.c.reported_void,
    )
    known = sa.select(last_report.c.path).where(inside(last_report.c.path))
    lately = known.where(last_report.c.day.between(span.first, span.last))
    later = known.where(last_report.c.day > span.last)
    counted = sa.or_(grid.c.path.in_(lately), sa.and_(grid.c.path.in_(later), sa.exists().where(told)))
    found = sa.exists().where(
        cases.c.path == grid.c.path,
        cases.c.reported_at >= span.since,
        cases.c.reported_at < span.until,
        cases.c.state.not_in(life.VOID),
    )
    rolled_up = sa.func.length(grid.c.path) <= (rollup_depth + 1) * STEP
    return sa.or_(sa.and_(rolled_up, counted), sa.and_(~rolled_up, found))


def is_lowest(inside: Callable[[sa.Column[str]], sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    """SQL that there is no current grid below a grid; ``inside``: which paths are asked of."""
    return grid.c.path.not_in(sa.select(grid.c.parent_path).where(grid.c.current, inside(grid.c.parent_path)))


def grid_conditions(
    span: Span, rollup_depth: int, inside: Callable[[sa.Column[str]], sa.ColumnElement[bool]]
) -> dict[str, sa.ColumnElement[bool]]:
    """name -> SQL that a current grid counts under it; see `has_reported`."""
    lowest, reported = is_lowest(inside), has_reported(span, rollup_depth, inside)
    said = sa.or_(grid.c.staff_count.is_not(None), grid.c.staff_required.is_not(None))
    return {
        "grids": sa.true(),
        "grids.lowest": lowest,
        "grids.reported": sa.and_(lowest, reported),
        "grids.staff_known": said,
        "grids.unstated": ~said,
        "grids.staffed": sa.func.coalesce(grid.c.staff_count, 0) > 0,
        "grids.party_known": grid.c.has_party_group.is_not(None),
        "grids.party": sa.func.coalesce(grid.c.has_party_group, sa.false()),
    }


@cache
def point_conditions() -> dict[str, sa.ColumnElement[bool]]:
    """name -> SQL that a video point that is not secret counts under it: `contributions.point_gauges`, for a list."""
    table = video_point.c
    said = {name: sa.func.coalesce(table[name], sa.false()) for name in ("integrated", "should_network")}
    networked = sa.func.coalesce(table.networked, sa.true())
    on = table.status == "ON"
    told = [table.name != "", table.lon.is_not(None), table.point_class != ""]
    upkeep = sa.func.coalesce(table.status_cause == "MAINTENANCE", sa.false())
    linked = sa.func.coalesce(table.networked, sa.false())
    conditions = {
        "video": sa.true(),
        "video.filed": sa.func.coalesce(sa.and_(*told), sa.false()),
        "video.integrated": said["integrated"],
        "video.should_network": said["should_network"],
        "video.should_network.networked": sa.and_(said["should_network"], linked),
        "video.networked": networked,
        "video.on": sa.and_(networked, on),
        "video.maintenance": sa.and_(networked, ~on, upkeep),
    }
    return conditions | {
        f"video.{status}": table.status == status for status in dictionary.VIDEO_STATUS if status != "ON"
    }


#: Measures of which each bucket is a count of its own; of others the bucket is a span or nothing.
_BY_BUCKET = frozenset({"agreed", "transferred_to"})


def counts_of(row: Any, asked: Asked, zone: ZoneInfo) -> Counter[str]:
    """Every count that one case is in for a grid and period, by name."""
    found: Counter[str] = Counter()
    ended = 0
    for day, measure in contributions.flows(row, zone):
        if asked.first <= day <= asked.last:
            found[measure] += 1
        if measure in STOCK:
            found["opening"] += STOCK[measure] if day < asked.first else 0
            ended += STOCK[measure] if day <= asked.last else 0
        if measure == "closed" and asked.first - asked.ahead_days <= day < asked.first:
            found["closed_ahead"] += 1
    for name, day in _rare(row, zone):
        if asked.first <= day <= asked.last:
            found[name] += 1
        if name in _HAZARDS and day < asked.first:
            found["hazards_before"] += _HAZARDS[name]
    found.update(contributions.gauges(row))
    found["closing"] = found["open"] if asked.whole else ended
    found["open_censored"] = found["accepted_open"] if asked.censored else 0
    if row.is_open and row.state != "SUSPENDED" and row.due_at is not None and row.due_at < asked.now:
        found["overdue"] = 1
        day = contributions.local_day(row.due_at, zone)
        today = contributions.local_day(asked.now, zone)
        last = today if asked.whole else asked.last
        found["overdue_in_period"] = int(asked.first <= day <= last)
    return found


def _rare(row: Any, zone: ZoneInfo) -> Iterator[tuple[str, int]]:
    for day, measure, bucket in contributions.spreads(row, zone):
        if measure == "handle":
            yield "handled", day
        elif measure in _BY_BUCKET and bucket:
            yield f"{measure}.{bucket}", day
        else:
            yield measure, day
