"""The map's style: a MapLibre style document that needs nothing from outside.

No ground map, no glyphs and no sprite: polygons carry the picture, the browser draws text with the page's own font.
Sources `grid`, `outline` and `label` are empty GeoJSON that the page fills; `inner` and `video` are vector
tiles of this server. Data never changes a geometry: it sets the feature-state `step` (0 to 5, absent for nothing
counted) of a polygon in `grid`, found by its `code`.

Sizes are pixels on a wall of 1920 x 1080. Warm colours belong to time lights and outages alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data_adapters.ledger.contributions import GRAVE
from layers.case import CaseLayer
from layers.grid import GridLayer
from layers.ground import Ground
from layers.video import VideoLayer

FONT = "Noto Sans SC"
#: From this share of points without a picture, and from this many of them, a cluster's ring turns warm.
OUTAGE_SHARE, OUTAGE_POINTS = 0.25, 3
#: How strongly the faces of the grids are drawn over a ground map.
FACE_OVER_GROUND = 0.6

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a theme as the map uses them; `ramp` is sequential, six steps, from little to much."""

    ground: str = "#0b1320"
    panel: str = "#101c2c"
    sibling: str = "#0e1827"
    hairline: str = "#8fb7cf"
    outline: str = "#cfe6f2"
    text: str = "#e8f1f7"
    secondary: str = "#9db6c6"
    calm: str = "#9fc9de"
    yellow: str = "#f2c14e"
    red: str = "#ff6b57"
    point: str = "#a9c7d8"
    water: str = "#12304a"
    ramp: tuple[str, str, str, str, str, str] = (
        "#14263b", "#1a3a57", "#205174", "#2a6b91", "#3f8aad", "#67adc7",
    )  # fmt: skip


#: A dark wall, and a bright room.
DARK = Palette()
BRIGHT = Palette(
    ground="#eaeff4",
    panel="#ffffff",
    sibling="#e1e8ee",
    hairline="#3d6680",
    outline="#1d3f57",
    text="#101e2a",
    secondary="#3f5868",
    calm="#2b5f80",
    yellow="#b27d00",
    red="#d0321e",
    point="#4d7d98",
    water="#c4dbe8",
    ramp=("#e6eff5", "#cbdfea", "#a6cadd", "#7db1cd", "#5596b8", "#3a82a9"),
)
#: Sources of vector tiles -> the one layer of theirs.
_TILED = {"inner": GridLayer.id, "video": VideoLayer.id, "case-tile": CaseLayer.id}
_EMPTY: Document = {"type": "FeatureCollection", "features": []}
_SELF = ["in", ["get", "role"], ["literal", ["self", "own"]]]
_SIBLING = ["==", ["get", "role"], "sibling"]
_HOVER = ["boolean", ["feature-state", "hover"], False]
_CLUSTER = [">", ["get", "total"], 1]
_SINGLE = ["==", ["get", "total"], 1]
# Colour never stands alone: what is overdue has a ring as well, as the legend says.
_OVERDUE = ["==", ["get", "light"], "RED"]


def style(base_url: str, light: bool = False, basemap: Ground | None = None) -> Document:
    """The style document, for a dark wall or a bright room.

    `base_url` is the server's own address (``http://host:port``): tiles want absolute ones.
    ``metadata.face`` is how strongly the faces of the grids are drawn: over a ground map they let it through.
    """
    palette = BRIGHT if light else DARK
    below = {"basemap": _ground_tiles(base_url, basemap)} if basemap is not None else {}
    return {
        "version": 8,
        "name": "yiping",
        # A change is there at once: while something fades the whole map is drawn again and again.
        "transition": {"duration": 0, "delay": 0},
        "metadata": {"face": 1 if basemap is None else FACE_OVER_GROUND},
        "sources": {
            **below,
            "grid": _filled_by_page(promoteId="code"),
            "inner": _tiles(base_url, GridLayer.id, GridLayer.max_zoom),
            "outline": _filled_by_page(),
            "spot": _filled_by_page(),
            "label": _filled_by_page(),
            "video": _tiles(base_url, VideoLayer.id, VideoLayer.max_zoom),
            "case-tile": _tiles(base_url, CaseLayer.id, CaseLayer.max_zoom),
        },
        # From the ground up. Symbols give way to those above them, so names come last.
        "layers": [
            {"id": "ground", "type": "background", "paint": {"background-color": palette.ground}},
            *(_ground_layers(palette, basemap) if basemap is not None else []),
            *_grid_layers(palette, 1 if basemap is None else FACE_OVER_GROUND),
            *_video_layers(palette),
            *_case_layers(palette),
            _label_layer(palette),
        ],
    }


