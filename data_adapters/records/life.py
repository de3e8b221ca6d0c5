"""The life of a case: its states, the legal steps between them, and what a state means for the counts.

Domain dictionary, section 4.2. An event that does not change the state (a follow-up note, a whistle) is legal
wherever its row says so.
"""

from __future__ import annotations

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

_WORKING = ("IN_PROGRESS", "ESCALATED")
_NOT_TERMINAL = (*sorted(OPEN), "REPORTED", "REGISTERED")

#: (state, event) -> next state.
STEPS: dict[tuple[str, str], str] = {
    ("REPORTED", "REGISTER"): "REGISTERED",
    ("REPORTED", "ACCEPT"): "ACCEPTED",
    ("REGISTERED", "ACCEPT"): "ACCEPTED",
    ("REGISTERED", "REJECT_ACCEPT"): "NOT_ACCEPTED",
    ("NOT_ACCEPTED", "FEEDBACK"): "NOT_ACCEPTED",
    ("ACCEPTED", "GRADE"): "ACCEPTED",
    ("ACCEPTED", "TRIAGE"): "TRIAGED",
    ("ACCEPTED", "START"): "IN_PROGRESS",
    ("TRIAGED", "START"): "IN_PROGRESS",
    ("TRIAGED", "ASSIGN"): "ASSIGNED",
    ("ASSIGNED", "RECEIVE"): "RECEIVED",
    ("ASSIGNED", "RETURN"): "TRIAGED",
    ("RECEIVED", "RETURN"): "TRIAGED",
    ("RECEIVED", "START"): "IN_PROGRESS",
    ("IN_PROGRESS", "SUSPEND"): "SUSPENDED",
    ("SUSPENDED", "RESUME"): "IN_PROGRESS",
    ("IN_PROGRESS", "ESCALATE"): "ESCALATED",
    ("ESCALATED", "START"): "IN_PROGRESS",
    ("RESOLVED", "CLOSE"): "CLOSED",
    ("CLOSED", "FOLLOWUP"): "FOLLOW_UP",
    ("FOLLOW_UP", "RATE"): "FOLLOW_UP",
    ("FOLLOW_UP", "ARCHIVE"): "ARCHIVED",
    ("CLOSED", "ARCHIVE"): "ARCHIVED",
    ("CLOSED", "FEEDBACK"): "CLOSED",
    ("CLOSED", "REOPEN"): "IN_PROGRESS",
    ("FOLLOW_UP", "REOPEN"): "IN_PROGRESS",
    ("ARCHIVED", "REOPEN"): "IN_PROGRESS",
    **{(state, "RESOLVE"): "RESOLVED" for state in _WORKING},
    **{(state, "TRANSFER"): "TRANSFERRED" for state in _WORKING},
    **{
        (state, event): state
        for state in _WORKING
        for event in (
            "PROGRESS",
            "WHISTLE",
            "RESPOND",
            "EXTEND_REQUEST",
            "EXTEND_APPROVE",
            "SUPERVISE",
            "MEDIATE",
            "AGREEMENT",
            "CONFIRM_APPLY",
            "CONFIRM_RULE",
            "REPORT_UP",
            "ASSIGN_DOWN",
            "FEEDBACK",
        )
    },
    **{(state, "MERGE"): "MERGED" for state in _NOT_TERMINAL},
    **{(state, "CANCEL"): "CANCELLED" for state in _NOT_TERMINAL},
}

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


def legal_steps(state: str) -> list[str]:
    """The events that `state` allows, in the order of the table."""
    return [event for (at, event) in STEPS if at == state]


def next_state(state: str, event: str) -> str | None:
    """The state after `event`, or None where the step is not legal. VERIFY failing reopens the work."""
    if (state, event) == ("RESOLVED", "VERIFY"):
        return "RESOLVED"
    return STEPS.get((state, event))
