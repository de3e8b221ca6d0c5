"""Coverage as offices report it: studios, legal service, counselling rooms, staff."""

from __future__ import annotations

from dash import html

from dashboard.panels.asked import asked, fit_note, rows


def panel() -> html.Section:
    """Rows `[data-board-item]` are filled by `68_coverage.js`."""
    return asked("coverage", "覆盖与配备", rows("coverage"), note=fit_note("coverage"))
