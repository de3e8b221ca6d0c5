"""Cases mapped by column are the cases mapped row by row, whatever their columns hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_adapters import intake
from data_adapters.check import check
from data_adapters.coordinates import wgs_to_gcj
from data_adapters.ground import Ground, Plot
from data_adapters.intake import Batch, Intake, joined
from data_adapters.ledger import Ledger
from data_adapters.mapping import Refused
from data_adapters.readers.reader import GEOMETRY, Chunk, Rows
from data_adapters.records.case import Case
from data_adapters.records.field import Context
from data_adapters.records.record import Fault
from data_adapters.settings import Settings
from data_adapters.sync import sync
from tests.fixtures.county_files import CASES, all_levels, settings, write_cases, write_grids
from tests.fixtures.town import grids

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
CONTEXT = Context(ZoneInfo("Asia/Shanghai"), NOW)
GROUND = Ground([Plot(one.code, one.level, one.geometry, one.parent) for one in grids()])
SOURCE = """[[sources]]
name = "cases"
kind = "case"
path = "cases.csv"
crs = "{crs}"
[sources.fields]
source_id = "ID"
occurred_at = {{ column = "T", format = "%Y-%m-%d %H:%M:%S" }}
reported_at = "R"
closed_at = "E"
state = "STATE"
category = "C"
grade = {{ const = "重大" }}
grid_code = "GRID"
lon = "X"
lat = "Y"
involved_count = "N"
repeat_flag = "AGAIN"
[sources.values.state]
"已办结" = "CLOSED"
"*" = "IN_PROGRESS"
"""
TIMES = st.sampled_from(
    [
        *("2026-11-02 14:20:00", "2026-11-02T14:20:00", "2026-11-02 14:20:00+08:00", "2026-11-02", "", " "),
        *("2026-02-30 08:00:00", "2026-11-22 14:04:00", "2026-11-22 14:06:00", "1949-10-01 00:00:00"),
        *("1988-04-17 02:30:00", "1988-04-10 00:30:00", "1991-09-15 01:30:00", "2026-11-02 24:00:00", "昨天"),
        *("2026-11-02 14:20:60", "0000-00-00 00:00:00", "2026/11/02 14:20:00", "2026-11-0２ 14:20:00", None),
        *(
            "9999-12-31 23:59:59",
            "0001-01-01 00:00:00",
            "-001-01-01 00:00:00",
            20261102,
            datetime(2026, 11, 2),  # noqa: DTZ001  as a database without zones gives it
        ),
        *("2026-11-02 14:20", " 2026-11-02 14:20:00", "2026-11-02 14:20:00 ", "2026-11-02x14:20:00", True),
    ]
)
NUMBERS = st.sampled_from(
    [
        *("106.2", "34.5", 106.2, 34.5, "", None, " ", "nan", "inf", "1e999", "abc", True, "181", "-91", [1]),
        *("1_0", " 106.25 ", float("nan"), 10**400, "９", 0, "0"),
    ]
)
TEXTS = st.sampled_from(
    [
        "邻里",
        "",
        None,
        " 物业 ",
        "长" * 65,
        "x\x00",
        "\ufffd",
        3,
        3.5,
        True,
        "矛盾纠纷".encode().decode("gbk"),
        ["a"],
        "=1+1",
    ]
)
IDS = st.one_of(
    st.integers(0, 40).map(str),
    st.sampled_from(["", None, " 7 ", "6.2E+17", "W" * 65, "邻\x07", 7, 7.0, 2.0**60, True, "a.b", "编号1"]),
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            **{"ID": IDS, "T": TIMES, "R": TIMES, "E": TIMES, "C": TEXTS, "X": NUMBERS, "Y": NUMBERS},
            "STATE": st.sampled_from(["已办结", "办理中", "", None, "CLOSED", 1]),
            "GRID": st.sampled_from(["6205111", "", None, "６205", 6205111, "6.2E+17", "nowhere"]),
            "N": st.sampled_from(["3", 3, "3.0", "", None, "-1", "2.5", "三", True]),
            "AGAIN": st.sampled_from(["是", "否", 1, 0, "1", "", None, "待定", True]),
        }
    ),
    min_size=1,
    max_size=25,
)
#: Rows that are right but for the odd one: only these show that the columns are taken at all.
GOOD = {"T": "2026-11-02 14:20:00", "R": "2026-11-02 15:00:00", "E": "", "C": "邻里", "X": "106.2", "Y": "34.5",
        "STATE": "已办结", "GRID": "6205111", "N": "3", "AGAIN": "否"}  # fmt: skip


@pytest.fixture(scope="module", params=["EPSG:4490", "GCJ-02", "EPSG:4524"])
def known(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """One source of cases in some coordinate system."""
    return settings(tmp_path_factory.mktemp("table"), SOURCE.format(crs=request.param))


def mapped(known: Settings, chunks: list[Chunk], fewest: int) -> Batch:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "FEWEST", fewest)
        return joined(list(Intake(known.sources[0], CONTEXT, GROUND).batches(chunks)))


def as_columns(rows: Sequence[dict[str, Any]], names: Collection[str]) -> Rows:
    return Rows({name: [row[name] for row in rows] for name in names}, len(rows))


def refusals(batch: Batch) -> list[Refused]:
    return sorted(batch.refused, key=lambda refused: int(refused.row))


@given(st.lists(ROWS, min_size=1, max_size=3))
def test_by_column_and_row_by_row_give_the_same_records_and_the_same_refusals(
    known: Settings, parts: list[list[dict[str, Any]]]
) -> None:
    chunks, at = [], 2
    for rows in parts:
        numbers = list(range(at, at + len(rows)))
        chunks.append(Chunk(rows, numbers, [(at + len(rows), Fault("*", "column_count", "x"))]))
        at += len(rows) + 1
    by_row, by_column = (mapped(known, chunks, fewest) for fewest in (10**6, 0))
    assert by_row.table is None
    assert by_column.everything() == by_row.records
    assert refusals(by_column) == refusals(by_row)
    assert by_column.read == by_row.read
    # The same where the reader itself gives columns.
    names = {name for chunk in chunks for row in chunk.rows for name in row if name != GEOMETRY}
    plain = [replace(chunk, rows=[{n: row.get(n) for n in names} for row in chunk.rows]) for chunk in chunks]
    columns = [replace(chunk, rows=as_columns(chunk.rows, names)) for chunk in plain]
    by_row, by_column = mapped(known, plain, 10**6), mapped(known, columns, 0)
    assert by_column.everything() == by_row.records
    assert refusals(by_column) == refusals(by_row)


@given(st.lists(st.dictionaries(st.sampled_from(list(GOOD)), TIMES, max_size=1), min_size=1, max_size=30))
def test_right_rows_are_taken_by_column_and_odd_ones_among_them_are_not(
    known: Settings, changes: list[dict[str, Any]]
) -> None:
    x, y = (106.2, 34.5) if known.sources[0].crs == "EPSG:4490" else wgs_to_gcj(106.2, 34.5)
    if known.sources[0].crs == "EPSG:4524":
        x, y = 36_334_000.0, 3_818_000.0
    rows = [GOOD | {"ID": str(n), "X": float(x), "Y": float(y)} | one for n, one in enumerate(changes)]
    by_row, by_column = (
        mapped(known, [Chunk(rows, range(2, 2 + len(rows)))], fewest) for fewest in (10**6, 0)
    )
    assert by_column.everything() == by_row.records
    assert by_column.table is not None
    assert len(by_column.table) >= sum(not one for one in changes)
    told = by_column.columns()
    assert told is not None
    assert told["source_id"].tolist() == [cast(Case, record).source_id for _, record in by_row.records]
    assert by_column.rows() == {row for row, _ in by_row.records}
    assert replace(by_column, table=None).refused == by_row.refused


def test_a_long_file_read_by_column_is_stored_counted_and_found_again_as_row_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_grids(tmp_path)
    rows: list[tuple[object, ...]] = [
        (
            n % 1_150,
            f"2026-{n % 9 + 1:02}-1{n % 9} 08:00:00",
            ("REPORTED", "已受理", "?")[n % 3],
            "",
            106.2,
            34.5,
        )
        for n in range(1_200)
    ]
    rows[7] = (7, "2026-01-05 08:00:00", "REPORTED", "62051I1", "", "")
    rows[8] = (8, "2026-01-05 08:00:00", "REPORTED", "", 34.5, 106.2)
    write_cases(tmp_path, rows)
    known = settings(tmp_path, CASES, *all_levels())
    found = {}
    for fewest in (500, 10**6):
        monkeypatch.setattr(intake, "FEWEST", fewest)
        store = Ledger.open(f"sqlite:///{tmp_path / f'{fewest}.db'}", root="6205")
        first, again = (sync(known, store).sources[-1] for _ in range(2))
        with store._reading.connect() as connection:
            stored = connection.exec_driver_sql(
                "SELECT source_id, state, grid_code, path, quality, case_no FROM cases ORDER BY source_id"
            ).all()
            counts = connection.exec_driver_sql("SELECT * FROM tally ORDER BY path, day").all()
        store.close()
        checked = check(known).sources[-1]
        found[fewest] = (
            [(told.new, told.updated, told.duplicate, told.refused, told.kept()) for told in (first, again)],
            (checked.accepted, checked.refused, checked.kept()),
            stored,
            counts,
        )
    assert found[500] == found[10**6]
