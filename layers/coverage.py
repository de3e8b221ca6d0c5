"""Polygons that share their borders, simplified together: a block of tiles at a time, alike in every block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from data_adapters.ledger.snapshot import GridRow, Snapshot
from layers.tiles import TILE_PX, Floats, to_mercator

#: A border's detail on screen, in pixels: what is finer is left out of a tile.
DETAIL_PX = 0.5

Polygons = NDArray[np.object_]


def simplified(polygons: Polygons, detail: float) -> Polygons:
    """Without what is finer than `detail`, in the unit of the polygons; shared borders stay shared."""
    if len(polygons) == 0 or detail <= 0:
        return polygons
    simple: Polygons = shapely.coverage_simplify(polygons, detail)
    return simple


class Boxes:
    """The bounds of the grids of one level in Mercator fractions, with an index."""

    def __init__(self, rows: Sequence[GridRow]) -> None:
        self._rows = [row for row in rows if row.bbox is not None]
        bounds = np.array([row.bbox for row in self._rows], dtype=np.float64).reshape(-1, 4)
        left, low = to_mercator(bounds[:, 0], bounds[:, 1])
        right, high = to_mercator(bounds[:, 2], bounds[:, 3])
        self._boxes: Polygons = shapely.box(left, high, right, low)
        self._tree = shapely.STRtree(self._boxes)

    def count(self, box: tuple[float, float, float, float]) -> int:
        """How many touch `box`."""
        return len(self._tree.query(shapely.box(*box)))

    def around(self, box: tuple[float, float, float, float]) -> list[GridRow]:
        """The grids that touch `box`, and all that may touch one of those. Borders end where three grids meet, so one
        comes out the same whichever block it is made for.
        """
        inside = self._tree.query(shapely.box(*box))
        near = self._tree.query(self._boxes[inside], predicate="intersects")[1]
        return [self._rows[number] for number in np.unique(np.concatenate([inside, near])).tolist()]


class Coverage:
    """The polygons of a block of tiles at one zoom's detail, in Mercator fractions, with an index."""

    def __init__(self, snapshot: Snapshot, rows: Sequence[GridRow], zoom: int) -> None:
        shapes = snapshot.geometries([row.path for row in rows])
        self.rows = [row for row in rows if row.path in shapes]
        degrees = np.array([shapes[row.path] for row in self.rows], dtype=object)
        simple = simplified(shapely.transform(degrees, _mercator), DETAIL_PX / (TILE_PX * 2.0**zoom))
        # Where sources overlap, the coverage is none and a border may cross itself afterwards: no good for cutting.
        broken = ~shapely.is_valid(simple)
        simple[broken] = shapely.make_valid(simple[broken])
        self.polygons = simple
        self._tree = shapely.STRtree(self.polygons)

    def within(self, box: tuple[float, float, float, float]) -> NDArray[np.int64]:
        """Numbers of the polygons whose bounds touch `box`, in order."""
        found: NDArray[np.int64] = np.sort(self._tree.query(shapely.box(*box)))
        return found


def _mercator(vertices: Floats) -> Floats:
    return np.column_stack(to_mercator(vertices[:, 0], vertices[:, 1]))
