"""The map's style: a MapLibre style document that needs nothing from outside.

No ground map, no glyphs and no sprite: polygons carry the picture, the browser draws text with the page's own font.
Sources `grid`, `outline`, `label` and `case` are empty GeoJSON that the page fills; `inner` and `video` are vector
tiles of this server. Data never changes a geometry: it sets the feature-state `step` (0 to 5, absent for nothing
counted) of a polygon in `grid`, found by its `code`.

Sizes are pixels on a wall of 1920 x 1080. Warm colours belong to time lights and outages alone.
"""

from __future__ import annotations

from typing import Any

from layers.grid import GridLayer
from layers.video import VideoLayer

GROUND, PANEL, HAIRLINE = "#0b1320", "#101c2c", "#8fb7cf"
TEXT, SECONDARY = "#e8f1f7", "#9db6c6"
CALM, YELLOW, RED = "#9fc9de", "#f2c14e", "#ff6b57"
#: Sequential, six steps, from little to much.
RAMP = ("#14263b", "#1a3a57", "#205174", "#2a6b91", "#3f8aad", "#67adc7")
FONT = "Noto Sans SC"
#: From this share of points without a picture, and from this many of them, a cluster's ring turns warm.
OUTAGE_SHARE, OUTAGE_POINTS = 0.25, 3

Document = dict[str, Any]
_EMPTY: Document = {"type": "FeatureCollection", "features": []}
_SELF = ["in", ["get", "role"], ["literal", ["self", "own"]]]
_SIBLING = ["==", ["get", "role"], "sibling"]
_HOVER = ["boolean", ["feature-state", "hover"], False]
_CLUSTER = [">", ["get", "total"], 1]
_SINGLE = ["==", ["get", "total"], 1]
_LIGHT = ["match", ["get", "light"], "RED", RED, "YELLOW", YELLOW, CALM]
# Colour never stands alone: what is overdue has a ring as well, as the legend says.
_OVERDUE = ["==", ["get", "light"], "RED"]


def style(base_url: str) -> Document:
    """The style document. `base_url` is the server's own address (``http://host:port``): tiles want absolute ones."""
    return {
        "version": 8,
        "name": "yiping",
        "sources": {
            "grid": _filled_by_page(promoteId="code"),
            "inner": _tiles(base_url, GridLayer.id, GridLayer.max_zoom),
            "outline": _filled_by_page(),
            "label": _filled_by_page(),
            "video": _tiles(base_url, VideoLayer.id, VideoLayer.max_zoom),
            "case": _filled_by_page(promoteId="case_no"),
        },
        # From the ground up. Symbols give way to those above them, so names come last.
        "layers": [
            {"id": "ground", "type": "background", "paint": {"background-color": GROUND}},
            *_grid_layers(),
            *_video_layers(),
            *_case_layers(),
            _label_layer(),
        ],
    }


def _filled_by_page(**options: str) -> Document:
    return {"type": "geojson", "data": _EMPTY, **options}


def _tiles(base_url: str, layer: str, max_zoom: int) -> Document:
    address = f"{base_url.rstrip('/')}/api/v1/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt"
    return {"type": "vector", "tiles": [address], "minzoom": 0, "maxzoom": max_zoom}


def _grid_layers() -> list[Document]:
    steps = [part for step, colour in enumerate(RAMP) for part in (step, colour)]
    colour = ["match", ["coalesce", ["feature-state", "step"], -1], *steps, PANEL]
    return [
        _layer("sibling-fill", "fill", "outline", _SIBLING, {"fill-color": "#0e1827"}),
        _layer("grid-fill", "fill", "grid", None, {"fill-color": colour, "fill-antialias": True}),
        _layer(
            "grid-hover", "fill", "grid", None, {"fill-color": TEXT, "fill-opacity": ["case", _HOVER, 0.1, 0]}
        ),
        _layer("inner-line", "line", "inner", None, _line(HAIRLINE, 0.7, 0.2)),
        _layer("sibling-line", "line", "outline", _SIBLING, _line(HAIRLINE, 0.8, 0.25)),
        _layer("grid-line", "line", "grid", None, _line(HAIRLINE, ["case", _HOVER, 1.6, 1.1], 0.55)),
        _layer("outline-line", "line", "outline", _SELF, _line("#cfe6f2", 2, 0.9)),
    ]


