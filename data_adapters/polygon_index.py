"""Which of many polygons hold each of many points: no object a point, and no tree to walk.

A search tree of polygons takes points as objects, which cost more to make than to look up. Here the ground is laid out
in cells; each knows the polygons whose boxes touch it, and only those are asked.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: A few corners are walked through faster than their index is made and kept.
_PREPARED_FROM = 100
_MOST_CELLS = 512  # a side


class PolygonIndex:
    """Polygons laid out in cells. Build anew where they change."""

    def __init__(self, polygons: NDArray[np.object_]) -> None:
        self._polygons = polygons
        shapely.prepare(polygons[shapely.get_num_coordinates(polygons) > _PREPARED_FROM])
        self._boxes = shapely.bounds(polygons).reshape(-1, 4)
        drawn = np.flatnonzero(np.isfinite(self._boxes).all(axis=1))
        self._side = int(np.clip(np.ceil(2 * np.sqrt(len(drawn))), 1, _MOST_CELLS))
        if not len(drawn):
            self._origin, self._step = np.zeros(2), np.ones(2)
            self._starts, self._held = (
                np.zeros(self._side**2 + 1, dtype=np.int64),
                np.zeros(0, dtype=np.int64),
            )
            return
        west, south = self._boxes[drawn, :2].min(axis=0)
        east, north = self._boxes[drawn, 2:].max(axis=0)
        self._origin = np.array([west, south])
        # Never 0, also where all lies on a line.
        self._step = np.maximum(np.array([east - west, north - south]), 1e-9) / self._side
        low, high = self._cell(self._boxes[drawn, :2]), self._cell(self._boxes[drawn, 2:])
        wide, tall = high[:, 0] - low[:, 0] + 1, high[:, 1] - low[:, 1] + 1
        owner = np.repeat(np.arange(len(drawn)), wide * tall)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(wide * tall) - wide * tall, wide * tall)
        cells = (low[owner, 0] + place % wide[owner]) * self._side + low[owner, 1] + place // wide[owner]
        order = np.argsort(cells, kind="stable")
        self._held = drawn[owner[order]]
        self._starts = np.searchsorted(cells[order], np.arange(self._side**2 + 1))

    def _cell(self, points: Floats) -> Ints:
        """The cell of each (lon, lat), the nearest one for those outside."""
        with np.errstate(over="ignore"):  # what is far away is infinitely far
            at = np.floor((points - self._origin) / self._step)
        cells: Ints = np.clip(at, 0, self._side - 1).astype(np.int64)
        return cells

    def hits(self, lon: Floats, lat: Floats) -> tuple[Ints, Ints]:
        """(which point, which polygon) of every polygon that holds a point, its edge included.

        Points that are not finite lie nowhere.
        """
        finite = np.isfinite(lon) & np.isfinite(lat)
        points = np.column_stack([np.where(finite, lon, 0.0), np.where(finite, lat, 0.0)])
        at = self._cell(points)
        cells = at[:, 0] * self._side + at[:, 1]
        begins = self._starts[cells]
        counts = np.where(finite, self._starts[cells + 1] - begins, 0)
        which = np.repeat(np.arange(len(lon)), counts)
        found = self._held[np.arange(len(which)) + np.repeat(begins - np.cumsum(counts) + counts, counts)]
        west, south, east, north = self._boxes[found].T
        x, y = lon[which], lat[which]
        near = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        which, found = which[near], found[near]
        inside = shapely.intersects_xy(self._polygons[found], x[near], y[near])
        return which[inside], found[inside]