def _filled_by_page(**options: str) -> Document:
    return {"type": "geojson", "data": _EMPTY, **options}


def _tiles(base_url: str, layer: str, max_zoom: int) -> Document:
    address = f"{base_url.rstrip('/')}/api/v1/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt"
    return {"type": "vector", "tiles": [address], "minzoom": 0, "maxzoom": max_zoom}


def _ground_tiles(base_url: str, ground: Ground) -> Document:
    found: Document = {
        "type": ground.kind,
        "tiles": [f"{base_url.rstrip('/')}/api/v1/map/ground/{{z}}/{{x}}/{{y}}"],
        "minzoom": ground.min_zoom,
        "maxzoom": ground.max_zoom,
    }
    return found | ({"tileSize": ground.tile_px} if ground.kind == "raster" else {})


def _ground_layers(palette: Palette, ground: Ground) -> list[Document]:
    """A picture as it is, only fainter; of vector tiles faces and lines in quiet colours, water apart. No names."""
    if ground.kind == "raster":
        paint: Document = {"raster-opacity": ground.opacity, "raster-fade-duration": 0}
        return [_layer("basemap", "raster", "basemap", None, paint)]
    found: list[Document] = []
    for name in ground.names:
        wet = any(word in name.lower() for word in ("water", "river", "ocean"))
        face: Document = {
            "fill-color": palette.water if wet else palette.secondary,
            "fill-opacity": 0.9 if wet else 0.05,
        }
        line = _line(palette.water if wet else palette.secondary, 1, 0.8 if wet else 0.28)
        for kind, shape, paint in (("fill", "Polygon", face), ("line", "LineString", line)):
            layer = _layer(f"basemap-{name}-{kind}", kind, "basemap", ["==", ["geometry-type"], shape], paint)
            found.append(layer | {"source-layer": name})
    return found


def _grid_layers(palette: Palette, face: float) -> list[Document]:
    steps = [part for step, colour in enumerate(palette.ramp) for part in (step, colour)]
    colour = ["match", ["coalesce", ["feature-state", "step"], -1], *steps, palette.panel]
    return [
        _layer(
            "sibling-fill", "fill", "outline", _SIBLING, {"fill-color": palette.sibling, "fill-opacity": face}
        ),
        _layer(
            "grid-fill",
            "fill",
            "grid",
            None,
            {"fill-color": colour, "fill-antialias": True, "fill-opacity": face},
        ),
        _layer(
            "grid-hover",
            "fill",
            "grid",
            None,
            # Painted like the faces, so that the graphics card need not learn another way for it.
            {
                "fill-color": ["case", _HOVER, palette.text, "rgba(0, 0, 0, 0)"],
                "fill-antialias": False,
                "fill-opacity": 0.1,
            },
        ),
        *_spot_layers(palette),
        _layer("inner-line", "line", "inner", None, _line(palette.hairline, 0.7, 0.2)),
        _layer("sibling-line", "line", "outline", _SIBLING, _line(palette.hairline, 0.8, 0.25)),
        _layer("grid-line", "line", "grid", None, _line(palette.hairline, 1.1, 0.55)),
        _layer("outline-line", "line", "outline", _SELF, _line(palette.outline, 2, 0.9)),
    ]


def _spot_layers(palette: Palette) -> list[Document]:
    """Grids that stand out beyond chance: a bright face for the high ones, a dashed edge for the low ones."""
    hot, cold = (["==", ["get", "spot"], word] for word in ("hot", "cold"))
    return [
        _layer("spot-fill", "fill", "spot", None, {"fill-color": palette.ramp[0]}),
        _layer("spot-hot", "fill", "spot", hot, {"fill-color": palette.ramp[5], "fill-opacity": 0.9}),
        _layer("spot-line", "line", "spot", None, _line(palette.hairline, 0.5, 0.3)),
        _layer(
            "spot-cold", "line", "spot", cold, _line(palette.secondary, 1.4, 0.9) | {"line-dasharray": [2, 2]}
        ),
    ]


def _line(colour: str, width: Any, opacity: float) -> Document:
    return {"line-color": colour, "line-width": width, "line-opacity": opacity}


