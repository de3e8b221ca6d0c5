"""Points in polygons by cells are those that a search tree finds."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from data_adapters.polygon_index import PolygonIndex

_at = st.integers(0, 12).map(lambda n: n / 4)
_sizes = st.sampled_from([0.25, 0.5, 1.0, 3.0])
BOXES = st.builds(lambda x, y, w, h: shapely.box(x, y, x + w, y + h), _at, _at, _sizes, _sizes)
DISCS = st.builds(lambda x, y, r: shapely.Point(x, y).buffer(r, quad_segs=40), _at, _at, _sizes)
#: On edges, on corners, between them, far away and nowhere.
_near = st.integers(-2, 34).map(lambda n: n / 8)
PLACES = st.tuples(_near | st.sampled_from([np.nan, np.inf, 1e300]), _near | st.just(-np.inf))


@given(st.lists(BOXES | DISCS | st.just(shapely.Polygon()), max_size=12), st.lists(PLACES, max_size=30))
def test_every_polygon_that_holds_a_point_is_found_and_no_other(
    polygons: list[shapely.Polygon], places: list[tuple[float, float]]
) -> None:
    lon = np.array([place[0] for place in places], dtype=np.float64)
    lat = np.array([place[1] for place in places], dtype=np.float64)
    which, found = PolygonIndex(np.array(polygons, dtype=object)).hits(lon, lat)
    expected = {
        (point, number)
        for number, polygon in enumerate(polygons)
        for point, (x, y) in enumerate(places)
        if np.isfinite(x) and np.isfinite(y) and polygon.intersects(shapely.Point(x, y))
    }
    assert set(zip(which.tolist(), found.tolist(), strict=True)) == expected
    assert len(which) == len(expected)
