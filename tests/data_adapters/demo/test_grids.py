from __future__ import annotations

import pyproj
import pytest
import shapely

from data_adapters.demo.grids import County, make_county
from data_adapters.records.grid import Grid
from tests.data_adapters.demo.conftest import Records

ON_ELLIPSOID = pyproj.Geod(ellps="GRS80")
#: One square metre in square degrees at this latitude.
SQUARE_METRE = 1 / (111_320 * 0.8216 * 110_933)


def test_the_published_numbers_of_grids_stand_at_every_level(county: County) -> None:
    assert [len(level) for level in county.levels] == [1, 18, 142, 267, 1063, 913]


def test_the_county_is_as_large_and_as_peopled_as_published(county: County) -> None:
    area_m2, _ = ON_ELLIPSOID.geometry_area_perimeter(county.levels[0][0].shape)
    assert area_m2 / 1e6 == pytest.approx(2012, rel=0.002)
    assert [sum(unit.population for unit in level) for level in county.levels[:5]] == [332_000] * 5


def test_every_polygon_is_valid_and_of_modest_size(county: County) -> None:
    for level in county.levels:
        shapes = [unit.shape for unit in level]
        assert all(shapely.is_valid(shapes))
    leaves = shapely.get_num_coordinates([leaf.shape for leaf in county.leaves])
    assert leaves.mean() < 40
    townships = sum(len(shapely.to_geojson(unit.shape)) for unit in county.levels[1])
    assert townships < 250_000


def test_children_cover_their_parent_and_do_not_overlap(county: County) -> None:
    for level in county.levels:
        for unit in level:
            if unit.children:
                shapes = [child.shape for child in unit.children]
                whole = shapely.union_all(shapes)
                assert shapely.symmetric_difference(whole, unit.shape).area < SQUARE_METRE, unit.code
                overlap = sum(shape.area for shape in shapes) - whole.area
                assert overlap < SQUARE_METRE, unit.code


def test_neighbours_share_their_border_vertex_for_vertex(county: County) -> None:
    for units in (*county.levels[:5], county.leaves):
        assert shapely.coverage_is_valid([unit.shape for unit in units])


def test_codes_are_unique_and_say_township_and_village(county: County) -> None:
    codes = [unit.code for level in county.levels for unit in level]
    assert len(set(codes)) == len(codes)
    townships = [unit.code for unit in county.levels[1]]
    assert sum(code.startswith("6205991") for code in townships) == 15
    assert sum(code.startswith("6205992") for code in townships) == 3
    assert all(len(unit.code) == 12 for unit in (*county.levels[1], *county.levels[3]))


def test_names_are_unique_among_villages_and_short_enough_for_labels(county: County) -> None:
    names = [unit.name for unit in county.levels[3]]
    assert len(set(names)) == len(names)
    assert all(0 < len(unit.short_name) <= 16 for level in county.levels for unit in level)


def test_another_seed_gives_another_county_that_holds_together_as_well(county: County) -> None:
    other = make_county(7)
    assert [len(level) for level in other.levels] == [1, 18, 142, 267, 1063, 913]
    assert other.levels[0][0].shape.wkb != county.levels[0][0].shape.wkb
    assert shapely.coverage_is_valid([unit.shape for unit in other.leaves])


def test_the_files_hold_the_same_grids(county: County, records: Records) -> None:
    read = {grid.code: grid for grid in records("grid") if isinstance(grid, Grid)}
    assert len(read) == 2404
    for level in county.levels:
        for unit in level:
            grid = read[unit.code]
            assert grid.level == unit.level
            assert grid.parent == (unit.parent.code if unit.parent else None)
            assert not grid.quality
