"""The map of grids with its layer switches, legend and the ribbon of the day."""

from __future__ import annotations

from dash import html

from dashboard.panels import card, legend, point, ribbon, unplaced
from dashboard.panels.marks import marks

LAYERS = {"grid": "网格", "heat": "热力", "video": "视频", "case": "事件"}
HEAT_MODES = {"count": "件数", "rate": "万人率", "significance": "显著性"}
HEAT_DAYS = (7, 30, 90)


def switch(name: str, label: str) -> html.Button:
    """A layer switch; `41_layers.js` acts on it."""
    return html.Button(
        label, type="button", className="switch", **marks(data_layer=name, aria_pressed="true")
    )


def heat_options() -> html.Div:
    """What the heat shows and over how many days; `46_heat.js` acts on it."""
    modes = [_option(label, data_heat_mode=mode) for mode, label in HEAT_MODES.items()]
    windows = [_option(f"{days} 日", data_heat_days=str(days)) for days in HEAT_DAYS]
    return html.Div([*modes, html.I(className="gap"), *windows], id="heat-options", role="group", hidden=True)


def paint_options() -> html.Div:
    """By which indicator the polygons are coloured and over how many days; `47_paint.js` fills and acts on it."""
    return html.Div(
        [
            html.Select(id="paint-choice", className="switch", **marks(aria_label="着色的指标")),
            html.Select(id="paint-days", className="switch", **marks(aria_label="着色的期间")),
        ],
        id="paint-options",
        role="group",
    )


def _option(label: str, **named: str) -> html.Button:
    return html.Button(label, type="button", className="switch", **marks(aria_pressed="false", **named))


def panel() -> html.Section:
    """`#map[data-grid][data-level]` holds Plotly's map, which `40_map.js` makes once in `#map-plot`."""
    switches = html.Div(
        [switch(*one) for one in LAYERS.items()],
        className="switches",
        role="group",
        **marks(aria_label="图层"),
    )
    points = html.Canvas(id="case-points", **marks(aria_hidden="true"))
    over = [points, html.Div(id="labels"), html.Div(id="pulses", **marks(aria_hidden="true"))]
    canvas = html.Div([html.Div(id="map-plot"), *over], id="map-canvas")
    return html.Section(
        [
            html.Div(
                [canvas, html.Div(id="map-tip", role="tooltip", hidden=True)],
                id="map",
                **marks(data_grid="", data_level=""),
            ),
            html.Div([switches, paint_options(), heat_options()], className="map-tools"),
            card.panel(),
            point.panel(),
            unplaced.panel(),
            legend.panel(),
            ribbon.panel(),
        ],
        id="map-panel",
        className="panel panel-map",
        **marks(aria_label="地图"),
    )
