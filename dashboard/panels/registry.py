"""Every panel that a scene can show: its name, the skeleton it starts from, the script that paints it.

The one list of panels. A scene names them (`dashboard.scenes`), the page draws each once (`dashboard.pages.wall`), and
the scripts find them there by their marks `data-panel` and `data-script`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dash.development.base_component import Component

from dashboard.indicators.catalogue import Catalogue
from dashboard.panels import (
    alerts,
    composition,
    coverage,
    double,
    feed,
    flow,
    grades,
    health,
    joint,
    loop,
    orgs,
    ranking,
    residency,
    resolved,
    safe,
    score,
    staff,
    steps6,
    tiles,
    trend,
    whistles,
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. ``script`` is the noun of the script: ``Wall.<script>.paint``, and ``start`` where it has one.

    ``visitors``: visitors may see it, because whatever it counts of cases comes with the figures that `83_visitor.js`
    covers, and none of its lines is of one case. All others are covered while there are visitors.
    """

    name: str
    script: str
    make: Callable[[Catalogue], Component]
    visitors: bool = False

    def drawn(self, catalogue: Catalogue) -> Component:
        """Its skeleton, marked for the scripts."""
        node = self.make(catalogue)
        for mark, value in (("panel", self.name), ("script", self.script)):
            setattr(node, f"data-{mark}", value)
        if self.visitors:
            setattr(node, "data-visitors", "")
        return node


PANELS: tuple[Panel, ...] = (
    Panel("tiles", "tiles", tiles.panel, visitors=True),
    Panel("trend", "trend", lambda _: trend.panel(), visitors=True),
    Panel("composition", "composition", lambda _: composition.panel(), visitors=True),
    Panel("feed", "feed", lambda _: feed.panel()),
    Panel("alerts", "alerts", lambda _: alerts.panel()),
    Panel("ranking", "ranking", lambda _: ranking.panel(), visitors=True),
    Panel("loop", "loop", lambda _: loop.panel(), visitors=True),
    Panel("flow", "flow", lambda _: flow.panel()),
    Panel("double", "double", lambda _: double.panel()),
    Panel("resolved", "resolved", lambda _: resolved.panel()),
    Panel("grades", "grades", lambda _: grades.panel()),
    Panel("joint", "joint", lambda _: joint.panel()),
    Panel("orgs", "orgs", lambda _: orgs.panel()),
    Panel("residency", "residency", lambda _: residency.panel(), visitors=True),
    Panel("coverage", "coverage", lambda _: coverage.panel(), visitors=True),
    Panel("safe", "safe", lambda _: safe.panel(), visitors=True),
    Panel("score", "score", lambda _: score.panel()),
    Panel("staff", "staff", lambda _: staff.panel(), visitors=True),
    Panel("steps6", "steps6", lambda _: steps6.panel()),
    Panel("whistles", "whistles", lambda _: whistles.panel()),
    Panel("health", "health", lambda _: health.panel(), visitors=True),
)
BY_NAME = {panel.name: panel for panel in PANELS}
