"""The live feed of cases."""

from __future__ import annotations

from dash import html

from dashboard.panels.panel import panel as frame


def panel() -> html.Section:
    """Rows `[data-case-no][data-seq]` are filled by `51_feed.js`; a burst is told in `#feed-notice`."""
    return frame(
        "feed",
        "实时事件",
        html.P(id="feed-notice", className="notice", role="status", hidden=True),
        html.Ol(id="feed-list", className="feed-list fit"),
    )
