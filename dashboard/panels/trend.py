"""Thirty days of intake and closure over the band of the same season."""

from __future__ import annotations

from dash import html

from dashboard.panels.panel import panel as frame


def panel() -> html.Section:
    """The plot is drawn by `53_trend.js` into `#trend-plot`."""
    key = html.Span(
        [
            html.Span("上报", className="key key-reported"),
            html.Span("办结", className="key key-closed"),
            html.Span("历史同期", className="key key-band"),
        ],
        className="panel-note",
    )
    plot = html.Div(
        [
            html.Span(id="trend-top"),
            html.Div(id="trend-box"),
            html.Span(id="trend-first"),
            html.Span(id="trend-last"),
        ],
        className="trend-body",
    )
    return frame("trend", "上报与办结 · 近30日", plot, note=key)
