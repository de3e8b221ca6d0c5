"""The flow of cases from channel to method to outcome."""

from __future__ import annotations

from dash import html

from dashboard.panels.asked import asked


def panel() -> html.Section:
    """Nodes `[data-node][data-n]` and the ribbons between them are drawn by `64_flow.js`."""
    columns = ("flow-column", "flow-ribbons", "flow-column", "flow-ribbons", "flow-column")
    plot = html.Div([html.Div(className=name) for name in columns], className="flow-plot")
    return asked("flow", "来源 → 方式 → 结果", plot)
