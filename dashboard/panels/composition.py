"""Open cases by category."""

from __future__ import annotations

from dash import html

from dashboard.panels.panel import panel as frame


def panel() -> html.Section:
    """Bars, filled by `54_composition.js`."""
    return frame("composition", "类型构成", html.Ol(id="composition-list", className="bars"))
