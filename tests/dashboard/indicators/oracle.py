"""Every indicator again, slowly and obviously: plain loops over raw rows. Shares no code with what it judges."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import chinese_calendar

HOURS = timedelta(hours=8)
DONE = ("CLOSED", "FOLLOW_UP", "ARCHIVED")
WORKING = "ACCEPTED TRIAGED ASSIGNED RECEIVED IN_PROGRESS ESCALATED SUSPENDED RESOLVED".split()
VOID = ("MERGED", "CANCELLED")
WAITING = ("REPORTED", "REGISTERED", "NOT_ACCEPTED")
GOOD = ("VERY_SATISFIED", "SATISFIED")


def day(moment: datetime) -> date:
    """The day in Shanghai."""
    return (moment + HOURS).date()


def next_workdays(start: date, n: int) -> date:
    """The n-th workday after `start`; for 0 the first workday from it on."""
    found = [start] if n == 0 and chinese_calendar.is_workday(start) else []
    while len(found) < max(n, 1):
        start += timedelta(days=1)
        if chinese_calendar.is_workday(start):
            found.append(start)
    return found[-1]


@dataclass
class Oracle:
    """All rows of the whole county; what lies under a path is picked by its prefix."""

    cases: list[Any]
    points: list[Any]
    grids: list[Any]
    now: datetime
    statuses: list[Any] = field(default_factory=list)

    def all(self, path: str, first: date, last: date) -> dict[str, tuple[int, int | None]]:
        """id -> (n, N) of the grid at `path` over the days `first` to `last`."""
        cases = [row for row in self.cases if row.path.startswith(path)]
        points = [row for row in self.points if row.path.startswith(path) and not row.secrecy]
        grids = [row for row in self.grids if row.path.startswith(path)]
        today = day(self.now)
        end = min(last, today)

        def within(moment: datetime | None) -> bool:
            return moment is not None and first <= day(moment) <= end

        def expired(limit: date) -> bool:
            return first <= limit <= last and limit < today

        def n(rows: Iterable[Any], which: Callable[[Any], object]) -> int:
            return sum(1 for row in rows if which(row))

        reported = [row for row in cases if within(row.reported_at)]
        accepted = [row for row in cases if within(row.accepted_at)]
        standing = [row for row in accepted if row.state not in VOID]
        found = [row for row in reported if row.state not in VOID]
        assigned = [row for row in cases if within(row.assigned_at)]
        closed = [row for row in cases if row.state in DONE and within(row.closed_at)]
        undone = n(cases, lambda row: row.reopened_at and within(row.closed_before_at))
        reopened = n(cases, lambda row: row.closed_before_at and within(row.reopened_at))
        transferred = n(cases, lambda row: row.state == "TRANSFERRED" and within(row.left_at))
        void = n(cases, lambda row: row.state in VOID and within(row.left_at))
        rejected = n(cases, lambda row: row.state == "NOT_ACCEPTED" and within(row.left_at))
        opened = [row for row in cases if row.state in WORKING]
        running = [row for row in opened if row.state != "SUSPENDED"]
        late = [row for row in running if row.due_at is not None and row.due_at < self.now]
        late_in = n(late, lambda row: first <= day(row.due_at) <= last)
        concluded = [row for row in cases if not_void(row) and within(row.resolved_at or row.left_at)]
        won = [row for row in concluded if row.outcome == "SUCCESS"]
        lost = n(concluded, lambda row: row.outcome == "FAIL")
        placed = [row for row in won if row.resolved_level is not None]
        followed = [row for row in cases if within(row.followed_up_at)]
        answered = [row for row in followed if row.satisfaction not in (None, "NO_ANSWER")]
        visits = [row for row in closed if row.visit_count is not None]
        quarter = (first - timedelta(days=90), first - timedelta(days=1))
        all_closed = len(closed) + undone
        on_time = n(closed, lambda row: row.due_at is not None and row.closed_at <= row.due_at)
        limited = n(closed, lambda row: row.due_at is not None)
        decisions = [(row, limit) for row in cases if (limit := decision_limit(row)) and expired(day(limit))]
        signing = [(row, limit) for row in cases if (limit := signing_limit(row)) and expired(day(limit))]
        calls = [
            row for row in cases if row.state in DONE and expired(day(row.closed_at) + timedelta(days=7))
        ]
        result: dict[str, tuple[int, int | None]] = {
            "K01": (len(reported), None),
            "K02": (len(accepted), None),
            "K03": (n(decisions, lambda pair: decided_by(*pair)), len(decisions)),
            "K04": (rejected, rejected + len(accepted)),
            "K05": (n(assigned, lambda row: row.returned_at is None), len(assigned)),
            "K06": (n(signing, lambda pair: signed_by(*pair)), len(signing)),
            "K07": (len(opened) if last >= today else stock(cases, last), None),
            "K08": (all_closed, None),
            "K09a": (
                all_closed,
                stock(cases, first - timedelta(days=1)) + len(accepted) + reopened - void,
            ),
            "K09b": (n(standing, lambda row: row.state in DONE), len(standing)),
            "K09c": (all_closed, len(accepted)),
            "K10": (on_time, limited + late_in),
            "K11": (len(late), len(opened)),
            "K16": (reopened, closings(cases, *quarter, today)),
            "K17": (transferred, transferred + all_closed),
            "K13a": (len(won), len(won) + lost),
            "K13b": (n(standing, succeeded), len(standing)),
            "K13c": (n(found, succeeded), len(found)),
            "K20a": (n(calls, lambda row: row.followed_up_at is not None), len(calls)),
            "K20b": (len(answered), len(followed)),
            "K20": (n(answered, lambda row: row.satisfaction in GOOD), len(answered)),
            "K22": (n(visits, lambda row: row.visit_count <= 1), len(visits)),
            "K40": self.reporting(grids, first, last),
            "K43": staffing(grids),
            "K80": (len(found), next(row.population or 0 for row in grids if row.path == path)),
            "K91b": (n(reported, lambda row: row.placed), len(reported)),
            "K91c": (n(reported, lambda row: row.category not in ("其它", "其他", "未分类")), len(reported)),
        }
        result |= acting(cases, reported, accepted, closed, first, last, today)
        result |= self.whistles(cases, accepted, first, last)
        result |= {"K42": (len(reported), staff_of(grids) or 0)}
        result |= self.video_time(path, first, last)
        gone = [row for row in cases if row.state == "TRANSFERRED" and within(row.left_at)]
        for where in ("LAWSUIT", "ARBITRATION", "RECONSIDERATION", "OTHER_COUNTY", "OTHER"):
            here = n(gone, lambda row, where=where: row.transfer_to == where)
            result[f"K17.{where}"] = (here, transferred + all_closed)
        for light in ("GREEN", "YELLOW", "RED", "GREY"):
            result[f"K07.{light}"] = (n(opened, lambda row, light=light: row.light == light), None)
        for level in ("village", "township", "county", "above"):
            names = ("grid", "village") if level == "village" else (level,)
            here = n(placed, lambda row, names=names: row.resolved_level in names)
            result[f"K14.{level}"] = (here, len(placed))
        return result | video(points)

    def whistles(
        self, cases: list[Any], accepted: list[Any], first: date, last: date
    ) -> dict[str, tuple[int, int | None]]:
        """Whistles as the rows keep them: unit, type, raised, due, acked, arrived, done, declined, rating."""
        called = [one for row in cases if row.whistles for one in json.loads(row.whistles)]
        today = day(self.now)

        def on(ms: int) -> date:
            return day(datetime.fromtimestamp(ms / 1000, UTC))

        raised = [one for one in called if first <= on(one[2]) <= min(last, today)]
        due = [one for one in called if first <= on(one[3]) <= last and on(one[3]) < today]
        rated = [one for one in raised if one[8] not in (None, "NO_ANSWER")]
        return {
            "K50": (len(raised), len(accepted)),
            "K51": (sum(one[4] is not None and one[4] <= one[3] for one in due), len(due)),
            "K52a": (sum(one[6] is not None for one in raised), len(raised)),
            "K52b": (sum(one[8] in GOOD for one in rated), len(rated)),
        }

    def video_time(self, path: str, first: date, last: date) -> dict[str, tuple[int, int | None]]:
        """Seconds second by second from the transitions of each point."""
        begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - HOURS
        end = min(datetime(last.year, last.month, last.day, tzinfo=UTC) - HOURS + timedelta(days=1), self.now)
        online = expected = restored = 0
        for point in self.points:
            if not point.path.startswith(path) or point.secrecy or point.networked is False:
                continue
            past = sorted((one.at, one.status) for one in self.statuses if one.point_id == point.point_id)
            for (at, status), (until, _) in zip(past, [*past[1:], (end, "")], strict=True):
                span = max(0, int((min(until, end) - max(at, begin)).total_seconds()))
                expected += span
                online += span if status == "ON" else 0
            for (_, was), (at, status) in itertools.pairwise(past):
                restored += was != "ON" and status == "ON" and first <= day(at) <= last
        return {"K63b": (online, expected), "K67": (expected - online, restored)}

    def reporting(self, grids: list[Any], first: date, last: date) -> tuple[int, int]:
        """(lowest grids with a standing report, lowest grids)."""
        parents = {row.parent_path for row in self.grids}
        lowest = [row.path for row in grids if row.path not in parents]
        heard = {
            row.path for row in self.cases if row.state not in VOID and first <= day(row.reported_at) <= last
        }
        return sum(path in heard for path in lowest), len(lowest)


def acting(
    cases: list[Any],
    reported: list[Any],
    accepted: list[Any],
    closed: list[Any],
    first: date,
    last: date,
    today: date,
) -> dict[str, tuple[int, int | None]]:
    """How cases are dealt with, row by row."""

    def within(moment: datetime | None) -> bool:
        return moment is not None and first <= day(moment) <= min(last, today)

    joint = [row for row in closed if row.whistles is not None or (row.orgs or 0) > 1]
    local = [row for row in closed if row.origin_level in ("grid", "village")]
    alone = [row for row in local if row.resolved_level == row.origin_level and row not in joint]
    known = [row for row in closed if row.looped is not None]
    agreed = [row for row in cases if within(row.agreed_at) and row.category not in ("婚姻家庭", "婚恋家庭")]
    ruled = [row for row in cases if row.agreed_at and row.applied_at and within(row.ruled_at)]
    fast = [row for row in ruled if row.ruled_at - row.applied_at <= timedelta(hours=1)]
    grave = [row for row in accepted if row.grade in ("MAJOR", "PETITION_BACKLOG") and row.state not in VOID]
    led = [row for row in grave if row.lead_org]
    hazards = [row for row in cases if row.kind == "HAZARD"]
    found = [row for row in hazards if within(row.reported_at)]
    gone = [(row, row.closed_at if row.state in DONE else row.left_at) for row in hazards]
    before = sum(day(row.reported_at) < first for row in hazards)
    before -= sum(moment is not None and day(moment) < first for _, moment in gone)
    cleared = [row for row in hazards if row.state in DONE and within(row.closed_at)]
    working = [row for row in hazards if row.state in WORKING]
    result: dict[str, tuple[int, int | None]] = {
        "K15": (len(alone), len(local)),
        "K15b": (len(joint), len(closed)),
        "K18a": (sum(row.ruled_at is not None for row in agreed), len(agreed)),
        "K18b": (len(fast), len(ruled)),
        "K19": (sum(row.looped for row in known), len(known)),
        "K21a": (len(led), len(grave)),
        "K21b": (sum(row.state in DONE for row in led), len(led)),
        "K41": (sum(not row.invalid for row in reported), len(reported)),
        "K70": (sum(row.state in DONE for row in found), len(found)),
        "K70b": (len(cleared), before + len(found)),
        "K71": (sum(row.grade in ("MAJOR", "PETITION_BACKLOG") for row in working), None),
        "K71b": (sum(row.light == "RED" for row in working), None),
    }
    for edge in ("UP", "DOWN", "FEEDBACK"):
        result[f"K19.{edge}"] = (sum(row.edge == edge for row in cases), None)
    # Found by the grid, it waits for the village, and so on; by its hand where that is told.
    upwards = {"grid": "village", "village": "township", "township": "county"}
    for level in ("village", "township", "county", "above"):
        up = [row for row in cases if row.edge == "UP"]
        n = sum((row.handling_level or upwards.get(row.origin_level)) == level for row in up)
        result[f"K19.UP.{level}"] = (n, None)
    for level in ("grid", "village", "township", "county"):
        down = [row for row in cases if row.edge == "DOWN"]
        result[f"K19.DOWN.{level}"] = (sum(row.handling_level == level for row in down), None)
    return result


def staff_of(grids: list[Any]) -> int | None:
    """Staff of the lowest level that says it."""
    stated = [row for row in grids if row.staff_count is not None]
    lowest = max((row.level for row in stated), default=None)
    return None if lowest is None else sum(row.staff_count for row in stated if row.level == lowest)


def not_void(row: Any) -> bool:
    return row.state not in VOID and row.state not in WAITING


def succeeded(row: Any) -> bool:
    return bool(row.outcome == "SUCCESS" and not_void(row))


def end_of(last: date) -> datetime:
    """The last second of a Shanghai day."""
    return datetime(last.year, last.month, last.day, 23, 59, 59, 999_000, tzinfo=UTC) - HOURS


def decision_limit(row: Any) -> datetime | None:
    """Until when to decide on acceptance; None where the case has none or the decision's time is not known."""
    unknown = "accepted_at_inferred" in row.quality or "decided_at_inferred" in row.quality
    if row.grade == "PETITION_BACKLOG" or row.state in VOID or unknown:
        return None
    if row.grade == "MAJOR":
        return row.reported_at + timedelta(hours=2)
    return end_of(next_workdays(day(row.reported_at), 0))


