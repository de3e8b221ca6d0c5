"""The timeline of one case over HTTP: every step, with what was inferred marked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.api.cases import _follow_ups, _step
from data_adapters.ledger import Scope
from data_adapters.ledger.item import stamp
from tests.data_adapters.ledger.test_replay import START, at_start, rows, told
from tests.fixtures.town import open_town


def test_a_case_is_told_with_its_inferred_steps_and_its_six_steps(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([at_start(source_channel="GRID")])
    ledger.write_events([told(1, "RECEIVE", 5, org="甲所")])
    with ledger.read(Scope.everything()) as snapshot:
        row = snapshot.case(rows(ledger)[0]["case_no"])
        assert row is not None
        past = snapshot.case_life(row, ledger.limits)
        said: list[dict[str, Any]] = [_step(entry) for entry in past.entries]
    assert [(one["type"], one["inferred"]) for one in said[-2:]] == [("ASSIGN", True), ("RECEIVE", False)]
    assert (said[-1]["org"], said[-1]["to"], past.steps6) == ("甲所", "RECEIVED", [1, 2])
    ledger.close()


@pytest.mark.parametrize(
    ("grade", "days", "owed"),
    [
        ("ORDINARY", [], [("2026-11-09", None)]),
        ("ORDINARY", [3], [("2026-11-09", 3)]),
        ("MAJOR", [3], [("2026-11-09", 3), ("2026-12-02", None), ("2027-01-31", None)]),
        ("MAJOR", [3, 31], [("2026-11-09", 3), ("2026-12-02", 31), ("2027-01-31", None)]),
        ("MAJOR", [3, 28, 60, 70], [("2026-11-09", 3), ("2026-12-02", 28), ("2027-01-31", 60)]),
    ],
)
def test_a_closed_case_tells_every_visit_it_is_owed_and_when_each_was(
    sqlite_url: str, grade: str, days: list[int], owed: list[tuple[str, int | None]]
) -> None:
    closed = datetime(2026, 11, 2, 2, tzinfo=UTC)
    ledger = open_town(sqlite_url)
    ledger.write_cases(
        [at_start(grade=grade, state="CLOSED", accepted_at=START, closed_at=closed, source_updated_at=closed)]
    )
    ledger.write_events(
        [
            told(1 + n, "FOLLOWUP", (closed - START) / timedelta(hours=1) + 24 * day)
            for n, day in enumerate(days)
        ]
    )
    with ledger.read(Scope.everything()) as snapshot:
        row = snapshot.case(rows(ledger)[0]["case_no"])
        assert row is not None
        past = snapshot.case_life(row, ledger.limits)
        visits = _follow_ups(row, past, ledger.limits, closed + timedelta(days=50))
    assert [visit["due_at"][:10] for visit in visits] == [due for due, _ in owed]
    done = [closed + timedelta(days=day) if day is not None else None for _, day in owed]
    assert [visit["done_at"] for visit in visits] == [stamp(at) for at in done]
    # Within the day it is due on is in time; what is not done is late from the next second on.
    late = {3: False, 28: False, 31: True, 60: False}
    by_now = {"2026-11-09": True, "2026-12-02": True, "2027-01-31": False}
    assert [visit["late"] for visit in visits] == [
        by_now[due] if day is None else late[day] for due, day in owed
    ]
    ledger.close()
