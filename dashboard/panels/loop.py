"""The closed loop 受理 → 分流 → 办理 → 办结 → 回访, the footer of the wall."""

from __future__ import annotations

from dash import html

from dashboard.panels.marks import marks

STAGES = {"ACCEPT": "受理", "TRIAGE": "分流", "HANDLE": "办理", "CLOSE": "办结", "FOLLOW": "回访"}


def stage(code: str, label: str) -> html.Div:
    """One stage with its count and what is known of its time; filled by `52_loop.js`."""
    return html.Div(
        [
            html.Span(label, className="loop-label"),
            html.Span("—", className="loop-value"),
            html.Span(className="loop-detail"),
        ],
        className="loop-stage",
        **marks(data_stage=code),
    )


def panel() -> html.Footer:
    """The five stages side by side."""
    return html.Footer(
        [stage(*one) for one in STAGES.items()], id="loop", className="panel loop", **marks(aria_label="闭环")
    )
