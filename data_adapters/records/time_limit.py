"""When a case is due, and its time light (domain dictionary, sections 4.4 and 4.5).

The limits here are the proposed county defaults in natural days: they start the day after acceptance and end at
23:59:59 local time. A due time that the source gives is kept as given.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from data_adapters.records import life

#: grade -> (limit in natural days, share of the limit that is yellow)
LIMIT_DAYS = {"ORDINARY": 7, "COMPLEX": 20, "MAJOR": 30, "PETITION_BACKLOG": 60}
_YELLOW_SHARE = {"ORDINARY": 0.25, "COMPLEX": 0.25, "MAJOR": 0.30, "PETITION_BACKLOG": 1 / 6}
_YELLOW_AT_LEAST = timedelta(days=1)


def due(grade: str, accepted_at: datetime, zone: ZoneInfo) -> datetime:
    """The end of the last day of the limit of `grade`, counted from the day after acceptance."""
    last = accepted_at.astimezone(zone).date() + timedelta(days=LIMIT_DAYS[grade])
    return datetime.combine(last, time(23, 59, 59), zone)


def yellow_from(grade: str, accepted_at: datetime, due_at: datetime) -> datetime:
    """From when on the light is yellow: the last share of the limit, at least one day."""
    return due_at - max(_YELLOW_SHARE[grade] * (due_at - accepted_at), _YELLOW_AT_LEAST)


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
