"""The counts that a configuration may name, each with what it belongs to: a period, this moment, or the ground."""

from __future__ import annotations

from data_adapters.ledger.contributions import FLOWS, STAGE
from data_adapters.records import dictionary, life

#: Counted within the period; ``opening`` and ``closing`` are the open stock before it and at its end.
OF_PERIOD = frozenset({*FLOWS, "opening", "closing"})
_LIGHTS = ("GREEN", "YELLOW", "RED", "GREY")
_VIDEO = (
    "",
    ".filed",
    ".integrated",
    ".should_network",
    ".should_network.networked",
    ".networked",
    ".on",
    ".maintenance",
)
#: Stocks of this moment. Those of one category are not listed: `CATEGORY_STOCK` and the category's name.
OF_NOW = frozenset(
    {
        "open",
        "unplaced",
        "hazard",
        "hazard.overdue",
        "hazard.major",
        *(f"edge.{edge}" for edge in life.WAITS),
        *(f"edge.{edge}.{level}" for edge, levels in life.WAITS.items() for level in levels),
        *(f"open.light.{light}" for light in _LIGHTS),
        *(f"open.stage.{stage}" for stage in STAGE.values()),
        *(f"open.grade.{grade}" for grade in dictionary.GRADE),
        *(f"video{name}" for name in _VIDEO),
        *(f"video.{status}" for status in dictionary.VIDEO_STATUS if status != "ON"),
    }
)
CATEGORY_STOCK = "open.category."
#: What the grids themselves say: inhabitants, whole square metres, grids and how they are manned.
OF_GROUND = frozenset(
    {
        "population",
        "area_m2",
        "grids",
        "grids.staff_known",
        "grids.staffed",
        "grids.party_known",
        "grids.party",
    }
)
NAMES = OF_PERIOD | OF_NOW | OF_GROUND


def is_declared(name: str) -> bool:
    """Whether a count of this name is kept."""
    return name in NAMES or (name.startswith(CATEGORY_STOCK) and len(name) > len(CATEGORY_STOCK))


def kind_of(name: str) -> str:
    """The kind of source that the count rests on: case, video_point or grid."""
    if name in OF_GROUND:
        return "grid"
    return "video_point" if name.startswith("video") else "case"
