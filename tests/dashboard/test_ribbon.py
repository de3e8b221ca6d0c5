"""Days of the ribbon that are known already: what they tell is always what a count would give."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from dashboard.ribbon import RibbonBook, ribbon
from data_adapters.ledger import Ledger, Scope
from tests.fixtures.town import NOW, Clock, case, open_town

ALL = Scope.everything()


def told(ledger: Ledger, book: RibbonBook, span: str = "month", path: str = "000") -> tuple[Any, int]:
    """(the bins, how many days were counted row by row); they are those of a plain count."""
    asked: list[str] = []
    with ledger.read(ALL) as snapshot:
        plain = ribbon(snapshot, path, span)["bins"]
        engine = snapshot._connection.engine

        def note(*given: Any) -> None:
            asked.append(given[2])

        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            found = ribbon(snapshot, path, span, None, book)["bins"]
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)
    assert found == plain
    return found, sum("AS span" in statement for statement in asked)


def reported(n: int, days: int, **more: Any) -> Any:
    at = NOW - timedelta(days=days)
    return case(n, occurred_at=at, reported_at=at, source_updated_at=NOW, **more)


@pytest.fixture
def town(ledger_url: str) -> Any:
    ledger = open_town(ledger_url, Clock())
    ledger.write_cases([reported(n, n, lon=0.25 + n % 3) for n in range(10)])
    yield ledger
    ledger.close()


def test_a_day_is_counted_once_and_again_when_one_of_its_cases_changes(town: Ledger) -> None:
    book = RibbonBook()
    assert told(town, book)[1] == 30
    assert told(town, book)[1] == 0
    town.write_cases([reported(50, 4)])
    assert told(town, book)[1] == 1
    # Graver, as many as before.
    later = NOW + timedelta(minutes=1)
    town.write_cases([reported(3, 3, lon=0.25) for _ in range(1)])
    at = NOW - timedelta(days=3)
    town.write_cases(
        [case(3, lon=0.25, occurred_at=at, reported_at=at, grade="MAJOR", source_updated_at=later)]
    )
    bins, counted = told(town, book)
    assert (bins[26]["grade"], counted) == ("MAJOR", 1)
    assert told(town, book)[1] == 0


def test_a_report_that_is_moved_to_another_day_is_missed_on_the_first(town: Ledger) -> None:
    book = RibbonBook()
    told(town, book)
    at = NOW - timedelta(days=8)
    town.write_cases(
        [case(2, lon=2.25, occurred_at=at, reported_at=at, source_updated_at=NOW + timedelta(minutes=1))]
    )
    bins, counted = told(town, book)
    assert (bins[27]["n"], bins[21]["n"], counted) == (0, 2, 2)


def test_a_case_that_moves_elsewhere_is_missed_where_it_was(town: Ledger) -> None:
    book = RibbonBook()
    with town.read(ALL) as snapshot:
        first = snapshot.children("000")[0].path
    told(town, book, path=first)
    at = NOW - timedelta(days=3)
    town.write_cases(
        [case(3, lon=1.25, occurred_at=at, reported_at=at, source_updated_at=NOW + timedelta(minutes=1))]
    )
    bins, counted = told(town, book, path=first)
    assert (bins[26]["n"], counted) == (0, 1)


def test_a_load_counts_everything_anew_and_a_week_has_its_own_bins(town: Ledger) -> None:
    book = RibbonBook()
    told(town, book)
    assert told(town, book, "week")[1] == 7
    assert told(town, book, "week")[1] == 0
    town.write_cases([reported(100 + n, n % 20) for n in range(60)], bulk=True)
    assert told(town, book)[1] == 30
    assert told(town, book, "week")[1] == 7
