"""In which order the rows behind a figure are looked at, so that a page costs a page however many rows there are.

A lane is a part of the cases that may count, in the order of an index: by the time that makes them count, the newest
first, or by their place. What an earlier lane holds is in no later one. Where somebody has stopped is told by a text:
the number of the lane and the values it is ordered by, of the last row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from data_adapters.ledger.contributions import GRAVE
from data_adapters.ledger.scope import PAST_EVERY_STEP, ROOT, under
from data_adapters.ledger.tables import cases
from data_adapters.ledger.types import Instant, from_milliseconds, to_milliseconds
from data_adapters.records import life
from data_adapters.records.time_limit import LONGEST_STEP

#: The times of a case one of which lies in the period where it counts; by the beginning of the measure's name.
_TIMES = {
    "reported": ("reported_at",),
    "fresh": ("reported_at",),
    "backfilled": ("reported_at",),
    "accepted": ("accepted_at",),
    "major": ("accepted_at",),
    "handled": ("accepted_at",),
    "assigned": ("assigned_at",),
    "returned": ("assigned_at",),
    "closed": ("closed_at", "closed_before_at"),
    "succeeded": ("resolved_at", "left_at"),
    "failed": ("resolved_at", "left_at"),
    "resolved": ("resolved_at", "left_at"),
    "left": ("left_at",),
    "transferred": ("left_at",),
    "rejected": ("left_at",),
    "reopened": ("reopened_at",),
    "followed": ("followed_up_at",),
    "answered": ("followed_up_at",),
    "satisfied": ("followed_up_at",),
    "decision": ("decide_by",),
    "sign": ("sign_by",),
    "follow": ("follow_by",),
    "agreed": ("agreed_at",),
    "ruled": ("ruled_at",),
    "due_open": ("due_at",),
    "due_closed": ("closed_at",),
} | dict.fromkeys(
    ("finished", "joint", "origin", "one", "loop", "looped", "on", "visits", "visited"), ("closed_at",)
)
#: The end of a limit that has no index of its own -> the time that it runs from.
_RUNS_FROM = {"decide_by": "reported_at", "sign_by": "assigned_at", "follow_by": "closed_at"}
_IS_GRAVE = cases.c.grade.in_(sorted(GRAVE))
#: What a case must be to count under a name at all: looked at in the database, or hardly any of a month's would count.
_NEEDED: dict[str, sa.ColumnElement[bool]] = {
    "succeeded": cases.c.outcome == "SUCCESS",
    "failed": cases.c.outcome == "FAIL",
    "resolved_village": cases.c.resolved_level.in_(("grid", "village")),
    "resolved_township": cases.c.resolved_level == "township",
    "resolved_county": cases.c.resolved_level == "county",
    "resolved_above": cases.c.resolved_level == "above",
    "joint": sa.or_(cases.c.whistles.is_not(None), cases.c.orgs >= 2),
    "origin_local": cases.c.origin_level.in_(("grid", "village")),
    "one_grid": cases.c.resolved_level == cases.c.origin_level,
    "loop_known": cases.c.looped.is_not(None),
    "looped": cases.c.looped,
    "returned": cases.c.returned_at.is_not(None),
    "rejected": cases.c.state == "NOT_ACCEPTED",
    "transferred": cases.c.state == "TRANSFERRED",
    "reported_void": cases.c.state.in_(sorted(life.VOID)),
    "accepted_void": cases.c.state.in_(sorted(life.VOID)),
    "reported_invalid": cases.c.invalid,
    "accepted_open": cases.c.is_open,
    "major": _IS_GRAVE,
    "major_led": _IS_GRAVE,
    "major_led_closed": _IS_GRAVE,
    "visits_known": cases.c.visit_count.is_not(None),
    "visited_once": cases.c.visit_count <= 1,
}
#: A stock is of those open now and of those to whom one of these has happened since.
_MOVES = ("closed_at", "left_at", "closed_before_at", "reopened_at", "accepted_at")


class BadPosition(ValueError):
    """A text that no page has ended with."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Cases under `where` whose first column of `order` is from `low` to `high`, in that order, or the other way."""

    order: tuple[sa.Column[Any], ...]
    where: sa.ColumnElement[bool]
    low: datetime | None = None
    high: datetime | None = None
    newest: bool = False

    @property
    def holds(self) -> sa.ColumnElement[bool]:
        """SQL, never NULL: whether a case is in this lane."""
        return sa.func.coalesce(self._inside(self.order[0], self.low, self.high), sa.false())

    def page(
        self, path: str, small: bool, last: Sequence[Any], limit: int, *others: sa.ColumnElement[bool]
    ) -> sa.Select[Any]:
        """At most `limit` of the cases under `path`, after those values. ``small``: its cases are quickly read."""
        by_place = self.order[0] is cases.c.path
        first: sa.ColumnElement[Any] = self.order[0]
        place: sa.ColumnElement[str] = cases.c.path
        # What is no good guide is hidden from the planner: a large grid's path, a small one's times.
        if small and not by_place:
            first = first.op("+")(sa.literal_column("0"))
        elif not by_place:
            place = place.concat("")
        low, high, where = self.low, self.high, [*others]
        if last:
            # In place of the end that has been passed: of two ends the planner may take either.
            low, high = (low, None) if self.newest else (None, high)
            values = [sa.literal(value, key.type) for value, key in zip(last, self.order, strict=True)]
            here, there = sa.tuple_(first, *self.order[1:]), sa.tuple_(*values)
            where.append(here < there if self.newest else here > there)
        if by_place and last:
            where.append(place < path + PAST_EVERY_STEP)
        elif by_place or path != ROOT:
            where.append(under(place, path))
        where.append(self._inside(first, low, high))
        by = [column.desc() if self.newest else column for column in self.order]
        if small and not by_place:
            names = dict.fromkeys(["id", *(column.name for column in self.order)])
            own = sa.select(*(cases.c[name] for name in names)).where(*where).cte("own")
            own = own.prefix_with("MATERIALIZED")
            first_of = [own.c[column.name] for column in self.order]
            ordered = [column.desc() if self.newest else column for column in first_of]
            chosen = sa.select(own.c.id).order_by(*ordered).limit(limit)
            return sa.select(cases).where(cases.c.id.in_(chosen)).order_by(*by)
        return sa.select(cases).where(*where).order_by(*by).limit(limit)

    def _inside(
        self, first: sa.ColumnElement[Any], low: datetime | None, high: datetime | None
    ) -> sa.ColumnElement[bool]:
        ends = [] if low is None else [first >= low]
        ends += [] if high is None else [first <= high]
        return sa.and_(self.where, *ends)


