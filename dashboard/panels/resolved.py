"""At which level disputes were resolved (小事不出村社、大事不出乡镇、要事不出县)."""

from __future__ import annotations

from dash import html

from dashboard.panels.whole import whole


def panel() -> html.Section:
    """Filled by `66_resolved.js`."""
    return whole("resolved", "化解在哪一级 · 近30日")
