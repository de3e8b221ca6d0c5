"""Open cases as points: never at their exact place, sensitive categories not at all (domain dictionary, 2.4).

Where a case is shown is decided in one place, `data_adapters.ledger.display`, which the live feed asks too.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_adapters.ledger.display import display_point
from data_adapters.ledger.snapshot import CaseRow, Snapshot
from data_adapters.records.dictionary import HIDDEN_CATEGORIES
from layers.mvt import point_layer
from layers.nearest import metres
from layers.tiles import EXTENT, TILE_PX, Floats, Tile, to_mercator

#: Cases closer than this on the screen are one point of a tile: 64 x 64 points to a tile at most.
MERGED_PX = 8
KEPT_SCOPES = 8
#: More cases than this are not looked at anew with every change, but after so many seconds.
MANY, MANY_STAND_S = 2_000, 8.0
_DEGREE_M, _SNAP_M = 110_000.0, 300.0
#: What of a case its point needs.
_DRAWN = ("case_no", "lon", "lat", "placed", "grade", "light", "category")
#: What decides which case speaks for several in one spot: the light, then the grade.
_LIGHTS = {"RED": 3, "YELLOW": 2, "GREEN": 1}
_GRADES = {"PETITION_BACKLOG": 3, "MAJOR": 3, "COMPLEX": 2, "ORDINARY": 1}


def case_point(row: CaseRow) -> tuple[float, float] | None:
    """Where a case is drawn (lon, lat degrees). None if it lies in no grid, has no place or must not be drawn."""
    if not row.placed or row.category in HIDDEN_CATEGORIES:
        return None
    return display_point(row.lon, row.lat, row.category)


def nearest_case(snapshot: Snapshot, lon: float, lat: float) -> tuple[CaseRow, float] | None:
    """(the drawn case nearest to a place, metres to where it is drawn); None where the scope draws none.

    The boxes that are looked through grow until one surely holds the nearest.
    """
    columns = (*_DRAWN, "kind", "state", "reported_at")
    for half in (0.02, 0.12, 0.7, 360.0):
        across = half / max(0.05, math.cos(math.radians(lat)))
        rows = snapshot.unfinished_in(lon - across, lat - half, lon + across, lat + half, *columns)
        drawn = [(row, point) for row in rows if (point := case_point(row)) is not None]
        if not drawn:
            continue
        places = np.array([point for _, point in drawn], dtype=np.float64)
        distance = metres(lon, lat, places[:, 0], places[:, 1])
        at = int(np.argmin(distance))
        # Snapped to its cell a case moves by some hundred metres: what is nearer than the box less that is nearest.
        if half >= 360 or distance[at] <= half * _DEGREE_M - _SNAP_M:
            return drawn[at][0], float(distance[at])
    return None


def cases_geojson(snapshot: Snapshot, path: str) -> dict[str, Any]:
    """The open cases of the grid at `path` as points with `case_no`, `grade` and `light`."""
    features = []
    for row in snapshot.unfinished_cases(path, *_DRAWN):
        point = case_point(row)
        if point is not None:
            properties = {"case_no": row.case_no, "grade": row.grade, "light": row.light}
            geometry = {"type": "Point", "coordinates": list(point)}
            features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


@dataclass(frozen=True, slots=True)
class _Points:
    """Drawn cases, the most urgent first."""

    x: Floats
    y: Floats
    case_no: NDArray[np.str_]
    grade: NDArray[np.str_]
    light: NDArray[np.str_]
    made_at: datetime

    @classmethod
    def of(cls, snapshot: Snapshot) -> _Points:
        pairs = [(row, case_point(row)) for row in snapshot.unfinished_cases(snapshot.scope.path, *_DRAWN)]
        drawn = [(row, point) for row, point in pairs if point is not None]
        drawn.sort(key=lambda pair: (*_urgency(pair[0]), pair[0].case_no), reverse=True)
        places = np.array([point for _, point in drawn], dtype=np.float64).reshape(-1, 2)
        x, y = to_mercator(places[:, 0], places[:, 1])
        case_no, grade, light = (
            np.array([getattr(row, name) or "" for row, _ in drawn], dtype=np.str_)
            for name in ("case_no", "grade", "light")
        )
        return cls(x, y, case_no, grade, light, snapshot.now)


def _urgency(row: CaseRow) -> tuple[int, int]:
    return _LIGHTS.get(row.light, 0), _GRADES.get(row.grade, 0)


class CaseLayer:
    """The layer `case`: points with `n` cases each, and the most urgent one's `case_no`, `grade` and `light`.

    Each case belongs to exactly one tile and one point, so `n` adds up. Safe for several threads.
    """

    id = "case"
    title = "案件"
    unit = "件"
    min_zoom = 0
    max_zoom = 16

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[str, _Points]] = OrderedDict()
        self._lock = threading.Lock()

    def revision(self, snapshot: Snapshot) -> str:
        """Changes with every change in the log: each may be a case's. Of many points it stands for `MANY_STAND_S`."""
        epoch, seq = snapshot.position()
        with self._lock:
            kept = self._kept.get(snapshot.scope.path)
            if kept is not None and kept[0].startswith(epoch + ".") and self._stands(kept[1], snapshot):
                return kept[0]
        return f"{epoch}.{seq}"

    @staticmethod
    def _stands(points: _Points, snapshot: Snapshot) -> bool:
        age_s = (snapshot.now - points.made_at).total_seconds()
        return len(points.x) > MANY and 0 <= age_s < MANY_STAND_S

    def tile(self, snapshot: Snapshot, tile: Tile) -> bytes:
        """The open cases inside the snapshot's scope as a vector tile."""
        points = self._points(snapshot)
        left, top, right, bottom = tile.bounds
        inside = (points.x >= left) & (points.x < right) & (points.y >= top) & (points.y < bottom)
        chosen = np.flatnonzero(inside)
        if len(chosen) == 0:
            return b""
        units = tile.units(points.x[chosen], points.y[chosen])
        width = EXTENT * MERGED_PX // TILE_PX
        cells = (units[:, 1] // width) * EXTENT + units[:, 0] // width
        _, first, n = np.unique(cells, return_index=True, return_counts=True)
        speaker = chosen[first]
        return point_layer(
            "case",
            np.clip(units[first], 0, EXTENT - 1),
            {
                "n": n.tolist(),
                "case_no": points.case_no[speaker].tolist(),
                "grade": points.grade[speaker].tolist(),
                "light": points.light[speaker].tolist(),
            },
        )

    def _points(self, snapshot: Snapshot) -> _Points:
        key, revision = snapshot.scope.path, self.revision(snapshot)
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] != revision:
                kept = self._kept[key] = (revision, _Points.of(snapshot))
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT_SCOPES:
                self._kept.popitem(last=False)
            return kept[1]
