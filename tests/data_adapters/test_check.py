"""The mapping report says what is wrong, and where, and writes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from data_adapters import mapping
from data_adapters.check import check
from data_adapters.coordinates import wgs_to_bd
from data_adapters.report import Report, SourceReport
from tests.fixtures.county_files import (
    CAMERAS,
    CASES,
    all_levels,
    level_source,
    settings,
    write_cases,
    write_grids,
)
from tests.fixtures.town import grids

T = "2026-11-02 14:20:00"


def note(holder: SourceReport | Report, code: str) -> str | None:
    return next((known.text for known in holder.notes if known.code == code), None)


def source(report: Report, name: str) -> SourceReport:
    return next(known for known in report.sources if known.name == name)


def test_a_clean_county_is_clean(tmp_path: Path) -> None:
    write_grids(tmp_path)
    write_cases(tmp_path, [("1", T, "REPORTED", "6205111", 106.2, 34.5)])
    report = check(settings(tmp_path, CASES, *all_levels()))
    assert report.exit_code == 0
    assert [(s.name, s.read, s.accepted) for s in report.sources] == [
        ("level-0", 1, 1),
        ("level-1", 3, 3),
        ("level-2", 6, 6),
        ("level-3", 12, 12),
        ("cases", 1, 1),
    ]
    assert report.notes == []
    assert all(known.notes == [] for known in report.sources)


def test_nothing_is_written(tmp_path: Path) -> None:
    write_grids(tmp_path)
    before = sorted(tmp_path.iterdir())
    check(settings(tmp_path, *all_levels()))
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "yiping.toml"])


def test_refused_rows_come_with_row_field_and_reason(tmp_path: Path) -> None:
    write_grids(tmp_path)
    rows = [(str(n), "gestern", "REPORTED", "", "", "") for n in range(7)]
    write_cases(tmp_path, [("a", T, "REPORTED", "", 106.1, 34.1), *rows])
    report = check(settings(tmp_path, CASES, *all_levels()))
    cases = source(report, "cases")
    assert report.exit_code == 1
    assert (cases.read, cases.accepted, cases.refused) == (8, 1, 7)
    (reason,) = cases.reasons.values()
    assert (reason.field, reason.code, reason.count) == ("occurred_at", "bad_time", 7)
    (example,) = reason.examples
    assert (example.rows, example.count) == (["3", "4", "5", "6", "7"], 7)
    assert "第 3、4、5、6、7 行等 7 行：gestern 不是时间" in report.as_text()


def test_an_unusable_source_is_one_line_and_the_others_are_read(tmp_path: Path) -> None:
    write_grids(tmp_path)
    write_cases(tmp_path, [("1", T, "REPORTED", "", 106.2, 34.5)])
    report = check(settings(tmp_path, CAMERAS, CASES, *all_levels()))
    assert report.exit_code == 2
    assert "cameras.json" in (source(report, "cameras").error or "")
    assert source(report, "cases").accepted == 1


def test_a_wrong_column_makes_the_source_unusable_with_the_nearest_one(tmp_path: Path) -> None:
    write_grids(tmp_path)
    write_cases(tmp_path, [])
    report = check(settings(tmp_path, CASES.replace('"STATE"', '"STATES"'), *all_levels()))
    assert "是否想写 STATE" in (source(report, "cases").error or "")


def test_codes_that_match_no_grid_come_with_the_nearest(tmp_path: Path) -> None:
    write_grids(tmp_path)
    write_cases(tmp_path, [(str(n), T, "REPORTED", "62051I1", "", "") for n in range(3)])
    report = check(settings(tmp_path, CASES, *all_levels()))
    (found,) = [known for known in source(report, "cases").notes if known.code == "unknown_grid"]
    assert found.count == 3
    assert "最接近的是 62051" in found.examples[0]
    assert note(source(report, "cases"), "unplaced") is not None
    assert report.exit_code == 0


def test_points_outside_every_grid_are_counted_with_their_rows(tmp_path: Path) -> None:
    write_grids(tmp_path)
    write_cases(tmp_path, [("1", T, "REPORTED", "", 106.2, 34.5), ("2", T, "REPORTED", "", 0, 0)])
    report = check(settings(tmp_path, CASES, *all_levels()))
    (found,) = source(report, "cases").notes
    assert (found.code, found.count) == ("outside", 1)
    assert "第 3 行" in found.examples[0]


def test_another_system_that_fits_clearly_better_is_named(tmp_path: Path) -> None:
    write_grids(tmp_path)
    groups = [grid for grid in grids() if grid.level == 3]
    rows = []
    for number in range(40):
        shape = groups[number % 12].geometry
        assert shape is not None
        west, south, east, north = shape.bounds
        edge = west + 5e-4 if number % 2 else east - 5e-4
        x, y = wgs_to_bd(edge, (south + north) / 2)
        rows.append((number, T, "REPORTED", groups[number % 12].code, float(x), float(y)))
    write_cases(tmp_path, rows)
    report = check(settings(tmp_path, CASES, *all_levels()))
    assert "BD-09" in (note(source(report, "cases"), "crs") or "")
    told = check(settings(tmp_path, CASES.replace("EPSG:4490", "auto"), *all_levels()))
    assert note(source(told, "cases"), "crs") is None
    assert (source(told, "cases").crs or {})["best"] == "BD-09"


def test_auto_without_grids_makes_the_source_unusable(tmp_path: Path) -> None:
    write_cases(tmp_path, [("1", T, "REPORTED", "", 106.2, 34.5)])
    report = check(settings(tmp_path, CASES.replace("EPSG:4490", "auto")))
    assert "auto" in (source(report, "cases").error or "")


def test_a_bow_tie_is_refused_and_an_overlap_and_a_leak_are_told(tmp_path: Path) -> None:
    known = grids()
    bow_tie = shapely.Polygon([(106, 34), (107, 35), (107, 34), (106, 35)])
    known[10] = replace(known[10], geometry=bow_tie)
    wider = known[11].geometry
    assert wider is not None
    west, south, east, north = wider.bounds
    known[11] = replace(known[11], geometry=shapely.box(west - 0.01, south - 0.01, east, north))
    write_grids(tmp_path, known)
    report = check(settings(tmp_path, *all_levels()))
    assert [reason.code for reason in source(report, "level-3").reasons.values()] == ["invalid_polygon"]
    assert "在上级之外" in (note(source(report, "level-3"), "leak") or "")
    assert report.exit_code == 1


def test_overlapping_siblings_are_told(tmp_path: Path) -> None:
    known = grids()
    shape = known[1].geometry
    assert shape is not None
    known[1] = replace(known[1], geometry=shape.buffer(0.01))
    write_grids(tmp_path, known)
    report = check(settings(tmp_path, *all_levels()))
    assert "1 对同级网格重叠" in (note(source(report, "level-1"), "overlap") or "")


def test_a_repeated_identity_is_told(tmp_path: Path) -> None:
    write_grids(tmp_path)
    write_cases(tmp_path, [("1", T, "REPORTED", "", 106.2, 34.5)] * 3)
    report = check(settings(tmp_path, CASES, *all_levels()))
    (found,) = source(report, "cases").notes
    assert (found.code, found.count) == ("repeated", 2)


def test_the_made_root_is_told(tmp_path: Path) -> None:
    write_grids(tmp_path)
    report = check(settings(tmp_path, *all_levels(within=True)[1:]))
    assert "合并而成" in (note(report, "root_made") or "")
    assert report.exit_code == 0


def test_a_step_of_a_case_that_nobody_told_is_refused(tmp_path: Path) -> None:
    write_grids(tmp_path)
    write_cases(tmp_path, [("1", T, "ACCEPTED", "", 106.2, 34.5)])
    (tmp_path / "steps.csv").write_text(f"case,type,at\n1,START,{T}\n2,START,{T}\n", encoding="utf-8")
    steps = """[[sources]]
