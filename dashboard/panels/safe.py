"""The matrix of safe-community units (十大平安创建)."""

from __future__ import annotations

from dash import html

from dashboard.panels.asked import asked, fit_note, rows


def panel() -> html.Section:
    """Rows `[data-board-item]` are filled by `68_safe.js`."""
    return asked("safe", "十大平安创建", rows("safe"), note=fit_note("safe"))
