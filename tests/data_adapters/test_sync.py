"""Sources into the ledger, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
import sqlalchemy as sa

from data_adapters import sync as sync_module
from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.tables import cases, change, quarantine, video_point
from data_adapters.readers import delimited as reader_module
from data_adapters.report import Report, SourceReport
from data_adapters.settings import Settings
from data_adapters.sync import BULK_ROWS, sync
from tests.data_adapters.ledger.test_bulk import content
from tests.fixtures.county_files import CAMERAS, CASES, all_levels, settings, write_cases, write_grids
from tests.fixtures.town import NOW, grids

T = "2026-11-02 14:20:00"
PLACED = ("1", T, "REPORTED", "", 106.2, 34.5)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An empty ledger of the small county."""
    opened = Ledger.open(ledger_url, root="6205")
    yield opened
    opened.close()


def source(report: Report, name: str) -> SourceReport:
    return next(known for known in report.sources if known.name == name)


def rows(ledger: Ledger, table: sa.Table) -> list[sa.Row[tuple[object, ...]]]:
    with ledger._reading.connect() as connection:
        return list(connection.execute(sa.select(table)))


def county(folder: Path, *sources: str) -> Settings:
    write_grids(folder)
    return settings(folder, *sources, *all_levels())


def test_a_county_is_read_and_the_counts_add_up(tmp_path: Path, ledger: Ledger) -> None:
    given = [
        PLACED,
        ("2", T, "?", "", "", ""),
        ("3", T, "REPORTED", "", 0, 0),
        ("4", T, "CLOSED", "6205111", "", ""),
    ]
    write_cases(tmp_path, given)
    report = sync(county(tmp_path, CASES), ledger)
    told = source(report, "cases")
    assert (told.read, told.accepted, told.refused) == (4, 3, 1)
    assert (told.new, told.updated, told.duplicate) == (3, 0, 0)
    with ledger.read(Scope.everything()) as snapshot:
        top = snapshot.top_grid()
        assert top is not None
        assert snapshot.subtree_levels(top.path) == {0: 1, 1: 3, 2: 6, 3: 12}
    placed = {row.source_id: row.placed for row in rows(ledger, cases)}
    assert placed == {"1": True, "3": False, "4": True}


def test_a_second_run_changes_nothing(tmp_path: Path, ledger: Ledger) -> None:
    known = county(tmp_path, CASES)
    write_cases(tmp_path, [(str(n), T, "REPORTED", "", 106.2, 34.5) for n in range(BULK_ROWS + 1)])
    sync(known, ledger)
    position = ledger.position()
    report = sync(known, ledger)
    assert all(told.duplicate == told.accepted == told.read for told in report.sources)
    assert ledger.position() == position


