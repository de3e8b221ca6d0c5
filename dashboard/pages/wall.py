"""The wall: one skeleton for `/` and `/grid/<code>`; the address tells the scripts which grid and scene to show."""

from __future__ import annotations

from dash import html

from dashboard.indicators.catalogue import Catalogue
from dashboard.panels import explain, header, help, map, ribbon
from dashboard.panels.registry import PANELS
from dashboard.scenes import AREAS, Scenes


def layout(catalogue: Catalogue | None = None, scenes: Scenes | None = None) -> html.Div:
    """The page as Dash components, without a figure in it: numbers come with `/api/v1/view`.

    Every panel is drawn once: those of the first scene in their places, the others on the shelf, from where
    `81_scenes.js` takes them. Of the centre only its ``catalogue`` (the tiles) and its ``scenes`` make a difference.
    """
    catalogue, scenes = catalogue or Catalogue(), scenes or Scenes()
    drawn = {panel.name: panel.drawn(catalogue) for panel in PANELS}
    areas = {
        area: html.Div(
            [drawn.pop(name) for name in getattr(scenes[0], area)],
            id=f"area-{area}",
            className="group-footer" if area == "footer" else f"group group-{area}",
        )
        for area in AREAS
    }
    return html.Div(
        [
            header.panel(scenes),
            areas["left"],
            map.panel(),
            areas["right"],
            areas["footer"],
            explain.panel(),
            html.Div(list(drawn.values()), id="shelf", hidden=True),
            help.panel(),
            ribbon.frame(),
        ],
        id="wall",
        className="wall",
    )
