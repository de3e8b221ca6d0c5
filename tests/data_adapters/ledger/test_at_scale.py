"""Reads that must not cost more the more there is: what they give is what plain ones give."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from data_adapters.ledger import Scope
from tests.fixtures.town import NOW, case, open_town

EVERYTHING = Scope.everything()


def test_the_latest_cases_are_the_same_at_every_depth_and_on_both_databases(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    told = [
        case(n, lon=(n % 29) / 10, lat=(n % 19) / 10, reported_at=NOW - timedelta(minutes=n * 7 % 500))
        for n in range(200)
    ]
    ledger.write_cases(told)
    with ledger.read(EVERYTHING) as snapshot:
        every = snapshot.latest_cases("000", 1_000)
        assert len(every) == 200
        assert [(-row.reported_at.timestamp(), -row.id) for row in every] == sorted(
            (-row.reported_at.timestamp(), -row.id) for row in every
        )
        for path in sorted({row.path[:end] for row in every for end in (3, 6, 9, 12)}):
            own = [row.case_no for row in every if row.path.startswith(path)]
            assert [row.case_no for row in snapshot.latest_cases(path, 7)] == own[:7]
    ledger.close()


def test_reports_are_counted_by_span_and_grade_in_the_database(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    start = NOW - timedelta(hours=2)
    minutes = [0, 19, 20, 21, 59, 60, 119, 120, 121, 180]
    told = [
        case(n, grade="MAJOR" if n % 3 == 0 else "ORDINARY", reported_at=start + timedelta(minutes=minute))
        for n, minute in enumerate(minutes)
    ]
    ledger.write_cases(told)
    end = start + timedelta(hours=2)
    with ledger.read(EVERYTHING) as snapshot:
        found = sorted(snapshot.reported_by("000", start, end, 20 * 60))
        assert found == [(0, "MAJOR", 1), (0, "ORDINARY", 1), (1, "MAJOR", 1), (1, "ORDINARY", 1),
                         (2, "ORDINARY", 1), (3, "ORDINARY", 1), (5, "MAJOR", 1)]  # fmt: skip
        assert snapshot.reported_count("000", start, end) == 7
        assert snapshot.reported_count("000000", start, end) == 7
        assert snapshot.reported_count("000001", start, end) == 0
    ledger.close()


def test_unfinished_cases_come_with_the_columns_asked_for_and_no_more_than_the_limit(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    ledger.write_cases([case(n, state="CLOSED" if n % 2 else "ACCEPTED") for n in range(20)])
    with ledger.read(EVERYTHING) as snapshot:
        whole = snapshot.unfinished_cases("000")
        assert len(whole) == 10
        some = snapshot.unfinished_cases("000", "case_no", "light", limit=4)
        assert [tuple(row) for row in some] == [(row.case_no, row.light) for row in whole[:4]]
    ledger.close()


def test_cases_without_a_place_are_found_among_themselves(tmp_path: Path) -> None:
    ledger = open_town(f"sqlite:///{tmp_path / 'town.sqlite'}")
    ledger.write_cases([case(n, lon=None if n % 5 == 0 else 0.25) for n in range(40)])
    asked: list[tuple[str, object]] = []
    with ledger.read(EVERYTHING) as snapshot:
        engine = snapshot._connection.engine
        sa.event.listen(engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        assert [row.source_id for row in snapshot.unplaced_cases("000", 3)] == ["W35", "W30", "W25"]
        statement, values = asked[-1]
        plan = snapshot._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)  # type: ignore[arg-type]
        assert "SEARCH cases USING INDEX ix_cases_unplaced" in str(plan.all())
        town = snapshot.children("000")[0].path
        assert snapshot.unplaced_cases(town, 3) == []
    with ledger.read(Scope(town)) as snapshot:
        assert snapshot.unplaced_cases("000", 3) == []
    ledger.close()
