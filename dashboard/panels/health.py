"""The health of every source, the worst first, with the way to its whole report."""

from __future__ import annotations

from dash import html

from dashboard.panels.asked import asked, rows
from dashboard.panels.marks import marks


def panel() -> html.Section:
    """Rows `[data-source][data-status]` are filled by `63_health.js`."""
    note = html.Span(
        [
            html.Span(id="health-good"),
            html.Span(**marks(data_fit_note="health-rows")),
            html.A("全部报告", href="/sources", className="panel-link"),
        ],
        className="panel-note",
    )
    return asked("health", "来源健康", rows("health", "health-rows"), note=note)
