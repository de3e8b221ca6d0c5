"""What a step taken here must fulfil, and what holds of every case whatever was tried on it (section 4.2)."""

from __future__ import annotations

import itertools
import os
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data_adapters.ledger import Ledger, Scope, steps
from data_adapters.ledger.replay import replay, strict
from data_adapters.ledger.tables import case_event, cases
from data_adapters.records import life
from data_adapters.records.dictionary import EVENT_TYPE
from data_adapters.records.event import CaseEvent
from data_adapters.records.span import Span
from data_adapters.records.time_limit import DEFAULTS, Limits
from tests.fixtures.town import NOW, case, open_town

ALL = Scope.everything()
START = NOW - timedelta(days=20)
_HELD = frozenset("ASSIGNED RECEIVED IN_PROGRESS ESCALATED SUSPENDED RESOLVED".split())


def the_row(ledger: Ledger) -> dict[str, Any]:
    with ledger.read(ALL) as snapshot:
        return dict(snapshot._connection.execute(sa.select(cases)).mappings().one())


def take(ledger: Ledger, kind: str, hours: float, **more: Any) -> tuple[str, str | None, list[str]]:
    at, number = START + timedelta(hours=hours), the_row(ledger)["case_no"]
    outcome, legal = ledger.apply_event(CaseEvent(source="hall", type=kind, at=at, case_no=number, **more))
    return outcome.status, outcome.faults[0].code if outcome.faults else None, legal


def begun(url: str, **more: Any) -> Ledger:
    ledger = open_town(url)
    ledger.write_cases([case(1, occurred_at=START, reported_at=START, **more)])
    return ledger


@pytest.mark.parametrize(
    ("state", "row", "kind", "step", "code"),
    [
        ("ACCEPTED", {}, "GRADE", {"reason": "SAID"}, "unknown"),
        ("ACCEPTED", {}, "GRADE", {"reason": "MAJOR"}, None),
        ("ACCEPTED", {}, "START", {}, "missing"),
        ("ACCEPTED", {}, "START", {"org": "甲所"}, None),
        ("TRIAGED", {"handling_org": "甲所"}, "START", {"org": "乙局"}, "not_assigned"),
        ("TRIAGED", {}, "ASSIGN", {}, "missing"),
        ("ASSIGNED", {"handling_org": "甲所"}, "RECEIVE", {"org": "乙局"}, "not_assigned"),
        ("ASSIGNED", {"handling_org": "甲所"}, "RECEIVE", {"org": "甲所"}, None),
        ("ASSIGNED", {}, "RETURN", {}, "missing"),
        ("IN_PROGRESS", {}, "WHISTLE", {"reason": "EMERGENCY"}, "missing"),
        ("IN_PROGRESS", {}, "WHISTLE", {"org": "城管", "reason": "LOUD"}, "unknown"),
        ("IN_PROGRESS", {}, "ESCALATE", {}, "no_cause"),
        ("IN_PROGRESS", {}, "ESCALATE", {"reason": "COMPLEX"}, None),
        ("IN_PROGRESS", {}, "ESCALATE", {"reason": "MAJOR"}, "missing"),
        ("IN_PROGRESS", {"grade": "MAJOR"}, "ESCALATE", {"org": "政法委", "reason": "COMPLEX"}, "not_higher"),
        ("IN_PROGRESS", {"grade": "MAJOR"}, "ESCALATE", {"org": "政法委"}, None),
        ("IN_PROGRESS", {"due_at": START + timedelta(hours=1)}, "ESCALATE", {}, None),
        ("IN_PROGRESS", {}, "SUSPEND", {"reason": "LUNCH"}, "unknown"),
        ("REGISTERED", {}, "REJECT_ACCEPT", {}, "missing"),
        ("CLOSED", {}, "REOPEN", {}, "missing"),
        ("IN_PROGRESS", {}, "MERGE", {}, "missing"),
    ],
)
def test_a_step_is_refused_where_its_guard_is_not_met(
    sqlite_url: str, state: str, row: dict[str, Any], kind: str, step: dict[str, Any], code: str | None
) -> None:
    accepted = None if state in life.BEFORE else START
    ledger = begun(sqlite_url, state=state, accepted_at=accepted, source_updated_at=START, **row)
    status, fault, legal = take(ledger, kind, 5, **step)
    assert (status, fault) == ("accepted" if code is None else "rejected", code)
    assert legal == ([] if code is None else life.legal_steps(state))
    ledger.close()


def test_a_case_is_suspended_no_more_than_its_policy_allows(sqlite_url: str) -> None:
    ledger = begun(sqlite_url, state="IN_PROGRESS", accepted_at=START, source_updated_at=START)
    ledger.limits = Limits(ledger.zone, [replace(DEFAULTS[0], suspension=Span.of("2d"))])
    for hours, kind in ((1, "SUSPEND"), (48, "RESUME"), (49, "SUSPEND"), (51, "RESUME")):
        assert take(ledger, kind, hours, reason="PARTY")[0] == "accepted"
    assert take(ledger, "SUSPEND", 52, reason="PARTY")[:2] == ("rejected", "suspended_enough")
    ledger.close()


