"""Every indicator again, slowly and obviously: plain loops over raw rows. Shares no code with what it judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
        late = [row for row in opened if row.due_at is not None and row.due_at < self.now]
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
        decisions = [(row, limit) for row in cases if (limit := decision_day(row)) and expired(limit)]
        signing = [(row, limit) for row in cases if (limit := signing_day(row)) and expired(limit)]
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
        for light in ("GREEN", "YELLOW", "RED", "GREY"):
            result[f"K07.{light}"] = (n(opened, lambda row, light=light: row.light == light), None)
        for level in ("village", "township", "county", "above"):
            names = ("grid", "village") if level == "village" else (level,)
            here = n(placed, lambda row, names=names: row.resolved_level in names)
            result[f"K14.{level}"] = (here, len(placed))
        return result | video(points)

    def reporting(self, grids: list[Any], first: date, last: date) -> tuple[int, int]:
        """(lowest grids with a standing report, lowest grids)."""
        parents = {row.parent_path for row in self.grids}
        lowest = [row.path for row in grids if row.path not in parents]
        heard = {
            row.path for row in self.cases if row.state not in VOID and first <= day(row.reported_at) <= last
        }
        return sum(path in heard for path in lowest), len(lowest)


def not_void(row: Any) -> bool:
    return row.state not in VOID and row.state not in WAITING


def succeeded(row: Any) -> bool:
    return bool(row.outcome == "SUCCESS" and not_void(row))


def decision_day(row: Any) -> date | None:
    """The last day to decide on acceptance; None where the case has none or the decision's time is not known."""
    unknown = "accepted_at_inferred" in row.quality or "decided_at_inferred" in row.quality
    if row.grade == "PETITION_BACKLOG" or row.state in VOID or unknown:
        return None
    return next_workdays(day(row.reported_at), 0)


def decided_by(row: Any, limit: date) -> bool:
    decided = row.left_at if row.state == "NOT_ACCEPTED" else row.accepted_at
    return decided is not None and day(decided) <= limit


def signing_day(row: Any) -> date | None:
    """The last day to sign; None where it was not assigned or it is not known when it was signed for."""
    if row.assigned_at is None or row.state in VOID or (row.received_at is None and row.state != "ASSIGNED"):
        return None
    return next_workdays(day(row.assigned_at), 0 if row.grade == "MAJOR" else 1)


def signed_by(row: Any, limit: date) -> bool:
    return row.received_at is not None and day(row.received_at) <= limit


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
        "K63a": (sum(row.status == "ON" for row in linked), len(linked)),
        "K65": (sum(bool(row.integrated) for row in points), len(points)),
        "K66": (
            sum(bool(row.name) and row.lon is not None and bool(row.point_class) for row in points),
            len(points),
        ),
    }