def times_of(name: str) -> tuple[str, ...]:
    """The times of a case one of which lies in the period where a count of this name counts it; () of stocks."""
    return _TIMES.get(name) or _TIMES.get(name.replace(".", "_").split("_", maxsplit=1)[0], ())


def lanes(names: Sequence[str], start: datetime, end: datetime, ahead: datetime, now: datetime) -> list[Lane]:
    """Every case that may count under one of `names` from `start` to `end`; ``ahead``: where `closed_ahead` begins."""
    found: dict[Any, Lane] = {}
    needed: dict[Any, list[sa.ColumnElement[bool] | None]] = {}
    for name in names:
        if name.startswith(("whistle", "arrive")):
            found["whistle"] = _newest("reported_at", cases.c.whistles.is_not(None))
        elif name == "closed_ahead":
            ahead_of = _between(("closed_at", "closed_before_at"), ahead, start)
            found |= ahead_of
            needed |= {key: [None] for key in ahead_of}
        elif name in {"opening", "closing"}:
            found |= _stock(start if name == "opening" else end)
        elif name.startswith("hazard"):
            found["hazard"] = _newest("reported_at", cases.c.kind == sa.literal_column("'HAZARD'"))
        elif name.startswith("edge."):
            edge = cases.c.edge == name.split(".")[1]
            found[name] = _by_place(sa.and_(edge, cases.c.edge.is_not(None)))
        elif name == "unplaced":
            order = (cases.c.path, cases.c.reported_at, cases.c.id)
            found[name] = Lane(order, ~cases.c.placed)
        elif name.startswith("overdue"):
            found["overdue"] = Lane((cases.c.due_at, cases.c.id), cases.c.is_open, high=now)
        elif name.startswith("open"):
            found["open"] = _by_place(cases.c.is_open)
        else:
            mine = _between(times_of(name), start, end)
            for key in mine:
                needed.setdefault(key, []).append(_NEEDED.get(name))
            found |= {key: lane for key, lane in mine.items() if key not in found}
    return [_narrowed(lane, needed.get(key, [None])) for key, lane in found.items()]


