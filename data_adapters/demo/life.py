"""The life of one dispute from report to archive, drawn at random: which steps, when, by whom, with what end.

A life is known to its end as soon as it is drawn; :func:`as_of` tells what an upstream system would have on
file at some moment. The history and the live feed are made of the same lives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, log
from random import Random
from typing import Any, NamedTuple

from data_adapters.demo.rhythm import DAY_S, OFFSET_S, day_of, start_of
from data_adapters.ledger.contributions import GRAVE

#: Days to handle a case, by grade, and the median and spread (log) of the days that it really takes.
LIMIT_DAYS = {"ORDINARY": 7, "COMPLEX": 20, "MAJOR": 30, "PETITION_BACKLOG": 60}
HANDLING = {
    "ORDINARY": (1.6, 0.86),
    "COMPLEX": (6.6, 0.62),
    "MAJOR": (12.5, 0.48),
    "PETITION_BACKLOG": (29.0, 0.38),
}
#: What a step does to the state, and the time that it sets.
STATE_AFTER = {
    "REPORT": "REPORTED", "REGISTER": "REGISTERED", "ACCEPT": "ACCEPTED", "TRIAGE": "TRIAGED", "ASSIGN": "ASSIGNED",
    "RECEIVE": "RECEIVED", "START": "IN_PROGRESS", "SUSPEND": "SUSPENDED", "RESUME": "IN_PROGRESS",
    "RESOLVE": "RESOLVED", "CLOSE": "CLOSED", "FOLLOWUP": "FOLLOW_UP", "ARCHIVE": "ARCHIVED",
    "TRANSFER": "TRANSFERRED",
}  # fmt: skip
TIME_OF = {
    "REPORT": "reported_at", "REGISTER": "registered_at", "ACCEPT": "accepted_at", "ASSIGN": "assigned_at",
    "RECEIVE": "received_at", "RESOLVE": "resolved_at", "CLOSE": "closed_at", "FOLLOWUP": "followed_up_at",
}  # fmt: skip
_MINUTE, _HOUR = 60, 3_600


class Step(NamedTuple):
    """One entry of the timeline; ``at`` in seconds since the epoch."""

    type: str
    at: int
    org: str
    reason: str | None = None


@dataclass
class Life:
    """``facts`` are on file from the report on; ``ending`` is what RESOLVE, TRANSFER and FOLLOWUP add."""

    facts: dict[str, Any]
    ending: dict[str, Any]
    due_at: int
    steps: list[Step] = field(default_factory=list)

    @property
    def source_id(self) -> str:
        """The case's number in its own system."""
        return str(self.facts["source_id"])

    def at(self, step_type: str) -> int | None:
        """When the first step of this type happens; None if never."""
        return next((step.at for step in self.steps if step.type == step_type), None)


@dataclass(frozen=True)
class Orgs:
    """The three desks that a case passes: the village's, the township's, and whoever handles it."""

    village: str
    township: str
    handler: str


def live(
    facts: dict[str, Any], ending: dict[str, Any], reported_at: int, orgs: Orgs, rng: Random,
    resolve_at: int | None = None, transfer_to: str | None = None,
) -> Life:  # fmt: skip
    """Draw a life. `resolve_at` sets the moment of resolution, otherwise it is drawn by the grade.

    Steps follow the legal order; times never decrease. With `transfer_to` the case is not resolved but handed
    over (a reason code of the destination).
    """
    grade = facts["grade"]
    steps = [Step("REPORT", reported_at, orgs.village)]

    def step(kind: str, at: float, org: str, reason: str | None = None) -> int:
        steps.append(Step(kind, max(int(at), steps[-1].at), org, reason))
        return steps[-1].at

    step("REGISTER", _waking(reported_at + rng.expovariate(1 / (10 * _MINUTE)), rng), orgs.village)
    accepted = step("ACCEPT", _office(steps[-1].at + rng.expovariate(1 / (25 * _MINUTE)), rng), orgs.township)
    due = int(start_of(day_of(accepted) + LIMIT_DAYS[grade] + 1)) - 1
    if grade != "ORDINARY":
        step("GRADE", _office(accepted + rng.expovariate(1 / (15 * _MINUTE)), rng), orgs.township)
    step("TRIAGE", _office(steps[-1].at + rng.expovariate(1 / (45 * _MINUTE)), rng), orgs.township)
    if rng.random() >= {"ORDINARY": 0.65, "COMPLEX": 0.25}.get(grade, 0.0):
        step("ASSIGN", _office(steps[-1].at + rng.expovariate(1 / (40 * _MINUTE)), rng), orgs.township)
        if rng.random() < 0.03:
            step(
                "RETURN",
                _office(steps[-1].at + rng.expovariate(1 / (3 * _HOUR)), rng),
                orgs.handler,
                "NOT_OURS",
            )
            step("ASSIGN", _office(steps[-1].at + rng.expovariate(1 / (2 * _HOUR)), rng), orgs.township)
        step("RECEIVE", _office(steps[-1].at + rng.expovariate(1 / (2.5 * _HOUR)), rng), orgs.handler)
    started = step("START", _office(steps[-1].at + rng.expovariate(1 / (50 * _MINUTE)), rng), orgs.handler)

    median, spread = HANDLING[grade]
    drawn = _office(accepted + DAY_S * exp(rng.gauss(log(median), spread)), rng)
    end = int(max(drawn, started + 20 * _MINUTE) if resolve_at is None else max(resolve_at, started + 60))
    if transfer_to is not None:
        step("MEDIATE", started + 0.8 * (end - started), orgs.handler, "FAILED")
        step("TRANSFER", end, orgs.handler, transfer_to)
        return Life(facts, {"outcome": "TRANSFERRED"}, due, steps)
    due += _middle(steps, rng, grade, started, end, orgs)
    step("RESOLVE", end, orgs.handler)
    closed = step("CLOSE", _office(end + 10 * _MINUTE + rng.expovariate(1 / (5 * _HOUR)), rng), orgs.township)
    step("FEEDBACK", closed + rng.uniform(1, 30) * _MINUTE, orgs.township)
    if rng.random() < 0.965:
        visit = _office(closed + DAY_S * rng.uniform(0.8, 6.4), rng)
        step("FOLLOWUP", visit, orgs.village)
        step("ARCHIVE", _office(visit + rng.expovariate(1 / (6 * _HOUR)), rng), orgs.township)
    return Life(facts, ending, due, steps)


