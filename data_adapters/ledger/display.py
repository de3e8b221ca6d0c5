"""What of a case may be shown: not its exact place, not every category (domain dictionary, section 2.4)."""

from __future__ import annotations

import math

from data_adapters.records.dictionary import HIDDEN_CATEGORIES, SENSITIVE_CATEGORIES

CELL_M = 200.0
# Of latitude at the equator, of longitude at the equator: with these no cell on land is smaller than 200 m.
_METRES_PER_DEGREE_LAT = 110_574.0
_METRES_PER_DEGREE_LON = 111_320.0
_UNDRAWN = SENSITIVE_CATEGORIES | HIDDEN_CATEGORIES


OTHER = "其它"


def display_category(category: str) -> str:
    """The category as it may be shown: the two that no wall shows (section 2.4.1) are 其它, and so counted."""
    return OTHER if category in HIDDEN_CATEGORIES else category


def display_point(lon: float | None, lat: float | None, category: str) -> tuple[float, float] | None:
    """The centre of the 200 m cell that holds a point (degrees, EPSG:4490); None for a category that is not drawn.

    Cells are rows of 200 m in latitude, cut into columns of about 200 m at the row's own latitude, so a cell's
    centre is one and the same for every case in it.
    """
    if lon is None or lat is None or category in _UNDRAWN:
        return None
    row = math.floor(lat * _METRES_PER_DEGREE_LAT / CELL_M)
    middle = (row + 0.5) * CELL_M / _METRES_PER_DEGREE_LAT
    width = CELL_M / (_METRES_PER_DEGREE_LON * max(math.cos(math.radians(middle)), 0.01))
    return round((math.floor(lon / width) + 0.5) * width, 6), round(middle, 6)
