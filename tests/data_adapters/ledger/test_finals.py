"""A day is final three days later; what is told of it afterwards makes a new version, and is shown as such."""

from __future__ import annotations

from datetime import timedelta

from dashboard.indicators.catalogue import BY_ID
from dashboard.indicators.explanation import explain
from dashboard.indicators.reading import Reading
from dashboard.indicators.tiles import tiles
from data_adapters.ledger import Ledger, Scope
from tests.fixtures.town import NOW, Clock, case, open_town

ALL = Scope.everything()


def told(ledger: Ledger, path: str, day: int) -> list[tuple[int, dict[str, int], dict[str, int]]]:
    with ledger.read(ALL) as snapshot:
        return [(one.day, one.before, one.after) for one in snapshot.restated(path, day - 9, day + 9)]


def test_a_late_report_restates_a_final_day_of_its_town_and_the_county(ledger_url: str) -> None:
    clock = Clock()
    ledger = open_town(ledger_url, clock)
    ledger.write_cases([case(1), case(2, 1.5)])
    with ledger.read(ALL) as snapshot:
        day = snapshot.today
        town, other = (child.path for child in snapshot.children("000")[:2])
    for days in range(4):
        clock.now = NOW + timedelta(days=days)
        ledger.tick()
        ledger.write_cases([case(10 + days)])  # until the third day nothing is final
    assert told(ledger, "000", day) == []
    clock.now = NOW + timedelta(days=4)
    ledger.tick()
    ledger.write_cases([case(20)])
    ledger.tick()
    ledger.tick()
    found = [(day, {"reported": 6}, {"reported": 7})]
    assert told(ledger, "000", day) == found
    assert told(ledger, town, day) == [(day, {"reported": 5}, {"reported": 6})]
    assert told(ledger, other, day) == []
    with ledger.read(ALL) as snapshot:
        laid_open = explain(BY_ID["K01"], Reading(snapshot, "000", day, day))
        assert [one["after"] for one in laid_open["restated"]] == [{"reported": 7}]
        assert laid_open["period"]["final"]
        assert laid_open["restated"][0]["changed"] == [{"label": "上报", "before": 6, "after": 7}]
        assert not explain(BY_ID["K01"], Reading(snapshot, "000", day, day + 1))["period"]["final"]
        # Only a figure that counts what was told late is marked, on the wall as in the API.
        month = Reading(snapshot, "000", day - 9, snapshot.today)
        assert [id_ for id_ in ("K01", "K02", "K08", "K13a", "K13c") if BY_ID[id_].restated(month)] == ["K01"]
    ledger.close()


def test_a_tile_of_a_restated_month_is_marked_as_revised(sqlite_url: str) -> None:
    clock = Clock()
    ledger = open_town(sqlite_url, clock)
    done = {"state": "CLOSED", "accepted_at": NOW - timedelta(hours=1), "outcome": "SUCCESS"}
    done |= {"resolved_at": NOW, "closed_at": NOW}
    ledger.write_cases([case(1, **done)])

    def marked() -> dict[str, bool]:
        clock.now += timedelta(minutes=1)
        ledger.tick()
        with ledger.read(ALL) as snapshot:
            shown = tiles(snapshot, "000", [BY_ID[id_] for id_ in ("K01", "K10", "K13a", "K08", "K63a")])
        return {id_: tile["restated"] for id_, tile in shown.items()}

    clock.now = NOW + timedelta(days=4)
    assert not any(marked().values())
    ledger.write_cases([case(2, **done)])
    assert marked() == {"K01": False, "K10": True, "K13a": True, "K08": True, "K63a": False}
    ledger.close()


def test_what_becomes_of_the_cases_of_a_day_is_no_restatement_of_it(sqlite_url: str) -> None:
    clock = Clock()
    ledger = open_town(sqlite_url, clock)
    ledger.write_cases([case(1, state="ACCEPTED", accepted_at=NOW - timedelta(hours=1))])
    clock.now = NOW + timedelta(days=4)
    ledger.tick()
    with ledger.read(ALL) as snapshot:
        day = snapshot.today
    closed = {"state": "CLOSED", "closed_at": NOW + timedelta(days=4), "resolved_at": NOW + timedelta(days=4)}
    ledger.write_cases([case(1, accepted_at=NOW - timedelta(hours=1), source_updated_at=clock.now, **closed)])
    ledger.tick()
    assert told(ledger, "000", day) == []
    ledger.close()