def _video_layers(palette: Palette) -> list[Document]:
    out = ["-", ["get", "total"], ["get", "online"]]
    many_out = ["all", [">=", out, OUTAGE_POINTS], [">=", out, ["*", OUTAGE_SHARE, ["get", "total"]]]]
    online = ["==", ["get", "status"], "ON"]
    by_total = ["interpolate", ["linear"], ["sqrt", ["get", "total"]]]
    cluster = {
        "circle-radius": [*by_total, 1, 3.6, 10, 9.5, 30, 15, 100, 26],
        "circle-color": palette.point,
        "circle-opacity": 0.2,
        "circle-stroke-color": ["case", many_out, palette.yellow, palette.point],
        "circle-stroke-width": ["case", many_out, 1.6, 1.1],
        "circle-stroke-opacity": ["case", many_out, 0.9, 0.5],
    }
    single = {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 2, 14, 4],
        "circle-color": palette.point,
        "circle-opacity": ["case", online, 0.5, 0],
        "circle-stroke-color": palette.point,
        "circle-stroke-width": ["case", online, 0, 1.2],
        "circle-stroke-opacity": 0.75,
    }
    count = _layer(
        "video-count",
        "symbol",
        "video",
        [">=", ["get", "total"], 40],
        # Small figures drown in a wide halo.
        _text(palette.text, palette.ground) | {"text-halo-width": 0.9},
    )
    count["layout"] = {
        "text-field": ["to-string", ["get", "total"]],
        "text-font": [FONT],
        "text-size": 12,
        "symbol-sort-key": ["-", 0, ["get", "total"]],
    }
    return [
        _layer("video-cluster", "circle", "video", _CLUSTER, cluster),
        _layer("video-point", "circle", "video", _SINGLE, single),
        count,
    ]


def _case_layers(palette: Palette) -> list[Document]:
    """Cases by time light (colour, and a ring for what is overdue) and by grade (size), where they are too many for the
    page, which draws them alike (`assets/43_cases.js`)."""
    light = ["match", ["get", "light"], "RED", palette.red, "YELLOW", palette.yellow, palette.calm]
    ring = {
        "circle-radius": 11,
        "circle-color": light,
        "circle-opacity": 0.1,
        "circle-stroke-color": light,
        "circle-stroke-width": 1.4,
        "circle-stroke-opacity": 0.7,
    }
    urgent = ["match", ["get", "light"], "RED", 4.6, "YELLOW", 4.0, 3.4]
    grave = ["match", ["get", "grade"], sorted(GRAVE), 2.2, "COMPLEX", 1.0, 0]
    dot = {
        "circle-radius": ["+", urgent, grave],
        "circle-color": light,
        "circle-stroke-color": palette.ground,
        "circle-stroke-width": 0.8,
    }
    # The urgent ones lie on top.
    order = ["match", ["get", "light"], "RED", 2, "YELLOW", 1, 0]
    unseen = {"circle-sort-key": order, "visibility": "none"}
    return [
        _layer("case-tile-ring", "circle", "case-tile", _OVERDUE, ring) | {"layout": unseen},
        _layer("case-tile", "circle", "case-tile", None, dot) | {"layout": unseen},
    ]


def _label_layer(palette: Palette) -> Document:
    number = ["to-string", ["coalesce", ["get", "n"], ""]]
    under_name = ["case", ["==", number, ""], "", ["concat", "\n", number]]
    label = _layer("label", "symbol", "label", None, _text(palette.text, palette.ground))
    label["layout"] = {
        "text-field": ["format", ["get", "name"], {}, under_name, {"font-scale": 0.82}],
        "text-font": [FONT],
        "text-size": 16,
        "text-line-height": 1.15,
        "text-max-width": 8,
        "text-padding": 3,
        "text-variable-anchor": ["center", "top", "bottom", "left", "right"],
        "text-radial-offset": 0.4,
        "text-justify": "center",
        "symbol-sort-key": ["-", 0, ["to-number", ["get", "n"], 0]],
    }
    return label


def _text(colour: str, halo: str) -> Document:
    return {
        "text-color": colour,
        "text-halo-color": halo,
        "text-halo-width": 1.6,
        "text-halo-blur": 0.4,
    }


def _layer(name: str, kind: str, source: str, chosen: Any, paint: Document) -> Document:
    layer: Document = {"id": name, "type": kind, "source": source, "paint": paint}
    if source in _TILED:
        layer["source-layer"] = _TILED[source]
    if chosen is not None:
        layer["filter"] = chosen
    return layer
