"""Kernel density on a plane."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.density import Density

BOX = (0.0, 0.0, 10_000.0, 8_000.0)


def test_one_case_is_a_gaussian_whose_spread_is_the_bandwidth() -> None:
    density = Density(BOX, 600.0)
    middle = density.cell_m / 2  # the middle of a cell: the raster's own places
    east, north = np.array([5_000.0]), np.array([4_000.0])
    density.add(east, north, 10)
    at = np.array(np.unravel_index(density.weights.argmax(), density.weights.shape))
    top = density.at(
        np.array([density._west + at[1] * density.cell_m + middle]),
        np.array([density._south + at[0] * density.cell_m + middle]),
    )[0]
    assert top == pytest.approx(10 / (2 * math.pi * 0.6**2), rel=0.02)
    aside = density.at(
        np.array([density._west + at[1] * density.cell_m + middle + 600]),
        np.array([density._south + at[0] * density.cell_m + middle]),
    )[0]
    assert aside / top == pytest.approx(math.exp(-0.5), rel=0.02)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 10_000), st.floats(0, 8_000)), min_size=1, max_size=40))
def test_no_weight_is_lost_however_the_cases_lie(places: list[tuple[float, float]]) -> None:
    density = Density(BOX, 900.0)
    east, north = np.array(places).T
    density.add(east, north)
    rows, columns = density.weights.shape
    x = density._west + (np.arange(columns) + 0.5) * density.cell_m
    y = density._south + (np.arange(rows) + 0.5) * density.cell_m
    total = density.at(*np.meshgrid(x, y)).sum() * (density.cell_m / 1000) ** 2
    assert total == pytest.approx(len(places))


def test_a_weight_spread_over_a_polygon_lies_inside_it_and_adds_up() -> None:
    density = Density(BOX, 300.0)
    triangle = shapely.Polygon([(1_000, 1_000), (6_000, 1_000), (1_000, 6_000)])
    density.spread(triangle, 7.0)
    assert density.weights.sum() == pytest.approx(7.0)
    far_side = density.at(np.array([9_000.0]), np.array([7_000.0]))[0]
    inside = density.at(np.array([2_000.0]), np.array([2_000.0]))[0]
    assert far_side == 0
    assert inside == pytest.approx(7 / 12.5, rel=0.05)


def test_a_polygon_smaller_than_a_cell_gets_its_weight_in_one_place() -> None:
    density = Density(BOX, 900.0)
    density.spread(shapely.box(4_001, 4_001, 4_003, 4_003), 5.0)
    assert density.weights.sum() == 5.0
    assert (density.weights > 0).sum() == 1
