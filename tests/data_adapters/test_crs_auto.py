"""`crs = "auto"`: copies in other systems land where the original is, and a mixture does not land at all."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
import sqlalchemy as sa

from data_adapters.check import check
from data_adapters.coordinates import wgs_to_bd, wgs_to_gcj
from data_adapters.ledger import Ledger
from data_adapters.ledger.tables import grid, video_point
from data_adapters.records.grid import Grid
from data_adapters.report import Report, SourceReport
from data_adapters.settings import Settings
from data_adapters.sync import sync
from tests.fixtures.county_files import all_levels, settings, write_grids
from tests.fixtures.town import grids

METRE = 1 / 111_320  # degrees of latitude
Move = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
_TO_4524 = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4524", always_xy=True)
COPIES: dict[str, Move] = {"GCJ-02": wgs_to_gcj, "BD-09": wgs_to_bd, "EPSG:4524": _TO_4524.transform}
CAMERAS = """[[sources]]
name = "cameras"
kind = "video_point"
path = "cameras.csv"
crs = "auto"
[sources.fields]
point_id = "ID"
lon = "X"
lat = "Y"
"""


def small_county(move: Move | None = None) -> list[Grid]:
    """The county at a tenth of its size, moved into another system."""

    def shrink(xy: np.ndarray) -> np.ndarray:
        lon, lat = 106 + (xy[:, 0] - 106) / 10, 34 + (xy[:, 1] - 34) / 10
        return np.column_stack([lon, lat] if move is None else move(lon, lat))

    return [replace(known, geometry=shapely.transform(known.geometry, shrink)) for known in grids()]


def cameras(folder: Path, *moves: Move | None) -> list[tuple[str, float, float]]:
    """3,000 cameras anywhere in the county, in turn in these systems; returns where they are."""
    random = np.random.default_rng(7)
    lon, lat = random.uniform(106.0, 106.3, 3_000), random.uniform(34.0, 34.2, 3_000)
    with (folder / "cameras.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ID", "X", "Y"])
        for number, (x, y) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True)):
            move = moves[number % len(moves)]
            there = (x, y) if move is None else [float(v) for v in move(np.array(x), np.array(y))]
            writer.writerow([f"C{number:04}", *map(repr, there)])
    return [(f"C{n:04}", x, y) for n, (x, y) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True))]


def auto(folder: Path, *levels: int) -> Settings:
    """The configuration with "auto" for the cameras and the grids of these levels."""
    texts = [
        text.replace("[sources.fields]", 'crs = "auto"\n[sources.fields]') if level in levels else text
        for level, text in enumerate(all_levels())
    ]
    return settings(folder, CAMERAS, *texts)


def told(report: Report, name: str) -> SourceReport:
    return next(known for known in report.sources if known.name == name)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(f"sqlite:///{tmp_path / 'store.db'}", root="6205")
    yield opened
    opened.close()


def assert_lands(ledger: Ledger, placed: list[tuple[str, float, float]]) -> None:
    """Every grid and camera within a metre of the original."""
    with ledger._reading.connect() as connection:
        kept = connection.execute(sa.select(grid.c.code, grid.c.geometry).where(grid.c.current)).all()
        points = {row.point_id: row for row in connection.execute(sa.select(video_point))}
    shapes = {row.code: shapely.from_wkb(row.geometry) for row in kept}
    for known in small_county():
        assert shapely.hausdorff_distance(known.geometry, shapes[known.code]) < METRE
    assert len(points) == len(placed)
    for name, lon, lat in placed:
        assert np.hypot(points[name].lon - lon, points[name].lat - lat) < METRE
        assert points[name].placed


@pytest.mark.parametrize("crs", COPIES)
def test_a_copy_of_grids_and_cameras_lands_within_a_metre(tmp_path: Path, ledger: Ledger, crs: str) -> None:
    """County and towns are known; villages, groups and cameras come in another system."""
    known = small_county()
    below = small_county(COPIES[crs])
    write_grids(tmp_path, [*known[:4], *below[4:]])
    placed = cameras(tmp_path, COPIES[crs])
    configured = auto(tmp_path, 2, 3)
    assert (told(check(configured), "level-3").crs or {})["best"] == crs
    report = sync(configured, ledger)
    assert report.exit_code == 0, report.as_text()
    assert {(told(report, name).crs or {})["best"] for name in ("level-2", "level-3", "cameras")} == {crs}
    assert_lands(ledger, placed)


@pytest.mark.parametrize("crs", COPIES)
def test_a_copy_of_everything_lands_on_the_county_that_is_known(
    tmp_path: Path, ledger: Ledger, crs: str
) -> None:
    write_grids(tmp_path, small_county())
    sync(settings(tmp_path, *all_levels()), ledger)
    write_grids(tmp_path, small_county(COPIES[crs]))
    placed = cameras(tmp_path, COPIES[crs])
    report = sync(auto(tmp_path, 0, 1, 2, 3), ledger)
    assert report.exit_code == 0, report.as_text()
    assert_lands(ledger, placed)


def test_two_systems_in_one_file_are_refused_with_both_shares(tmp_path: Path, ledger: Ledger) -> None:
    write_grids(tmp_path, small_county())
    cameras(tmp_path, wgs_to_bd, wgs_to_bd, None)
    configured = auto(tmp_path)
    for report in (check(configured), sync(configured, ledger)):
        refused = told(report, "cameras")
        assert refused.error_code == "crs_mixed"
        assert "% 的点是 BD-09，约" in (refused.error or "")
        assert "是 EPSG:4490" in (refused.error or "")
        assert len((refused.error or "").splitlines()) == 1
        assert report.exit_code == 2
    assert ledger.source_state("cameras") is not None
    with ledger._reading.connect() as connection:
        assert connection.execute(sa.select(video_point)).first() is None


def test_the_second_system_may_come_at_the_very_end(tmp_path: Path) -> None:
    """More rows than are read at a time, all of one system; then some of another."""
    write_grids(tmp_path, small_county())
    random = np.random.default_rng(3)
    lon, lat = random.uniform(106.0, 106.3, 20_000), random.uniform(34.0, 34.2, 20_000)
    x, y = np.where(np.arange(20_000) < 14_000, (lon, lat), wgs_to_gcj(lon, lat))
    lines = [f"C{n},{a!r},{b!r}" for n, (a, b) in enumerate(zip(x.tolist(), y.tolist(), strict=True))]
    (tmp_path / "cameras.csv").write_text("\n".join(["ID,X,Y", *lines]))
    assert told(check(auto(tmp_path)), "cameras").error_code == "crs_mixed"


def test_a_declared_source_that_mixes_is_read_as_declared_and_told(tmp_path: Path) -> None:
    write_grids(tmp_path, small_county())
    cameras(tmp_path, None, wgs_to_bd)
    declared = settings(tmp_path, CAMERAS.replace('"auto"', '"EPSG:4490"'), *all_levels())
    cameras_told = told(check(declared), "cameras")
    assert cameras_told.error is None
    assert "混有两种坐标系" in next(note.text for note in cameras_told.notes if note.code == "crs_mixed")


def test_grids_that_have_nothing_to_be_compared_with_are_not_guessed(tmp_path: Path) -> None:
    write_grids(tmp_path, small_county(wgs_to_gcj))
    cameras(tmp_path, wgs_to_gcj)
    report = check(auto(tmp_path, 0, 1, 2, 3))
    assert {told(report, f"level-{n}").error_code for n in range(4)} == {"no_ground"}


def test_too_few_points_to_tell_are_not_guessed_but_read_as_before_where_that_is_known(
    tmp_path: Path, ledger: Ledger
) -> None:
    write_grids(tmp_path, small_county())
    configured = auto(tmp_path)
    (tmp_path / "cameras.csv").write_text("ID,X,Y\nC1,106.15,34.05\n")
    assert told(check(configured), "cameras").error_code == "crs_undecided"
    assert "EPSG:4490" in (told(check(configured), "cameras").error or "")
    placed = cameras(tmp_path, wgs_to_gcj)
    assert sync(configured, ledger).exit_code == 0
    few = [json.dumps(float(value)) for value in wgs_to_gcj(*np.array(placed[0][1:]))]
    text = CAMERAS.replace("[sources.fields]", "may_shrink = true\n[sources.fields]")
    (tmp_path / "cameras.csv").write_text(f"ID,X,Y\n{placed[0][0]},{','.join(few)}\n")
    report = sync(settings(tmp_path, text, *all_levels()), ledger)
    assert report.exit_code == 0, report.as_text()
    assert_lands(ledger, placed)
