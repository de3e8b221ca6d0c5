"""Grid staff: coverage, and the grids that have none."""

from __future__ import annotations

from dash import html

from dashboard.panels.asked import asked, fit_note


def panel() -> html.Section:
    """Rows `[data-board-item]` and grids `[data-unstaffed]` are filled by `68_staff.js`."""
    return asked(
        "staff",
        "网格员配备",
        html.Ol(className="rows staff-own"),
        html.P(id="staff-missing", className="staff-missing"),
        html.Ol(id="staff-rows", className="staff-list fit"),
        note=fit_note("staff"),
    )
