"""Who is on site today (常驻、轮驻、随驻)."""

from __future__ import annotations

from dash import html

from dashboard.panels.asked import asked, fit_note, rows


def panel() -> html.Section:
    """Rows `[data-board-item]` with a mark a unit are filled by `68_residency.js`."""
    return asked("residency", "入驻到岗", rows("residency", "seat-rows"), note=fit_note("residency"))
