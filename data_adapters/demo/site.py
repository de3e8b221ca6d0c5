"""Where a dispute happens: a leaf of the grids, and a spot in it. Plain data, also for the feed."""

from __future__ import annotations

from typing import NamedTuple


class Leaf(NamedTuple):
    """A grid without children, as the disputes see it; names are those of its village and township.

    ``served_by`` is the village whose committee
    serves it, where not its own. ``urban`` 0..1; ``weight`` is proportional to the disputes expected here.
    """

    code: str
    village_code: str
    village: str
    township_code: str
    township: str
    urban: float
    weight: float
    served_by: str = ""


class Place(NamedTuple):
    """A spot in a leaf; degrees in EPSG:4490."""

    lon: float
    lat: float
    leaf: Leaf
