"""The card of one case: what it is, where it stands, its steps, the video points near it. No person, no free text."""

from __future__ import annotations

from dash import html

from dashboard.panels.marks import marks


def panel() -> html.Aside:
    """Filled by `58_card.js`, which also opens and closes it; `/case/{case_no}` opens it with the page."""
    return frame("card", "关闭案件卡", data_case="")


def frame(name: str, close: str, **more: str) -> html.Aside:
    """An empty card `#name` with its title, its body and a button named `close`; ``more``: marks of its own."""
    head = html.Header(
        [
            html.H2(id=f"{name}-title"),
            html.Button(
                "关闭", type="button", id=f"{name}-close", className="quiet", **marks(aria_label=close)
            ),
        ],
        className="panel-head",
    )
    return html.Aside(
        [head, html.Div(id=f"{name}-body")],
        id=name,
        className="card",
        hidden=True,
        role="dialog",
        **marks(**more, aria_labelledby=f"{name}-title"),
    )
