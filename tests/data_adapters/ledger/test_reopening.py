"""What undoes a step: a reopening, a return, a refusal to accept. The past of the counts stays what it was."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from data_adapters.ledger import Ledger, Scope
from data_adapters.records.case import Case
from data_adapters.records.event import CaseEvent
from tests.fixtures.town import NOW, Clock, case, open_town

ALL = Scope.everything()
LONG_AGO = NOW - timedelta(days=30)


def closed(number: int = 1) -> Case:
    """Accepted thirty days ago, closed after three days, in time."""
    end = LONG_AGO + timedelta(days=3)
    return case(
        number,
        state="CLOSED",
        occurred_at=LONG_AGO,
        reported_at=LONG_AGO,
        accepted_at=LONG_AGO,
        resolved_at=end,
        closed_at=end,
        outcome="SUCCESS",
        source_updated_at=end,
    )


def stocks(ledger: Ledger, *days_ago: int) -> list[int]:
    """The open stock of the county at the end of those days."""
    with ledger.read(ALL) as snapshot:
        flows = [snapshot.counts.before("000", snapshot.today - days + 1) for days in days_ago]
        return [f["accepted"] + f["reopened"] - f["closed"] - f["left"] for f in flows]


def row(ledger: Ledger) -> Any:
    with ledger.read(ALL) as snapshot:
        return snapshot.latest_cases("000", 1)[0]


def step(ledger: Ledger, type_: str, at: datetime, **more: Any) -> str:
    event = CaseEvent(source="hall", type=type_, at=at, case_no=row(ledger).case_no, reason="SAID", **more)
    return ledger.apply_event(event)[0].status


@pytest.mark.parametrize("by", ["step", "source"])
def test_a_reopened_case_is_open_again_and_was_closed_in_between(ledger_url: str, by: str) -> None:
    ledger = open_town(ledger_url)
    ledger.write_cases([closed()])
    again = NOW - timedelta(days=5)
    if by == "step":
        assert step(ledger, "REOPEN", again) == "accepted"
    else:
        told = case(
            1, state="IN_PROGRESS", occurred_at=LONG_AGO, reported_at=LONG_AGO, source_updated_at=again
        )
        assert ledger.write_cases([told])[0].status == "updated"
    assert stocks(ledger, 31, 28, 20, 4, 0) == [0, 1, 0, 1, 1]
    found = row(ledger)
    assert (found.is_open, found.outcome, found.closed_at, found.reopened_count) == (True, None, None, 1)
    assert ("reopened_inferred" in found.quality) == (by == "source")
    # Its limit begins anew: 17 November and seven days.
    local = found.due_at.astimezone(ledger.zone)
    assert (local.date(), found.light) == (date(2026, 11, 24), "GREEN")
    with ledger.read(ALL) as snapshot:
        flows = snapshot.counts.flows("000", 0, snapshot.today)
        assert (flows["closed"], flows["reopened"], flows["succeeded"]) == (1, 1, 0)
    ledger.rebuild_counts()
    assert stocks(ledger, 31, 28, 20, 4, 0) == [0, 1, 0, 1, 1]
    ledger.close()


def test_a_case_closed_again_counts_both_closings(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([closed()])
    for type_, days in (("REOPEN", 5), ("RESOLVE", 2), ("CLOSE", 1)):
        assert step(ledger, type_, NOW - timedelta(days=days)) == "accepted"
    assert stocks(ledger, 20, 4, 0) == [0, 1, 0]
    with ledger.read(ALL) as snapshot:
        flows = snapshot.counts.flows("000", 0, snapshot.today)
        assert (flows["closed"], flows["reopened"], flows["accepted_closed"]) == (2, 1, 1)
    ledger.close()


@pytest.mark.parametrize("by", ["step", "source"])
def test_a_return_is_noted_once_on_the_case_and_the_log_says_it_once(sqlite_url: str, by: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([case(1, state="ASSIGNED", accepted_at=NOW, assigned_at=NOW)])
    top = ledger.position()[1]
    if by == "step":
        step(ledger, "RETURN", NOW)
    else:
        told = CaseEvent(source="hotline", source_id="E1", type="RETURN", at=NOW, case_source_id="W1")
        assert [outcome.status for outcome in ledger.write_events([told, told])] == ["accepted", "duplicate"]
    assert ledger.position()[1] == top + (2 if by == "step" else 1)
    with ledger.read(ALL) as snapshot:
        flows = snapshot.counts.flows("000", snapshot.today, snapshot.today)
        assert (flows["assigned"], flows["returned"]) == (1, 1)
    ledger.close()


def test_a_refusal_is_decided_when_it_is_said(sqlite_url: str) -> None:
    clock = Clock()
    ledger = open_town(sqlite_url, clock)
    ledger.write_cases([case(1, state="REGISTERED"), case(2, state="NOT_ACCEPTED")])
    with ledger.read(ALL) as snapshot:
        number = next(found for found in snapshot.latest_cases("000", 2) if found.source_id == "W1").case_no
    said = NOW - timedelta(minutes=10)
    ledger.apply_event(
        CaseEvent(source="hall", type="REJECT_ACCEPT", at=said, case_no=number, reason="NOT_OURS")
    )
    ledger.apply_event(CaseEvent(source="hall", type="FEEDBACK", at=NOW, case_no=number))
    with ledger.read(ALL) as snapshot:
        rows = {found.source_id: found for found in snapshot.latest_cases("000", 2)}
        assert rows["W1"].left_at == said
        assert ("decided_at_inferred" in rows["W1"].quality, "decided_at_inferred" in rows["W2"].quality) == (
            False,
            True,
        )
        flows = snapshot.counts.flows("000", snapshot.today, snapshot.today + 7)
        # The moment of the other is not known, so it is not judged. Reported on a Sunday: Monday is the limit.
        assert (flows["rejected"], flows["decision_due"], flows["decision_timely"]) == (2, 1, 1)
        assert flows["left"] == 0
    ledger.close()


def test_an_inferred_acceptance_stays_inferred_until_it_is_told(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([case(1, state="ACCEPTED")])
    ledger.write_cases([case(1, state="TRIAGED")])
    assert "accepted_at_inferred" in row(ledger).quality
    ledger.write_cases([case(1, state="TRIAGED", accepted_at=NOW)])
    assert row(ledger).quality == ""
    ledger.close()
