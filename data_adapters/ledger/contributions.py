"""What one case adds to the counts: the one place that says so, for rollups and for rows alike.

Flows belong to the local day of a stage; gauges hold while the case is open. A rollup is the sum of these
over a subtree, kept by adding `after` and taking `before` away in the write transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from data_adapters.ledger import passage, whistle
from data_adapters.ledger.buckets import bucket_of
from data_adapters.ledger.display import display_category
from data_adapters.ledger.types import from_milliseconds, to_milliseconds
from data_adapters.records import life
from data_adapters.records.dictionary import JOINT_TYPE, TRANSFER_TO

#: Day-counted measures, in the order of the tally's columns (formulas: domain dictionary, section 3). The day is
#: that of the stage itself; measures that begin with ``reported_`` or ``accepted_`` belong to the day of the report
#: or of the acceptance (a cohort), and what was due to the day on which it was due. ``backfilled`` is rare in the daily
#: run, but of a first load every case is: a column of a row that is written anyway costs less than a row of `spread`.
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
    "accepted_open",
    "finished",
    "joint",
    "origin_local",
    "one_grid",
    "loop_known",
    "looped",
    "due_open",
    "backfilled",
)
#: Day-counted measures that are rare, or spread over buckets: rows of `spread`, not columns of the tally. Spans of time
#: are counted in `buckets` on the day they ended (``handle``: on the day of the acceptance); of the others
#: the bucket is 0, of ``agreed`` 1 where the court could not confirm. Whistles, agreements and hazards are cohorts of
#: the day they came up, but for what ends in ``due``, ``timely``, ``ruled``, ``ruled_hour``, ``closed`` and ``left``.
#: ``flow`` is the way of those accepted on a day, its bucket a `passage.code`. The buckets of ``joint_due`` and
#: ``joint_on_time`` are the six kinds of joint work (`JOINT`), on the day of the closing.
SPANS = ("accept", "triage", "handle", "fresh", "flow")
#: Longer than this from the report to the ledger: filled in later, or the first load; no measure of freshness.
FRESH_DAYS = 7
RARE = (
    "arrive",
    "satisfied_basic",
    "whistle",
    "whistle_done",
    "whistle_rated",
    "whistle_satisfied",
    "whistle_due",
    "whistle_timely",
    "agreed",
    "agreed_confirmed",
    "ruled",
    "ruled_hour",
    "major",
    "major_led",
    "major_led_closed",
    "reported_invalid",
    "hazard_found",
    "hazard_cleared",
    "hazard_closed",
    "hazard_left",
    "joint_due",
    "joint_on_time",
    "transferred_to",
)
#: Kind of joint work (六联) -> its bucket.
JOINT = {name: number for number, name in enumerate(JOINT_TYPE, start=1)}
#: Where a case was handed over to -> its bucket in ``transferred_to``.
TRANSFER = {name: number for number, name in enumerate(TRANSFER_TO, start=1)}
#: A matter of identity cannot be confirmed by a court (domain dictionary, K18); families are where those are.
NOT_CONFIRMABLE = frozenset({"婚姻家庭", "婚恋家庭"})
#: 重大 and above.
GRAVE = frozenset({"MAJOR", "PETITION_BACKLOG"})
_LOCAL = frozenset({"grid", "village"})
#: Day 0 of the day numbers.
DAY_0 = date(1970, 1, 1)
_DAY_0 = DAY_0.toordinal()
#: Categories that say nothing: 分类完整率 counts the others.
UNCLASSIFIED = frozenset({"其它", "其他", "未分类"})
#: Any moment of a day stands for the day.
NOON = time(12)
_SECOND = timedelta(seconds=1)
_HOUR = timedelta(hours=1)
_FRESH = timedelta(days=FRESH_DAYS)
_DECISION_UNKNOWN = ("accepted_at_inferred", "decided_at_inferred")
#: Where a success was found -> its measure. A grid is part of its village's own ground (就地).
RESOLVED = {
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

    kind: str
    state: str
    light: str
    category: str
    grade: str
    is_open: bool
    placed: bool
    quality: str
    reported_at: datetime
    ingested_at: datetime
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
    origin_level: str | None
    handling_level: str | None
    resolved_level: str | None
    visit_count: int | None
    suspended_s: int | None
    lead_org: str | None
    decide_by: datetime | None
    sign_by: datetime | None
    follow_by: datetime | None
    agreed_at: datetime | None
    applied_at: datetime | None
    ruled_at: datetime | None
    orgs: int | None
    looped: bool | None
    invalid: bool
    edge: str | None
    whistles: str | None
    source_channel: str | None
    resolution_method: str | None
    joint_type: str | None
    transfer_to: str | None


#: The columns of `Counted`, for a SELECT that needs no more.
COLUMNS = (
    "kind state light category grade is_open placed quality reported_at ingested_at accepted_at assigned_at "
    "received_at returned_at closed_at resolved_at left_at reopened_at closed_before_at followed_up_at due_at outcome "
    "satisfaction origin_level handling_level resolved_level visit_count suspended_s lead_org decide_by sign_by "
    "follow_by agreed_at applied_at ruled_at orgs looped invalid edge whistles source_channel "
    "resolution_method joint_type transfer_to"
).split()


#: The times of a case whose local days are those of its `flows`.
FLOW_TIMES = (
    "reported_at accepted_at assigned_at closed_at resolved_at left_at reopened_at closed_before_at followed_up_at "
    "due_at decide_by sign_by follow_by"
).split()


def local_day(value: datetime, zone: ZoneInfo) -> int:
    """The local day of an aware time, as days since 1970-01-01."""
    return value.astimezone(zone).toordinal() - _DAY_0


def decision_unknown(quality: str) -> bool:
    """Whether a case's flags say that the time of its acceptance is inferred."""
    return any(flag in quality for flag in _DECISION_UNKNOWN)


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
    if case.is_open and case.due_at is not None and case.state != "SUSPENDED":
        yield local_day(case.due_at, zone), "due_open"
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
    if case.ingested_at - case.reported_at > _FRESH:
        yield reported, "backfilled"
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
    if case.is_open:
        yield accepted, "accepted_open"


