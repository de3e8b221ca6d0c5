from __future__ import annotations

from typing import Any

import mapbox_vector_tile
import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape

from layers.mvt import point_layer, polygon_layer
from layers.tiles import EXTENT

UNIT = st.integers(0, EXTENT - 1)


def decode(data: bytes) -> dict[str, Any]:
    """An independent reader's view, y southward as it is written."""
    layers: dict[str, Any] = mapbox_vector_tile.decode(data, default_options={"y_coord_down": True})
    return layers


def polygons(*shapes: shapely.Geometry) -> np.ndarray:
    return np.array(shapes, dtype=object)


@given(st.lists(st.tuples(UNIT, UNIT), min_size=1, max_size=50))
def test_points_come_out_where_they_went_in(places: list[tuple[int, int]]) -> None:
    numbers = list(range(len(places)))
    layer = decode(point_layer("p", np.array(places, dtype=float), {"number": numbers}))["p"]
    assert layer["extent"] == EXTENT
    assert layer["version"] == 2
    found = {f["properties"]["number"]: tuple(f["geometry"]["coordinates"]) for f in layer["features"]}
    assert found == dict(zip(numbers, places, strict=True))


VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False), st.text(max_size=20)
)


@given(st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=20))
def test_values_of_every_kind_keep_their_type(rows: list[tuple[Any, Any]]) -> None:
    units = np.zeros((len(rows), 2))
    properties = {"a": [row[0] for row in rows], "乙": [row[1] for row in rows]}
    features = decode(point_layer("p", units, properties))["p"]["features"]
    for row, feature in zip(rows, features, strict=True):
        sent = {key: value for key, value in zip(("a", "乙"), row, strict=True) if value is not None}
        read = feature["properties"]
        assert read == sent
        assert {k: type(v) for k, v in read.items()} == {k: type(v) for k, v in sent.items()}


def ring_area(ring: list[list[int]]) -> float:
    """Surveyor's formula, y southward: positive for an exterior ring (specification 4.3.4.4)."""
    x, y = np.array(ring, dtype=float).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def test_a_polygon_with_a_hole_keeps_its_area_and_winds_as_the_specification_says() -> None:
    outer, hole = shapely.box(100, 100, 900, 700), shapely.box(300, 300, 400, 450)
    for drawn in (outer - hole, shapely.Polygon(outer.exterior.coords[::-1], [hole.exterior.coords[::-1]])):
        [feature] = decode(polygon_layer("g", polygons(drawn), {"code": ["甲"]}))["g"]["features"]
        assert feature["properties"] == {"code": "甲"}
        assert shape(feature["geometry"]).area == outer.area - hole.area
        exterior, inner = feature["geometry"]["coordinates"]
        assert ring_area(exterior) == outer.area
        assert ring_area(inner) == -hole.area


def test_a_multipolygon_is_one_feature_and_features_keep_their_order() -> None:
    two = shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(50, 50, 60, 70)])
    data = polygon_layer("g", polygons(two, shapely.box(0, 0, 5, 5)), {"n": [1, 2]})
    first, second = decode(data)["g"]["features"]
    assert (first["properties"]["n"], second["properties"]["n"]) == (1, 2)
    assert shape(first["geometry"]).area == 300
    assert shape(second["geometry"]).area == 25


def test_what_rounding_flattens_is_left_out_with_its_holes_and_its_properties() -> None:
    speck = shapely.Polygon([(5.1, 5.1), (5.3, 5.1), (5.2, 5.3)])
    line = shapely.Polygon([(0, 0), (100, 0.2), (50, 0.1)])
    ring = shapely.Polygon([(7.1, 7.1), (7.4, 7.1), (7.4, 7.4)], [[(7.2, 7.15), (7.3, 7.15), (7.3, 7.2)]])
    kept = shapely.box(10, 10, 20, 20)
    data = polygon_layer("g", polygons(speck, line, kept, ring, shapely.Polygon()), {"n": [1, 2, 3, 4, 5]})
    [feature] = decode(data)["g"]["features"]
    assert feature["properties"] == {"n": 3}
    assert polygon_layer("g", polygons(speck, line), {"n": [1, 2]}) == b""
    assert polygon_layer("g", polygons(), {"n": []}) == b""


@given(st.lists(st.tuples(st.floats(-64, EXTENT + 64), st.floats(-64, EXTENT + 64)), min_size=3, max_size=30))
def test_any_polygon_comes_out_within_a_rounding_of_what_went_in(corners: list[tuple[float, float]]) -> None:
    drawn = shapely.MultiPoint(corners).convex_hull
    if drawn.geom_type != "Polygon":
        return
    data = polygon_layer("g", polygons(drawn), {})
    if not data:
        assert drawn.area < 4 * drawn.length
        return
    [feature] = decode(data)["g"]["features"]
    back = shape(feature["geometry"])
    # Every vertex moves by at most half a unit each way.
    assert abs(back.area - drawn.area) <= drawn.length + 4
    assert ring_area(feature["geometry"]["coordinates"][0]) > 0
