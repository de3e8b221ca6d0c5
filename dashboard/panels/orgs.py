"""The tree of organisations with what each has to do."""

from __future__ import annotations

from dash import html

from dashboard.panels.asked import asked, fit_note, rows
from dashboard.panels.marks import marks

_COLUMNS = ("单位", "在办", "超期", "本月办结", "按期率")


def panel() -> html.Section:
    """Rows `[data-org]` are filled by `67_orgs.js`: a name opens a branch, a number the cases behind it."""
    head = html.Div(
        [html.Span(word) for word in _COLUMNS], className="orgs-head", **marks(aria_hidden="true")
    )
    way = html.Nav(id="orgs-way", className="orgs-way", **marks(aria_label="上级单位"))
    return asked(
        "orgs",
        "调处体系",
        way,
        head,
        rows("orgs", "org-rows"),
        html.P(id="orgs-types", className="orgs-types"),
        note=fit_note("orgs"),
    )
