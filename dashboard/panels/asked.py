"""The frame of a panel that asks the server for what it shows: why it is empty, what it rests on."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.panels.marks import marks
from dashboard.panels.panel import panel as frame


def asked(name: str, title: str, *body: Any, note: Any = None) -> html.Section:
    """`#name-body` is filled by the panel's script, the rest by `37_asking.js`: `#name-empty`, `#name-honesty`."""
    return frame(
        name,
        title,
        html.P(id=f"{name}-empty", className="empty", role="status"),
        html.Div(list(body), id=f"{name}-body", className="asked-body", hidden=True),
        html.P(id=f"{name}-honesty", className="honesty"),
        note=note,
    )


def rows(name: str, more: str = "") -> html.Ol:
    """A list of rows that shows as many as there is room for; `fit_note` says how many that is."""
    return html.Ol(id=f"{name}-rows", className=f"rows fit {more}".strip())


def fit_note(name: str, more: str | None = None) -> html.Span:
    """The note of a panel whose list may not fit; ``more`` is the id of a text that its script writes before it."""
    own = [html.Span(id=more)] if more is not None else []
    return html.Span([*own, html.Span(**marks(data_fit_note=f"{name}-rows"))], className="panel-note")
