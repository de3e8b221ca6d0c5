"""What the counts ask of the database, each statement made once: making one costs more than the answer does.

Parameters: ``path`` and ``past`` bound a subtree (`within`), ``first`` and ``last`` are local days, ``since``,
``until`` and ``now`` times.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import sqlalchemy as sa

from data_adapters.ledger import contributions
from data_adapters.ledger.behind import STOCK, Span, grid_conditions, has_reported, is_lowest
from data_adapters.ledger.scope import PAST_EVERY_STEP
from data_adapters.ledger.tables import cases, gauge, grid, spread, tally, video_day, video_point

_ABSENT = sa.func.coalesce
#: The flows that are asked for over every day before another: an opening stock, and how many there ever were.
EARLIER = ("reported", *STOCK)


def _sums(names: Iterable[str]) -> list[sa.Label[int]]:
    return [_ABSENT(sa.func.sum(tally.c[name]), 0).label(name) for name in names]


SUMS = _sums(contributions.FLOWS)


def within(path: str) -> dict[str, str]:
    """The parameters that bound the subtree of `path`."""
    return {"path": path, "past": path + PAST_EVERY_STEP}


def _under(column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return sa.and_(column >= sa.bindparam("path"), column < sa.bindparam("past"))


def _days(column: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    return column.between(sa.bindparam("first"), sa.bindparam("last"))


#: Every flow of one grid over some days.
FLOWS = sa.select(*SUMS).where(tally.c.path == sa.bindparam("path"), _days(tally.c.day))
#: The flows of `EARLIER` of one grid on every day before one.
BEFORE = sa.select(*_sums(EARLIER)).where(tally.c.path == sa.bindparam("path"), _days(tally.c.day))
#: (day, every flow of it) of one grid over some days.
DAYS = sa.select(tally.c.day, *(tally.c[name] for name in contributions.FLOWS)).where(
    tally.c.path == sa.bindparam("path"), _days(tally.c.day)
)


@cache
def days_of(measure: str) -> sa.Select[int, int]:
    """(day, one flow of it) of one grid over some days."""
    return sa.select(tally.c.day, tally.c[measure]).where(
        tally.c.path == sa.bindparam("path"), _days(tally.c.day)
    )


#: The children of the grid at ``parent``, by their own keys: a range over the subtree would read every grid's days.
CHILDREN = sa.select(grid.c.path).where(grid.c.parent_path == sa.bindparam("parent"), grid.c.current)
#: (path, every flow) of each child over some days.
CHILD_FLOWS = (
    sa.select(tally.c.path, *SUMS)
    .where(tally.c.path.in_(CHILDREN), _days(tally.c.day))
    .group_by(tally.c.path)
)
#: (path, the flows of `EARLIER`) of each child on every day before one.
CHILD_BEFORE = (
    sa.select(tally.c.path, *_sums(EARLIER))
    .where(tally.c.path.in_(CHILDREN), _days(tally.c.day))
    .group_by(tally.c.path)
)
#: How many of those accepted on a day are open.
WAITING = sa.select(tally.c.day, tally.c.accepted_open).where(
    tally.c.path == sa.bindparam("path"), _days(tally.c.day), tally.c.accepted_open != 0
)
#: The stocks of one grid.
STOCKS = sa.select(gauge.c.measure, gauge.c.n).where(gauge.c.path == sa.bindparam("path"))
#: How many of one grid's durations fell into which bucket.
SPANS = (
    sa.select(spread.c.bucket, sa.func.sum(spread.c.n).label("n"))
    .where(
        spread.c.path == sa.bindparam("path"),
        spread.c.measure == sa.bindparam("measure"),
        _days(spread.c.day),
    )
    .group_by(spread.c.bucket)
)


@cache
def rare(measures: tuple[str, ...]) -> sa.Select[Any]:
    """(measure, bucket, how many) of one grid over some days."""
    # Constants, the grid too: of parameters a planner must think that they are as frequent as any others, and goes
    # through every span of the county.
    path = sa.bindparam("path", type_=sa.String, literal_execute=True)
    named: list[sa.ColumnElement[str]] = [sa.literal_column(f"'{measure}'") for measure in measures]
    return (
        sa.select(spread.c.measure, spread.c.bucket, sa.func.sum(spread.c.n))
        .where(spread.c.path == path, spread.c.measure.in_(named), _days(spread.c.day))
        .group_by(spread.c.measure, spread.c.bucket)
    )


def video_columns(first_day: int | sa.BindParameter[int]) -> list[sa.Label[Any]]:
    """The columns of `Counts.video_sums` over rows of `video_day`, of a period that begins on `first_day`."""
    inside, table = video_day.c.day >= first_day, video_day.c
    sums: dict[str, sa.ColumnElement[Any]] = {"restored": sa.case((inside, table.restored), else_=0)}
    for name in ("online", "expected"):
        sums[f"{name}_before"] = sa.case((inside, 0), else_=table[name])
        sums[name] = sa.case((inside, table[name]), else_=0)
        sums[f"{name}_days"] = sa.case((inside, table[name] * table.day), else_=0)
        sums[f"{name}_s"] = sa.case((inside, table[f"{name}_s"]), else_=0)
    return [_ABSENT(sa.func.sum(value), 0).label(name) for name, value in sums.items()]


#: The seconds of one grid's video points.
VIDEO = sa.select(*video_columns(sa.bindparam("first", type_=sa.Integer))).where(
    video_day.c.path == sa.bindparam("path"), video_day.c.day <= sa.bindparam("last")
)
# Of the next two the path is hidden from the planner, which would go through every open case of the grid: few have a
# turn to come, and few were due today.
#: Open cases whose due time has passed since their light was last looked at.
TURNED_LATE = sa.select(sa.func.count()).where(
    cases.c.turn_at <= sa.bindparam("now"),
    cases.c.due_at < sa.bindparam("now"),
    _under(cases.c.path.concat("")),
)
_due_since = sa.and_(
    cases.c.is_open,
    cases.c.due_at >= sa.bindparam("since"),
    cases.c.due_at < sa.bindparam("now"),
    cases.c.state != "SUSPENDED",
)
#: Open cases, not suspended, that were due within a time.
LATE_SINCE = sa.select(sa.func.count()).where(_due_since, _under(cases.c.path.concat("")))
#: The paths of both, each case once.
TURNED_LATE_PATHS = TURNED_LATE.with_only_columns(cases.c.path)
LATE_SINCE_PATHS = LATE_SINCE.with_only_columns(cases.c.path)
_linked = sa.case((video_point.c.networked.is_not(sa.false()), video_point.c.key_site))
#: (key sites with a point in the network, key sites).
KEY_SITES = sa.select(
    sa.func.count(_linked.distinct()), sa.func.count(video_point.c.key_site.distinct())
).where(video_point.c.key_site.is_not(None), video_point.c.secrecy == 0, _under(video_point.c.path))
#: (level, grid staff) of the levels that say it, the lowest first.
STAFF = (
    sa.select(grid.c.level, sa.func.sum(grid.c.staff_count).label("n"))
    .where(grid.c.current, _under(grid.c.path), grid.c.staff_count.is_not(None))
    .group_by(grid.c.level)
    .order_by(grid.c.level.desc())
)


_first, _last = (sa.bindparam(name, type_=sa.Integer) for name in ("first", "last"))
_SPAN = Span(_first, _last, sa.bindparam("since"), sa.bindparam("until"))
_manned = grid_conditions(_SPAN, 0, _under)
#: How many current grids there are, and how many count under each of these names (`behind.grid_conditions`).
MANNING = sa.select(
    *(
        sa.func.count(sa.case((_manned[name], 1))).label(name)
        for name in ("grids", "grids.staff_known", "grids.staffed", "grids.party_known", "grids.party")
    )
).where(grid.c.current, _under(grid.c.path))


@cache
def reporting(rollup_depth: int) -> sa.Select[int, int]:
    """(grids that reported, grids) of the lowest ones: which they are is asked once, not for each of the two."""
    reported = sa.func.count(sa.case((has_reported(_SPAN, rollup_depth, _under), 1)))
    lowest = is_lowest(_under)
    return sa.select(reported, sa.func.count()).where(grid.c.current, _under(grid.c.path), lowest)
