from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
import shapely
from shapely.geometry import shape

from data_adapters.ledger import Ledger, Scope
from data_adapters.records.grid import Grid
from layers import coverage
from layers.grid import BLOCK_STEPS, BUFFER, GridLayer, children_geojson, grid_geojson, outline_geojson
from layers.tiles import EXTENT, Tile, tile_at
from tests.layers.county import SIDE, SOUTH, WEST, County
from tests.layers.reading import features

MIDDLE = (WEST + SIDE / 2, SOUTH + SIDE / 2)


def children(county: County, code: str, scope: Scope | None = None) -> dict[str, Any]:
    with county.ledger.read(scope or Scope.everything()) as snapshot:
        here = snapshot.grid(code)
        assert here is not None
        return children_geojson(snapshot, here.path)


def outline(county: County, code: str, scope: Scope | None = None) -> dict[str, str]:
    """code -> role."""
    with county.ledger.read(scope or Scope.everything()) as snapshot:
        here = snapshot.grid(code)
        assert here is not None
        found = outline_geojson(snapshot, here.path)["features"]
    return {f["properties"]["code"]: f["properties"]["role"] for f in found}


def codes(collection: dict[str, Any]) -> list[str]:
    return [f["properties"]["code"] for f in collection["features"]]


def tile_codes(county: County, tile: Tile, scope: Scope | None = None) -> set[str]:
    with county.ledger.read(scope or Scope.everything()) as snapshot:
        data = GridLayer().tile(snapshot, tile)
    return {f["properties"]["code"] for f in features(data, "grid")}


def test_children_tile_their_parent_without_gaps_or_overlaps(county: County) -> None:
    shapes = [shape(f["geometry"]) for f in children(county, "R")["features"]]
    assert shapely.coverage_is_valid(shapes)
    assert sum(s.area for s in shapes) == pytest.approx(county.shapes["R"].area, rel=1e-3)
    # One polygon: where a border was simplified twice, slivers would stay between.
    assert shapely.coverage_union_all(shapes).geom_type == "Polygon"
    assert len(shapely.coverage_union_all(shapes).interiors) == 0


def test_a_child_says_code_name_level_and_label_point_and_never_its_path(county: County) -> None:
    collection = children(county, "T1")
    assert codes(collection) == ["T1V0", "T1V1", "T1V2", "T1V3"]
    properties = collection["features"][0]["properties"]
    assert set(properties) == {"code", "name", "level", "lon", "lat"}
    assert (properties["name"], properties["level"]) == ("1镇0村", 2)
    assert county.shapes["T1V0"].contains(shapely.Point(properties["lon"], properties["lat"]))
    assert b"000" not in b"".join(orjson.dumps(f["properties"]) for f in collection["features"])


def test_coordinates_have_six_decimals_at_most(county: County) -> None:
    for feature in children(county, "R")["features"]:
        for lon, lat in feature["geometry"]["coordinates"][0]:
            assert (round(lon, 6), round(lat, 6)) == (lon, lat)


def test_one_grid_is_a_feature_and_an_unknown_one_is_nothing(county: County) -> None:
    with county.ledger.read(county.scope("T2")) as snapshot:
        own, unknown, above = (grid_geojson(snapshot, code) for code in ("T2", "T9", "R"))
    assert own is not None
    assert shape(own["geometry"]).area == pytest.approx(county.shapes["T2"].area, rel=1e-2)
    assert unknown is None
    assert above is None


def test_a_grid_without_a_polygon_is_listed_and_not_drawn(county: County) -> None:
    county.ledger.write_grids([Grid(code="T0X", name="无界村", level=2, parent="T0", geometry=None)])
    found = {f["properties"]["code"]: f["geometry"] for f in children(county, "T0")["features"]}
    assert found["T0X"] is None
    assert found["T0V0"] is not None
    with county.ledger.read(Scope.everything()) as snapshot:
        assert grid_geojson(snapshot, "T0X") is not None
        assert children_geojson(snapshot, "000zzz")["features"] == []


def test_the_outline_is_the_grid_itself_among_its_siblings(county: County) -> None:
    siblings = {"T0": "sibling", "T2": "sibling", "T3": "sibling"}
    assert outline(county, "T1") == {"T1": "self"} | siblings
    assert outline(county, "R") == {"R": "self"}


def test_a_township_sees_neither_its_siblings_nor_what_is_above_it(county: County) -> None:
    own = county.scope("T1")
    assert outline(county, "T1", own) == {"T1": "self"}
    assert outline(county, "T1V2", own) == {
        "T1V0": "sibling",
        "T1V1": "sibling",
        "T1V2": "self",
        "T1V3": "sibling",
    }
    with county.ledger.read(own) as snapshot:
        assert codes(children_geojson(snapshot, "000")) == []
        assert codes(outline_geojson(snapshot, "000")) == []
    for z in range(16):
        assert tile_codes(county, tile_at(*MIDDLE, z), own) <= {"T1V0", "T1V1", "T1V2", "T1V3"}


def test_a_village_sees_itself_on_the_tiles(county: County) -> None:
    tile = tile_at(*county.inside("T2V3"), 12)
    assert tile_codes(county, tile, county.scope("T2V3")) == {"T2V3"}


def test_tiles_show_deeper_levels_as_one_comes_closer(county: County) -> None:
    assert tile_codes(county, tile_at(*MIDDLE, 5)) == {"T0", "T1", "T2", "T3"}
    close = tile_codes(county, tile_at(*county.inside("T3V1"), 13))
    assert "T3V1" in close
    assert all(len(code) == 4 for code in close)


