"""The rules, each on its own."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.warnings import major, overdue, stale_source
from data_adapters.ledger.sources import SourceState
from tests.fixtures.town import NOW


def case(**changes: Any) -> Any:
    row = {
        "case_no": "6205-20261122-00001", "path": "0", "category": "邻里", "kind": "DISPUTE", "grade": "ORDINARY",
        "state": "IN_PROGRESS", "is_open": True, "light": "GREEN", "due_at": NOW, "event_level": None, "scale": None,
    }  # fmt: skip
    return SimpleNamespace(**(row | changes))


def source(age_s: float | None, every_s: int | None, error: str | None = None) -> SourceState:
    ok_at = None if age_s is None else NOW - timedelta(seconds=age_s)
    return SourceState("12345", "case", None, every_s, NOW, ok_at, 1, 1, 0, error)


@pytest.mark.parametrize("grade", ["MAJOR", "PETITION_BACKLOG"])
@pytest.mark.parametrize("state", ["REPORTED", "IN_PROGRESS", "SUSPENDED"])
def test_a_case_of_a_major_grade_alerts_from_its_report_until_it_is_closed(grade: str, state: str) -> None:
    found = major.judge(case(grade=grade, state=state, is_open=state != "REPORTED"))
    assert found is not None
    assert (found.rule, found.severity, found.facts["why"]) == ("R7a", "RED", "grade")
    assert major.judge(case(grade=grade, state="CLOSED", is_open=False)) is None


def test_a_grave_event_or_a_large_group_alerts_whatever_the_grade() -> None:
    grave, large = major.judge(case(event_level="02")), major.judge(case(scale="03"))
    assert grave is not None
    assert grave.facts["why"] == "event_level"
    assert large is not None
    assert large.facts["why"] == "scale"
    assert major.judge(case(event_level="03", scale="02")) is None


def test_an_overdue_case_alerts_in_yellow_and_a_major_one_in_red() -> None:
    found = overdue.judge(case(light="RED"))
    assert found is not None
    assert (found.severity, found.facts["due_at"]) == ("YELLOW", NOW.isoformat())
    grave = overdue.judge(case(light="RED", grade="MAJOR"))
    assert grave is not None
    assert grave.severity == "RED"
    # Closed late: its light is frozen red, but nobody has to do anything.
    for quiet in (case(light="YELLOW"), case(light="GREY"), case(light="RED", is_open=False, state="CLOSED")):
        assert overdue.judge(quiet) is None


def test_a_category_that_no_wall_shows_is_not_told() -> None:
    found = overdue.judge(case(light="RED", category="涉民族宗教"))
    assert found is not None
    assert found.facts["category"] == "其它"


def test_a_source_alerts_after_three_of_its_intervals() -> None:
    assert stale_source.judge(source(2_700, 900), NOW) is None
    silent = source(2_701, 900, "拒绝连接")
    found = stale_source.judge(silent, NOW)
    assert found is not None
    assert (found.rule, found.facts["error"]) == ("R13", True)
    # Looked at again a minute later it says the same: no news.
    assert stale_source.judge(silent, NOW + timedelta(seconds=60)) == found
    assert stale_source.judge(source(None, 900), NOW) is not None
    assert stale_source.judge(source(10_000, None), NOW) is None
    assert stale_source.judge(source(119, 5), NOW) is None
