"""When a case is due, and its time light (domain dictionary, sections 4.4 and 4.5).

A limit in natural days starts the day after acceptance and ends at 23:59:59 local time of its last day; if that
day is a day of rest, at the end of the next workday. A day of rest is a weekend or a holiday that is not made up:
the rule on periods says 法定休假日, which is more than the festivals. A due time that a source gives is kept as given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from data_adapters.records import life
from data_adapters.records.workdays import workday_after, workday_before


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits of one grade. ``accept_workdays`` None: no limit of ours for the decision to accept.

    Limits of hours (重大: decide within 2 h) are judged by the day: 0 workdays is the end of the same workday.
    The light is yellow from ``yellow_share`` of the limit or ``yellow_workdays`` before the end, whichever is more.
    """

    limit_days: int
    yellow_share: float
    yellow_workdays: int
    accept_workdays: int | None
    sign_workdays: int


#: The proposed county defaults (section 4.4), in the order of the grades.
POLICIES = {
    "ORDINARY": Policy(7, 1 / 4, 1, accept_workdays=0, sign_workdays=1),
    "COMPLEX": Policy(20, 1 / 4, 1, accept_workdays=0, sign_workdays=1),
    "MAJOR": Policy(30, 3 / 10, 3, accept_workdays=0, sign_workdays=0),
    "PETITION_BACKLOG": Policy(60, 1 / 6, 1, accept_workdays=None, sign_workdays=1),
}
#: A follow-up is due this many natural days after the case was closed.
FOLLOW_UP_DAYS = 7
_LAST_SECOND = time(23, 59, 59)


def due(grade: str, start: datetime, zone: ZoneInfo) -> datetime:
    """The end of the limit of `grade` for a case accepted, or taken up again, at `start`."""
    last = start.astimezone(zone).date() + timedelta(days=POLICIES[grade].limit_days)
    return datetime.combine(workday_after(last, 0, zone), _LAST_SECOND, zone)


def yellow_from(grade: str, start: datetime, due_at: datetime, zone: ZoneInfo) -> datetime:
    """From when on the light is yellow. The limit runs from the midnight after `start`."""
    policy = POLICIES[grade]
    begun = datetime.combine(start.astimezone(zone).date() + timedelta(days=1), time(), zone)
    share = policy.yellow_share * max(due_at - begun, timedelta())
    local = due_at.astimezone(zone)
    workdays = datetime.combine(
        workday_before(local.date(), policy.yellow_workdays, zone), local.timetz(), zone
    )
    return min(due_at - timedelta(seconds=round(share.total_seconds())), workdays)


def accept_by(grade: str, reported_at: datetime, zone: ZoneInfo) -> date | None:
    """The last day to decide whether a case is accepted; None where the grade has no such limit."""
    workdays = POLICIES[grade].accept_workdays
    return None if workdays is None else workday_after(reported_at.astimezone(zone).date(), workdays, zone)


def sign_by(grade: str, assigned_at: datetime, zone: ZoneInfo) -> date:
    """The last day for the unit to sign for a case that was assigned to it."""
    return workday_after(assigned_at.astimezone(zone).date(), POLICIES[grade].sign_workdays, zone)


def light(
    state: str,
    due_at: datetime | None,
    yellow_at: datetime | None,
    closed_at: datetime | None,
    now: datetime,
) -> str:
    """GREEN, YELLOW, RED or GREY. Exactly due is not overdue; a concluded case keeps its last light."""
    if due_at is None or state == "SUSPENDED" or state in life.BEFORE or state in life.LEFT:
        return "GREY"
    if state in life.CLOSED:
        return "GREEN" if closed_at is None or closed_at <= due_at else "RED"
    if now > due_at:
        return "RED"
    if yellow_at is not None and now >= yellow_at:
        return "YELLOW"
    return "GREEN"
