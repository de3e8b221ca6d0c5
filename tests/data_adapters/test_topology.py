"""Overlaps between siblings and leaks out of parents."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from data_adapters.ground import Plot, area_m2
from data_adapters.topology import leaks, overlaps
from tests.fixtures.town import grids


def plot(code: str, west: float, east: float, parent: str | None = "P") -> Plot:
    return Plot(code, 1, shapely.box(106 + west, 34, 106 + east, 35), parent)


def test_grids_that_tile_have_neither() -> None:
    plots = [Plot(grid.code, grid.level, grid.geometry, grid.parent) for grid in grids()]
    assert overlaps(plots) == []
    assert leaks(plots) == []


def test_siblings_that_overlap_are_told_with_their_area() -> None:
    (found,) = overlaps([plot("A", 0, 0.51), plot("B", 0.5, 1)])
    assert (found.code, found.other) == ("A", "B")
    assert found.area_m2 == pytest.approx(0.01 * 111_320**2 * np.cos(np.radians(34.5)), rel=0.01)


def test_a_square_metre_is_the_limit() -> None:
    sliver = 0.9 / 111_320 / 111_320
    assert overlaps([plot("A", 0, 0.5 + sliver), plot("B", 0.5, 1)]) == []
    assert len(overlaps([plot("A", 0, 0.5 + 4 * sliver), plot("B", 0.5, 1)])) == 1


def test_grids_of_different_parents_are_no_siblings() -> None:
    assert overlaps([plot("A", 0, 1), plot("B", 0, 1, "Q")]) == []


def test_a_grid_that_sticks_out_of_its_parent_is_told_with_its_share() -> None:
    (found,) = leaks([plot("P", 0, 1, None), plot("A", 0.5, 1.5), plot("B", 0, 0.5)])
    assert (found.code, found.parent) == ("A", "P")
    assert found.share == pytest.approx(0.5)


def test_grids_without_polygons_are_left_out() -> None:
    assert overlaps([Plot("A", 1, None, "P"), plot("B", 0, 1)]) == []
    assert leaks([Plot("P", 0, None), plot("B", 0, 1)]) == []
    assert len(area_m2(np.array([], dtype=object))) == 0
