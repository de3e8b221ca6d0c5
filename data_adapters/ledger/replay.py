"""The life of a case from its steps: what its source told of it, and every step since, folded in the order of time.

The result depends on what was told, not on the order in which it arrived: late, repeated and corrected steps come to
the same. A state that only a status column tells is bridged by the steps that lead to it, marked as inferred; where
no steps lead there (a source took back what it had said), one step TELL says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from data_adapters.ledger import whistle
from data_adapters.ledger.contributions import GRAVE
from data_adapters.ledger.types import to_milliseconds
from data_adapters.ledger.whistle import Whistle
from data_adapters.records import dictionary, life, time_limit
from data_adapters.records.time_limit import Limits

#: A source's own word against the steps; never taken or told as a step.
TELL = "TELL"
_RANK = {name: rank for rank, name in enumerate(dictionary.EVENT_TYPE)}
_STAGES = "reported_at registered_at accepted_at assigned_at received_at resolved_at closed_at followed_up_at".split()
_FIRST = frozenset({"registered_at", "accepted_at"})
_HANDS = frozenset({"RECEIVE", "START", "RESOLVE", "WHISTLE", "RESPOND"})
_LOOP = frozenset({"ASSIGN", "RECEIVE"})
_UP = frozenset({"REPORT_UP", "ESCALATE"})
_INFERRED = {"accepted_at": "accepted_at_inferred", "closed_at": "closed_at_inferred"}
_SETTLED = frozenset({*_INFERRED.values(), "stages_out_of_order", "told_against_steps"})
#: What the fold may set beside the fields of a case.
FACTS = (
    "left_at returned_at reopened_at closed_before_at suspended_at agreed_at applied_at ruled_at invalid looped edge "
    "orgs whistles due_told"
).split()


class Entry(NamedTuple):
    """One line of the timeline. A step that moved nothing has the same state twice and ``moved`` False."""

    type: str
    at: datetime
    from_state: str | None
    to_state: str
    inferred: bool = False
    moved: bool = True
    step: Any = None


@dataclass
class Life:
    """``row``: the fields of the case as the steps leave them. ``returns``, ``extensions``: how many there were.

    ``told_at``: when its source told the state it tells. ``visits``: when people were asked since the last closing.
    """

    row: dict[str, Any]
    told_at: datetime
    entries: list[Entry] = field(default_factory=list)
    whistles: list[Whistle] = field(default_factory=list)
    returns: int = 0
    extensions: int = 0
    visits: list[datetime] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The state at the end."""
        return self.entries[-1].to_state

    @property
    def steps6(self) -> list[int]:
        """Which of 六步走 were taken: 1 found, 2 reported, 3 mediated, 4 reported up, 5 led, 6 visited."""
        seen = {entry.type for entry in self.entries}
        done = {
            1: self.row.get("source_channel") in {"GRID", "PATROL"},
            2: "REGISTER" in seen or self.row.get("registered_at") is not None,
            3: bool(seen & {"MEDIATE", "AGREEMENT"})
            or self.row.get("resolution_method") not in {None, "DIRECT"},
            4: bool(seen & _UP),
            5: self.row.get("lead_org") is not None,
            6: self.row.get("followed_up_at") is not None,
        }
        return [number for number, is_done in done.items() if is_done]

    @property
    def steps6_missing(self) -> list[int]:
        """Which of 六步走 are owed: a grave case is reported up and led by somebody; an archived one was visited."""
        owed = {4, 5} if self.row["grade"] in GRAVE else set()
        owed |= {6} if self.state == "ARCHIVED" else set()
        return sorted(owed - set(self.steps6))


def replay(told: Mapping[str, Any], steps: Sequence[Any], limits: Limits) -> Life:
    """The life of a case that its source tells as `told` (a row of `cases`), with `steps` (rows of `case_event`)."""
    ordered = sorted((step for step in steps if not step.corrected), key=_order)
    stated = told["state"]
    if told["source_updated_at"] is None and stated != "REPORTED" and ordered:
        # A status without a time: where the steps themselves come to it, they say when.
        found = _Fold(told, limits).run(ordered, None)
        if found.state == stated:
            return found
    return _Fold(told, limits).run(ordered, None if stated == "REPORTED" else stated)


def _order(step: Any) -> tuple[Any, ...]:
    """By time. At one time: what sources tell, in the order of a life, then what was taken here, as it was."""
    if step.taken:
        return (step.at, 1, step.number, "", "", "", "")
    return (
        step.at,
        0,
        _RANK[step.type],
        step.source,
        step.source_id or "",
        step.org or "",
        step.reason or "",
    )