def test_a_grid_without_children_stays_on_the_tiles_beside_its_neighbours_children(county: County) -> None:
    # The county's first village only is divided further.
    west, south, east, north = county.shapes["T0V0"].bounds
    middle = (west + east) / 2
    halves = [
        county.shapes["T0V0"].intersection(shapely.box(*box))
        for box in ((west - 1, south - 1, middle, north + 1), (middle, south - 1, east + 1, north + 1))
    ]
    county.ledger.write_grids(
        [
            Grid(code=f"B{n}", name=f"{n}片区", level=3, parent="T0V0", geometry=half)
            for n, half in enumerate(halves)
        ]
    )
    seen = {
        code
        for t in range(4)
        for v in range(4)
        for code in tile_codes(county, tile_at(*county.inside(f"T{t}V{v}"), 14))
    }
    assert {"B0", "B1", "T0V1", "T3V3"} <= seen
    assert "T0V0" not in seen


def test_polygons_of_a_tile_fill_it_and_leave_no_slivers(county: County) -> None:
    tile = tile_at(*MIDDLE, 12)
    with county.ledger.read(Scope.everything()) as snapshot:
        found = features(GridLayer().tile(snapshot, tile), "grid")
    inside = shapely.box(0, 0, EXTENT, EXTENT)
    shapes = [shape(f["geometry"]) for f in found]
    assert all(s.is_valid for s in shapes)
    covered = shapely.union_all(shapes)
    assert inside.difference(covered.buffer(1)).area == 0
    overlap = sum(s.area for s in shapes) - covered.area
    assert overlap <= 0.001 * covered.area


def test_a_border_is_the_same_in_every_block_of_tiles(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So coarse that hardly any corner of a border is left.
    monkeypatch.setattr(coverage, "DETAIL_PX", 40.0)
    layer, zoom = GridLayer(), 12
    first, last = (tile_at(lon, lat, zoom) for lon, lat in ((WEST, SOUTH + SIDE), (WEST + SIDE, SOUTH)))
    with county.ledger.read(Scope.everything()) as snapshot:
        for x in range(first.x, last.x + 1):
            for y in range(first.y, last.y + 1):
                layer.tile(snapshot, Tile(zoom, x, y))
        blocks = [(key[-1], block) for key, block in layer._coverages.items()]
        assert len(blocks) >= 4
        drawn: dict[str, shapely.Geometry] = {}
        seen = 0
        for block, held in blocks:
            for number in held.within(block.box(BUFFER / 2**BLOCK_STEPS)).tolist():
                code, shape_ = held.rows[number].code, held.polygons[number]
                assert shapely.get_num_coordinates(shape_) < 0.8 * shapely.get_num_coordinates(
                    county.shapes[code]
                )
                seen += code in drawn
                assert drawn.setdefault(code, shape_).equals(shape_), (code, block)
    assert seen >= 10


def test_a_changed_border_changes_the_tile(county: County) -> None:
    layer, tile = GridLayer(), tile_at(*county.inside("T0V0"), 9)
    with county.ledger.read(Scope.everything()) as snapshot:
        revision, before = layer.revision(snapshot), layer.tile(snapshot, tile)
    smaller = shapely.affinity.scale(county.shapes["T0V0"], 0.5, 0.5)
    county.ledger.write_grids([Grid(code="T0V0", name="0镇0村", level=2, parent="T0", geometry=smaller)])
    with county.ledger.read(Scope.everything()) as snapshot:
        assert layer.revision(snapshot) != revision
        assert layer.tile(snapshot, tile) != before


def test_overlapping_grids_are_drawn_all_the_same(county: County) -> None:
    shifted = shapely.affinity.translate(county.shapes["T1V1"], 0.01, 0.01)
    county.ledger.write_grids([Grid(code="T1V1", name="错位村", level=2, parent="T1", geometry=shifted)])
    shapes = [shape(f["geometry"]) for f in children(county, "T1")["features"]]
    assert all(s.area > 0 for s in shapes)
    assert "T1V1" in tile_codes(county, tile_at(*county.inside("T1V1"), 13))


def test_a_ragged_coast_makes_no_answer_larger_than_three_hundred_kilobytes(county: County) -> None:
    angle = np.linspace(0, 2 * np.pi, 30_000, endpoint=False)
    radius = 0.04 * (1 + 0.2 * np.random.default_rng(3).uniform(-1, 1, len(angle)))
    lon, lat = county.inside("T0V0")
    coast = shapely.Polygon(np.column_stack([lon + radius * np.cos(angle), lat + radius * np.sin(angle)]))
    county.ledger.write_grids([Grid(code="T0V0", name="湾村", level=2, parent="T0", geometry=coast)])
    for answer in (children(county, "T0"), children(county, "R")):
        assert len(orjson.dumps(answer)) < 300_000
    with county.ledger.read(Scope.everything()) as snapshot:
        assert len(orjson.dumps(grid_geojson(snapshot, "T0V0"))) < 300_000


def test_without_any_grid_a_tile_is_empty(sqlite_url: str) -> None:
    ledger = Ledger.open(sqlite_url)
    with ledger.read(Scope.everything()) as snapshot:
        assert GridLayer().tile(snapshot, Tile(0, 0, 0)) == b""
    ledger.close()
