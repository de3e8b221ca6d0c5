"""The day as a ribbon of 72 bins of 20 minutes."""

from __future__ import annotations

from dash import html

from dashboard.panels.marks import marks


def panel() -> html.Div:
    """Bins are filled by `56_ribbon.js`; the mark of the present moves along."""
    hours = [html.Span(f"{hour:02d}:00") for hour in (0, 6, 12, 18, 24)]
    return html.Div(
        [
            html.Div(
                [html.Div(id="ribbon-bins"), html.I(id="ribbon-now", **marks(aria_hidden="true"))],
                className="ribbon-plot",
            ),
            html.Div(hours, className="ribbon-hours", **marks(aria_hidden="true")),
        ],
        id="ribbon",
        role="img",
        **marks(aria_label="今日上报按时段"),
    )
