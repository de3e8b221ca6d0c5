"""How far the latest cases have come on the six steps (六步走), and which owe one."""

from __future__ import annotations

from dash import html

from dashboard.panels.asked import asked
from dashboard.panels.marks import marks


def panel() -> html.Section:
    """Rows `[data-step6]` and the cases that owe a step are filled by `65_steps6.js`."""
    head = html.Div(
        [html.Span(id="steps6-owing"), html.Span(**marks(data_fit_note="steps6-rows"))],
        className="double-head",
    )
    return asked(
        "steps6",
        "六步走",
        html.Ol(className="rows steps6-steps"),
        head,
        html.Ol(id="steps6-rows", className="rows fit stuck-rows"),
    )
