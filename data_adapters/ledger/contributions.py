"""What one case adds to the counts: the one place that says so, for rollups and for rows alike.

Flows belong to the local day of a stage; gauges hold while the case is open. A rollup is the sum of these
over a subtree, kept by adding `after` and taking `before` away in the write transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from data_adapters.ledger.display import display_category
from data_adapters.records import life, time_limit

#: Day-counted measures, in the order of the tally's columns (formulas: domain dictionary, section 3). The day is
#: that of the stage itself; measures that begin with ``reported_`` or ``accepted_`` belong to the day of the report
#: or of the acceptance (a cohort), and what was due to the day on which it was due.
FLOWS = (
    "reported",
    "accepted",
    "assigned",
    "closed",
    "due_closed",
    "on_time",
    "succeeded",
    "failed",
    "left",
    "followed",
    "answered",
    "satisfied",
    "rejected",
    "reopened",
    "transferred",
    "reported_void",
    "reported_succeeded",
    "reported_located",
    "reported_classified",
    "accepted_void",
    "accepted_closed",
    "accepted_succeeded",
    "decision_due",
    "decision_timely",
    "sign_due",
    "sign_timely",
    "returned",
    "follow_due",
    "follow_done",
    "resolved_village",
    "resolved_township",
    "resolved_county",
    "resolved_above",
    "visits_known",
    "visited_once",
)
#: Day 0 of the day numbers.
DAY_0 = date(1970, 1, 1)
_DAY_0 = DAY_0.toordinal()
#: Categories that say nothing: 分类完整率 counts the others.
UNCLASSIFIED = frozenset({"其它", "其他", "未分类"})
_DECISION_UNKNOWN = ("accepted_at_inferred", "decided_at_inferred")
#: A grid is part of its village's own ground (就地).
_RESOLVED = {
    "grid": "resolved_village",
    "village": "resolved_village",
    "township": "resolved_township",
    "county": "resolved_county",
    "above": "resolved_above",
}

#: The step of the closed loop (受理 分流 办理 办结 回访) a state belongs to.
STAGE = {
    "REPORTED": "ACCEPT",
    "REGISTERED": "ACCEPT",
    "ACCEPTED": "ACCEPT",
    "TRIAGED": "TRIAGE",
    "ASSIGNED": "TRIAGE",
    "RECEIVED": "HANDLE",
    "IN_PROGRESS": "HANDLE",
    "ESCALATED": "HANDLE",
    "SUSPENDED": "HANDLE",
    "RESOLVED": "CLOSE",
    "CLOSED": "CLOSE",
    "FOLLOW_UP": "FOLLOW",
    "ARCHIVED": "FOLLOW",
    "TRANSFERRED": "CLOSE",
    "MERGED": "CLOSE",
    "CANCELLED": "CLOSE",
    "NOT_ACCEPTED": "CLOSE",
}


class Counted(Protocol):
    """What of a case is counted: a row of `cases`, or anything with the same names."""

    state: str
    light: str
    category: str
    grade: str
    is_open: bool
    placed: bool
    quality: str
    reported_at: datetime
    accepted_at: datetime | None
    assigned_at: datetime | None
    received_at: datetime | None
    returned_at: datetime | None
    closed_at: datetime | None
    resolved_at: datetime | None
    left_at: datetime | None
    reopened_at: datetime | None
    closed_before_at: datetime | None
    followed_up_at: datetime | None
    due_at: datetime | None
    outcome: str | None
    satisfaction: str | None
    resolved_level: str | None
    visit_count: int | None


#: The columns of `Counted`, for a SELECT that needs no more.
COLUMNS = (
    "state light category grade is_open placed quality reported_at accepted_at assigned_at received_at returned_at "
    "closed_at resolved_at left_at reopened_at closed_before_at followed_up_at due_at outcome satisfaction "
    "resolved_level visit_count"
).split()


def local_day(value: datetime, zone: ZoneInfo) -> int:
    """The local day of an aware time, as days since 1970-01-01."""
    return value.astimezone(zone).toordinal() - _DAY_0


def flows(case: Counted, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    """(local day, measure) of every stage the case has passed, every limit that it has, and its cohorts."""
    yield from _cohorts(case, zone)
    if case.assigned_at is not None:
        assigned = local_day(case.assigned_at, zone)
        yield assigned, "assigned"
        if case.returned_at is not None:
            yield assigned, "returned"
    if case.state not in life.VOID:
        yield from _limits(case, zone)
        yield from _conclusion(case, zone)
    yield from _stock(case, zone)
    if case.followed_up_at is not None:
        day = local_day(case.followed_up_at, zone)
        yield day, "followed"
        if case.satisfaction not in {None, "NO_ANSWER"}:
            yield day, "answered"
            if case.satisfaction in {"VERY_SATISFIED", "SATISFIED"}:
                yield day, "satisfied"


def _cohorts(case: Counted, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    """The report and the acceptance, and what has become of those reported or accepted on that day."""
    void = case.state in life.VOID
    succeeded = case.outcome == "SUCCESS" and case.state not in life.BEFORE and not void
    reported = local_day(case.reported_at, zone)
    yield reported, "reported"
    if case.placed:
        yield reported, "reported_located"
    if case.category not in UNCLASSIFIED:
        yield reported, "reported_classified"
    if void:
        yield reported, "reported_void"
    if succeeded:
        yield reported, "reported_succeeded"
    if case.accepted_at is None:
        return
    accepted = local_day(case.accepted_at, zone)
    yield accepted, "accepted"
    if void:
        yield accepted, "accepted_void"
    if succeeded:
        yield accepted, "accepted_succeeded"
    if case.state in life.CLOSED:
        yield accepted, "accepted_closed"


def _limits(case: Counted, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    """What was due on which day, and whether it was done by then. Where the time is not known, it is not judged."""
    by = time_limit.accept_by(case.grade, case.reported_at, zone)
    decided = case.left_at if case.state == "NOT_ACCEPTED" else case.accepted_at
    if by is not None and not any(flag in case.quality for flag in _DECISION_UNKNOWN):
        yield by.toordinal() - _DAY_0, "decision_due"
        if decided is not None and local_day(decided, zone) <= by.toordinal() - _DAY_0:
            yield by.toordinal() - _DAY_0, "decision_timely"
    if case.assigned_at is not None and (case.received_at is not None or case.state == "ASSIGNED"):
        day = time_limit.sign_by(case.grade, case.assigned_at, zone).toordinal() - _DAY_0
        yield day, "sign_due"
        if case.received_at is not None and local_day(case.received_at, zone) <= day:
            yield day, "sign_timely"
    if case.closed_at is not None and case.state in life.CLOSED:
        day = local_day(case.closed_at, zone) + time_limit.FOLLOW_UP_DAYS
        yield day, "follow_due"
        if case.followed_up_at is not None:
            yield day, "follow_done"


def _conclusion(case: Counted, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    concluded = None if case.state in life.BEFORE else case.resolved_at or case.left_at
    if concluded is None or case.outcome not in {"SUCCESS", "FAIL"}:
        return
    day = local_day(concluded, zone)
    if case.outcome == "FAIL":
        yield day, "failed"
        return
    yield day, "succeeded"
    if case.resolved_level is not None:
        yield day, _RESOLVED[case.resolved_level]


def _stock(case: Counted, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    """What moves the open stock besides acceptance, and how what is closed was closed."""
    if case.reopened_at is not None and case.closed_before_at is not None:
        # The last closing that was undone stays where it was, so that the stock of past days does not change.
        yield local_day(case.closed_before_at, zone), "closed"
        yield local_day(case.reopened_at, zone), "reopened"
    if case.closed_at is not None and case.state in life.CLOSED:
        day = local_day(case.closed_at, zone)
        yield day, "closed"
        if case.due_at is not None:
            yield day, "due_closed"
            if case.closed_at <= case.due_at:
                yield day, "on_time"
        if case.visit_count is not None:
            yield day, "visits_known"
            if case.visit_count <= 1:
                yield day, "visited_once"
    elif case.left_at is not None and case.state in life.LEFT:
        day = local_day(case.left_at, zone)
        yield day, "left"
        if case.state == "TRANSFERRED":
            yield day, "transferred"
    elif case.left_at is not None and case.state == "NOT_ACCEPTED":
        yield local_day(case.left_at, zone), "rejected"


def gauges(case: Counted) -> Iterator[str]:
    """The stocks the case is in now."""
    if not case.placed:
        yield "unplaced"
    if case.is_open:
        yield "open"
        yield f"open.light.{case.light}"
        yield f"open.stage.{STAGE[case.state]}"
        yield f"open.category.{display_category(case.category)}"
        yield f"open.grade.{case.grade}"


class CountedPoint(Protocol):
    """What of a video point is counted."""

    name: str | None
    lon: float | None
    point_class: str | None
    status: str
    secrecy: int
    should_network: bool | None
    networked: bool | None
    integrated: bool | None


#: The columns of `CountedPoint`.
POINT_COLUMNS = "name lon point_class status secrecy should_network networked integrated".split()


def point_gauges(point: CountedPoint) -> Iterator[str]:
    """The stocks a video point is in. A secret one (``secrecy`` 1) is in none."""
    if point.secrecy:
        return
    yield "video"
    if point.name and point.lon is not None and point.point_class:
        yield "video.filed"
    if point.integrated:
        yield "video.integrated"
    if point.should_network:
        yield "video.should_network"
        if point.networked:
            yield "video.should_network.networked"
    # A source that does not say is believed to be networked: it reports a status.
    if point.networked is not False:
        yield "video.networked"
        if point.status == "ON":
            yield "video.on"
    if point.status != "ON":
        yield f"video.{point.status}"
