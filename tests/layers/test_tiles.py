from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.tiles import (
    EXTENT,
    MAX_LATITUDE,
    MAX_ZOOM,
    Tile,
    metres_per_pixel,
    tile_at,
    to_degrees,
    to_mercator,
)

LON = st.floats(-180, 180)
LAT = st.floats(-90, 90)
ZOOM = st.integers(0, MAX_ZOOM)


@pytest.mark.parametrize(
    ("place", "part"),
    [((-1, 0, 0), "z=-1"), ((MAX_ZOOM + 1, 0, 0), "0 到 22"), ((3, 8, 0), "x=8"), ((3, 0, -1), "0 到 7")],
)
def test_a_tile_that_does_not_exist_says_what_would_be_right(place: tuple[int, int, int], part: str) -> None:
    with pytest.raises(ValueError, match=part):
        Tile(*place)


@given(LON, LAT, ZOOM)
def test_every_place_lies_in_exactly_one_tile_which_holds_it(lon: float, lat: float, z: int) -> None:
    tile = tile_at(lon, lat, z)
    x, y = to_mercator(np.array([lon]), np.array([lat]))
    left, top, right, bottom = tile.bounds
    assert left <= x[0] < right
    assert top <= y[0] < bottom
    units = tile.units(x, y)
    assert (units >= 0).all()
    assert (units <= EXTENT).all()


@given(LON, st.floats(-MAX_LATITUDE, MAX_LATITUDE))
def test_degrees_survive_the_way_to_mercator_and_back(lon: float, lat: float) -> None:
    x, y = to_mercator(np.array([lon]), np.array([lat]))
    back_lon, back_lat = to_degrees(x, y)
    assert back_lon[0] == pytest.approx(lon, abs=1e-9)
    assert back_lat[0] == pytest.approx(lat, abs=1e-9)


def test_a_known_tile_of_openstreetmap_is_found() -> None:
    # The slippy-map article's own example: 35.6590699 N, 139.7006793 E at zoom 18.
    assert tile_at(139.7006793, 35.6590699, 18) == Tile(18, 232_798, 103_246)


@given(ZOOM, st.data())
def test_neighbours_share_their_edge(z: int, data: st.DataObject) -> None:
    last = 2**z - 1
    tile = Tile(z, data.draw(st.integers(0, last)), data.draw(st.integers(0, last)))
    west, south, east, north = tile.degrees
    assert west < east
    assert south < north
    if tile.x < last:
        assert Tile(z, tile.x + 1, tile.y).bounds[0] == tile.bounds[2]
    if tile.y < last:
        assert Tile(z, tile.x, tile.y + 1).bounds[1] == tile.bounds[3]


def test_a_pixel_of_zoom_ten_is_seventy_six_metres_at_the_equator() -> None:
    assert metres_per_pixel(10, 0.0) == pytest.approx(76.437, abs=0.001)
    assert metres_per_pixel(11, 60.0) == pytest.approx(76.437 / 4, abs=0.001)
