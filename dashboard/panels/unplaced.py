"""The cases that lie in no grid, as a list beside the map: what is counted is never out of reach."""

from __future__ import annotations

from dash import html

from dashboard.panels.marks import marks


def panel() -> html.Aside:
    """Filled by `49_unplaced.js`, which also opens and closes it; each line opens the case."""
    head = html.Header(
        [
            html.H2("待定位", id="unplaced-title"),
            html.Button(
                "关闭",
                type="button",
                id="unplaced-close",
                className="quiet",
                **marks(aria_label="关闭待定位清单"),
            ),
        ],
        className="panel-head",
    )
    return html.Aside(
        [head, html.Ol(id="unplaced-list"), html.P(id="unplaced-note", className="card-note")],
        id="unplaced",
        className="card",
        hidden=True,
        **marks(aria_labelledby="unplaced-title"),
    )
