"""What is in hand, by grade."""

from __future__ import annotations

from dash import html

from dashboard.panels.whole import whole


def panel() -> html.Section:
    """Filled by `66_grades.js`."""
    return whole("grades", "在办 · 按等级")
