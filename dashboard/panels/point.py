"""The card of one video point: status, kind, place in the tree, the nearest open case. Metadata only, no picture."""

from __future__ import annotations

from dash import html

from dashboard.panels import card


def panel() -> html.Aside:
    """Filled by `49_video.js`, which also opens and closes it."""
    return card.frame("point", "关闭点位卡")
