"""The grids as ground to stand on: does a point lie in a grid, and in the one it says?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from data_adapters.coordinates import Floats

_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Plot:
    """One grid, as far as the ground needs it. The polygon is in EPSG:4490."""

    code: str
    level: int
    geometry: shapely.Geometry | None
    parent: str | None = None


class Ground:
    """Plots with a search tree. Build anew where plots change."""

    def __init__(self, plots: Iterable[Plot]) -> None:
        self.by_code: Mapping[str, Plot] = {plot.code: plot for plot in plots}
        self._drawn = [plot for plot in self.by_code.values() if plot.geometry is not None]
        self._polygons = np.array([plot.geometry for plot in self._drawn], dtype=object)
        shapely.prepare(self._polygons)
        self._tree = shapely.STRtree(self._polygons)
        self._number = {plot.code: number for number, plot in enumerate(self._drawn)}

    def __bool__(self) -> bool:
        """Whether there is any polygon to compare with."""
        return bool(self._drawn)

    def holds(self, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
        """Of each point, whether any grid holds it. Points that are not finite lie nowhere."""
        held = np.zeros(len(lon), dtype=bool)
        which, _ = self._hits(lon, lat)
        held[which] = True
        return held

    def fits(self, lon: Floats, lat: Floats, codes: Sequence[str | None]) -> NDArray[np.bool_]:
        """Of each point, whether the grid of its code holds it; any grid where it has no code that is known."""
        own = np.array([self._number.get(code, -1) if code else -1 for code in codes], dtype=np.int64)
        fitting = np.zeros(len(lon), dtype=bool)
        which, grids = self._hits(lon, lat)
        own_of_hit = own[which]
        fitting[which[(own_of_hit < 0) | (own_of_hit == grids)]] = True
        return fitting

    def _hits(self, lon: Floats, lat: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        finite = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        which, grids = self._tree.query(shapely.points(lon[finite], lat[finite]))
        # The tree's own predicate prepares the points; it is the polygons that have many vertices.
        which = finite[which]
        inside = shapely.intersects_xy(self._polygons[grids], lon[which], lat[which])
        return which[inside], grids[inside]


def area_m2(geometries: NDArray[np.object_]) -> Floats:
    """Area in m² of polygons in degrees, by the local scale: good to 1 %, enough to tell slivers from overlaps."""
    if not len(geometries):
        return np.zeros(0)
    bounds = shapely.bounds(geometries)
    middle = np.nan_to_num((bounds[:, 1] + bounds[:, 3]) / 2)
    square: Floats = shapely.area(geometries) * _METRES_PER_DEGREE**2 * np.cos(np.radians(middle))
    return square
