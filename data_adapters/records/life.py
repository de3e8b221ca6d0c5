"""The life of a case: its states, the legal steps between them, and what a state means for the counts.

Domain dictionary, section 4.2. An event that does not change the state (a follow-up note, a whistle) is legal
wherever its row says so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

#: Accepted and not yet concluded: the open stock U(t) of section 3.1.
OPEN = frozenset(
    {"ACCEPTED", "TRIAGED", "ASSIGNED", "RECEIVED", "IN_PROGRESS", "ESCALATED", "SUSPENDED", "RESOLVED"}
)
#: Concluded in this centre.
CLOSED = frozenset({"CLOSED", "FOLLOW_UP", "ARCHIVED"})
#: Left the stock without a conclusion here.
LEFT = frozenset({"TRANSFERRED", "MERGED", "CANCELLED"})
#: Never happened, or is part of another: counted where it was reported, in no rate's denominator.
VOID = frozenset({"MERGED", "CANCELLED"})
#: Not accepted yet, or never.
BEFORE = frozenset({"REPORTED", "REGISTERED", "NOT_ACCEPTED"})
#: Where a case waits on the double loop by its state alone: reported upwards, or handed down and not signed for.
EDGES = {"REPORTED": "UP", "REGISTERED": "UP", "ASSIGNED": "DOWN"}
#: The levels of the double loop, from the ground up.
LEVELS = ("grid", "village", "township", "county", "above")
#: Edge -> the levels whose turn it may be there: of UP those that answer, of DOWN those that sign.
WAITS = {"UP": LEVELS[1:], "DOWN": LEVELS[:-1], "FEEDBACK": LEVELS}

_NOT_TERMINAL = (*sorted(OPEN), "REPORTED", "REGISTERED")

#: (state, event) -> next state.
STEPS: dict[tuple[str, str], str] = {
    ("REPORTED", "REGISTER"): "REGISTERED",
    ("REGISTERED", "ACCEPT"): "ACCEPTED",
    ("REGISTERED", "REJECT_ACCEPT"): "NOT_ACCEPTED",
    ("NOT_ACCEPTED", "FEEDBACK"): "NOT_ACCEPTED",
    ("ACCEPTED", "GRADE"): "ACCEPTED",
    ("ACCEPTED", "TRIAGE"): "TRIAGED",
    ("ACCEPTED", "START"): "IN_PROGRESS",
    ("TRIAGED", "GRADE"): "TRIAGED",
    ("TRIAGED", "START"): "IN_PROGRESS",
    ("TRIAGED", "ASSIGN"): "ASSIGNED",
    ("ASSIGNED", "RECEIVE"): "RECEIVED",
    ("ASSIGNED", "RETURN"): "TRIAGED",
    ("RECEIVED", "RETURN"): "TRIAGED",
    ("RECEIVED", "START"): "IN_PROGRESS",
    ("IN_PROGRESS", "SUSPEND"): "SUSPENDED",
    ("SUSPENDED", "RESUME"): "IN_PROGRESS",
    ("SUSPENDED", "RESPOND"): "SUSPENDED",
    ("IN_PROGRESS", "ESCALATE"): "ESCALATED",
    ("ESCALATED", "START"): "IN_PROGRESS",
    ("RESOLVED", "VERIFY"): "RESOLVED",
    ("RESOLVED", "RESPOND"): "RESOLVED",
    ("RESOLVED", "CLOSE"): "CLOSED",
    ("CLOSED", "FEEDBACK"): "CLOSED",
    ("CLOSED", "FOLLOWUP"): "FOLLOW_UP",
    ("CLOSED", "RATE"): "FOLLOW_UP",
    ("CLOSED", "ARCHIVE"): "ARCHIVED",
    ("FOLLOW_UP", "FEEDBACK"): "FOLLOW_UP",
    # A major case is visited more than once.
    ("FOLLOW_UP", "FOLLOWUP"): "FOLLOW_UP",
    ("FOLLOW_UP", "RATE"): "FOLLOW_UP",
    ("FOLLOW_UP", "ARCHIVE"): "ARCHIVED",
    ("CLOSED", "REOPEN"): "IN_PROGRESS",
    ("FOLLOW_UP", "REOPEN"): "IN_PROGRESS",
    ("ARCHIVED", "REOPEN"): "IN_PROGRESS",
    ("IN_PROGRESS", "RESOLVE"): "RESOLVED",
    ("IN_PROGRESS", "CONFIRM_RULE"): "RESOLVED",
    ("IN_PROGRESS", "TRANSFER"): "TRANSFERRED",
    **{
        ("IN_PROGRESS", event): "IN_PROGRESS"
        for event in "WHISTLE EXTEND_REQUEST EXTEND_APPROVE MEDIATE AGREEMENT CONFIRM_APPLY".split()
    },
    # What is said of a case without moving it; one that was escalated goes on with START at the higher level.
    **{
        (state, event): state
        for state in ("IN_PROGRESS", "ESCALATED")
        for event in "PROGRESS RESPOND SUPERVISE GRADE DELEGATE REPORT_UP ASSIGN_DOWN FEEDBACK".split()
    },
    **{(state, "MERGE"): "MERGED" for state in _NOT_TERMINAL},
    **{(state, "CANCEL"): "CANCELLED" for state in _NOT_TERMINAL},
}
#: What a case does on its way, without anything being undone: the steps that may be inferred where none is told.
_FORWARD = (
    "REGISTER ACCEPT REJECT_ACCEPT TRIAGE ASSIGN RECEIVE START RESUME RESOLVE CLOSE FOLLOWUP ARCHIVE".split()
)
#: States that lie beside the way; each is reached by its own step, which is inferred as the last one.
_ASIDE = ("SUSPEND", "ESCALATE", "TRANSFER", "MERGE", "CANCEL")
#: Steps that say so little about the state that nothing is inferred from them.
_REMARKS = frozenset(
    {"REPORT", "GRADE", "FEEDBACK", "RATE", "SUPERVISE", "VERIFY", "REOPEN", "MERGE", "CANCEL"}
)

#: Steps that must say why, and of which the causes are a closed list where one is given.
REASONS: dict[str, frozenset[str]] = {
    "REJECT_ACCEPT": frozenset(),
    "RETURN": frozenset(),
    "SUSPEND": frozenset({"APPRAISAL", "ANNOUNCEMENT", "LITIGATION", "PARTY", "OTHER_PROCEDURE"}),
    "MERGE": frozenset(),
    "CANCEL": frozenset(),
    "REOPEN": frozenset(),
}
#: After this many returns the centre decides itself.
MOST_RETURNS = 2

#: Which stage time of a case an event sets.
STAMPS = {
    "REGISTER": "registered_at",
    "ACCEPT": "accepted_at",
    "ASSIGN": "assigned_at",
    "RECEIVE": "received_at",
    "RESOLVE": "resolved_at",
    "CLOSE": "closed_at",
    "FOLLOWUP": "followed_up_at",
}


def above(level: str | None) -> str | None:
    """The next level up; None of the highest, and of none."""
    at = LEVELS.index(level) + 1 if level is not None else len(LEVELS)
    return LEVELS[at] if at < len(LEVELS) else None


def below(level: str | None) -> str | None:
    """The next level down; None of the lowest, and of none."""
    at = LEVELS.index(level) - 1 if level is not None else -1
    return LEVELS[at] if at >= 0 else None


def waits_at(edge: str, origin: str | None, handling: str | None) -> str | None:
    """The level whose turn it is on an `edge`: who has it in hand, else who is above those that found it.

    Of FEEDBACK those who found it: they wait for the answer. None where the levels are not told.
    """
    if edge == "FEEDBACK":
        return origin
    level = handling or (above(origin) if edge == "UP" and origin in LEVELS[:3] else None)
    return level if level in WAITS[edge] else None


def legal_steps(state: str) -> list[str]:
    """The events that `state` allows, in the order of the table."""
    return [event for (at, event) in STEPS if at == state]


def next_state(state: str, event: str, failed: bool = False) -> str | None:
    """The state after `event`, or None where the step is not legal. ``failed``: a check that did not pass."""
    if failed and (state, event) == ("RESOLVED", "VERIFY"):
        return "IN_PROGRESS"
    return STEPS.get((state, event))


@cache
def way_to(state: str, goal: str) -> tuple[str, ...] | None:
    """The shortest steps forward from `state` to the state `goal`; None where one would have to go back."""
    return _way(state, lambda at: at == goal)


@cache
def way_before(state: str, event: str) -> tuple[str, ...] | None:
    """The shortest steps forward from `state` to where `event` is legal; None where there are none."""
    if event in _REMARKS:
        return () if (state, event) in STEPS else None
    return _way(state, lambda at: (at, event) in STEPS)


def _way(state: str, arrived: Callable[[str], bool]) -> tuple[str, ...] | None:
    ways: dict[str, tuple[str, ...]] = {state: ()}
    waiting = [state]
    while waiting:
        at = waiting.pop(0)
        if arrived(at):
            return ways[at]
        for event in (*_FORWARD, *_ASIDE):
            then = STEPS.get((at, event))
            if then is not None and then not in ways:
                ways[then] = (*ways[at], event)
                waiting.append(then)
    return None
