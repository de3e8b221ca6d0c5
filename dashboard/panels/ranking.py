"""The children of the current grid by load, with their on-time rate."""

from __future__ import annotations

from dash import html

from dashboard.panels.marks import marks


def panel() -> html.Section:
    """Rows are links that open the grid; filled by `55_ranking.js`."""
    title = html.H2(
        [
            html.Span("下级排行", id="ranking-level"),
            html.Span(id="ranking-fit", **marks(data_fit_note="ranking-list")),
        ],
        id="ranking-title",
    )
    head = html.Header(
        [title, html.Span("近7日上报 · 近30日按期办结", className="panel-note")], className="panel-head"
    )
    return html.Section(
        [
            head,
            html.P(id="ranking-empty", className="empty"),
            html.Ol(id="ranking-list", className="bars ranking fit"),
        ],
        id="ranking",
        className="panel panel-ranking",
        **marks(aria_labelledby="ranking-title"),
    )
