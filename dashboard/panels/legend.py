"""What the colours and shapes of the map mean, and what is counted but not drawn in a child."""

from __future__ import annotations

from dash import html

from dashboard.panels.marks import marks

LIGHTS = {"normal": "在办", "yellow": "将到期", "red": "已超期"}


def panel() -> html.Div:
    """The ramp is filled by `42_choropleth.js`; the lights are fixed: shape and word, never colour alone."""
    lights = [html.Li([html.I(className=f"light light-{name}"), word]) for name, word in LIGHTS.items()]
    return html.Div(
        [
            html.Button(
                id="unassigned",
                type="button",
                **marks(aria_expanded="false", aria_controls="unplaced"),
            ),
            html.P(id="ground-fault", role="status"),
            html.Ul(lights, className="legend-lights", **marks(aria_label="案件时限")),
            html.Div(
                [html.P(id="heat-title"), html.Ol(id="heat-steps"), html.P(id="heat-note")],
                className="legend-heat",
            ),
            html.Div(
                [html.P("近7日上报（件）", id="legend-title"), html.Ol(id="legend-steps")],
                className="legend-ramp",
            ),
        ],
        id="legend",
    )
