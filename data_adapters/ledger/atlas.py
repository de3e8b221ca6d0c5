"""Every grid the writer needs at hand: code to path, and a point to the one grid that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from data_adapters.ledger.tables import grid


@dataclass(frozen=True, slots=True)
class _Version:
    code: str
    path: str
    label: str
    valid_from: date | None
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )


class Atlas:
    """The grids of one revision, in memory. Build it with `load`; it never changes."""

    def __init__(
        self, versions: Sequence[_Version], geometries: Sequence[bytes | None], current: Sequence[bool]
    ):
        self._versions = versions
        self.by_code = {v.code: v.path for v, now in zip(versions, current, strict=True) if now}
        self.label_of = {v.path: v.label for v, now in zip(versions, current, strict=True) if now}
        self.code_of = {v.path: v.code for v, now in zip(versions, current, strict=True) if now}
        drawn = [number for number, wkb in enumerate(geometries) if wkb is not None]
        self._drawn = drawn
        polygons = np.asarray(shapely.from_wkb([geometries[number] for number in drawn]), dtype=object)
        shapely.prepare(polygons)
        self._polygons = polygons
        self._tree = shapely.STRtree(polygons)

    @classmethod
    def load(cls, connection: sa.Connection) -> Atlas:
        """Every version of every grid, current ones last so that they win by code."""
        columns = (
            grid.c.code,
            grid.c.path,
            sa.func.coalesce(grid.c.short_name, grid.c.name).label("label"),
            grid.c.valid_from,
            grid.c.valid_to,
            grid.c.geometry,
            grid.c.current,
        )
        rows = connection.execute(sa.select(*columns).order_by(grid.c.current, grid.c.path)).all()
        return cls(
            [_Version(row.code, row.path, row.label, row.valid_from, row.valid_to) for row in rows],
            [row.geometry for row in rows],
            [row.current for row in rows],
        )

    def locate(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], days: Sequence[date]
    ) -> list[str | None]:
        """The path of the deepest grid that holds each point on its day, None outside all.

        Degrees in EPSG:4490. A point on a shared border belongs to exactly one grid: of the deepest, the one
        whose path sorts first (the half-open rule of the domain dictionary, section 6).
        """
        found: list[str | None] = [None] * len(lon)
        if not self._drawn:
            return found
        # By box first, then against the prepared polygons: the tree's own predicate would prepare the points.
        which, hits = self._tree.query(shapely.points(lon, lat))
        inside = shapely.intersects_xy(self._polygons[hits], lon[which], lat[which])
        which, hits = which[inside], hits[inside]
        for number, hit in zip(which.tolist(), hits.tolist(), strict=True):
            version = self._versions[self._drawn[hit]]
            if not version.holds_on(days[number]):
                continue
            best = found[number]
            deeper = best is None or len(version.path) > len(best)
            if deeper or (len(version.path) == len(best or "") and version.path < (best or "")):
                found[number] = version.path
        return found
