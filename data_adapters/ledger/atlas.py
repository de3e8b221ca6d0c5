"""Every grid the writer needs at hand: code to path, and a point to the one grid that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from data_adapters.ledger.columns import as_date, day_number
from data_adapters.ledger.scope import depth
from data_adapters.ledger.tables import grid
from data_adapters.polygon_index import PolygonIndex
from data_adapters.suggestion import nearest

_FAR = 10**7
_ASKED_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class _Version:
    code: str
    path: str
    label: str
    valid_from: date | None
    valid_to: date | None
    predecessor: str | None

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
        self._asked: dict[tuple[str, int], str | None] = {}
        self._versions_of: dict[str, list[_Version]] = {}
        self._successors_of: dict[str, list[_Version]] = {}
        for version in versions:
            self._versions_of.setdefault(version.code, []).append(version)
            if version.predecessor is not None and version.predecessor != version.code:
                self._successors_of.setdefault(version.predecessor, []).append(version)
        drawn = [number for number, wkb in enumerate(geometries) if wkb is not None]
        shapes = np.asarray(shapely.from_wkb([geometries[number] for number in drawn]), dtype=object)
        by_depth: dict[int, list[int]] = {}
        for place, number in enumerate(drawn):
            by_depth.setdefault(depth(versions[number].path), []).append(place)
        # The deepest first; of one depth, sorted by path.
        self._floors = [
            _Floor([versions[drawn[place]] for place in places], shapes[places])
            for _, places in sorted(by_depth.items(), reverse=True)
        ]

    @classmethod
    def load(cls, connection: sa.Connection) -> Atlas:
        """Every version of every grid, current ones last so that they win by code."""
        columns = (
            grid.c.code,
            grid.c.path,
            sa.func.coalesce(grid.c.short_name, grid.c.name).label("label"),
            grid.c.valid_from,
            grid.c.valid_to,
            grid.c.predecessor,
            grid.c.geometry,
            grid.c.current,
        )
        rows = connection.execute(sa.select(*columns).order_by(grid.c.current, grid.c.path)).all()
        return cls(
            [
                _Version(row.code, row.path, row.label, row.valid_from, row.valid_to, row.predecessor)
                for row in rows
            ],
            [row.geometry for row in rows],
            [row.current for row in rows],
        )

    def resolve(self, code: str, day: date) -> str | None:
        """The path of the grid that `code` meant on `day`, None for a code that means none.

        The version of this code that held on the day; else the one grid that came after it by then (a code whose
        grid was split into several means none of them); else the grid that has the code today.
        """
        for version in reversed(self._versions_of.get(code, ())):  # the current one stands last
            if version.holds_on(day):
                return version.path
        return self._successor(code, day, {code}) or self.by_code.get(code)

    def resolve_columns(self, codes: NDArray[np.object_], days: NDArray[np.int64]) -> NDArray[np.object_]:
        """`resolve` of many codes, each on its own day since 1970-01-01; None stays None."""
        numbers, unique = pd.factorize(codes)
        # Most codes have one version for all time, whose day does not matter.
        always = [self._versions_of[code][0].path if self._undated(code) else None for code in unique]
        found = np.array([*always, None], dtype=object)[numbers]
        for at in np.flatnonzero((numbers >= 0) & pd.isna(found)).tolist():
            found[at] = self._resolved(codes[at], int(days[at]))
        return found

    def _undated(self, code: str) -> bool:
        versions = self._versions_of.get(code, ())
        return len(versions) == 1 and versions[0].valid_from is versions[0].valid_to is None

    def _resolved(self, code: str, day: int) -> str | None:
        if (code, day) not in self._asked:
            if len(self._asked) >= _ASKED_KEPT:
                self._asked.clear()
            self._asked[code, day] = self.resolve(code, as_date(day))
        return self._asked[code, day]

    def _successor(self, code: str, day: date, seen: set[str]) -> str | None:
        heirs = self._successors_of.get(code, ())
        held = {version.path for version in heirs if version.holds_on(day)}
        if not held:
            # It was itself replaced by then.
            for heir in {version.code for version in heirs} - seen:
                found = self._successor(heir, day, seen | {heir})
                held |= {found} if found is not None else set()
        return held.pop() if len(held) == 1 else None

    def nearest(self, code: str) -> str | None:
        """The code of the current grid that is written most like `code`."""
        return nearest(code, self.by_code)

    def locate(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], days: Sequence[date]
    ) -> list[str | None]:
        """The path of the deepest grid that holds each point on its day, None outside all.

        Degrees in EPSG:4490. A point on a shared border belongs to exactly one grid: of the deepest, the one
        whose path sorts first (the half-open rule of the domain dictionary, section 6).
        """
        numbers = np.array([day_number(day) for day in days], dtype=np.int64)
        found: list[str | None] = self.locate_columns(lon, lat, numbers).tolist()
        return found

    def locate_columns(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], days: NDArray[np.int64]
    ) -> NDArray[np.object_]:
        """`locate` with ``days`` since 1970-01-01: an object array of paths and None."""
        found = np.full(len(lon), None, dtype=object)
        left = np.arange(len(lon))
        for floor in self._floors:
            if len(left) == 0:
                break
            here = floor.locate(lon[left], lat[left], days[left])
            held = here >= 0
            found[left[held]] = floor.paths[here[held]]
            left = left[~held]
        return found


class _Floor:
    """The drawn grids of one depth, by path."""

    def __init__(self, versions: Sequence[_Version], polygons: NDArray[np.object_]) -> None:
        order = sorted(range(len(versions)), key=lambda number: versions[number].path)
        self.paths = np.array([versions[number].path for number in order], dtype=object)
        self._from = np.array([_day(versions[n].valid_from, -_FAR) for n in order], dtype=np.int64)
        self._to = np.array([_day(versions[n].valid_to, _FAR) for n in order], dtype=np.int64)
        self._index = PolygonIndex(polygons[order])

    def locate(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], days: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """The number of the first grid that holds each point on its day, -1 where none does."""
        which, hits = self._index.hits(lon, lat)
        holds = (self._from[hits] <= days[which]) & (days[which] < self._to[hits])
        found = np.full(len(lon), len(self.paths), dtype=np.int64)
        np.minimum.at(found, which[holds], hits[holds])
        found[found == len(self.paths)] = -1
        return found


def _day(day: date | None, unknown: int) -> int:
    return unknown if day is None else day_number(day)
