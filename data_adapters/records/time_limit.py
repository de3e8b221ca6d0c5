"""When a case is due, and its time light (domain dictionary, sections 4.4 and 4.5).

Limits are the county's own: one policy a grade, each valid from a day on (`[[limits]]` of the configuration), the
domain's proposals where it says nothing. A due time that a source gives is kept as given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from data_adapters.records import life
from data_adapters.records.span import Span

#: The limits of acceptance, signing and follow-up are at most this long, days of either kind; what was due in a period
#: began at most `LONGEST_STEP` before it.
MOST_STEP = timedelta(days=90)
LONGEST_STEP = timedelta(days=180)
STEP_SPANS = ("accept", "sign", "follow_up")
_WEEK = Span.of("7d")
#: The ledger keeps milliseconds: the first moment after one.
_INSTANT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits of one grade, for cases that begin on ``valid_from`` or later. None: no limit of ours.

    The light is yellow from ``yellow_share`` of the limit or ``yellow`` before its end, whichever is more.
    After the first visit (``follow_up``) there are as many more as ``follow_later`` has spans, all from the closing.
    ``extension`` is what an approval adds where it names no day, at most ``extensions`` times. Once a case has been
    suspended for ``suspension`` altogether, it is not suspended again.
    """

    grade: str
    accept: Span | None
    dispatch: Span | None
    sign: Span | None
    handle: Span | None
    yellow_share: float
    yellow: Span
    extension: Span
    extensions: int = 1
    follow_up: Span = _WEEK
    follow_later: tuple[Span, ...] = ()
    suspension: Span | None = None
    valid_from: date = date.min


def _policy(
    grade: str, accept: str, dispatch: str, sign: str, handle: str, share: float, yellow: str, extension: str
) -> Policy:
    decide = Span.of(accept) if accept else None
    limits = (decide, Span.of(dispatch), Span.of(sign), Span.of(handle))
    later = (Span.of("30d"), Span.of("90d")) if grade == "MAJOR" else ()
    return Policy(
        grade,
        *limits,
        yellow_share=share,
        yellow=Span.of(yellow),
        extension=Span.of(extension),
        follow_later=later,
    )


#: The proposed county defaults (section 4.4).
DEFAULTS = (
    _policy("ORDINARY", "0wd", "0.5wd", "1wd", "7d", 1 / 4, "1wd", "7d"),
    _policy("COMPLEX", "0wd", "0.5wd", "1wd", "20d", 1 / 4, "1wd", "10d"),
    _policy("MAJOR", "2h", "1h", "2h", "30d", 3 / 10, "3wd", "30d"),
    _policy("PETITION_BACKLOG", "", "1wd", "1wd", "60d", 0, "10d", "30d"),
)
#: Whistles: how long a unit may take to answer (section 4.6), by type of whistle.
WHISTLE = {
    "EMERGENCY": Span.of("5m"),
    "JOINT_ENFORCEMENT": Span.of("30m"),
    "DAILY_PROBLEM": Span.of("1wd"),
}


#: Which span of a policy each question of `Limits` asks for.
_SPAN_OF = {"due": "handle", "decide_by": "accept", "sign_by": "sign", "follow_by": "follow_up"}


