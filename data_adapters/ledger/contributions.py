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
from data_adapters.records import life

#: Day-counted measures, in the order of the tally's columns (formulas: domain dictionary, section 3).
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
)
#: Day 0 of the day numbers.
DAY_0 = date(1970, 1, 1)

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
    reported_at: datetime
    accepted_at: datetime | None
    assigned_at: datetime | None
    closed_at: datetime | None
    resolved_at: datetime | None
    left_at: datetime | None
    followed_up_at: datetime | None
    due_at: datetime | None
    outcome: str | None
    satisfaction: str | None


#: The columns of `Counted`, for a SELECT that needs no more.
COLUMNS = (
    "state light category grade is_open placed reported_at accepted_at assigned_at closed_at resolved_at "
    "left_at followed_up_at due_at outcome satisfaction"
).split()


def local_day(value: datetime, zone: ZoneInfo) -> int:
    """The local day of an aware time, as days since 1970-01-01."""
    return value.astimezone(zone).toordinal() - DAY_0.toordinal()


def flows(case: Counted, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    """(local day, measure) of every stage the case has passed."""
    yield local_day(case.reported_at, zone), "reported"
    if case.accepted_at is not None:
        yield local_day(case.accepted_at, zone), "accepted"
    if case.assigned_at is not None:
        yield local_day(case.assigned_at, zone), "assigned"
    concluded = None if case.state in life.BEFORE else case.resolved_at or case.left_at
    if concluded is not None and case.outcome in {"SUCCESS", "FAIL"}:
        yield local_day(concluded, zone), "succeeded" if case.outcome == "SUCCESS" else "failed"
    if case.closed_at is not None and case.state in life.CLOSED:
        day = local_day(case.closed_at, zone)
        yield day, "closed"
        if case.due_at is not None:
            yield day, "due_closed"
            if case.closed_at <= case.due_at:
                yield day, "on_time"
    elif case.left_at is not None and case.state in life.LEFT:
        yield local_day(case.left_at, zone), "left"
    if case.followed_up_at is not None:
        day = local_day(case.followed_up_at, zone)
        yield day, "followed"
        if case.satisfaction not in {None, "NO_ANSWER"}:
            yield day, "answered"
            if case.satisfaction in {"VERY_SATISFIED", "SATISFIED"}:
                yield day, "satisfied"


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

    status: str
    secrecy: int
    should_network: bool | None
    networked: bool | None
    integrated: bool | None


def point_gauges(point: CountedPoint) -> Iterator[str]:
    """The stocks a video point is in. A secret one (``secrecy`` 1) is in none."""
    if point.secrecy:
        return
    yield "video"
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
