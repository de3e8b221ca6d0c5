"""The body of a panel that shows a whole in its parts: one bar, and a row a part."""

from __future__ import annotations

from dash import html

from dashboard.panels.asked import asked, fit_note
from dashboard.panels.marks import marks


def whole(name: str, title: str) -> html.Section:
    """Rows `[data-part][data-n]` and the bar over them are filled by `38_parts.js`."""
    bar = html.Div(className="whole-bar", **marks(aria_hidden="true"))
    listed = html.Ol(id=f"{name}-rows", className="rows fit part-rows")
    return asked(name, title, bar, listed, note=fit_note(name, f"{name}-note"))