def _limits(case: Counted, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    """What was due on which day, and whether it was done by then. Where the time is not known, it is not judged."""
    decided = case.left_at if case.state == "NOT_ACCEPTED" else case.accepted_at
    if case.decide_by is not None and not decision_unknown(case.quality):
        day = local_day(case.decide_by, zone)
        yield day, "decision_due"
        if decided is not None and decided < case.decide_by + _SECOND:
            yield day, "decision_timely"
    if case.sign_by is not None and (case.received_at is not None or case.state == "ASSIGNED"):
        day = local_day(case.sign_by, zone)
        yield day, "sign_due"
        if case.received_at is not None and case.received_at < case.sign_by + _SECOND:
            yield day, "sign_timely"
    if case.follow_by is not None:
        day = local_day(case.follow_by, zone)
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
        yield day, RESOLVED[case.resolved_level]


def _stock(case: Counted, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    """What moves the open stock besides acceptance, and how what is closed was closed."""
    if case.reopened_at is not None and case.closed_before_at is not None:
        # The last closing that was undone stays where it was, so that the stock of past days does not change.
        yield local_day(case.closed_before_at, zone), "closed"
        yield local_day(case.reopened_at, zone), "reopened"
    if case.closed_at is not None and case.state in life.CLOSED:
        day = local_day(case.closed_at, zone)
        yield day, "closed"
        yield from ((day, measure) for measure in _finished(case))
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


def _finished(case: Counted) -> Iterator[str]:
    """How a closing that stands was come by: at one place or by many, and with the whole loop or not."""
    yield "finished"
    joint = case.whistles is not None or (case.orgs or 0) >= 2
    if joint:
        yield "joint"
    if case.origin_level in _LOCAL:
        yield "origin_local"
        if case.resolved_level == case.origin_level and not joint:
            yield "one_grid"
    if case.looped is not None:
        yield "loop_known"
        if case.looped:
            yield "looped"


def spreads(case: Counted, zone: ZoneInfo) -> Iterator[tuple[int, str, int]]:
    """(local day, measure, bucket) of what `SPANS` and `RARE` name."""
    reported = local_day(case.reported_at, zone)
    if case.ingested_at - case.reported_at <= _FRESH:
        yield reported, "fresh", _bucket(case.reported_at, case.ingested_at)
    if case.followed_up_at is not None and case.satisfaction == "BASIC":
        yield local_day(case.followed_up_at, zone), "satisfied_basic", 0
    if case.accepted_at is not None:
        yield from _spans(case, case.accepted_at, zone)
    if case.invalid:
        yield reported, "reported_invalid", 0
    if case.grade in GRAVE and case.accepted_at is not None and case.state not in life.VOID:
        day = local_day(case.accepted_at, zone)
        yield day, "major", 0
        if case.lead_org is not None:
            yield day, "major_led", 0
            if case.state in life.CLOSED:
                yield day, "major_led_closed", 0
    if case.transfer_to is not None and case.state == "TRANSFERRED" and case.left_at is not None:
        yield local_day(case.left_at, zone), "transferred_to", TRANSFER[case.transfer_to]
    if case.kind == "HAZARD":
        yield from _hazard(case, zone)
    if case.joint_type is not None:
        yield from _joint(case, JOINT[case.joint_type], zone)
    yield from called(case, zone)


def called(case: Counted, zone: ZoneInfo) -> Iterator[tuple[int, str, int]]:
    """What hardly any case has: whistles, and an agreement that a court may confirm."""
    if case.agreed_at is not None:
        yield from _agreement(case, case.agreed_at, zone)
    if case.whistles is not None:
        for one in whistle.from_text(case.whistles):
            yield from _whistle(one, zone)


def _spans(case: Counted, accepted_at: datetime, zone: ZoneInfo) -> Iterator[tuple[int, str, int]]:
    accepted = local_day(accepted_at, zone)
    standing = passage.end(case.state, case.is_open, case.outcome)
    yield accepted, "flow", passage.code(case.source_channel, case.resolution_method, standing)
    if "accepted_at_inferred" not in case.quality:
        yield accepted, "accept", _bucket(case.reported_at, accepted_at)
    if case.assigned_at is not None:
        yield accepted, "triage", _bucket(accepted_at, case.assigned_at)
    if case.closed_at is not None and case.state in life.CLOSED:
        yield accepted, "handle", _bucket(accepted_at, case.closed_at, case.suspended_s or 0)


def _joint(case: Counted, kind: int, zone: ZoneInfo) -> Iterator[tuple[int, str, int]]:
    if case.closed_at is not None and case.state in life.CLOSED and case.due_at is not None:
        yield local_day(case.closed_at, zone), "joint_due", kind
        if case.closed_at <= case.due_at:
            yield local_day(case.closed_at, zone), "joint_on_time", kind


def _bucket(start: datetime, end: datetime, less_s: int = 0) -> int:
    # In the milliseconds that are kept: a row just told and the same row read back fall into one bucket.
    return bucket_of((to_milliseconds(end) - to_milliseconds(start)) // 1_000 - less_s)


def _agreement(case: Counted, agreed_at: datetime, zone: ZoneInfo) -> Iterator[tuple[int, str, int]]:
    day = local_day(agreed_at, zone)
    possible = case.category not in NOT_CONFIRMABLE
    yield day, "agreed", 0 if possible else 1
    if case.ruled_at is None:
        return
    if possible:
        yield day, "agreed_confirmed", 0
    if case.applied_at is not None:
        yield local_day(case.ruled_at, zone), "ruled", 0
        if case.ruled_at - case.applied_at <= _HOUR:
            yield local_day(case.ruled_at, zone), "ruled_hour", 0


def _hazard(case: Counted, zone: ZoneInfo) -> Iterator[tuple[int, str, int]]:
    """A hazard is in stock from its report until it is cleared, refused or void."""
    found = local_day(case.reported_at, zone)
    yield found, "hazard_found", 0
    if case.closed_at is not None and case.state in life.CLOSED:
        yield found, "hazard_cleared", 0
        yield local_day(case.closed_at, zone), "hazard_closed", 0
    elif case.left_at is not None:
        yield local_day(case.left_at, zone), "hazard_left", 0


def _whistle(one: whistle.Whistle, zone: ZoneInfo) -> Iterator[tuple[int, str, int]]:
    raised, due = (local_day(from_milliseconds(at), zone) for at in (one.raised, one.due))
    yield raised, "whistle", 0
    if one.done is not None:
        yield raised, "whistle_done", 0
    if one.rating is not None and one.rating != "NO_ANSWER":
        yield raised, "whistle_rated", 0
        if one.rating in {"VERY_SATISFIED", "SATISFIED"}:
            yield raised, "whistle_satisfied", 0
    yield due, "whistle_due", 0
    if one.acked is not None and one.acked <= one.due:
        yield due, "whistle_timely", 0
    if one.arrived is not None:
        day = local_day(from_milliseconds(one.arrived), zone)
        yield day, "arrive", bucket_of((one.arrived - one.raised) // 1_000)


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
        if case.joint_type is not None:
            yield f"open.joint.{case.joint_type}"
        if case.kind == "HAZARD":
            yield "hazard"
            if case.light == "RED":
                yield "hazard.overdue"
            if case.grade in GRAVE:
                yield "hazard.major"
    if case.edge is not None:
        yield f"edge.{case.edge}"
        level = life.waits_at(case.edge, case.origin_level, case.handling_level)
        if level is not None:
            yield f"edge.{case.edge}.{level}"


class CountedPoint(Protocol):
    """What of a video point is counted."""

    name: str | None
    lon: float | None
    point_class: str | None
    status: str
    status_cause: str | None
    secrecy: int
    should_network: bool | None
    networked: bool | None
    integrated: bool | None


#: The columns of `CountedPoint`.
POINT_COLUMNS = "name lon point_class status status_cause secrecy should_network networked integrated".split()


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
        elif point.status_cause == "MAINTENANCE":
            yield "video.maintenance"
    if point.status != "ON":
        yield f"video.{point.status}"
