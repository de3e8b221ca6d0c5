"""Some points of a source, every row as likely as any other: what its coordinate system is judged by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from data_adapters.coordinates import Floats
from data_adapters.crs_verdict import CrsVerdict, best_crs
from data_adapters.ground import Ground
from data_adapters.mapping import Mapping
from data_adapters.readers.reader import Chunk

#: Rows looked at, however many there are: a share is then known to a percentage point.
ROWS = 10_000
#: Of grids fewer: each gives several points.
GRID_ROWS = 2_000


class CrsSample:
    """A reservoir of rows with coordinates. ``stated`` is what the file itself says."""

    def __init__(self, mapping: Mapping) -> None:
        self.stated: str | None = None
        self._mapping = mapping
        self._size = GRID_ROWS if mapping.source.kind == "grid" else ROWS
        self._seen = 0
        self._points: list[tuple[Floats, Floats, list[str | None]]] = []
        self._slots: list[NDArray[np.int64]] = []
        # The same file is judged alike every time.
        self._random = np.random.default_rng(20_260_101)

    def add(self, chunk: Chunk) -> None:
        """Look at a chunk: at all of its rows while there is room, later at ever fewer."""
        self.stated = chunk.crs or self.stated
        numbers = np.arange(self._seen, self._seen + len(chunk.rows))
        self._seen += len(chunk.rows)
        slots = np.where(numbers < self._size, numbers, self._random.integers(0, numbers + 1))
        taken = np.flatnonzero(slots < self._size)
        if not len(taken):
            return
        few = replace(chunk, rows=[chunk.rows[at] for at in taken.tolist()], numbers=None, broken=[])
        x, y, codes = self._mapping.points(few)
        if len(x) != len(taken):  # several points a row: grids are few enough to keep them all
            self._slots.append(np.arange(len(x)) + self._size)
        else:
            self._slots.append(slots[taken])
        self._points.append((x, y, codes))
        if len(self._points) > 1 and sum(map(len, self._slots)) > 4 * self._size:
            self._merge()

    def verdict(self, ground: Ground, declared: str | None) -> CrsVerdict | None:
        """What the points say; None where there are none. Raises `UnknownCrs`."""
        if not self._points:
            return None
        self._merge()
        x, y, codes = self._points[0]
        if not (np.isfinite(x) & np.isfinite(y)).any():
            return None
        return best_crs(x, y, lambda lon, lat: ground.fits(lon, lat, codes), declared, self.stated)

    def _merge(self) -> None:
        """Keep of every slot what was put there last."""
        slots = np.concatenate(self._slots)
        x = np.concatenate([points[0] for points in self._points])
        y = np.concatenate([points[1] for points in self._points])
        codes = [code for points in self._points for code in points[2]]
        if (slots < self._size).all():
            kept = len(slots) - 1 - np.unique(slots[::-1], return_index=True)[1]
            slots, x, y = slots[kept], x[kept], y[kept]
            codes = [codes[at] for at in kept.tolist()]
        self._slots, self._points = [slots], [(x, y, codes)]
