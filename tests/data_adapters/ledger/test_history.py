"""What moves the moment from which on the past is known: a load of history does, late news and an outage do not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from data_adapters.ledger import Ledger, Scope, history
from data_adapters.ledger.tables import past
from data_adapters.records.case import Case
from data_adapters.records.video import VideoPoint, VideoStatus
from tests.fixtures.town import NOW, Clock, case, open_town

DAY = timedelta(days=1)


def known_from(ledger: Ledger) -> datetime:
    with ledger.read_past(Scope.everything(), NOW) as snapshot:
        return snapshot.known_from


def reported(first: int, at: datetime) -> list[Case]:
    """More cases than a load of history has at least."""
    return [case(first + n, occurred_at=at, reported_at=at) for n in range(history.MOST_OLD + 1)]


def test_cases_told_some_days_late_leave_the_past_known_and_those_from_before_it_do_not(
    ledger_url: str,
) -> None:
    clock = Clock(NOW)
    ledger = open_town(ledger_url, clock)
    begun = known_from(ledger)
    clock.now = NOW + 9 * DAY
    ledger.write_cases(reported(0, NOW + 4 * DAY), bulk=True)
    assert known_from(ledger) == begun
    with ledger.read_past(Scope.everything(), NOW + 8 * DAY) as snapshot:
        assert snapshot.exact
        assert not snapshot.latest_cases("000", 10)
    ledger.write_cases(reported(1_000, NOW - 40 * DAY), bulk=True)
    assert known_from(ledger) == clock.now
    ledger.close()


def test_an_outage_of_every_point_of_a_county_in_one_transaction_is_written_down(sqlite_url: str) -> None:
    clock = Clock(NOW)
    ledger = open_town(sqlite_url, clock)
    ids = [f"P{n}" for n in range(10_001)]
    ledger.write_points([VideoPoint(source="cameras", point_id=one, status="ON") for one in ids], bulk=True)
    begun = known_from(ledger)
    clock.now = NOW + DAY
    told = [
        VideoStatus(source="cameras", point_id=one, at=clock.now, status="OFF", cause=None) for one in ids
    ]
    ledger.write_statuses(told, bulk=True)
    assert known_from(ledger) == begun
    with ledger.read_past(Scope.everything(), clock.now - timedelta(hours=1)) as snapshot:
        assert {pair.then.status for pair in snapshot.past.points("000") if pair.then is not None} == {"ON"}
    ledger.close()


def test_more_changes_than_are_written_down_are_not_held_in_memory_either(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST", 10)
    clock = Clock(NOW)
    ledger = open_town(sqlite_url, clock)
    clock.now = NOW + DAY
    with ledger.together(), ledger._transaction() as tx:
        ledger.write_cases([case(n) for n in range(11)])
        assert not tx.history._rows
    assert known_from(ledger) == clock.now
    with ledger.read(Scope.everything()) as snapshot:
        kept = snapshot._connection.execute(sa.select(sa.func.count()).select_from(past)).scalar_one()
    assert kept == 0
    ledger.close()
