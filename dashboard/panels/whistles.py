"""Whistles (吹哨、报到): blown, answered, done, rated."""

from __future__ import annotations

from dash import html

from dashboard.panels.asked import asked, fit_note, rows


def panel() -> html.Section:
    """Rows `[data-board-item]` are filled by `68_whistles.js`."""
    return asked("whistles", "吹哨报到", rows("whistles"), note=fit_note("whistles"))
