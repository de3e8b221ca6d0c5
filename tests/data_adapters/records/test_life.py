"""The table of steps is that of the domain dictionary, section 4.2, written here once more by hand."""

from __future__ import annotations

import pytest

from data_adapters.records import life
from data_adapters.records.dictionary import EVENT_TYPE, STATE

#: from -> "EVENT>TO"; without ">" the state stays.
TABLE = {
    "REPORTED": "REGISTER>REGISTERED MERGE>MERGED CANCEL>CANCELLED",
    "REGISTERED": "ACCEPT>ACCEPTED REJECT_ACCEPT>NOT_ACCEPTED MERGE>MERGED CANCEL>CANCELLED",
    "NOT_ACCEPTED": "FEEDBACK",
    "ACCEPTED": "GRADE TRIAGE>TRIAGED START>IN_PROGRESS MERGE>MERGED CANCEL>CANCELLED",
    "TRIAGED": "GRADE START>IN_PROGRESS ASSIGN>ASSIGNED MERGE>MERGED CANCEL>CANCELLED",
    "ASSIGNED": "RECEIVE>RECEIVED RETURN>TRIAGED MERGE>MERGED CANCEL>CANCELLED",
    "RECEIVED": "RETURN>TRIAGED START>IN_PROGRESS MERGE>MERGED CANCEL>CANCELLED",
    "IN_PROGRESS": "SUSPEND>SUSPENDED ESCALATE>ESCALATED RESOLVE>RESOLVED CONFIRM_RULE>RESOLVED TRANSFER>TRANSFERRED "
    "PROGRESS WHISTLE RESPOND EXTEND_REQUEST EXTEND_APPROVE SUPERVISE MEDIATE AGREEMENT CONFIRM_APPLY DELEGATE "
    "REPORT_UP ASSIGN_DOWN FEEDBACK GRADE MERGE>MERGED CANCEL>CANCELLED",
    "ESCALATED": "START>IN_PROGRESS PROGRESS RESPOND SUPERVISE GRADE DELEGATE REPORT_UP ASSIGN_DOWN FEEDBACK "
    "MERGE>MERGED CANCEL>CANCELLED",
    "SUSPENDED": "RESUME>IN_PROGRESS RESPOND MERGE>MERGED CANCEL>CANCELLED",
    "RESOLVED": "VERIFY RESPOND CLOSE>CLOSED MERGE>MERGED CANCEL>CANCELLED",
    "CLOSED": "FEEDBACK FOLLOWUP>FOLLOW_UP RATE>FOLLOW_UP ARCHIVE>ARCHIVED REOPEN>IN_PROGRESS",
    "FOLLOW_UP": "FEEDBACK FOLLOWUP RATE ARCHIVE>ARCHIVED REOPEN>IN_PROGRESS",
    "ARCHIVED": "REOPEN>IN_PROGRESS",
    "TRANSFERRED": "",
    "MERGED": "",
    "CANCELLED": "",
}


@pytest.mark.parametrize("state", sorted(STATE))
def test_every_pair_of_a_state_and_a_step_is_legal_or_not_as_the_dictionary_has_it(state: str) -> None:
    told = [text.partition(">") for text in TABLE[state].split()]
    expected = {event: to or state for event, _, to in told}
    assert {event: life.next_state(state, event) for event in EVENT_TYPE} == dict.fromkeys(
        EVENT_TYPE
    ) | expected
    assert set(life.legal_steps(state)) == set(expected)


def test_only_a_check_of_what_is_resolved_can_fail_back_into_work() -> None:
    back = [
        (state, event)
        for state in STATE
        for event in EVENT_TYPE
        if life.next_state(state, event, failed=True) != life.next_state(state, event)
    ]
    assert back == [("RESOLVED", "VERIFY")]
    assert life.next_state("RESOLVED", "VERIFY", failed=True) == "IN_PROGRESS"


def test_every_state_is_one_of_five_sorts_and_nothing_follows_an_archive_but_a_reopening() -> None:
    sorts = (life.OPEN, life.CLOSED, life.LEFT, life.BEFORE)
    assert sum(len(sort) for sort in sorts) == len(STATE) == len(frozenset().union(*sorts))
    assert life.legal_steps("ARCHIVED") == ["REOPEN"]


def test_every_state_but_what_undoes_it_is_reached_from_a_report_by_steps_forward() -> None:
    for state in STATE:
        way = life.way_to("REPORTED", state)
        assert way is not None
        at = "REPORTED"
        for event in way:
            at = life.STEPS[at, event]
        assert at == state
