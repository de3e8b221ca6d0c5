"""Going back in time: what is read of a moment later is what the wall answered when it was that moment."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dashboard.past_view import DIRECTORY, NO_GRID, PART, past_view
from dashboard.services import Services
from dashboard.view import view
from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.alerts import Condition, Followed
from data_adapters.ledger.history import MOST_NAMED
from data_adapters.ledger.tables import past
from data_adapters.records.dictionary import EVENT_TYPE
from data_adapters.records.event import CaseEvent
from data_adapters.records.video import VideoPoint, VideoStatus
from data_adapters.settings import Centre, Level, Settings
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.town import NOW, SOUTH, WEST, Clock, case, grid, grids, open_town

ALL = Scope.everything()
#: Every level of the town: rolled up or counted from rows.
LOOKED_AT = (None, "62051", "620511", "6205111")
#: What is of now, not what the wall knows of its grid.
_OF_NOW = ("server_time", "as_known_at", "exact", "known_from", "notes", "sources", "orders")
_STATES = (
    "REPORTED ACCEPTED TRIAGED ASSIGNED IN_PROGRESS SUSPENDED RESOLVED CLOSED FOLLOW_UP TRANSFERRED CANCELLED"
)
_TYPES = [name for name in EVENT_TYPE if name != "REPORT"]

Step = Callable[[Services, Clock], object]


def centre(url: str, clock: Clock, folder: Path, ledger: Ledger | None = None) -> Services:
    """A centre without pages."""
    told = Settings(
        centre=Centre(name="示范县", root="6205"), levels=[Level(level=0, name="县")], folder=folder
    )
    return Services(told, ledger or open_town(url, clock))


def then(services: Services, at: Any, code: str | None = None, scope: Scope = ALL) -> dict[str, Any]:
    """The view as it was known at `at`."""
    with services.ledger.read_past(scope, at) as snapshot:
        found = past_view(services, snapshot, code)
    assert found is not None
    return found


def shown(answer: dict[str, Any] | None) -> dict[str, Any]:
    """What a viewer saw of an answer."""
    assert answer is not None
    return {name: value for name, value in answer.items() if name not in _OF_NOW}


@st.composite
def told_cases(draw: st.DrawFn) -> Step:
    """Any revisions of any of a few cases: late, out of order, moved, corrected; also in bulk."""
    numbers = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    drawn = []
    for number in numbers:
        state = draw(st.sampled_from(_STATES.split()))
        hours = draw(st.lists(st.integers(0, 90), min_size=4, max_size=4))
        drawn.append(
            {
                "number": number,
                "lon": draw(st.sampled_from([None, 0.1, 0.6, 1.1, 2.9])),
                "lat": draw(st.sampled_from([0.2, 1.7])),
                "state": state,
                "kind": draw(st.sampled_from(["DISPUTE", "HAZARD"])),
                "category": draw(st.sampled_from(["邻里", "物业", "家庭暴力"])),
                "grade": draw(st.sampled_from(["ORDINARY", "COMPLEX", "MAJOR"])),
                "hours": sorted(hours),
                "assigned": draw(st.booleans()),
                "said": draw(st.none() | st.integers(0, 90)),
                "outcome": draw(st.sampled_from(["SUCCESS", "FAIL", None])),
            }
        )
    bulk = draw(st.booleans())

    def run(services: Services, clock: Clock) -> object:
        records = []
        for told in drawn:
            one = dict(told)
            reported, accepted, assigned, closed = (
                clock.now - timedelta(hours=100 - hour) for hour in one.pop("hours")
            )
            said, has, outcome = one.pop("said"), one.pop("assigned"), one.pop("outcome")
            concluded = one["state"] in {"CLOSED", "FOLLOW_UP"}
            records.append(
                case(
                    one.pop("number"),
                    occurred_at=reported,
                    reported_at=reported,
                    accepted_at=accepted if one["state"] != "REPORTED" else None,
                    assigned_at=assigned if has else None,
                    closed_at=closed if concluded else None,
                    outcome=outcome if concluded else None,
                    source_updated_at=None if said is None else clock.now - timedelta(hours=said),
                    **one,
                )
            )
        return services.ledger.write_cases(records, bulk=bulk)

    return run


@st.composite
def told_steps(draw: st.DrawFn) -> Step:
    """Steps that a source tells, in any order, some of them corrected."""
    drawn = draw(
        st.lists(
            st.tuples(st.integers(1, 6), st.integers(1, 9), st.sampled_from(_TYPES), st.integers(0, 90)),
            min_size=1,
            max_size=4,
        )
    )
    bulk = draw(st.booleans())

    def run(services: Services, clock: Clock) -> object:
        return services.ledger.write_events(
            [
                CaseEvent(
                    source="timeline", source_id=f"E{number}", type=kind, at=clock.now - timedelta(hours=hours),
                    case_source="hotline", case_source_id=f"W{of}", source_updated_at=clock.now,
                )
                for of, number, kind, hours in drawn
            ],
            bulk=bulk,
        )  # fmt: skip

    return run


@st.composite
def told_video(draw: st.DrawFn) -> Step:
    """Points that come, move, become secret; and their status."""
    number, status = draw(st.integers(1, 3)), draw(st.sampled_from(["ON", "OFF", "FAULT"]))
    lon, secrecy = draw(st.sampled_from([None, 0.2, 1.2])), draw(st.sampled_from([0, 0, 1]))
    whole, hours = draw(st.booleans()), draw(st.integers(0, 5))

    def run(services: Services, clock: Clock) -> object:
        at = clock.now - timedelta(hours=hours)
        if not whole:
            changed = VideoStatus(source="cameras", point_id=f"C{number}", status=status, at=at)
            return services.ledger.write_statuses([changed])
        place = {"lon": None if lon is None else WEST + lon, "lat": None if lon is None else SOUTH + 0.5}
        point = VideoPoint(
            source="cameras",
            point_id=f"C{number}",
            status=status,
            status_at=at,
            secrecy=secrecy,
            name="点",
            **place,
        )
        return services.ledger.write_points([point])

    return run


@st.composite
def alerted(draw: st.DrawFn) -> Step:
    """Alerts that open, get graver, move, are over; or are acknowledged."""
    severity = draw(st.sampled_from([None, "YELLOW", "RED"]))
    town, subject = draw(st.sampled_from(["000", "000000", "000001"])), draw(st.integers(1, 2))
    noted = draw(st.booleans())

    def run(services: Services, clock: Clock) -> object:
        ledger = services.ledger
        if noted:
            with ledger.read(ALL) as snapshot:
                standing = [row.id for row in snapshot.alerts.standing("000", 9)]
            return [ledger.acknowledge(id_, "值班台") for id_ in standing[:1]]
        key = ("R8", "CASE", f"6205-{subject}")
        found = [] if severity is None else [Condition("R8", severity, "CASE", key[2], town, {"n": subject})]
        return ledger.settle_alerts([key], found, Followed("test", *ledger.position()))

    return run


_ticks: st.SearchStrategy[Step] = st.just(lambda services, clock: services.ledger.tick())
_histories = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 7, 60, 60 * 26]),
        st.one_of(told_cases(), told_cases(), told_steps(), told_video(), alerted(), _ticks),
    ),
    min_size=2,
    max_size=9,
)


def check(url: str, history: list[tuple[int, Step]], folder: Path) -> None:
    """Live through a history with the wall on, then ask for every moment of it."""
    clock = Clock()
    services = centre(url, clock, folder)
    try:
        seen: list[tuple[Any, str | None, dict[str, Any]]] = []
        for minutes, step in [(0, lambda services, clock: None), *history]:
            clock.now += timedelta(minutes=minutes)
            step(services, clock)
            # Figures are kept for a minute: a look in the next one is a fresh one.
            clock.now += timedelta(minutes=1)
            seen += [(clock.now, code, shown(view(services, ALL, code))) for code in LOOKED_AT]
        clock.now += timedelta(days=1)
        services.ledger.tick()
        for at, code, live in seen:
            again = then(services, at, code)
            assert again["exact"]
            assert shown(again) == live
    finally:
        services.ledger.close()


@settings(
    max_examples=int(os.environ.get("YIPING_HISTORIES", "25")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.generate, Phase.shrink],
)
@given(history=_histories)
def test_the_past_is_what_the_wall_showed_when_it_was_now(history: list[tuple[int, Step]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(f"sqlite:///{Path(folder) / 'past.db'}", history, Path(folder))


@settings(
    max_examples=int(os.environ.get("YIPING_HISTORIES", "10")),
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
    phases=[Phase.generate],
)
@given(history=_histories)
def test_the_past_is_what_the_wall_showed_on_postgresql_too(
    postgres_server: PostgresServer, history: list[tuple[int, Step]]
) -> None:
    with postgres_server.database() as url, tempfile.TemporaryDirectory() as folder:
        check(url, history, Path(folder))


def test_a_load_of_history_makes_the_time_before_it_inferred_and_says_so(
    sqlite_url: str, tmp_path: Path
) -> None:
    clock = Clock()
    services = centre(sqlite_url, clock, tmp_path)
    clock.now += timedelta(hours=1)
    days = [NOW - timedelta(days=3 + n % 20) for n in range(300)]
    loaded = [
        case(
            n,
            occurred_at=day,
            reported_at=day,
            accepted_at=day + timedelta(hours=1),
            closed_at=day + timedelta(hours=30),
            state="CLOSED",
            outcome="SUCCESS",
        )
        for n, day in enumerate(days)
    ]
    services.ledger.write_cases(loaded, bulk=True)
    clock.now += timedelta(hours=1)
    at = NOW - timedelta(days=5)
    found = then(services, at)
    assert not found["exact"]
    assert found["notes"][0] == "早于 11月22日 15:30，按各环节的时间推定，不是当时所见"
    assert found["figures"]["tile.K01"]["value"] == sum(
        at.date() == (day + timedelta(hours=8)).date() and day <= at for day in days
    )
    open_then = sum(day + timedelta(hours=1) <= at < day + timedelta(hours=30) for day in days)
    assert found["figures"]["tile.K07"]["value"] == open_then > 0
    assert found["figures"]["tile.K07"]["note"] == ""
    assert max(row["reported_at"] for row in found["feed"]) <= at.isoformat()
    assert then(services, clock.now)["exact"]
    services.ledger.close()


def test_a_merged_town_is_there_until_the_day_of_the_merger(sqlite_url: str, tmp_path: Path) -> None:
    clock = Clock()
    ledger = Ledger.open(sqlite_url, root="6205", clock=clock)
    towns_of_old = [replace(one, valid_from=date(2020, 1, 1)) for one in grids() if one.level <= 1]
    ledger.write_grids(towns_of_old)
    services, day = centre(sqlite_url, clock, tmp_path, ledger), (NOW - timedelta(days=10)).date()
    ledger.write_cases(
        [
            case(n, lon=lon, occurred_at=at, reported_at=at)
            for n, (lon, at) in enumerate(
                (lon, NOW - timedelta(days=days)) for lon in (0.2, 1.2) for days in (1, 12, 14)
            )
        ]
    )
    old = [one for one in towns_of_old if one.code in {"62051", "62052"}]
    merged = replace(grid("62059", "并镇", 1, "6205", 0, 0, 2, 2), valid_from=day, predecessor="62051")
    ledger.write_grids([*(replace(one, valid_to=day) for one in old), merged])
    clock.now += timedelta(hours=1)
    towns = {"before": then(services, NOW - timedelta(days=11)), "after": then(services, NOW)}
    codes = {when: [child["code"] for child in found["children"]] for when, found in towns.items()}
    assert codes == {"before": ["62051", "62052", "62053"], "after": ["62053", "62059"]}
    assert towns["before"]["boundaries"] != towns["after"]["boundaries"]
    # What happened before the merger is counted in the towns of then.
    assert towns["before"]["figures"]["child.62051"]["n"] == 2
    assert towns["after"]["figures"]["child.62059"]["n"] == 2
    # A town looked at when it was not there yet: the frame of today, and it says so.
    early = then(services, NOW - timedelta(days=11), "62059")
    assert (early["grid"]["code"], early["children"], early["notes"][-1]) == ("62059", [], NO_GRID)
    ledger.close()


def test_a_directory_of_points_that_came_later_is_told(sqlite_url: str, tmp_path: Path) -> None:
    clock = Clock()
    services = centre(sqlite_url, clock, tmp_path)
    clock.now += timedelta(hours=1)
    many = [VideoPoint(source="cameras", point_id=f"C{n}") for n in range(MOST_NAMED + 1)]
    services.ledger.write_points(many, bulk=True)
    assert then(services, NOW + timedelta(minutes=1))["notes"] == [DIRECTORY]
    services.ledger.close()


def test_a_camera_that_came_later_was_not_there(sqlite_url: str, tmp_path: Path) -> None:
    clock = Clock()
    services = centre(sqlite_url, clock, tmp_path)
    services.ledger.write_points([VideoPoint(source="cameras", point_id="C1")], bulk=True)
    clock.now += timedelta(hours=1)
    services.ledger.write_points([VideoPoint(source="cameras", point_id="C2")], bulk=True)
    moment = NOW + timedelta(minutes=1)
    assert then(services, moment)["notes"] == []
    with services.ledger.read_past(ALL, moment) as snapshot:
        assert snapshot.counts.gauges("000")["video"] == 1
    with services.ledger.read(ALL) as snapshot:
        assert snapshot.counts.gauges("000")["video"] == 2
    services.ledger.close()


def test_a_moment_with_more_cases_than_the_map_takes_says_so(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    services = centre(sqlite_url, clock, tmp_path)
    services.ledger.write_cases([case(n, occurred_at=NOW, reported_at=NOW) for n in range(3)])
    moment = NOW + timedelta(minutes=1)
    clock.now += timedelta(hours=1)
    monkeypatch.setattr("dashboard.view.OPEN_CASES", 3)
    assert PART not in then(services, moment)["notes"]
    monkeypatch.setattr("dashboard.view.OPEN_CASES", 2)
    assert PART in then(services, moment)["notes"]
    assert len(then(services, moment)["cases"]) == 2
    services.ledger.close()


def test_what_is_older_than_is_kept_is_given_up(sqlite_url: str, tmp_path: Path) -> None:
    clock = Clock()
    services = centre(sqlite_url, clock, tmp_path)
    services.ledger.past_kept = timedelta(days=2)
    services.ledger.write_cases([case(1)])
    clock.now += timedelta(days=5)
    services.ledger.write_cases([case(2, reported_at=clock.now, occurred_at=clock.now)])
    services.ledger.tick()
    with services.ledger.read_past(ALL, clock.now) as snapshot:
        kept = snapshot._connection.execute(sa.select(past.c.subject)).scalars().all()
        assert kept == ["6205-20261127-00001"]
        assert snapshot.known_from == clock.now - timedelta(days=2)
    services.ledger.close()


def test_another_town_is_not_there_in_the_past_either(ledger_url: str, tmp_path: Path) -> None:
    clock = Clock()
    services = centre(ledger_url, clock, tmp_path)
    services.ledger.write_cases([case(1, lon=0.2), case(2, lon=1.2)])
    clock.now += timedelta(hours=1)
    services.ledger.write_cases([case(n, lon=1.2, state="ACCEPTED") for n in (1, 2)])
    clock.now += timedelta(hours=1)
    own = Scope("000000")
    found = then(services, NOW + timedelta(minutes=1), None, own)
    assert [row["case_no"] for row in found["feed"]] == [found["cases"][0]["case_no"]]
    assert found["breadcrumb"][0]["code"] == "62051"
    with services.ledger.read_past(own, NOW) as snapshot:
        assert past_view(services, snapshot, "62052") is None
    services.ledger.close()