def decided_by(row: Any, limit: datetime) -> bool:
    decided = row.left_at if row.state == "NOT_ACCEPTED" else row.accepted_at
    return decided is not None and decided <= limit


def signing_limit(row: Any) -> datetime | None:
    """Until when to sign; None where it was not assigned or it is not known when it was signed for."""
    if row.assigned_at is None or row.state in VOID or (row.received_at is None and row.state != "ASSIGNED"):
        return None
    if row.grade == "MAJOR":
        return row.assigned_at + timedelta(hours=2)
    return end_of(next_workdays(day(row.assigned_at), 1))


def signed_by(row: Any, limit: datetime) -> bool:
    return row.received_at is not None and row.received_at <= limit


def stock(cases: list[Any], last: date) -> int:
    """Open at the end of `last`: what had come in less what had gone."""
    open_then = 0
    for row in cases:
        came = [row.accepted_at, row.reopened_at if row.closed_before_at else None]
        went = [
            row.closed_before_at if row.reopened_at else None,
            row.closed_at if row.state in DONE else None,
            row.left_at if row.state in (*VOID, "TRANSFERRED") else None,
        ]
        open_then += sum(moment is not None and day(moment) <= last for moment in came)
        open_then -= sum(moment is not None and day(moment) <= last for moment in went)
    return open_then


