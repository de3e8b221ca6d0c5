"""The monthly score of a grid with its parts, and those of the grids below it."""

from __future__ import annotations

from dash import html

from dashboard.panels.asked import asked, fit_note, rows
from dashboard.panels.marks import marks


def panel() -> html.Section:
    """Rows `[data-score-part]` and `[data-unit]` are filled by `68_score.js`."""
    value = html.Button(id="score-value", type="button", className="figure", **marks(data_explain="K83"))
    head = html.Div([value, html.Span(id="score-period")], className="score-head")
    return asked(
        "score",
        "月考核",
        head,
        html.Ol(className="rows score-own"),
        rows("score", "score-units"),
        note=fit_note("score"),
    )