class Limits:
    """The policies of a centre in its time zone. Times in and out are aware."""

    def __init__(self, zone: ZoneInfo, policies: Sequence[Policy] = ()) -> None:
        self.zone = zone
        self._versions: dict[str, list[Policy]] = {}
        for policy in sorted((*DEFAULTS, *policies), key=lambda one: one.valid_from):
            self._versions.setdefault(policy.grade, []).append(policy)

    @property
    def digest(self) -> str:
        """Changes whenever a policy does, so that what was computed with another one is known."""
        told = [[str(value) for value in astuple(one)] for grade in self._versions.values() for one in grade]
        return hashlib.blake2b(repr((self.zone.key, told)).encode(), digest_size=16).hexdigest()

    def policy(self, grade: str, start: datetime) -> Policy:
        """The version that holds for what begins at `start`: the last one valid on that local day."""
        versions = self._versions[grade]
        if len(versions) == 1:
            return versions[0]
        day = start.astimezone(self.zone).date()
        return next(one for one in reversed(versions) if one.valid_from <= day)

    def due(self, grade: str, start: datetime) -> datetime | None:
        """The end of the limit of `grade` for a case accepted, or taken up again, at `start`; None: 不限时."""
        return self._after(self.policy(grade, start).handle, start)

    def yellow_from(self, grade: str, start: datetime, due_at: datetime) -> datetime:
        """From when on the light is yellow. A limit in days runs from the midnight after `start`."""
        policy = self.policy(grade, start)
        begun = start
        if policy.handle is None or policy.handle.elapsed is None:
            tomorrow = start.astimezone(self.zone).date() + timedelta(days=1)
            begun = datetime.combine(tomorrow, time(), self.zone)
        share = policy.yellow_share * max(due_at - begun, timedelta())
        spans = due_at - timedelta(seconds=round(share.total_seconds()))
        if policy.handle is not None and policy.handle.elapsed is not None:
            # Days before the end of a limit of hours would be before its beginning.
            return spans
        return min(spans, policy.yellow.before(due_at, self.zone))

    def decide_by(self, grade: str, reported_at: datetime) -> datetime | None:
        """Until when to decide whether a case is accepted; None where the grade has no such limit."""
        return self._after(self.policy(grade, reported_at).accept, reported_at)

    def sign_by(self, grade: str, assigned_at: datetime) -> datetime | None:
        """Until when the unit is to sign for a case that was assigned to it."""
        return self._after(self.policy(grade, assigned_at).sign, assigned_at)

    def dispatch_by(self, grade: str, accepted_at: datetime) -> datetime | None:
        """Until when an accepted case is to be assigned."""
        return self._after(self.policy(grade, accepted_at).dispatch, accepted_at)

    def follow_by(self, grade: str, closed_at: datetime) -> datetime:
        """Until when the people are to be asked after a closing; a day of rest does not put it off."""
        return self._visit(self.policy(grade, closed_at).follow_up, closed_at)

    def visits(self, grade: str, closed_at: datetime) -> list[datetime]:
        """Until when each of the visits after a closing is due, the first one first."""
        policy = self.policy(grade, closed_at)
        return sorted(self._visit(span, closed_at) for span in (policy.follow_up, *policy.follow_later))

    def _visit(self, span: Span, closed_at: datetime) -> datetime:
        if span.unit != "d":
            return span.after(closed_at, self.zone)
        day = closed_at.astimezone(self.zone).date() + timedelta(days=span.halves // 2)
        return datetime.combine(day, time(23, 59, 59), self.zone)

    def by_day(self, grade: str, ask: Callable[[str, datetime], datetime | None]) -> bool:
        """Whether what `ask` (one of the methods here) says of `grade` depends on the local day only."""
        name = _SPAN_OF[ask.__name__]
        spans = [getattr(policy, name) for policy in self._versions[grade]]
        return all(span is None or span.by_day for span in spans)

    def extended(self, grade: str, start: datetime, due_at: datetime) -> datetime:
        """The due time after an approved extension that names none."""
        span = self.policy(grade, start).extension
        return span.after(due_at, self.zone)

    def _after(self, span: Span | None, start: datetime) -> datetime | None:
        return None if span is None else span.after(start, self.zone)


def turns(light: str, due_at: datetime | None, yellow_at: datetime | None, is_open: bool) -> datetime | None:
    """From when on the light of an open case is another; None where it stays."""
    if not is_open or due_at is None or light not in {"GREEN", "YELLOW"}:
        return None
    return yellow_at if light == "GREEN" and yellow_at is not None else due_at + _INSTANT


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
