"""The day as a ribbon of 72 bins of 20 minutes."""

from __future__ import annotations

from dash import html


def panel() -> html.Div:
    """Bins are filled by `56_ribbon.js`; the mark of the present moves along."""
    hours = [html.Span(f"{hour:02d}:00") for hour in (0, 6, 12, 18, 24)]
    return html.Div(
        [
            html.Div(
                [html.Div(id="ribbon-bins"), html.I(id="ribbon-now", **{"aria-hidden": "true"})],
                className="ribbon-plot",
            ),
            html.Div(hours, className="ribbon-hours", **{"aria-hidden": "true"}),
        ],
        id="ribbon",
        role="img",
        **{"aria-label": "今日上报按时段"},
    )
