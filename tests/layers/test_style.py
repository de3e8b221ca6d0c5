from __future__ import annotations

import re

import orjson

from layers.ground import Ground
from layers.style import BRIGHT, DARK, FACE_OVER_GROUND, style

BASE = "http://127.0.0.1:8050/"
#: Names that the page's scripts ask for.
IDS = [
    "grid-fill", "inner-line", "sibling-line", "grid-line", "outline-line",
    "video-cluster", "video-point", "video-count", "case-tile", "label",
]  # fmt: skip


def test_the_style_asks_nobody_but_this_server() -> None:
    document = style(BASE)
    assert not {"glyphs", "sprite", "center", "zoom"} & document.keys()
    addresses = re.findall(r"[a-z]+://[^\"]+", orjson.dumps(document).decode())
    assert addresses
    # The map's worker has no address of its own, so a tile's must be absolute.
    assert all(address.startswith("http://127.0.0.1:8050/api/v1/tiles/") for address in addresses)


def test_layers_stand_in_order_and_draw_from_sources_that_exist() -> None:
    document = style(BASE)
    names = [layer["id"] for layer in document["layers"]]
    assert len(set(names)) == len(names)
    assert [name for name in names if name in IDS] == IDS
    assert names[0] == "ground"
    for layer in document["layers"][1:]:
        source = document["sources"][layer["source"]]
        assert ("source-layer" in layer) == (source["type"] == "vector")


def test_polygons_can_be_found_by_their_own_names() -> None:
    assert style(BASE)["sources"]["grid"]["promoteId"] == "code"


def test_a_polygons_colour_is_its_step_of_the_ramp() -> None:
    [fill] = [layer for layer in style(BASE)["layers"] if layer["id"] == "grid-fill"]
    _, given, *cases, default = fill["paint"]["fill-color"]
    assert given == ["coalesce", ["feature-state", "step"], -1]
    assert dict(zip(cases[::2], cases[1::2], strict=True)) == dict(enumerate(DARK.ramp))
    assert default not in DARK.ramp


def test_a_bright_room_has_a_colour_of_its_own_for_each_and_the_same_map_otherwise() -> None:
    colour = re.compile(rb'"#[0-9a-f]{6}"')
    dark, light = (orjson.dumps(style(BASE, light=lit)) for lit in (False, True))
    assert colour.sub(b'"#"', dark) == colour.sub(b'"#"', light)
    assert not set(colour.findall(light)) & set(colour.findall(dark))
    for name in ("ground", "text", "red", "ramp"):
        assert getattr(DARK, name) != getattr(BRIGHT, name)


def test_a_ground_map_lies_below_the_grids_and_shines_through_them() -> None:
    document = style(BASE, basemap=Ground("vector", 4, 12, names=("water", "roads")))
    names = [layer["id"] for layer in document["layers"]]
    assert names[1] == "basemap-water-fill"
    assert names.index("basemap-roads-line") < names.index("sibling-fill")
    assert document["sources"]["basemap"]["tiles"] == ["http://127.0.0.1:8050/api/v1/map/ground/{z}/{x}/{y}"]
    assert document["metadata"]["face"] == FACE_OVER_GROUND
    [fill] = [layer for layer in document["layers"] if layer["id"] == "grid-fill"]
    assert fill["paint"]["fill-opacity"] == FACE_OVER_GROUND
    picture = style(BASE, basemap=Ground("raster", 0, 18, 256, 0.4))
    assert picture["sources"]["basemap"]["tileSize"] == 256
    assert picture["layers"][1]["paint"]["raster-opacity"] == 0.4
