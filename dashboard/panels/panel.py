"""The frame every panel stands in: a title, a note on its right, a body."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.panels.marks import marks


def panel(name: str, title: str, *body: Any, note: Any = None) -> html.Section:
    """A panel `#name`; its note `#name-note` is written by the panel's script unless ``note`` is given."""
    heading = html.H2(title, id=f"{name}-title")
    aside = html.Span(id=f"{name}-note", className="panel-note") if note is None else note
    return html.Section(
        [html.Header([heading, aside], className="panel-head"), *body],
        id=name,
        className=f"panel panel-{name}",
        **marks(aria_labelledby=f"{name}-title"),
    )