def _middle(steps: list[Step], rng: Random, grade: str, started: int, end: int, orgs: Orgs) -> int:
    """The steps between start and resolution; returns the seconds that a suspension adds to the limit."""
    span = end - started
    suspended = 0
    if grade in GRAVE:
        steps.append(Step("REPORT_UP", int(started + 0.05 * span), orgs.township))
    if grade != "ORDINARY" and span > 5 * DAY_S and rng.random() < 0.12:
        pause, back = int(started + 0.3 * span), int(started + 0.5 * span)
        steps.append(Step("SUSPEND", pause, orgs.handler, "APPRAISAL"))
        steps.append(Step("RESUME", back, orgs.handler))
        suspended = round((back - pause) / DAY_S) * DAY_S
    if grade != "ORDINARY" or rng.random() < 0.5:
        steps.append(Step("MEDIATE", int(started + rng.uniform(0.7, 0.98) * span), orgs.handler))
    return suspended


def changes_file(step_type: str) -> bool:
    """Whether the step changes what is on file about the case, not only its timeline."""
    return step_type in STATE_AFTER


def as_of(life: Life, at: float) -> dict[str, Any]:
    """What is on file at `at`: our field names; times in whole seconds since the epoch; unknown fields missing."""
    record = dict(life.facts)
    paused_at = 0
    for step in life.steps:
        if step.at > at:
            break
        record["source_updated_at"] = step.at
        record["state"] = STATE_AFTER.get(step.type, record.get("state"))
        if step.type in TIME_OF:
            record[TIME_OF[step.type]] = step.at
        if step.type in ("ASSIGN", "START"):
            record["handling_level"] = life.ending.get("resolved_level")
        if step.type == "ACCEPT":
            record["due_at"] = life.due_at - _suspended_s(life)
        elif step.type == "SUSPEND":
            paused_at = step.at
        elif step.type == "RESUME":
            record["suspended_s"] = step.at - paused_at
            record["due_at"] = life.due_at
        elif step.type == "RESOLVE":
            record |= {key: life.ending[key] for key in ("outcome", "resolution_method", "resolved_level")}
        elif step.type == "TRANSFER":
            record["outcome"] = life.ending["outcome"]
        elif step.type == "FOLLOWUP":
            record["satisfaction"] = life.ending["satisfaction"]
    return record


def _suspended_s(life: Life) -> int:
    """Seconds by which the suspension in this life moves its limit: whole days, so it still ends with a day."""
    pause, back = life.at("SUSPEND"), life.at("RESUME")
    return round((back - pause) / DAY_S) * DAY_S if pause is not None and back is not None else 0


def _waking(at: float, rng: Random) -> float:
    """`at`, or the next morning if it is night: someone has to type it in."""
    hour = (at + OFFSET_S) % DAY_S / _HOUR
    if 6.5 <= hour < 22.5:
        return at
    return start_of(day_of(at) + (hour >= 22.5)) + 7.5 * _HOUR + rng.expovariate(1 / (25 * _MINUTE))


def _office(at: float, rng: Random) -> float:
    """`at`, or the next office morning if it is outside 08:30 to 18:00."""
    hour = (at + OFFSET_S) % DAY_S / _HOUR
    if 8.5 <= hour < 18:
        return at
    return (
        start_of(day_of(at) + (hour >= 18))
        + 8.5 * _HOUR
        + min(rng.expovariate(1 / (35 * _MINUTE)), 3 * _HOUR)
    )
