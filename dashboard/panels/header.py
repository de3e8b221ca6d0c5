"""The header: whose wall it is, the path of the current grid, how fresh the data are, the clock."""

from __future__ import annotations

from dash import html

from dashboard.panels.marks import marks


def panel() -> html.Header:
    """The header bar. `nav#breadcrumb` is the way up; everything in it is filled by `57_header.js`."""
    return html.Header(
        [
            html.H1([html.Span(id="centre"), html.Span("态势一屏", className="suffix")], className="name"),
            html.Span("演示数据", id="demo-badge", className="badge", hidden=True),
            html.Div(
                [html.Nav(id="breadcrumb", **marks(aria_label="当前网格的路径")), html.Span(id="levels")],
                className="path",
            ),
            html.Span(id="message", className="message", role="status", hidden=True),
            html.Div(
                [
                    html.I(className="freshness-dot", **marks(aria_hidden="true")),
                    html.Span("正在连接", className="freshness-text"),
                ],
                id="freshness",
            ),
            html.Span(id="date"),
            html.Time(id="clock"),
        ],
        id="header",
        className="header",
    )