def closings(cases: list[Any], first: date, last: date, today: date) -> int:
    """Closings on the days `first` to `last`, those included that were undone later."""
    found = 0
    for row in cases:
        moments = [row.closed_before_at if row.reopened_at else None]
        moments += [row.closed_at if row.state in DONE else None]
        found += sum(moment is not None and first <= day(moment) <= min(last, today) for moment in moments)
    return found


def staffing(grids: list[Any]) -> tuple[int, int]:
    stated = [row for row in grids if row.staff_count is not None or row.staff_required is not None]
    return sum((row.staff_count or 0) > 0 for row in stated), len(stated)


def video(points: list[Any]) -> dict[str, tuple[int, int | None]]:
    wanted = [row for row in points if row.should_network]
    linked = [row for row in points if row.networked is None or row.networked]
    return {
        "K60": (len(points), None),
        "K61": (sum(bool(row.networked) for row in wanted), len(wanted)),
        "K63a": (
            sum(row.status == "ON" for row in linked),
            sum(row.status == "ON" or row.status_cause != "MAINTENANCE" for row in linked),
        ),
        "K62": (
            len({row.key_site for row in points if row.key_site and row.networked is not False}),
            len({row.key_site for row in points if row.key_site}),
        ),
        "K63a.all": (sum(row.status == "ON" for row in linked), len(linked)),
        "K64": (sum(row.status == "ON" for row in linked), len(linked)),
        "K65": (sum(bool(row.integrated) for row in points), len(points)),
        "K66": (
            sum(bool(row.name) and row.lon is not None and bool(row.point_class) for row in points),
            len(points),
        ),
    }
