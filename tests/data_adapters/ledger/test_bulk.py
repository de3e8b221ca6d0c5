"""The bulk path: by column what the intake does row by row, to the same rows, counts and numbers."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_adapters.ledger import Ledger, Scope, transaction
from data_adapters.ledger.bulk import drop_indexes, make_indexes
from data_adapters.ledger.columns import MISSING, Columns, local_days
from data_adapters.ledger.contributions import local_day
from data_adapters.ledger.tables import (
    case_event,
    case_number,
    cases,
    change,
    gauge,
    last_report,
    spread,
    tally,
    video_point,
)
from data_adapters.ledger.types import to_milliseconds
from data_adapters.records.case import Case
from data_adapters.records.dictionary import (
    GRADE,
    JOINT_TYPE,
    OUTCOME,
    RESOLUTION_METHOD,
    SOURCE_CHANNEL,
    STATE,
)
from data_adapters.records.event import CaseEvent
from data_adapters.records.grid import Grid
from data_adapters.records.video import VideoPoint
from tests.fixtures.town import NOW, case, grid, open_town

_hours = st.integers(0, 60 * 24)
_maybe_hours = st.none() | _hours


@st.composite
def wild_cases(draw: st.DrawFn) -> Case:
    """Any case at all: stages missing, out of order or ahead, places inside, outside, wrong or unknown."""
    reported = NOW - timedelta(hours=draw(_hours), milliseconds=draw(st.integers(0, 999)))

    def stage() -> Any:
        after = draw(_maybe_hours)
        return None if after is None else reported + timedelta(hours=after - 48)

    located = draw(st.booleans())
    return case(
        draw(st.integers(1, 30)),
        lon=draw(st.sampled_from([0.1, 0.5, 1.0, 1.7, 2.9, 9.0])) if located else None,
        lat=draw(st.sampled_from([0.2, 1.0, 1.9])) if located else None,
        grid_code=draw(st.sampled_from([None, None, "620521", "6205111", "6205", "nowhere", "OLD"])),
        source=draw(st.sampled_from(["hotline", "window"])),
        category=draw(st.sampled_from(["邻里", "其它", "婚姻家庭", "涉黄赌毒", "性侵"])),
        grade=draw(st.sampled_from(list(GRADE))),
        state=draw(st.sampled_from(list(STATE))),
        occurred_at=reported - timedelta(hours=draw(st.integers(0, 50))),
        reported_at=reported,
        registered_at=stage(),
        accepted_at=stage(),
        assigned_at=stage(),
        received_at=stage(),
        resolved_at=stage(),
        closed_at=stage(),
        followed_up_at=stage(),
        due_at=stage(),
        source_updated_at=stage(),
        outcome=draw(st.sampled_from([None, *OUTCOME])),
        resolved_level=draw(st.sampled_from([None, "grid", "village", "township", "county", "above"])),
        satisfaction=draw(st.sampled_from([None, "VERY_SATISFIED", "BASIC", "NO_ANSWER"])),
        visit_count=draw(st.sampled_from([None, 0, 1, 3])),
        repeat_flag=draw(st.sampled_from([None, True, False])),
        handling_org=draw(st.sampled_from([None, "甲镇综治中心"])),
        lead_org=draw(st.sampled_from([None, "县司法局"])),
        source_channel=draw(st.sampled_from([None, *SOURCE_CHANNEL])),
        resolution_method=draw(st.sampled_from([None, *RESOLUTION_METHOD])),
        joint_type=draw(st.sampled_from([None, *JOINT_TYPE])),
    )


def merged() -> Grid:
    """The second group of the first village came after OLD in the last days of the history."""
    found = grid("6205112", "2组", 3, "620511", 0.5, 0, 0.5, 1)
    return replace(found, predecessor="OLD", valid_from=(NOW - timedelta(days=20)).date())


def content(ledger: Ledger) -> dict[str, list[Any]]:
    """Everything cases leave in the ledger, but for the changes that carried it."""
    with ledger.read(Scope.everything()) as snapshot:
        run = snapshot._connection.execute
        names = [column for column in cases.c if column.name not in {"id", "seq"}]
        found = {"cases": sorted(run(sa.select(*names)).all(), key=lambda row: (row.source, row.source_id))}
        found["case_number"] = list(run(sa.select(case_number).order_by(case_number.c.day)).all())
        found["last_report"] = sorted(
            tuple(row) for row in run(sa.select(last_report)) if row.day is not None
        )
        rows = run(sa.select(tally)).all()
        found["tally"] = sorted(tuple(row) for row in rows if any(row[2:]))
        found["spread"] = sorted(tuple(row) for row in run(sa.select(spread)).all() if row.n)
        found["gauge"] = sorted(tuple(row) for row in run(sa.select(gauge)).all() if row.n)
        return {name: [tuple(row) for row in rows] for name, rows in found.items()}


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(batches=st.lists(st.lists(wild_cases(), min_size=1, max_size=12), min_size=1, max_size=3))
def test_what_is_loaded_by_column_equals_what_is_taken_in_row_by_row(batches: list[list[Case]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one = open_town(f"sqlite:///{Path(folder) / 'one.db'}")
        bulk = open_town(f"sqlite:///{Path(folder) / 'bulk.db'}")
        for ledger in (one, bulk):
            ledger.write_grids([merged()])
        for batch in batches:
            singly = one.write_cases(batch)
            together = bulk.write_cases(batch, bulk=True)
            assert [(o.status, o.case_no) for o in singly] == [(o.status, o.case_no) for o in together]
        assert content(bulk) == content(one)
        # The rows themselves, counted again, say the same.
        kept = content(bulk)
        bulk.rebuild_counts()
        assert content(bulk) == kept
        one.close()
        bulk.close()


@pytest.mark.parametrize("many", [0, 10**6], ids=["past SQLAlchemy", "few"])
def test_the_bulk_path_writes_the_same_rows_on_both_databases(
    ledger_url: str, tmp_path: Path, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "_MANY", many)
    told = [
        case(n, lon=(n % 31) / 10, lat=(n % 20) / 10, grid_code="62052" if n % 7 == 0 else None,
             category='引"号,与\n换行' if n % 5 == 0 else "", visit_count=n % 3 or None,
             state="CLOSED" if n % 2 else "REPORTED", repeat_flag=[None, True, False][n % 3])
        for n in range(300)
    ]  # fmt: skip
    ledger = open_town(ledger_url)
    ledger.write_cases(told, bulk=True)
    plain = open_town(f"sqlite:///{tmp_path / 'plain.db'}")
    plain.write_cases(told)
    assert content(ledger) == content(plain)
    with ledger.read(Scope.everything()) as snapshot:
        types = snapshot._connection.execute(sa.select(change.c.type)).scalars().all()
    assert list(types) == ["bulk", "bulk"]  # one for the grids, one for all cases
    ledger.close()
    plain.close()


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe"])
@given(seconds=st.lists(st.integers(0, 2_000_000_000), min_size=1, max_size=50))
def test_local_days_by_column_are_those_of_one_time(zone: str, seconds: list[int]) -> None:
    times = [NOW + timedelta(seconds=value - 1_700_000_000) for value in seconds]
    by_column = local_days(np.array([to_milliseconds(time) for time in times] + [MISSING]), ZoneInfo(zone))
    assert by_column.tolist() == [local_day(time, ZoneInfo(zone)) for time in times] + [MISSING]


def step(number: int, of: int, kind: str) -> CaseEvent:
    """The `number`-th step told, of the case W`of`."""
    return CaseEvent(
        source="timeline", source_id=f"E{number}", type=kind, at=NOW - timedelta(hours=60 - number),
        case_source="hotline", case_source_id=f"W{of}", org="甲镇综治中心", inferred=number % 3 == 0,
    )  # fmt: skip


def test_events_loaded_by_column_are_numbered_and_sealed_like_single_ones(
    ledger_url: str, tmp_path: Path
) -> None:
    kinds = ["REPORT", "ACCEPT", "ASSIGN", "RETURN", "ASSIGN", "RECEIVE"]
    told = [step(n, n % 4, kind) for n, kind in enumerate(kinds * 4)]
    bulk, one = open_town(ledger_url), open_town(f"sqlite:///{tmp_path / 'one.db'}")
    for ledger in (bulk, one):
        ledger.write_cases([case(n, assigned_at=NOW, state="ASSIGNED") for n in range(3)])
    for start in (0, 10):  # the second part goes on from the first
        one.write_events(told[start : start + 14])
        bulk.write_events(told[start : start + 14], bulk=True)
    names = [column for column in case_event.c if column.name != "id"]
    chosen = sa.select(*names).order_by(case_event.c.case_id, case_event.c.number)
    rows = []
    for ledger in (bulk, one):
        with ledger.read(Scope.everything()) as snapshot:
            rows.append([tuple(row) for row in snapshot._connection.execute(chosen)])
    assert rows[0] == rows[1]
    assert len(rows[0]) == 18  # those of W3 are of a case nobody knows
    assert content(bulk)["tally"] == content(one)["tally"]
    bulk.close()
    one.close()


def test_points_loaded_by_column_equal_single_ones(ledger_url: str, tmp_path: Path) -> None:
    told = [
        VideoPoint(
            source="directory",
            point_id=f"P{n}",
            name=[None, "", "村口"][n % 3],
            lon=106.1 + n / 20 if n % 5 else None,
            lat=34.5 if n % 5 else None,
            grid_code=[None, "62052", "nowhere"][n % 3],
            secrecy=int(n % 7 == 0),
            status=["ON", "OFF", "DEFECT"][n % 3],
            should_network=[None, True, False][n % 3],
            integrated=n % 2 == 0,
            networked=[True, False, None, True][n % 4],
            point_class=[None, "CLASS1"][n % 2],
            status_at=NOW,
        )
        for n in range(60)
    ]
    bulk, one = open_town(ledger_url), open_town(f"sqlite:///{tmp_path / 'one.db'}")
    assert {o.status for o in one.write_points(told)} == {"accepted"}
    assert {o.status for o in bulk.write_points(told, bulk=True)} == {"accepted"}
    assert {o.status for o in bulk.write_points(told, bulk=True)} == {"duplicate"}
    names = [column for column in video_point.c if column.name != "id"]
    rows = []
    for ledger in (bulk, one):
        with ledger.read(Scope.everything()) as snapshot:
            found = snapshot._connection.execute(sa.select(*names).order_by(video_point.c.point_id))
            rows.append([tuple(row) for row in found])
    assert rows[0] == rows[1]
    assert content(bulk)["gauge"] == content(one)["gauge"]
    bulk.rebuild_counts()
    assert content(bulk)["gauge"] == content(one)["gauge"]
    bulk.close()
    one.close()


def test_indexes_are_made_one_by_one_until_none_is_left(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    before = index_names(ledger)
    with ledger._transaction() as tx:
        drop_indexes(tx.connection, [cases])
    missing = len(before - index_names(ledger))
    assert missing > 5
    for left in range(missing - 1, -1, -1):
        with ledger._transaction() as tx:
            assert make_indexes(tx.connection, 1) is (left > 0)
        assert len(before - index_names(ledger)) == left
    ledger.close()


def index_names(ledger: Ledger) -> set[str]:
    with ledger.read(Scope.everything()) as snapshot:
        return {str(index["name"]) for index in sa.inspect(snapshot._connection).get_indexes("cases")}


def test_a_load_makes_its_indexes_last_and_a_killed_one_is_mended_at_the_next_start(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    before = index_names(ledger)
    with ledger.loading({"cases": 10}):
        assert "ix_cases_open" not in index_names(ledger)
        ledger.write_cases([case(n) for n in range(10)], bulk=True)
    assert index_names(ledger) == before
    with ledger.loading({"cases": 9}):  # fewer than there are: not worth it
        assert index_names(ledger) == before
    with ledger._transaction() as tx:
        drop_indexes(tx.connection, [cases])  # as far as a load came that was killed
    ledger.close()
    again = Ledger.open(ledger_url, root="6205")
    assert index_names(again) == before
    again.close()


def test_a_batch_and_its_cursor_are_stored_together_or_not_at_all(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    names = ["source", "source_id", "kind", "category", "grade", "state", "occurred_at", "reported_at"]
    rows = [("hotline", f"W{n}", "DISPUTE", "邻里", "ORDINARY", "CLOSED", NOW, NOW) for n in range(5)]
    told = Columns.of(cases, names, rows)

    def killed() -> None:
        with ledger.together():
            ledger.load_cases(told)
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        killed()
    assert content(ledger)["cases"] == []
    with ledger.together():
        assert ledger.load_cases(told) == 5
        ledger.source_done("hotline", "case", "1", 5, 5, 0)
    state = ledger.source_state("hotline")
    assert state is not None
    assert state.cursor == "1"
    assert ledger.load_cases(told) == 0  # sent again: left as they are
    assert len(content(ledger)["cases"]) == 5
    ledger.close()
