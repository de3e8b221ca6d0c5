"""Joint work by its six kinds (六联)."""

from __future__ import annotations

from dash import html

from dashboard.panels.whole import whole


def panel() -> html.Section:
    """Filled by `66_joint.js`."""
    return whole("joint", "六联 · 在办与按期")