class _Fold:
    def __init__(self, told: Mapping[str, Any], limits: Limits) -> None:
        self.row = dict(told)
        self.told = told
        self.limits = limits
        flags = [flag for flag in told["quality"].split(",") if flag]
        self.unsure = {name for name, flag in _INFERRED.items() if flag in flags}
        self.flags = flags
        for name in FACTS:
            if name not in {"reopened_at", "closed_before_at", "left_at", "due_told"}:
                self.row[name] = None
        if not told["due_told"]:
            self.row["due_at"] = None
        self.row["invalid"] = told["state"] in {"CANCELLED", "NOT_ACCEPTED"}
        stages = [told[name] for name in _STAGES if told[name] is not None]
        self.told_at: datetime = told["source_updated_at"] or max(stages)
        self.state = "REPORTED"
        self.life = Life(
            self.row, self.told_at, [Entry("REPORT", told["reported_at"], None, "REPORTED", inferred=True)]
        )
        self.seen: set[str] = set()
        self.hands: set[str] = set()
        self.paused = timedelta()
        self.last: Any = None
        self.last_close: datetime | None = None

    def run(self, steps: Sequence[Any], stated: str | None) -> Life:
        """Every step in its turn, and among them the moment at which the source told the state."""
        reopened = self.told["reopened_at"]
        if reopened is not None and stated is not None:
            self._bridge("CLOSED", self.told["closed_before_at"] or reopened)
            self._move("REOPEN", reopened, "IN_PROGRESS", inferred=True)
        waiting = stated is not None
        for step in steps:
            if waiting and (step.at, step.taken) > (self.told_at, False):
                waiting = False
                self._state(stated)
            self._take(step)
        if waiting:
            self._state(stated)
        return self._done(bool(steps))

    def _state(self, stated: str | None) -> None:
        if stated is not None and self.state != stated and not self._bridge(stated, self.told_at):
            self._move(TELL, self.told_at, stated, inferred=True)

    def _bridge(self, goal: str, at: datetime) -> bool:
        way = life.way_to(self.state, goal)
        for event in way or ():
            self._infer(event, at)
        return way is not None

    def _infer(self, event: str, at: datetime) -> None:
        stamp = self.row.get(life.STAMPS.get(event, ""))
        when = stamp if stamp is not None and stamp <= at else at
        self._move(event, max(when, self.life.entries[-1].at), life.STEPS[self.state, event], inferred=True)

    def _move(self, event: str, at: datetime, to: str, *, inferred: bool = False, step: Any = None) -> None:
        self.life.entries.append(Entry(event, at, self.state, to, inferred, step=step))
        if self.state == "SUSPENDED" and to != "SUSPENDED":
            self._resume(at)
        self.state = to

    def _take(self, step: Any) -> None:
        if step.type == "REPORT":
            first = self.life.entries[0]
            self.life.entries[0] = first._replace(at=step.at, inferred=False, step=step)
            self.seen.add("REPORT")
            return
        failed = step.outcome == "FAIL" or step.reason == "FAILED"
        to = life.next_state(self.state, step.type, failed)
        if to is None and (way := life.way_before(self.state, step.type)) is not None:
            for event in way:
                self._infer(event, step.at)
            to = life.next_state(self.state, step.type, failed)
        if to is None:
            # Legal nowhere from here: it stays on record as something that was said.
            entry = Entry(step.type, step.at, self.state, self.state, moved=False, step=step)
            self.life.entries.append(entry)
        else:
            self._move(step.type, step.at, to, step=step)
        self._note(step, moved=to is not None)

    def _note(self, step: Any, *, moved: bool) -> None:
        """What a step says beside the state."""
        row, kind = self.row, step.type
        self.seen.add(kind)
        self.last = step
        if step.org is not None and kind in _HANDS:
            self.hands.add(step.org)
        self._stamp(step)
        if kind == "RATE" and moved and self.row["followed_up_at"] is None:
            # Who rates has been heard.
            self.row["followed_up_at"] = step.at
        if step.satisfaction is not None and kind in {"FOLLOWUP", "RATE"}:
            self._set(step, "satisfaction", step.satisfaction)
        if moved and (note := getattr(self, f"_on_{kind.lower()}", None)) is not None:
            note(step)
        elif kind == "RETURN":
            self._on_return(step)
        if moved and (self.state in life.LEFT or self.state == "NOT_ACCEPTED") and kind != "FEEDBACK":
            row["left_at"] = step.at
            row["invalid"] = self.state in {"CANCELLED", "NOT_ACCEPTED"} or bool(row["invalid"])
            if step.outcome is not None:
                self._set(step, "outcome", step.outcome)

    def _stamp(self, step: Any) -> None:
        name = life.STAMPS.get(step.type)
        if name is None:
            return
        known = self.row[name]
        if name in self.unsure:
            self.unsure.discard(name)
            self.row[name] = step.at
        elif known is None or (step.taken and name not in _FIRST):
            self.row[name] = step.at
        elif self.told[name] is None and name not in _FIRST:
            self.row[name] = max(known, step.at)

    def _set(self, step: Any, name: str, value: Any) -> None:
        """What a source tells of itself stands against what its steps say, not against what was done here since."""
        if step.taken or step.at > self.told_at or self.told[name] is None:
            self.row[name] = value

    # What single steps say

    def _on_grade(self, step: Any) -> None:
        if step.reason in dictionary.GRADE:
            self._set(step, "grade", step.reason)

    def _on_start(self, step: Any) -> None:
        """Settled on the spot: who begins without having been assigned handles it."""
        if step.org is not None and self.row["handling_org"] is None:
            self._set(step, "handling_org", step.org)

    def _on_assign(self, step: Any) -> None:
        if step.org is not None:
            self._set(step, "handling_org", step.org)
        if step.to_level is not None:
            self._set(step, "handling_level", step.to_level)

    def _on_return(self, step: Any) -> None:
        self.life.returns += 1
        self.row["returned_at"] = self.row["returned_at"] or step.at
        if step.reason == "INVALID":
            self.row["invalid"] = True

    def _on_escalate(self, step: Any) -> None:
        if step.org is not None:
            self._set(step, "lead_org", step.org)
        self._on_report_up(step)
        self._on_grade(step)

    def _on_report_up(self, step: Any) -> None:
        """The level above has it in hand, whether or not the step says which that is."""
        level = step.to_level or life.above(step.from_level or self._level())
        if level is not None:
            self._set(step, "handling_level", level)

    def _on_assign_down(self, step: Any) -> None:
        level = step.to_level or life.below(step.from_level or self.row["handling_level"])
        if level is not None:
            self._set(step, "handling_level", level)

    def _level(self) -> str | None:
        """The level that has the case in hand: until it moves, the one that found it."""
        level: str | None = self.row["handling_level"] or self.row["origin_level"]
        return level

    def _on_suspend(self, step: Any) -> None:
        self.row["suspended_at"] = step.at

    def _resume(self, at: datetime) -> None:
        since = self.row["suspended_at"]
        self.row["suspended_at"] = None
        if since is None:
            return
        span = at - since
        if at > self.told_at or self.told["suspended_s"] is None:
            self.row["suspended_s"] = (self.row["suspended_s"] or 0) + int(span.total_seconds())
        # A due time that its source gave has been shifted there already, for what had ended by then.
        if at > self.told_at or not self.told["due_told"]:
            self.paused += span

    def _on_extend_approve(self, step: Any) -> None:
        self.life.extensions += 1
        due = self._due()
        if due is None or (step.at <= self.told_at and self.told["due_told"]):
            return
        start = self.row["reopened_at"] or self.row["accepted_at"] or step.at
        due = step.due_after or self.limits.extended(self.row["grade"], start, due)
        self.row |= {"due_at": due, "due_told": True}
        self.paused = timedelta()

    def _due(self) -> datetime | None:
        """When it is due as far as the steps go: a time that was given is shifted by what was suspended since."""
        due: datetime | None = self.row["due_at"]
        if due is not None:
            return due + self.paused
        start = self.row["reopened_at"] or self.row["accepted_at"]
        due = self.limits.due(self.row["grade"], start) if start is not None else None
        if due is None or self.row["reopened_at"] is not None:
            return due and due + self.paused
        return due + timedelta(seconds=self.row["suspended_s"] or 0)

    def _on_whistle(self, step: Any) -> None:
        kind = step.reason if step.reason in time_limit.WHISTLE else "DAILY_PROBLEM"
        due = step.due_after or time_limit.WHISTLE[kind].after(step.at, self.limits.zone)
        raised = to_milliseconds(step.at)
        self.life.whistles.append(Whistle(step.org or "", kind, raised, to_milliseconds(due)))

    def _on_respond(self, step: Any) -> None:
        mine = [one for one in self.life.whistles if step.org is None or one.unit == step.org]
        if not mine:
            return
        if step.reason == "RATED":
            mine[-1].rating = step.satisfaction
            return
        called = next((one for one in mine if one.is_open), mine[-1])
        at = to_milliseconds(step.at)
        if step.reason == "DECLINE":
            called.declined = True
            return
        called.acked = called.acked if called.acked is not None else at
        if step.reason in {"ARRIVE", "DONE"} and called.arrived is None:
            called.arrived = at
        if step.reason == "DONE":
            called.done = at

    def _on_transfer(self, step: Any) -> None:
        if step.reason in dictionary.TRANSFER_TO:
            self._set(step, "transfer_to", step.reason)

    def _on_merge(self, step: Any) -> None:
        if step.reason is not None:
            self._set(step, "merged_into", step.reason)

    def _on_agreement(self, step: Any) -> None:
        self.row["agreed_at"] = step.at

    def _on_confirm_apply(self, step: Any) -> None:
        self.row["applied_at"] = step.at

    def _on_confirm_rule(self, step: Any) -> None:
        self.row["ruled_at"] = step.at
        self._on_resolve(step)
        self.row["resolved_at"] = self.row["resolved_at"] or step.at

    def _on_resolve(self, step: Any) -> None:
        self._set(step, "outcome", step.outcome or "SUCCESS")

    def _on_followup(self, step: Any) -> None:
        self.life.visits.append(step.at)

    def _on_close(self, step: Any) -> None:
        self.last_close = step.at

    def _on_reopen(self, step: Any) -> None:
        """The clock and the result begin anew; the closing that this undoes is kept, so the past stays as it was."""
        row = self.row
        closed = row["closed_at"] if row["closed_at"] is not None and row["closed_at"] <= step.at else None
        row["closed_before_at"] = closed or self.last_close or step.at
        row["reopened_at"] = step.at
        row["reopened_count"] = (row["reopened_count"] or 0) + 1
        for name in ("resolved_at", "closed_at"):
            if row[name] is not None and (row[name] <= step.at or step.at > self.told_at):
                row[name] = None
        if step.taken or step.at > self.told_at:
            row |= {"outcome": None, "due_at": None, "due_told": False}
        self.paused = timedelta()
        self.life.visits.clear()
        self.unsure.discard("closed_at")

    def _done(self, has_steps: bool) -> Life:
        row = self.row
        row["state"] = self.state
        if self.paused and (row["due_at"] is not None or row["reopened_at"] is not None):
            row["due_at"] = self._due()
        row["whistles"] = whistle.to_text(self.life.whistles)
        row["orgs"] = len(self.hands) or None
        if row["followed_up_at"] is not None and not self.life.visits:
            self.life.visits.append(row["followed_up_at"])
        flags = [flag for flag in self.flags if flag not in _SETTLED]
        if "accepted_at" in self.unsure and self.state not in life.BEFORE:
            flags.append("accepted_at_inferred")
        if "closed_at" in self.unsure and self.state in life.CLOSED:
            flags.append("closed_at_inferred")
        if any(entry.type == TELL for entry in self.life.entries):
            flags.append("told_against_steps")
        row["quality"] = ",".join(dict.fromkeys(flags))
        if has_steps:
            row["looped"] = self._looped()
        row["edge"] = self._edge(has_steps)
        return self.life

    def _looped(self) -> bool | None:
        if self.state not in life.CLOSED:
            return None
        direct = not self.seen & _LOOP and self.row["assigned_at"] is None
        handed = direct or (self.row["assigned_at"] is not None and self.row["received_at"] is not None)
        ended = self.row["resolved_at"] is not None and self.row["closed_at"] is not None
        return handed and ended and "FEEDBACK" in self.seen

    def _edge(self, has_steps: bool) -> str | None:
        if self.state in life.CLOSED or self.state == "NOT_ACCEPTED":
            return "FEEDBACK" if has_steps and "FEEDBACK" not in self.seen else None
        if self.last is None or self.state not in life.OPEN:
            return None
        if self.last.type in _UP or self.last.direction == "UP":
            return "UP"
        return "DOWN" if self.last.type == "ASSIGN_DOWN" or self.last.direction == "DOWN" else None


def strict(entries: Sequence[Entry]) -> Iterator[str]:
    """The states that `entries` lead through, each step checked against the table; raises where one is not legal."""
    state = "REPORTED"
    for entry in entries[1:]:
        if entry.moved:
            legal = {life.next_state(state, entry.type, failed) for failed in (False, True)}
            if entry.type != TELL and entry.to_state not in legal:
                raise ValueError(f"{state} 不允许 {entry.type}")
            state = entry.to_state
        yield state
