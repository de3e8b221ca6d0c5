"""The watch over the change log: what changed is judged, once, whatever is restarted."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.services import Services
from dashboard.warnings.watch import Watch
from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.scope import ROOT
from data_adapters.settings import Centre, Level, Settings
from tests.fixtures.town import NOW, Clock, case, open_town


@pytest.fixture
def clock() -> Clock:
    """Moved by hand."""
    return Clock()


@pytest.fixture
def services(sqlite_url: str, clock: Clock, tmp_path: Path) -> Services:
    """A centre without pages."""
    settings = Settings(
        centre=Centre(name="示范县", root="6205"), levels=[Level(level=0, name="县")], folder=tmp_path
    )
    return Services(settings, open_town(sqlite_url, clock))


def run(watch: Watch) -> None:
    while watch.look():
        pass


def alerts(ledger: Ledger) -> list[tuple[str, str, str]]:
    with ledger.read(Scope.everything()) as snapshot:
        return sorted((row.rule, row.subject, row.state) for row in snapshot.alerts.standing(ROOT, 100))


def logged(ledger: Ledger) -> int:
    return sum(row.type == "alert" for row in ledger.log_after(0, 10_000))


def write(services: Services, *records: Any, bulk: bool = False) -> list[str]:
    outcomes = services.ledger.write_cases(list(records), bulk=bulk)
    return [str(outcome.case_no) for outcome in outcomes]


def test_a_major_case_alerts_and_is_over_when_it_is_closed(services: Services) -> None:
    watch = Watch(services)
    run(watch)
    (number,) = write(services, case(1, grade="MAJOR"))
    run(watch)
    assert alerts(services.ledger) == [("R7a", number, "OPEN")]
    later = NOW + timedelta(minutes=1)
    closed = {
        "state": "CLOSED",
        "accepted_at": NOW,
        "resolved_at": NOW,
        "closed_at": NOW,
        "source_updated_at": later,
    }
    write(services, case(1, grade="MAJOR", **closed))
    run(watch)
    assert alerts(services.ledger) == []


def test_a_light_that_turns_red_by_the_clock_alone_alerts(services: Services, clock: Clock) -> None:
    watch = Watch(services)
    (number,) = write(services, case(1, state="ACCEPTED", accepted_at=NOW))
    run(watch)
    assert alerts(services.ledger) == []
    clock.now = NOW + timedelta(days=30)
    assert services.ledger.tick() == 1
    run(watch)
    assert alerts(services.ledger) == [("R8", number, "OPEN")]


def test_a_bulk_load_is_judged_whole(services: Services) -> None:
    watch = Watch(services)
    run(watch)
    numbers = write(
        services, *(case(n, grade="MAJOR" if n % 3 == 0 else "ORDINARY") for n in range(9)), bulk=True
    )
    run(watch)
    assert [one[1] for one in alerts(services.ledger)] == [numbers[0], numbers[3], numbers[6]]


def test_two_watches_and_a_restart_alert_once(services: Services) -> None:
    first, second = Watch(services), Watch(services)
    run(first)
    run(second)
    for n in range(20):
        write(services, case(n, grade="MAJOR"))
    run(first)
    run(second)
    run(Watch(services))
    assert len(alerts(services.ledger)) == logged(services.ledger) == 20


def test_what_happened_while_no_watch_ran_is_judged_when_one_starts(services: Services) -> None:
    run(Watch(services))
    (number,) = write(services, case(1, grade="MAJOR"))
    run(Watch(services))
    assert alerts(services.ledger) == [("R7a", number, "OPEN")]


def test_a_source_that_stopped_alerts_until_it_is_read_again(services: Services, clock: Clock) -> None:
    services.ledger.source_done("12345", "case", None, 10, 10, 0, every_s=900)
    run(Watch(services))
    assert alerts(services.ledger) == []
    clock.now = NOW + timedelta(hours=1)
    run(Watch(services))
    assert alerts(services.ledger) == [("R13", "12345", "OPEN")]
    services.ledger.source_done("12345", "case", None, 10, 10, 0, every_s=900)
    run(Watch(services))
    assert alerts(services.ledger) == []