def _line(colour: str, width: Any, opacity: float) -> Document:
    return {"line-color": colour, "line-width": width, "line-opacity": opacity}


def _video_layers() -> list[Document]:
    out = ["-", ["get", "total"], ["get", "online"]]
    many_out = ["all", [">=", out, OUTAGE_POINTS], [">=", out, ["*", OUTAGE_SHARE, ["get", "total"]]]]
    online = ["==", ["get", "status"], "ON"]
    by_total = ["interpolate", ["linear"], ["sqrt", ["get", "total"]]]
    cluster = {
        "circle-radius": [*by_total, 1, 3.6, 10, 9.5, 30, 15, 100, 26],
        "circle-color": "#a9c7d8",
        "circle-opacity": 0.2,
        "circle-stroke-color": ["case", many_out, YELLOW, "#a9c7d8"],
        "circle-stroke-width": ["case", many_out, 1.6, 1.1],
        "circle-stroke-opacity": ["case", many_out, 0.9, 0.5],
    }
    point = {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 2, 14, 4],
        "circle-color": "#a9c7d8",
        "circle-opacity": ["case", online, 0.5, 0],
        "circle-stroke-color": "#a9c7d8",
        "circle-stroke-width": ["case", online, 0, 1.2],
        "circle-stroke-opacity": 0.75,
    }
    count = _layer("video-count", "symbol", "video", [">=", ["get", "total"], 40], _text(SECONDARY, 1))
    count["layout"] = {
        "text-field": ["to-string", ["get", "total"]],
        "text-font": [FONT],
        "text-size": 11,
        "symbol-sort-key": ["-", 0, ["get", "total"]],
    }
    return [
        _layer("video-cluster", "circle", "video", _CLUSTER, cluster),
        _layer("video-point", "circle", "video", _SINGLE, point),
        count,
    ]


def _case_layers() -> list[Document]:
    ring = {
        "circle-radius": 11,
        "circle-color": _LIGHT,
        "circle-opacity": 0.1,
        "circle-stroke-color": _LIGHT,
        "circle-stroke-width": 1.4,
        "circle-stroke-opacity": 0.7,
    }
    dot = {
        "circle-radius": ["match", ["get", "light"], "RED", 5, "YELLOW", 4.2, 3.6],
        "circle-color": _LIGHT,
        "circle-stroke-color": GROUND,
        "circle-stroke-width": 0.8,
    }
    # The urgent ones lie on top.
    order = {"circle-sort-key": ["match", ["get", "light"], "RED", 2, "YELLOW", 1, 0]}
    return [
        _layer("case-ring", "circle", "case", _OVERDUE, ring) | {"layout": order},
        _layer("case", "circle", "case", None, dot) | {"layout": order},
    ]


def _label_layer() -> Document:
    number = ["to-string", ["coalesce", ["get", "n"], ""]]
    under_name = ["case", ["==", number, ""], "", ["concat", "\n", number]]
    label = _layer("label", "symbol", "label", None, _text(TEXT, 1))
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


def _text(colour: str, opacity: float) -> Document:
    return {
        "text-color": colour,
        "text-opacity": opacity,
        "text-halo-color": GROUND,
        "text-halo-width": 1.6,
        "text-halo-blur": 0.4,
    }


def _layer(name: str, kind: str, source: str, chosen: Any, paint: Document) -> Document:
    layer: Document = {"id": name, "type": kind, "source": source, "paint": paint}
    if source in {"inner", "video"}:
        layer["source-layer"] = GridLayer.id if source == "inner" else VideoLayer.id
    if chosen is not None:
        layer["filter"] = chosen
    return layer
