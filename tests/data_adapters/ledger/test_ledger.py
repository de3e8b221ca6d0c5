"""The promises of the ledger, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.tables import cases, change, metadata
from data_adapters.records.event import CaseEvent
from data_adapters.records.video import VideoPoint, VideoStatus
from tests.fixtures.town import NOW, SOUTH, WEST, Clock, case, grid, grids, open_town

ALL = Scope.everything()


def log(ledger: Ledger) -> list[dict[str, Any]]:
    with ledger.read(ALL) as snapshot:
        return [entry.item for entry in snapshot.changes(0, 10_000)[0]]


def path_of(ledger: Ledger, code: str) -> str:
    return ledger.atlas().by_code[code]


def test_a_case_is_stored_counted_and_logged_once(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    before = ledger.position()[1]
    first, again = ledger.write_cases([case(1)])[0], ledger.write_cases([case(1)])[0]
    assert (first.status, first.seq, again.status, again.seq) == ("accepted", before + 1, "duplicate", None)
    assert first.case_no == again.case_no == "6205-20261122-00001"
    items = [item for item in log(ledger) if item["type"] == "case"]
    assert [item["case_no"] for item in items] == [first.case_no]
    assert items[0]["paths"] == ["6205", "62051", "620511", "6205111"]
    with ledger.read(ALL) as snapshot:
        assert snapshot.counts.flows("000", snapshot.today, snapshot.today)["reported"] == 1
    ledger.close()


def test_the_same_incident_twice_in_one_batch_is_one_case_with_its_last_content(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    outcomes = ledger.write_cases([case(1), case(1), case(1, grade="MAJOR"), case(2)])
    assert [outcome.status for outcome in outcomes] == ["accepted", "duplicate", "updated", "accepted"]
    with ledger.read(ALL) as snapshot:
        grades = sorted(row.grade for row in snapshot.latest_cases("000", 10))
    assert grades == ["MAJOR", "ORDINARY"]
    ledger.close()


def test_an_older_revision_never_overwrites_a_newer_one(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    ledger.write_cases([case(1, source_updated_at=NOW, state="ACCEPTED", accepted_at=NOW)])
    late = ledger.write_cases([case(1, source_updated_at=NOW - timedelta(minutes=1), state="REPORTED")])[0]
    assert late.status == "duplicate"
    with ledger.read(ALL) as snapshot:
        assert snapshot.latest_cases("000", 1)[0].state == "ACCEPTED"
    ledger.close()


def test_what_was_true_for_a_while_and_comes_after_what_is_true_again_changes_nothing(
    ledger_url: str,
) -> None:
    ledger = open_town(ledger_url)
    minutes = [NOW - timedelta(minutes=n) for n in (30, 20, 10)]
    revisions = [
        case(1, source_updated_at=at, state=state)
        for at, state in zip(minutes, ("ACCEPTED", "IN_PROGRESS", "ACCEPTED"), strict=True)
    ]
    came = [ledger.write_cases([revisions[n]])[0].status for n in (0, 2, 1)]
    assert came == ["accepted", "duplicate", "duplicate"]
    with ledger.read(ALL) as snapshot:
        row = snapshot.latest_cases("000", 1)[0]
    assert (row.state, row.source_updated_at) == ("ACCEPTED", minutes[2])
    ledger.close()


def test_what_an_update_leaves_out_is_not_erased(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    ledger.write_cases([case(1, handling_org="D1")])
    ledger.write_cases([case(1, lon=None, lat=None, state="ACCEPTED", source_updated_at=NOW)])
    with ledger.read(ALL) as snapshot:
        row = snapshot.latest_cases("000", 1)[0]
    assert (row.handling_org, row.state, row.path) == ("D1", "ACCEPTED", path_of(ledger, "6205111"))
    ledger.close()


def test_a_case_outside_every_grid_is_counted_but_not_drawn(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    ledger.write_cases([case(1), case(2, lon=50.0), case(3, lon=None, lat=None)])
    with ledger.read(ALL) as snapshot:
        assert snapshot.counts.flows("000", snapshot.today, snapshot.today)["reported"] == 3
        assert snapshot.counts.gauges("000")["unplaced"] == 2
        assert sorted(row.placed for row in snapshot.latest_cases("000", 9)) == [False, False, True]
    drawn = [item for item in log(ledger) if item["type"] == "case" and item["lon"] is not None]
    assert len(drawn) == 1
    ledger.close()


@pytest.mark.parametrize(
    ("code", "lon", "expected", "flag"),
    [
        ("62052", 1.25, "6205211", ""),  # the point refines the code
        ("62052", None, "62052", ""),  # the code alone
        (
            "62052",
            0.25,
            "62052",
            "outside_declared_grid",
        ),  # they disagree: the declared grid holds, and it shows
        ("99", 1.25, "6205211", "unknown_grid"),  # an unknown code falls back to the point
    ],
)
def test_a_case_is_placed_by_its_code_and_refined_by_its_point(
    sqlite_url: str, code: str, lon: float | None, expected: str, flag: str
) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([case(1, grid_code=code, lon=lon, lat=None if lon is None else 0.5)])
    with ledger.read(ALL) as snapshot:
        row = snapshot.latest_cases("000", 1)[0]
    assert row.path == path_of(ledger, expected)
    assert flag in row.quality
    ledger.close()


def test_a_point_on_a_shared_border_lies_in_exactly_one_grid(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([case(1, lon=1.0, lat=1.0)])
    with ledger.read(ALL) as snapshot:
        children = snapshot.counts.children("000", snapshot.today, snapshot.today)
    assert sum(flows["reported"] for flows in children.values()) == 1
    ledger.close()


def test_numbers_have_no_holes_and_follow_the_commits_of_many_writers(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    start = ledger.position()[1]

    def work(writer: int) -> None:
        for n in range(25):
            ledger.write_cases([case(writer * 100 + n)])

    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    items = [item for item in log(ledger) if item["seq"] > start]
    assert [item["seq"] for item in items] == list(range(start + 1, start + 101))
    assert len({item["case_no"] for item in items}) == 100
    ledger.close()


def test_numbers_have_no_holes_and_follow_the_commits_of_many_processes(ledger_url: str) -> None:
    open_town(ledger_url).close()
    # Each has a turn of its own: only the store's lock is between them, as between processes.
    ledgers = [Ledger(ledger_url, root="6205", clock=Clock()) for _ in range(4)]
    start = ledgers[0].position()[1]

    def work(ledger: Ledger, writer: int) -> None:
        for n in range(25):
            ledger.write_cases([case(writer * 100 + n)])

    with ThreadPoolExecutor(len(ledgers)) as pool:
        for done in [pool.submit(work, ledger, writer) for writer, ledger in enumerate(ledgers)]:
            done.result()
    items = [item for item in log(ledgers[0]) if item["seq"] > start]
    assert [item["seq"] for item in items] == list(range(start + 1, start + 101))
    assert len({item["case_no"] for item in items}) == 100
    for ledger in ledgers:
        ledger.close()


def test_one_identity_is_one_row_whoever_writes_it(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    ledger.write_cases([case(1)])
    with ledger._writing.connect() as connection:
        row = dict(connection.execute(sa.select(cases)).mappings().one()) | {"case_no": "another"}
        del row["id"]
        with pytest.raises(sa.exc.IntegrityError):
            connection.execute(sa.insert(cases), [row])
    ledger.close()


def test_a_transaction_that_fails_leaves_nothing_and_uses_no_number(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    before = ledger.position()

    def die() -> None:
        with ledger._transaction() as tx:
            ledger._case_writer(tx).write([case(1)], bulk=False)
            raise RuntimeError("the process dies here")

    with pytest.raises(RuntimeError):
        die()
    assert ledger.position() == before
    assert ledger.write_cases([case(2)])[0].seq == before[1] + 1
    with ledger.read(ALL) as snapshot:
        assert len(snapshot.latest_cases("000", 9)) == 1
        assert snapshot.counts.flows("000", snapshot.today, snapshot.today)["reported"] == 1
    ledger.close()


def test_a_township_sees_no_byte_of_another(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    ledger.write_cases([case(1, lon=0.25), case(2, lon=1.25), case(3, lon=50.0)])
    ledger.write_points([VideoPoint(source="v", point_id="P1", lon=WEST + 1.2, lat=SOUTH + 0.5)])
    scope = Scope(path_of(ledger, "62051"))
    with ledger.read(scope) as snapshot:
        assert snapshot.grid("62052") is None
        assert snapshot.grid("6205") is None
        assert [row.code for row in snapshot.ancestors(path_of(ledger, "620511"))] == ["62051", "620511"]
        assert [row.source_id for row in snapshot.latest_cases("000", 9)] == []
        assert [row.source_id for row in snapshot.latest_cases(scope.path, 9)] == ["W1"]
        assert len(snapshot.points().lon) == 0
        items = [entry.item for entry in snapshot.changes(0, 100)[0] if entry.item["type"] != "bulk"]
        assert [item["paths"][0] for item in items] == ["62051"]
        other = snapshot.case("6205-20261122-00002")
        assert other is None
        assert snapshot.geometries(["000", path_of(ledger, "62052")]) == {}
    ledger.close()


def test_a_case_that_moves_away_leaves_only_its_absence(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    ledger.write_cases([case(1, lon=0.25, source_updated_at=NOW - timedelta(minutes=5))])
    ledger.write_cases([case(1, lon=1.25, source_updated_at=NOW)])
    with ledger.read(Scope(path_of(ledger, "62051"))) as snapshot:
        last = snapshot.changes(0, 100)[0][-1].item
    assert {key: last[key] for key in ("case_no", "removed")} == {
        "case_no": "6205-20261122-00001",
        "removed": True,
    }
    assert "paths" not in last
    assert "category" not in last
    ledger.close()


def test_only_legal_steps_move_a_case_and_the_legal_ones_are_named(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    number = ledger.write_cases([case(1)])[0].case_no

    def step(type_: str) -> tuple[str, list[str]]:
        event = CaseEvent(
            source="api", type=type_, at=NOW, case_no=number, org="A" if type_ == "ASSIGN" else None
        )
        outcome, legal = ledger.apply_event(event)
        return outcome.status, legal

    assert step("RESOLVE") == ("rejected", ["REGISTER", "MERGE", "CANCEL"])
    for type_ in (
        "REGISTER",
        "ACCEPT",
        "TRIAGE",
        "ASSIGN",
        "RECEIVE",
        "START",
        "RESOLVE",
        "CLOSE",
        "FOLLOWUP",
    ):
        assert step(type_) == ("accepted", [])
    with ledger.read(ALL) as snapshot:
        row = snapshot.case(number or "")
        assert row is not None
        assert (row.state, row.is_open, row.outcome) == ("FOLLOW_UP", False, "SUCCESS")
        flows = snapshot.counts.flows("000", snapshot.today, snapshot.today)
        assert (flows["accepted"], flows["closed"], flows["on_time"], flows["succeeded"]) == (1, 1, 1, 1)
        chain = snapshot.case_events(row.id)
        assert [event.number for event in chain] == list(range(1, 10))
        assert len({event.hash for event in chain}) == 9
    ledger.close()


def test_a_light_that_turns_is_one_change_in_the_log(ledger_url: str) -> None:
    clock = Clock()
    ledger = open_town(ledger_url, clock)
    ledger.write_cases([case(1, state="ACCEPTED", accepted_at=NOW - timedelta(hours=1))])
    assert ledger.tick() == 0
    seen = []
    for days in (6, 7, 9, 10):  # the seventh day is a Sunday, so Monday is the last
        clock.now = NOW + timedelta(days=days)
        seen.append(ledger.tick())
    with ledger.read(ALL) as snapshot:
        assert snapshot.latest_cases("000", 1)[0].light == "RED"
        assert snapshot.counts.gauges("000")["open.light.RED"] == 1
    assert seen == [1, 0, 1, 0]
    assert [item["light"] for item in log(ledger) if item["type"] == "case"] == ["GREEN", "YELLOW", "RED"]
    ledger.close()


def test_a_changed_border_is_a_new_version_and_old_cases_keep_the_old_one(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    half = grid("6205111", "1组", 3, "620511", 0.0, 0.0, 0.2, 1.0)
    assert ledger.write_grids([half])[0].status == "updated"
    long_ago = NOW - timedelta(days=30)
    ledger.write_cases([case(1, lon=0.4, occurred_at=long_ago, reported_at=long_ago), case(2, lon=0.4)])
    with ledger.read(ALL) as snapshot:
        paths = {row.source_id: row.path for row in snapshot.latest_cases("000", 9)}
        assert len(snapshot.children(path_of(ledger, "620511"))) == 2
    assert paths["W1"] == path_of(ledger, "6205111")
    assert paths["W2"] == path_of(ledger, "620511")
    ledger.close()


def test_writing_the_same_grids_again_changes_nothing(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    before = ledger.position()
    assert {outcome.status for outcome in ledger.write_grids(grids())} == {"duplicate"}
    assert ledger.position() == before
    ledger.close()


def test_a_grid_without_a_known_parent_is_refused_with_the_reason(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    outcome = ledger.write_grids([grid("X", "某组", 3, "nowhere", 0, 0, 1, 1)])[0]
    assert outcome.status == "rejected"
    assert outcome.faults[0].field == "parent"
    assert "nowhere" in outcome.faults[0].reason
    ledger.close()


def test_video_status_moves_the_counts_and_an_older_one_moves_nothing(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    points = [VideoPoint(source="v", point_id=f"P{n}", lon=WEST + 0.2, lat=SOUTH + 0.2) for n in range(4)]
    secret = VideoPoint(source="v", point_id="S", lon=WEST + 0.2, lat=SOUTH + 0.2, secrecy=1)
    ledger.write_points([*points, secret], bulk=True)

    def told(status: str, minutes: int, point: str = "P1") -> str:
        record = VideoStatus(source="v", point_id=point, status=status, at=NOW + timedelta(minutes=minutes))
        return ledger.write_statuses([record])[0].status

    assert told("OFF", 5) == "updated"
    assert told("ON", 1) == "duplicate"
    assert told("OFF", 9, "S") == "updated"
    assert told("OFF", 9, "nowhere") == "rejected"
    with ledger.read(ALL) as snapshot:
        stocks = snapshot.counts.gauges("000")
        assert (stocks["video"], stocks["video.on"], stocks["video.OFF"]) == (4, 3, 1)
        assert b"S" not in set(snapshot.points().point_id.tolist())
    statuses = [item for item in log(ledger) if item["type"] == "video_status"]
    assert [item["point_id"] for item in statuses] == ["P1"]
    ledger.close()


def test_accepted_means_committed_with_full_durability(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    with ledger._writing.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    ledger.write_cases([case(1)])
    # Another connection, opened by another engine, sees the row and its change at once.
    other = sa.create_engine(sqlite_url)
    with other.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(cases)).scalar_one() == 1
        kinds = connection.execute(sa.select(change.c.type).order_by(change.c.seq)).scalars().all()
    assert kinds[-1] == "case"
    other.dispose()
    ledger.close()


def test_the_schema_of_the_migrations_is_the_schema_of_the_tables(ledger_url: str) -> None:
    ledger = Ledger.open(ledger_url)
    with ledger._writing.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    ledger.close()