def _narrowed(lane: Lane, needed: Sequence[sa.ColumnElement[bool] | None]) -> Lane:
    """A lane of what any of the names in it may count; None: whatever it is."""
    told = [one for one in needed if one is not None]
    return lane if len(told) < len(needed) else replace(lane, where=sa.and_(lane.where, sa.or_(*told)))


def _between(columns: Sequence[str], start: datetime, end: datetime) -> dict[Any, Lane]:
    found = {}
    for name in columns:
        if name == "due_at":
            found[name, start, end] = _newest(name, cases.c.is_open, start, end)
        elif (base := _RUNS_FROM.get(name)) is not None:
            inside = cases.c[name].between(start, end)
            found[name, start, end] = _newest(base, inside, start - LONGEST_STEP, end)
        else:
            found[name, start, end] = _newest(name, sa.true(), start, end)
    return found


def _newest(
    name: str, where: sa.ColumnElement[bool], low: datetime | None = None, high: datetime | None = None
) -> Lane:
    return Lane((cases.c[name], cases.c.id), where, low, high, newest=True)


def _by_place(where: sa.ColumnElement[bool]) -> Lane:
    return Lane((cases.c.path, cases.c.id), where)


def _stock(until: datetime) -> dict[Any, Lane]:
    """What was in the stock at `until`: one is in it no more once all that has moved it lies before."""
    # Closed before it was accepted, as some sources tell it, is a stock of -1 until then; reopened before, one of 1.
    names = ("accepted_at", "reopened_at", "closed_at", "closed_before_at", "left_at")
    there = sa.and_(sa.or_(*(cases.c[name] < until for name in names)), ~_settled(until))
    since = {(name, "since", until): Lane((cases.c[name], cases.c.id), there, low=until) for name in _MOVES}
    return {("open", until): _by_place(sa.and_(cases.c.is_open, there))} | since


def _settled(until: datetime) -> sa.ColumnElement[bool]:
    """SQL, never NULL: accepted and concluded before `until`, so in no stock from then on; nearly all cases are."""

    def before(name: str) -> sa.ColumnElement[bool]:
        return sa.func.coalesce(cases.c[name] < until, sa.false())

    closed = sa.and_(cases.c.state.in_(life.CLOSED), before("closed_at"))
    left = sa.and_(cases.c.state.in_(life.LEFT), before("left_at"))
    again = sa.and_(before("reopened_at"), before("closed_before_at"))
    never = sa.or_(cases.c.reopened_at.is_(None), cases.c.closed_before_at.is_(None))
    return sa.and_(before("accepted_at"), sa.or_(closed, left), sa.or_(never, again))


def position(number: int, values: Sequence[Any]) -> str:
    """Where a page has ended."""
    told = [str(to_milliseconds(v) if isinstance(v, datetime) else v) for v in values]
    return "-".join([str(number), *told])


def parse(text: str, orders: Sequence[Sequence[sa.Column[Any]]]) -> tuple[int, list[Any]]:
    """(number of the lane, values of the columns it is ordered by). Raises `BadPosition`."""
    if not text:
        return 0, []
    head, *values = text.split("-")
    try:
        number = int(head)
        told = zip(orders[number], values, strict=True)
        return number, [_value(column, value) for column, value in told]
    except (ValueError, IndexError, OverflowError):
        raise BadPosition(text) from None


def parse_sum(text: str, orders: Sequence[Sequence[sa.Column[Any]]]) -> tuple[int, list[Any], int]:
    """`parse`, and what the rows so far add up to, which stands last."""
    if not text:
        return 0, [], 0
    body, _, total = text.rpartition("-")
    if not body or not total.isascii() or not total.isdigit():
        raise BadPosition(text)
    return (*parse(body, orders), int(total))


def _value(column: sa.Column[Any], text: str) -> Any:
    if isinstance(column.type, Instant):
        return from_milliseconds(int(text))
    return int(text) if isinstance(column.type, sa.Integer) else text
