"""The life of a case from its steps: what stands is what a replay gives, in whatever order the steps came."""

from __future__ import annotations

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data_adapters.ledger import Ledger, Scope, steps
from data_adapters.ledger.replay import FACTS, TELL, replay, strict
from data_adapters.ledger.steps import TOLD
from data_adapters.ledger.tables import cases
from data_adapters.records import life
from data_adapters.records.case import Case
from data_adapters.records.dictionary import EVENT_TYPE, STATE
from data_adapters.records.event import CaseEvent
from tests.fixtures.town import NOW, Clock, case, open_town

ALL = Scope.everything()
START = NOW - timedelta(days=20)
_told_types = [name for name in EVENT_TYPE if name != "REPORT"]


def rows(ledger: Ledger) -> list[dict[str, Any]]:
    with ledger.read(ALL) as snapshot:
        return [
            dict(row)
            for row in snapshot._connection.execute(sa.select(cases).order_by(cases.c.id)).mappings()
        ]


def lives(ledger: Ledger) -> list[Any]:
    with ledger.read(ALL) as snapshot:
        found = list(snapshot._connection.execute(sa.select(cases).order_by(cases.c.id)).mappings())
        kept = steps.load(snapshot._connection, {row["id"] for row in found})
    return [replay(steps.told_row(dict(row)), kept[row["id"]], ledger.limits) for row in found]


def told(number: int, kind: str, hours: float, **more: Any) -> CaseEvent:
    return CaseEvent(
        source="timeline", source_id=f"E{number}", type=kind, at=START + timedelta(hours=hours),
        case_source="hotline", case_source_id="W1", **more,
    )  # fmt: skip


def taken(ledger: Ledger, kind: str, hours: float, **more: Any) -> tuple[str, Any]:
    event = CaseEvent(
        source="hall",
        type=kind,
        at=START + timedelta(hours=hours),
        case_no=rows(ledger)[0]["case_no"],
        **more,
    )
    outcome, legal = ledger.apply_event(event)
    return outcome.status, outcome.faults[0].code if outcome.faults else legal


def at_start(**more: Any) -> Case:
    return case(1, occurred_at=START, reported_at=START, **more)


@st.composite
def steps_told(draw: st.DrawFn) -> CaseEvent:
    number = draw(st.integers(1, 40))
    return CaseEvent(
        source="timeline",
        source_id=f"E{number}",
        type=draw(st.sampled_from(_told_types)),
        at=START + timedelta(hours=draw(st.integers(0, 300))),
        case_source="hotline",
        case_source_id=f"W{number % 3}",
        org=draw(st.sampled_from([None, "甲所", "乙局"])),
        reason=draw(st.sampled_from([None, "DONE", "ARRIVE", "INVALID", "FAILED", "MAJOR"])),
        outcome=draw(st.sampled_from([None, "FAIL", "SUCCESS"])),
        satisfaction=draw(st.sampled_from([None, "SATISFIED"])),
        direction=draw(st.sampled_from([None, "UP", "DOWN"])),
        source_updated_at=START + timedelta(hours=draw(st.integers(0, 5))),
    )


@st.composite
def told_cases(draw: st.DrawFn) -> list[Case]:
    def one(number: int) -> Case:
        state = draw(st.sampled_from(["REPORTED", "REPORTED", *STATE]))
        hours = draw(st.none() | st.integers(0, 250))
        return case(
            number,
            occurred_at=START,
            reported_at=START,
            state=state,
            accepted_at=START + timedelta(hours=1)
            if draw(st.booleans()) and state not in life.BEFORE
            else None,
            due_at=draw(st.sampled_from([None, START + timedelta(days=9)])),
            source_updated_at=None if hours is None else START + timedelta(hours=hours),
        )

    return [one(number) for number in range(3)]


