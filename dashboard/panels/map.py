"""The map of grids with its layer switches, legend and the ribbon of the day."""

from __future__ import annotations

from dash import html

from dashboard.panels import legend, ribbon
from dashboard.panels.marks import marks

LAYERS = {"grid": "网格", "video": "视频", "case": "事件"}


def switch(name: str, label: str) -> html.Button:
    """A layer switch; `41_layers.js` acts on it."""
    return html.Button(
        label, type="button", className="switch", **marks(data_layer=name, aria_pressed="true")
    )


def panel() -> html.Section:
    """`#map[data-grid][data-level]` holds Plotly's map, which `40_map.js` makes once in `#map-plot`."""
    switches = html.Div(
        [switch(*one) for one in LAYERS.items()],
        className="switches",
        role="group",
        **marks(aria_label="图层"),
    )
    over = [html.Div(id="labels"), html.Div(id="pulses", **marks(aria_hidden="true"))]
    canvas = html.Div([html.Div(id="map-plot"), *over], id="map-canvas")
    return html.Section(
        [
            html.Div(
                [canvas, html.Div(id="map-tip", role="tooltip", hidden=True)],
                id="map",
                **marks(data_grid="", data_level=""),
            ),
            switches,
            legend.panel(),
            ribbon.panel(),
        ],
        id="map-panel",
        className="panel panel-map",
        **marks(aria_label="地图"),
    )
