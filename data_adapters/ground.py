"""The grids as ground to stand on: does a point lie in a grid, and in the one it says?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from data_adapters.coordinates import Floats
from data_adapters.polygon_index import PolygonIndex

_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Plot:
    """One grid, as far as the ground needs it. The polygon is in EPSG:4490."""

    code: str
    level: int
    geometry: shapely.Geometry | None
    parent: str | None = None
    predecessor: str | None = None


class Ground:
    """Plots with a search tree. Build anew where plots change."""

    def __init__(self, plots: Iterable[Plot]) -> None:
        own = {plot.code: plot for plot in plots}
        #: By its code, and by the one it came after where nobody has that any more.
        self.by_code: Mapping[str, Plot] = {
            plot.predecessor: plot for plot in own.values() if plot.predecessor is not None
        } | own
        drawn = [plot for plot in own.values() if plot.geometry is not None]
        self._number = {plot.code: number for number, plot in enumerate(drawn)}
        polygons = np.array([plot.geometry for plot in drawn], dtype=object)
        levels = np.array([plot.level for plot in drawn], dtype=np.int64)
        # From the highest level down: most points lie in the one polygon of the centre.
        self._floors = [
            (numbers, PolygonIndex(polygons[numbers]))
            for numbers in (np.flatnonzero(levels == level) for level in np.unique(levels))
        ]

    def __bool__(self) -> bool:
        """Whether there is any polygon to compare with."""
        return bool(self._floors)

    def holds(self, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
        """Of each point, whether any grid holds it. Points that are not finite lie nowhere."""
        held = np.zeros(len(lon), dtype=bool)
        for _, polygons in self._floors:
            left = np.flatnonzero(~held)
            which, _ = polygons.hits(lon[left], lat[left])
            held[left[which]] = True
        return held

    def fits(self, lon: Floats, lat: Floats, codes: Sequence[str | None]) -> NDArray[np.bool_]:
        """Of each point, whether the grid of its code holds it; any grid where it has no code that is known.

        A code may be several, the likeliest first, parted by the unit separator: the first that is known counts.
        """
        numbers = {code: self._first(code) for code in set(codes)}
        own = np.array([numbers[code] for code in codes], dtype=np.int64)
        fitting = np.zeros(len(lon), dtype=bool)
        which, grids = self._hits(lon, lat)
        own_of_hit = own[which]
        fitting[which[(own_of_hit < 0) | (own_of_hit == grids)]] = True
        return fitting

    def _first(self, codes: str | None) -> int:
        known = (self._number[code] for code in (codes or "").split("\x1f") if code in self._number)
        return next(known, -1)

    def _hits(self, lon: Floats, lat: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        none = np.zeros(0, dtype=np.int64)
        found = [(none, none)]
        for numbers, polygons in self._floors:
            which, hits = polygons.hits(lon, lat)
            found.append((which, numbers[hits]))
        return np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])


def area_m2(geometries: NDArray[np.object_]) -> Floats:
    """Area in m² of polygons in degrees, by the local scale: good to 1 %, enough to tell slivers from overlaps."""
    if not len(geometries):
        return np.zeros(0)
    bounds = shapely.bounds(geometries)
    middle = np.nan_to_num((bounds[:, 1] + bounds[:, 3]) / 2)
    square: Floats = shapely.area(geometries) * _METRES_PER_DEGREE**2 * np.cos(np.radians(middle))
    return square