name = "steps"
kind = "case_event"
path = "steps.csv"
[sources.fields]
case_source = { const = "cases" }
case_source_id = "case"
type = "type"
at = "at"
"""
    report = check(settings(tmp_path, steps, CASES, *all_levels()))
    found = source(report, "steps")
    assert (found.accepted, found.refused) == (1, 1)
    assert [reason.code for reason in found.reasons.values()] == ["unknown_case"]


@pytest.mark.parametrize("level", [1, 2])
def test_a_level_whose_parents_cannot_be_read_is_refused_row_by_row(tmp_path: Path, level: int) -> None:
    write_grids(tmp_path)
    (tmp_path / f"level-{level}.geojson").write_text("broken", encoding="utf-8")
    report = check(settings(tmp_path, *all_levels()))
    assert source(report, f"level-{level}").error is not None
    below = source(report, f"level-{level + 1}")
    assert below.refused == below.read > 0


def test_a_source_that_repeats_a_code_of_another_is_refused(tmp_path: Path) -> None:
    write_grids(tmp_path)
    twice = level_source(1).replace('"level-1"', '"again"')
    report = check(settings(tmp_path, *all_levels(), twice))
    assert source(report, "again").refused == 3


def test_a_file_with_too_many_vertices_is_refused_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_grids(tmp_path)
    monkeypatch.setattr(mapping, "MAX_VERTICES", 50)
    report = check(settings(tmp_path, *all_levels()))
    assert source(report, "level-2").error is None
    assert source(report, "level-3").error_code == "too_many_vertices"


def test_the_shares_located_and_categorised_are_told_and_a_point_outside_its_own_grid(tmp_path: Path) -> None:
    write_grids(tmp_path)
    (tmp_path / "cases.csv").write_text(
        f"ID,T,STATE,GRID,X,Y,C\n1,{T},REPORTED,6205111,106.01,34.01,邻里\n2,{T},REPORTED,,0,0,其它\n"
        f"3,{T},REPORTED,,,,物业\n4,{T},REPORTED,6205111,106.9,34.9,物业\n",
        encoding="utf-8",
    )
    report = check(settings(tmp_path, CASES + 'category = "C"\n', *all_levels()))
    found = source(report, "cases")
    assert (found.located, found.categorised) == ((2, 4), (3, 4))
    assert "  有位置 50.0%（2 / 4），有分类 75.0%（3 / 4）" in report.as_text().splitlines()
    assert note(found, "outside") == "1 个点不在任何网格内，计入待定位，不画在地图上"
    (contrary,) = [known for known in found.notes if known.code == "contrary"]
    assert contrary.examples == ("第 5 行：106.900000, 34.900000 不在 6205111",)
    assert report.as_json()["sources"][-1]["located"] == {"placed": 2, "of": 4}
