"""The overlay that lays any number open: definition, n / N, period, sources, what was left out, the rows behind it."""

from __future__ import annotations

from dash import html

from dashboard.panels.marks import marks


def panel() -> html.Aside:
    """Opened, filled and closed by `59_explain.js`; lists of cases stand in it too."""
    close = html.Button(
        "关闭", type="button", id="explain-close", className="quiet", **marks(aria_label="关闭指标说明")
    )
    head = html.Header([html.H2(id="explain-title"), close], className="panel-head")
    return html.Aside(
        [head, html.Div(id="explain-body")],
        id="explain",
        className="explain",
        hidden=True,
        role="dialog",
        **marks(data_shown="", aria_labelledby="explain-title"),
    )