def test_a_first_load_of_many_rows_leaves_what_ordinary_transactions_leave(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = county(tmp_path, CASES)
    given = [
        (n % 1_900, f"2026-{n % 9 + 1:02}-1{n % 9} 08:00:00", ("REPORTED", "CLOSED", "?")[n % 40 // 19], "",
         106 + n % 31 / 10, 34 + n % 20 / 10)
        for n in range(2_000)
    ]  # fmt: skip
    write_cases(tmp_path, given)
    monkeypatch.setattr(sync_module, "WRITTEN_ROWS", 600)
    monkeypatch.setattr(reader_module, "CHUNK_ROWS", 600)
    plain = Ledger.open(f"sqlite:///{tmp_path / 'plain.db'}", root="6205", clock=lambda: NOW)
    loaded = Ledger(ledger._writing.url.render_as_string(hide_password=False), root="6205", clock=lambda: NOW)
    told = {}
    for store, least in ((plain, 10**6), (loaded, 500)):
        monkeypatch.setattr(sync_module, "LOADED_ROWS", least)
        report = source(sync(known, store), "cases")
        told[least] = (report.new, report.updated, report.duplicate, report.refused, report.kept())
        position = store.position()
        again = source(sync(known, store), "cases")
        # Of a case told twice the two rows take turns; of all others nothing is new.
        assert (again.new, again.duplicate + (again.updated or 0)) == (0, report.accepted)
        assert again.updated or store.position() == position
    assert told[500] == told[10**6]
    assert content(loaded) == content(plain)
    loaded.rebuild_counts()
    assert content(loaded) == content(plain)
    plain.close()
    loaded.close()


def test_the_first_run_is_one_change_and_a_later_row_one_of_its_own(tmp_path: Path, ledger: Ledger) -> None:
    known = county(tmp_path, CASES)
    write_cases(tmp_path, [PLACED, ("2", T, "REPORTED", "", 106.2, 34.5)])
    sync(known, ledger)
    assert [row.type for row in rows(ledger, change)] == ["bulk", "bulk"]
    write_cases(
        tmp_path, [PLACED, ("2", T, "ACCEPTED", "", 106.2, 34.5), ("3", T, "REPORTED", "", 106.2, 34.5)]
    )
    told = source(sync(known, ledger), "cases")
    assert (told.new, told.updated, told.duplicate) == (1, 1, 1)
    assert [row.type for row in rows(ledger, change)] == ["bulk", "bulk", "case", "case"]


def test_refused_rows_are_in_the_quarantine_until_they_are_right(tmp_path: Path, ledger: Ledger) -> None:
    known = county(tmp_path, CASES)
    write_cases(tmp_path, [PLACED, ("2", "?", "?", "", "", "")])
    sync(known, ledger)
    kept = {(row.source, row.row, row.field, row.code) for row in rows(ledger, quarantine)}
    assert kept == {("cases", "3", "state", "unknown_value"), ("cases", "3", "occurred_at", "bad_time")}
    write_cases(tmp_path, [PLACED, ("2", T, "REPORTED", "", "", "")])
    sync(known, ledger)
    assert rows(ledger, quarantine) == []


def test_a_refused_grid_is_in_the_quarantine(tmp_path: Path, ledger: Ledger) -> None:
    known = grids()
    known[5] = replace(known[5], parent="nowhere")
    write_grids(tmp_path, known)
    report = sync(settings(tmp_path, *all_levels()), ledger)
    told = source(report, "level-2")
    assert (told.read, told.accepted, told.refused) == (6, 5, 1)
    assert ("level-2", "2", "parent") in {
        (row.source, row.row, row.field) for row in rows(ledger, quarantine)
    }
    assert source(report, "level-3").refused == 2


def test_a_source_that_fails_is_one_line_and_keeps_its_last_good_read(tmp_path: Path, ledger: Ledger) -> None:
    known = county(tmp_path, CASES)
    write_cases(tmp_path, [PLACED])
    sync(known, ledger)
    good = ledger.source_state("cases")
    (tmp_path / "cases.csv").unlink()
    report = sync(known, ledger)
    state = ledger.source_state("cases")
    assert report.exit_code == 2
    assert good is not None
    assert state is not None
    assert "cases.csv" in (state.error or "")
    assert state.last_ok_at == good.last_ok_at
    assert source(report, "level-3").accepted == 12
    assert len(rows(ledger, cases)) == 1


def test_one_source_alone_may_be_read(tmp_path: Path, ledger: Ledger) -> None:
    known = county(tmp_path, CASES)
    write_cases(tmp_path, [PLACED])
    sync(known, ledger)
    assert [told.name for told in sync(known, ledger, "cases").sources] == ["cases"]
    with pytest.raises(KeyError):
        sync(known, ledger, "case")


def test_one_level_alone_finds_its_parents_in_the_ledger(tmp_path: Path, ledger: Ledger) -> None:
    write_grids(tmp_path)
    known = settings(tmp_path, *all_levels(within=True))
    sync(known, ledger)
    told = source(sync(known, ledger, "level-3"), "level-3")
    assert (told.read, told.duplicate) == (12, 12)


def test_a_made_root_stays_when_one_level_alone_is_read(tmp_path: Path, ledger: Ledger) -> None:
    write_grids(tmp_path)
    known = settings(tmp_path, *all_levels()[1:])
    assert [note.code for note in sync(known, ledger).notes] == ["root_made"]
    position = ledger.position()
    sync(known, ledger, "level-2")
    assert ledger.position() == position


def test_video_points_and_their_status_are_read_in_order(tmp_path: Path, ledger: Ledger) -> None:
    cameras = [
        {"id": "a", "x": 106.2, "y": 34.5, "status": "ON"},
        {"id": "b", "x": None, "y": None, "status": "OFF"},
    ]
    (tmp_path / "cameras.json").write_text(json.dumps(cameras), encoding="utf-8")
    (tmp_path / "status.csv").write_text(f"id,status,at\na,OFF,{T}\nz,ON,{T}\n", encoding="utf-8")
    status = """[[sources]]
name = "status"
kind = "video_status"
path = "status.csv"
[sources.fields]
point_id = "id"
status = "status"
at = "at"
"""
    report = sync(county(tmp_path, status, CAMERAS), ledger)
    assert source(report, "cameras").new == 2
    told = source(report, "status")
    assert (told.read, told.accepted, told.refused) == (2, 1, 1)
    assert {row.point_id: (row.status, row.placed) for row in rows(ledger, video_point)} == {
        "a": ("OFF", True),
        "b": ("OFF", False),
    }


def test_points_of_an_undeclared_system_are_put_right_by_the_grids(tmp_path: Path, ledger: Ledger) -> None:
    write_cases(tmp_path, [(n, T, "REPORTED", "", 500_000 + 100 * n, 3_850_000) for n in range(30)])
    known = settings(tmp_path, CASES.replace("EPSG:4490", "auto"), *all_levels())
    shifted = [
        replace(grid, geometry=shapely.transform(grid.geometry, lambda xy: xy - (1.5, 0))) for grid in grids()
    ]
    write_grids(tmp_path, shifted)
    told = source(sync(known, ledger), "cases")
    assert told.accepted == 30
    assert all(row.placed and 104 < row.lon < 108 for row in rows(ledger, cases))


def test_a_database_is_read_from_its_cursor_on(tmp_path: Path, ledger: Ledger) -> None:
    upstream = sa.create_engine(f"sqlite:///{tmp_path / 'upstream.db'}")
    with upstream.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (id TEXT, at TEXT)"))
        connection.execute(
            sa.text("INSERT INTO t VALUES ('1', '2026-11-01 08:00:00'), ('2', '2026-11-02 08:00:00')")
        )
    text = """[[sources]]
name = "db"
kind = "case"
reader = "sql"
url = "sqlite:///upstream.db"
query = "SELECT * FROM t WHERE at >= :cursor ORDER BY at"
cursor = "at"
[sources.fields]
source_id = "id"
occurred_at = "at"
"""
    known = settings(tmp_path, text)
    assert source(sync(known, ledger), "db").new == 2
    with upstream.begin() as connection:
        connection.execute(sa.text("INSERT INTO t VALUES ('3', '2026-11-02 08:00:00')"))
    upstream.dispose()
    told = source(sync(known, ledger), "db")
    assert (told.read, told.new, told.duplicate) == (2, 1, 1)


def test_progress_is_told_a_source(tmp_path: Path, ledger: Ledger) -> None:
    write_cases(tmp_path, [PLACED])
    heard: list[tuple[str, int]] = []
    sync(county(tmp_path, CASES), ledger, progress=lambda name, read, _: heard.append((name, read)))
    assert heard == [("level-0", 1), ("level-1", 3), ("level-2", 6), ("level-3", 12), ("cases", 1)]