def latest(told_steps: list[CaseEvent]) -> list[CaseEvent]:
    """Of every step its last correction; of two of one time none is the later, so those are left out."""
    by_id: dict[str | None, CaseEvent] = {}
    for one in told_steps:
        known = by_id.get(one.source_id)
        if known is None or (one.source_updated_at or NOW) > (known.source_updated_at or NOW):
            by_id[one.source_id] = one
    versions = {(one.source_id, one.source_updated_at): one for one in told_steps}
    return [one for one in told_steps if versions[one.source_id, one.source_updated_at] == one]


@settings(
    max_examples=int(os.environ.get("YIPING_HISTORIES", "15")),
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(begun=told_cases(), history=st.lists(steps_told(), max_size=14), data=st.data())
def test_steps_in_any_order_repeated_and_corrected_come_to_the_same_as_a_replay(
    begun: list[Case], history: list[CaseEvent], data: st.DataObject
) -> None:
    history = latest(history)
    orders = [history, data.draw(st.permutations(history + history[:3]))]
    ends = []
    for order in orders:
        with tempfile.TemporaryDirectory() as folder:
            ledger = open_town(f"sqlite:///{Path(folder) / 'life.db'}")
            ledger.write_cases(begun)
            if data.draw(st.booleans()):
                ledger.write_events(order, bulk=data.draw(st.booleans()))
            else:
                for event in order:
                    ledger.write_events([event])
            stored = rows(ledger)
            for row, found in zip(stored, lives(ledger), strict=True):
                # State and facts are derivable from the steps alone, and the way there is legal throughout.
                assert found.state == row["state"]
                assert list(strict(found.entries))[-1:] in ([], [row["state"]])
                settled = {"edge", "invalid", "left_at"}  # what the state itself says of them is added after
                assert {name: found.row[name] for name in FACTS if name not in settled} == {
                    name: row[name] for name in FACTS if name not in settled
                }
            ends.append([{k: v for k, v in row.items() if k not in {"seq", "ingested_at"}} for row in stored])
            kept = counted(ledger)
            ledger.rebuild_counts()
            assert counted(ledger) == kept
            ledger.close()
    assert ends[0] == ends[1]


def counted(ledger: Ledger) -> Any:
    with ledger.read(ALL) as snapshot:
        daily = snapshot.counts.daily("000", 0, 40_000)
        return (
            {day: flows for day, flows in daily.items() if flows.total()},
            snapshot.counts.spread("000", 0, 40_000),
            {name: snapshot.counts.spans("000", name, 0, 40_000) for name in ("accept", "triage", "handle")},
            snapshot.counts.gauges("000"),
        )


@pytest.mark.parametrize("state", sorted(STATE))
def test_every_step_that_is_not_legal_is_refused_with_the_legal_ones_named(
    sqlite_url: str, state: str
) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([at_start(state=state, accepted_at=START if state not in life.BEFORE else None)])
    number = rows(ledger)[0]["case_no"]
    for kind in EVENT_TYPE:
        if life.next_state(state, kind) is None:
            event = CaseEvent(source="hall", type=kind, at=NOW, case_no=number, org="A", reason="SAID")
            outcome, legal = ledger.apply_event(event)
            assert outcome.faults[0].code == "illegal_step"
            assert legal == life.legal_steps(state)
            assert all(name in outcome.faults[0].reason for name in legal)
    assert rows(ledger)[0]["state"] == state
    ledger.close()


def test_a_status_column_alone_has_a_life_whose_steps_are_marked_as_inferred(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([at_start(state="CLOSED", accepted_at=START, closed_at=START + timedelta(days=2))])
    (life_,) = lives(ledger)
    assert [entry.type for entry in life_.entries] == [
        *("REPORT", "REGISTER", "ACCEPT", "START", "RESOLVE", "CLOSE"),
    ]
    assert all(entry.inferred for entry in life_.entries)
    assert life_.entries[-1].at == START + timedelta(days=2)
    ledger.close()


def test_steps_that_a_source_left_out_are_inferred_and_marked(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([at_start()])
    ledger.write_events([told(1, "RECEIVE", 5), told(2, "CLOSE", 50)])
    (life_,) = lives(ledger)
    way = [(entry.type, entry.inferred) for entry in life_.entries[1:]]
    assert way == [("REGISTER", True), ("ACCEPT", True), ("TRIAGE", True), ("ASSIGN", True), ("RECEIVE", False),
                   ("START", True), ("RESOLVE", True), ("CLOSE", False)]  # fmt: skip
    found = rows(ledger)[0]
    assert (found["state"], found["received_at"], found["closed_at"]) == (
        "CLOSED", START + timedelta(hours=5), START + timedelta(hours=50),
    )  # fmt: skip
    ledger.close()


def test_a_source_that_takes_back_its_word_stands_and_the_timeline_says_so(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([at_start()])
    ledger.write_events([told(1, "RESOLVE", 5)])
    assert rows(ledger)[0]["state"] == "RESOLVED"
    ledger.write_cases([at_start(state="ACCEPTED", source_updated_at=START + timedelta(hours=9))])
    (life_,) = lives(ledger)
    assert life_.entries[-1].type == TELL
    found = rows(ledger)[0]
    assert (found["state"], "told_against_steps" in found["quality"]) == ("ACCEPTED", True)
    # A step after that moves it on from there.
    ledger.write_events([told(2, "TRIAGE", 10)])
    assert rows(ledger)[0]["state"] == "TRIAGED"
    ledger.close()


def test_guards_reasons_returns_extensions_whistles_and_the_court(sqlite_url: str) -> None:
    clock = Clock()
    ledger = open_town(sqlite_url, clock)
    ledger.write_cases([at_start()])
    assert taken(ledger, "REGISTER", 0)[0] == "accepted"
    assert taken(ledger, "REJECT_ACCEPT", 1) == ("rejected", "missing")
    for kind in ("ACCEPT", "TRIAGE"):
        assert taken(ledger, kind, 1)[0] == "accepted"
    assert taken(ledger, "ASSIGN", 1) == ("rejected", "missing")
    for _ in range(2):
        assert taken(ledger, "ASSIGN", 2, org="甲所")[0] == "accepted"
        assert taken(ledger, "RETURN", 2, reason="NOT_OURS", org="甲所")[0] == "accepted"
    assert taken(ledger, "ASSIGN", 3, org="乙局")[0] == "accepted"
    assert taken(ledger, "ASSIGN", 3, org="丙局") == ("rejected", "illegal_step")  # one lead at a time
    assert taken(ledger, "RETURN", 4, reason="NOT_OURS") == ("rejected", "returned_twice")
    assert taken(ledger, "RECEIVE", 2) == ("rejected", "before_last_step")
    for kind in ("RECEIVE", "START"):
        assert taken(ledger, kind, 5, org="乙局")[0] == "accepted"
    due = rows(ledger)[0]["due_at"]
    assert taken(ledger, "EXTEND_APPROVE", 6, due_after=due) == ("rejected", "not_later")
    assert taken(ledger, "EXTEND_APPROVE", 6)[0] == "accepted"
    assert rows(ledger)[0]["due_at"] > due + timedelta(days=6)
    assert taken(ledger, "EXTEND_APPROVE", 7) == ("rejected", "extended")
    assert taken(ledger, "SUSPEND", 8, reason="LUNCH") == ("rejected", "unknown")
    assert taken(ledger, "WHISTLE", 8, org="城管", reason="EMERGENCY")[0] == "accepted"
    assert taken(ledger, "RESPOND", 8.05, org="住建") == ("rejected", "not_called")
    assert taken(ledger, "CONFIRM_RULE", 9) == ("rejected", "not_applied")
    assert taken(ledger, "CONFIRM_APPLY", 9) == ("rejected", "no_agreement")
    for kind, hours in (("AGREEMENT", 10), ("CONFIRM_APPLY", 11), ("CONFIRM_RULE", 12)):
        assert taken(ledger, kind, hours)[0] == "accepted"
    assert rows(ledger)[0]["state"] == "RESOLVED"
    assert taken(ledger, "CLOSE", 13) == ("rejected", "open_whistle")
    assert taken(ledger, "RESPOND", 13, org="城管", reason="DONE")[0] == "accepted"
    assert taken(ledger, "CLOSE", 14)[0] == "accepted"
    assert taken(ledger, "FEEDBACK", 15)[0] == "accepted"
    found = rows(ledger)[0]
    assert (found["looped"], found["orgs"], found["outcome"], found["handling_org"]) == (
        True,
        2,
        "SUCCESS",
        "乙局",
    )
    with ledger.read(ALL) as snapshot:
        rare = snapshot.counts.spread("000", 0, snapshot.today)
        assert (rare["agreed"], rare["agreed_confirmed"], rare["ruled"], rare["ruled_hour"]) == (1, 1, 1, 1)
        assert (rare["whistle"], rare["whistle_due"], rare["whistle_timely"], rare["whistle_done"]) == (
            1,
            1,
            0,
            1,
        )
    ledger.close()


@pytest.mark.parametrize("given_due", [True, False])
def test_what_is_suspended_shifts_the_due_time_and_is_grey(sqlite_url: str, given_due: bool) -> None:
    ledger = open_town(sqlite_url)
    due = START + timedelta(days=30) if given_due else None
    ledger.write_cases([at_start(state="IN_PROGRESS", accepted_at=START, due_at=due)])
    before = rows(ledger)[0]["due_at"]
    assert taken(ledger, "SUSPEND", 24, reason="APPRAISAL")[0] == "accepted"
    assert rows(ledger)[0]["light"] == "GREY"
    assert taken(ledger, "RESUME", 24 + 36)[0] == "accepted"
    found = rows(ledger)[0]
    assert (found["due_at"] - before, found["suspended_s"]) == (timedelta(hours=36), 36 * 3600)
    assert found["suspended_at"] is None
    ledger.close()


def test_a_verification_that_fails_and_a_reopening_go_back_to_work(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([at_start(state="IN_PROGRESS", accepted_at=START)])
    for kind, hours, more in (
        ("RESOLVE", 1, {}),
        ("VERIFY", 2, {"outcome": "FAIL"}),
        ("RESOLVE", 3, {}),
        ("VERIFY", 4, {}),
        ("CLOSE", 5, {}),
        ("FOLLOWUP", 6, {"satisfaction": "DISSATISFIED"}),
        ("ARCHIVE", 7, {}),
    ):
        assert taken(ledger, kind, hours, **more)[0] == "accepted"
    assert taken(ledger, "FEEDBACK", 8) == ("rejected", "illegal_step")
    assert taken(ledger, "REOPEN", 9, reason="DISSATISFIED")[0] == "accepted"
    found = rows(ledger)[0]
    assert (found["state"], found["reopened_count"], found["closed_before_at"]) == (
        "IN_PROGRESS", 1, START + timedelta(hours=5),
    )  # fmt: skip
    ledger.close()


def test_the_six_steps_and_the_edges_of_the_double_loop(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([at_start(source_channel="GRID", grade="MAJOR")])
    assert rows(ledger)[0]["edge"] == "UP"
    ledger.write_events([told(1, "REGISTER", 1), told(2, "ASSIGN", 3, org="甲所")])
    assert rows(ledger)[0]["edge"] == "DOWN"
    ledger.write_events(
        [told(3, "START", 4), told(4, "MEDIATE", 5), told(5, "ESCALATE", 6, org="县委政法委")]
    )
    assert rows(ledger)[0]["edge"] == "UP"
    assert lives(ledger)[0].steps6 == [1, 2, 3, 4, 5]
    ledger.write_events([told(6, "RESOLVE", 7), told(7, "CLOSE", 8)])
    assert rows(ledger)[0]["edge"] == "FEEDBACK"
    with ledger.read(ALL) as snapshot:
        assert snapshot.counts.gauges("000")["edge.FEEDBACK"] == 1
    ledger.write_events([told(8, "FEEDBACK", 9), told(9, "FOLLOWUP", 10)])
    assert rows(ledger)[0]["edge"] is None
    assert lives(ledger)[0].steps6 == [1, 2, 3, 4, 5, 6]
    ledger.close()


def test_a_correction_replaces_a_step_and_an_older_one_does_not(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([at_start()])

    def version(hours: int, updated: int) -> CaseEvent:
        return told(1, "ACCEPT", hours, source_updated_at=START + timedelta(hours=updated))

    statuses = [ledger.write_events([one])[0].status for one in (version(2, 5), version(3, 6), version(9, 4))]
    assert statuses == ["accepted", "updated", "duplicate"]
    assert rows(ledger)[0]["accepted_at"] == START + timedelta(hours=3)
    ledger.close()


def test_beside_a_moved_case_is_kept_what_its_source_told_otherwise_and_no_more(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([at_start(category="邻里", due_at=START + timedelta(days=9))])
    before = rows(ledger)[0]
    assert before["told"] is None
    assert taken(ledger, "REGISTER", 1)[0] == "accepted"
    assert taken(ledger, "ACCEPT", 2)[0] == "accepted"
    moved = rows(ledger)[0]
    differs = {name for name in TOLD if moved[name] != before[name]}
    assert {"state", "registered_at", "accepted_at"} <= differs
    assert set(orjson.loads(moved["told"])) == differs
    assert {name: steps.told_row(moved)[name] for name in TOLD} == {name: before[name] for name in TOLD}
    # The source tells more: that is told now, and what the steps say still stands beside it.
    ledger.write_cases([at_start(category="物业", due_at=START + timedelta(days=9))])
    after = rows(ledger)[0]
    assert (after["category"], after["state"], after["accepted_at"]) == (
        "物业",
        "ACCEPTED",
        moved["accepted_at"],
    )
    told_now = steps.told_row(after)
    assert (told_now["category"], told_now["state"], told_now["accepted_at"]) == ("物业", "REPORTED", None)
    ledger.close()


@pytest.mark.parametrize(
    ("told", "step", "stuck"),
    [
        ({"state": "REPORTED", "origin_level": "grid"}, None, "UP.village"),
        ({"state": "REGISTERED", "origin_level": "township"}, None, "UP.county"),
        ({"state": "REPORTED", "origin_level": "county"}, None, None),
        ({"state": "REPORTED"}, None, None),
        ({"state": "ASSIGNED", "origin_level": "grid", "handling_level": "township"}, None, "DOWN.township"),
        ({"state": "ASSIGNED", "origin_level": "grid"}, None, None),
        ({"state": "IN_PROGRESS", "origin_level": "grid"}, {"type": "REPORT_UP"}, "UP.village"),
        ({"state": "IN_PROGRESS", "handling_level": "village"}, {"type": "REPORT_UP"}, "UP.township"),
        ({"state": "IN_PROGRESS"}, {"type": "REPORT_UP", "from_level": "township"}, "UP.county"),
        ({"state": "IN_PROGRESS"}, {"type": "ASSIGN_DOWN", "to_level": "village"}, "DOWN.village"),
        ({"state": "IN_PROGRESS", "handling_level": "county"}, {"type": "ASSIGN_DOWN"}, "DOWN.township"),
    ],
)
def test_a_stuck_case_says_between_which_levels_it_waits(
    ledger_url: str, told: dict[str, Any], step: dict[str, Any] | None, stuck: str | None
) -> None:
    ledger = open_town(ledger_url)
    ledger.write_cases([at_start(source_updated_at=START, **told)])
    if step is not None:
        number = rows(ledger)[0]["case_no"]
        ledger.apply_event(CaseEvent(source="hall", at=START + timedelta(hours=1), case_no=number, **step))
    with ledger.read(ALL) as snapshot:
        gauges = snapshot.counts.gauges("000")
    found = [
        name.removeprefix("edge.") for name in gauges if name.count(".") == 2 and name.startswith("edge.")
    ]
    assert found == ([stuck] if stuck else [])
    ledger.close()
