"""The wall: one skeleton for `/` and `/grid/<code>`; the address tells the scripts which grid to show."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.panels import composition, feed, header, loop, map, ranking, tiles, trend

#: Files under `assets/` that Dash must not put into the page (it serves them all the same).
ASSETS_IGNORE = r"\.(woff2|json|md|txt)$|^LICENSE"


def layout(settings: Any = None) -> html.Div:
    """The page as Dash components, without a figure in it: numbers come with `/api/v1/view`.

    ``settings`` is what `create_app` was given; the skeleton is the same for every centre.
    """
    return html.Div(
        [
            header.panel(),
            html.Div([tiles.panel(), trend.panel(), composition.panel()], className="group group-left"),
            map.panel(),
            html.Div([feed.panel(), ranking.panel()], className="group group-right"),
            loop.panel(),
        ],
        id="wall",
        className="wall",
    )