def test_a_merged_case_leaves_the_stock_and_its_parent_counts_once(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([case(n, state="ACCEPTED", accepted_at=NOW - timedelta(hours=1)) for n in (1, 2)])
    with ledger.read(ALL) as snapshot:
        child, parent = (row.case_no for row in snapshot.latest_cases("000", 2))

    def merge(case_no: str, into: str) -> str | None:
        event = CaseEvent(source="hall", type="MERGE", at=NOW, case_no=case_no, reason=into)
        faults = ledger.apply_event(event)[0].faults
        return faults[0].code if faults else None

    # The parent is named: a case that there is, another one, and one that goes on.
    assert merge(child, "SAME_MATTER") == "unknown_case"
    assert merge(child, child) == "itself"
    assert merge(child, parent) is None
    assert merge(parent, child) == "void"
    with ledger.read(ALL) as snapshot:
        found = snapshot.case(child)
        assert found is not None
        assert (found.state, found.merged_into) == ("MERGED", parent)
    with ledger.read(ALL) as snapshot:
        flows = snapshot.counts.flows("000", snapshot.today - 1, snapshot.today)
        assert (flows["reported"], flows["accepted"], flows["accepted_void"], flows["left"]) == (2, 2, 1, 1)
        assert snapshot.counts.gauges("000")["open"] == 1
    ledger.close()


@pytest.mark.parametrize(("minutes", "timely"), [(59, 1), (60, 1), (60 + 1 / 60, 0)])
def test_a_ruling_within_the_hour_counts_to_the_sixtieth_minute_inclusive(
    sqlite_url: str, minutes: float, timely: int
) -> None:
    ledger = begun(sqlite_url, state="IN_PROGRESS", accepted_at=START, source_updated_at=START)
    for kind, hours in (("AGREEMENT", 1.0), ("CONFIRM_APPLY", 2.0), ("CONFIRM_RULE", 2 + minutes / 60)):
        assert take(ledger, kind, hours)[0] == "accepted"
    with ledger.read(ALL) as snapshot:
        rare = snapshot.counts.spread("000", 0, snapshot.today)
    assert (rare["ruled"], rare["ruled_hour"]) == (1, timely)
    ledger.close()


@st.composite
def tries(draw: st.DrawFn) -> tuple[str, int, dict[str, Any]]:
    kind = draw(st.sampled_from([name for name in EVENT_TYPE if name not in {"CANCEL", "MERGE"}]))
    reasons = {
        "SUSPEND": "PARTY",
        "GRADE": "MAJOR",
        "WHISTLE": "EMERGENCY",
        "ESCALATE": "MAJOR",
        "RESPOND": "DONE",
    }
    return kind, draw(st.integers(0, 2)), {"org": draw(st.sampled_from(["甲所", "乙局"])),
                                           "reason": reasons.get(kind, "SAID")}  # fmt: skip


@settings(
    max_examples=int(os.environ.get("YIPING_HISTORIES", "8")),
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(history=st.lists(tries(), min_size=15, max_size=40), data=st.data())
def test_whatever_is_tried_the_invariants_of_a_life_hold(
    history: list[tuple[str, int, dict[str, Any]]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = begun(f"sqlite:///{Path(folder) / 'tried.db'}")
        hours = 0
        for tried, later, said in history:
            kind, more = tried, said
            state = the_row(ledger)["state"]
            # Half of what is tried is a legal step, or nothing would ever be archived.
            legal = [name for name in life.legal_steps(state) if name not in {"CANCEL", "MERGE"}]
            if legal and data.draw(st.booleans()):
                kind = data.draw(st.sampled_from(legal))
                more = data.draw(tries())[2] | {
                    "reason": {"SUSPEND": "PARTY", "GRADE": "MAJOR"}.get(kind, "DONE")
                }
            hours += later
            status, _, named = take(ledger, kind, hours - 1 if later == 2 else hours, **more)
            row = the_row(ledger)
            if status == "rejected":
                assert (row["state"], named) == (state, life.legal_steps(state))
            assert state != "ARCHIVED" or status == "rejected" or kind == "REOPEN"
            if row["state"] in _HELD:
                assert row["handling_org"] is not None, row["state"]
        with ledger.read(ALL) as snapshot:
            told = snapshot._connection.execute(sa.select(case_event).order_by(case_event.c.number)).all()
            kept = steps.load(snapshot._connection, {row["id"]})[row["id"]]
            listed = snapshot.counts.gauges("000")["edge.FEEDBACK"]
        assert all(one.at <= two.at for one, two in itertools.pairwise(told))
        found = replay(steps.told_row(row), kept, ledger.limits)
        assert found.state == row["state"]
        assert list(strict(found.entries))[-1:] in ([], [row["state"]])
        if row["state"] == "NOT_ACCEPTED" and not any(one.type == "FEEDBACK" for one in told):
            assert listed == 1
        ledger.close()
