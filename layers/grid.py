"""Grids: their polygons as GeoJSON for the page, and as vector tiles whose level follows the zoom.

Neighbours are always simplified together as one coverage, so a shared border stays one line. Nothing but what
lies in the snapshot's scope comes out: of a township's display neither its neighbours nor what is above it.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from data_adapters.ledger.snapshot import GridRow, Snapshot
from layers.coverage import Boxes, Coverage, simplified
from layers.mvt import polygon_layer
from layers.tiles import EXTENT, Tile, metres_per_pixel

#: A drawn grid is never more than about this many pixels across, so a border's detail is a fraction of it.
FRAME_PX = 4096
#: GeoJSON with more vertices than this is simplified further: some 25 bytes each, so less than 300 KB an answer.
MOST_VERTICES = 9_000
MOST_DOUBLINGS = 8
#: The deepest level whose grids measure at least this much across, in pixels, is drawn.
LEAST_PX = 20.0
#: A tile with more grids than this is drawn one level higher: towns are denser than the average.
MOST_GRIDS = 800
#: How far borders reach beyond their tile, in tile units, so that lines do not end at its edge.
BUFFER = 64.0
KEPT_PLANS = 8
#: Borders are made for so many tiles at once, in either direction: two to the power of it. Neighbours share the work,
#: and nobody waits for the borders of a whole province.
BLOCK_STEPS = 1
KEPT_COVERAGES = 256

Feature = dict[str, Any]


def children_geojson(snapshot: Snapshot, path: str) -> Feature:
    """The children of the grid at `path` as a FeatureCollection; shared borders stay shared."""
    here = snapshot.grid_at(path)
    # Outside the scope there is no such grid, even where one of its children is the viewer's own.
    rows = snapshot.children(path) if here else []
    return collection(snapshot, rows, here) if here else _collection(snapshot, [], 0.0)


def collection(snapshot: Snapshot, rows: Sequence[GridRow], here: GridRow) -> Feature:
    """`rows` as a FeatureCollection, as fine as a map that shows `here` can tell; shared borders stay shared."""
    return _collection(snapshot, rows, _detail([here] if here.bbox else rows))


def grid_geojson(snapshot: Snapshot, code: str) -> Feature | None:
    """One grid as a Feature, or None where the scope has no such grid."""
    here = snapshot.grid(code)
    if here is None:
        return None
    feature: Feature = _collection(snapshot, [here], _detail([here]))["features"][0]
    return feature


def outline_geojson(snapshot: Snapshot, path: str) -> Feature:
    """The grid at `path` (`role` ``self``) and the siblings next to it (``sibling``), for orientation."""
    here = snapshot.grid_at(path)
    if here is None:
        return _collection(snapshot, [], 0.0)
    siblings = snapshot.children(here.parent_path) if here.parent_path else []
    rows = [here, *(row for row in siblings if row.path != path and _near(here, row))]
    found = _collection(snapshot, rows, _detail([here]))
    for feature in found["features"]:
        feature["properties"]["role"] = "self" if feature["properties"]["code"] == here.code else "sibling"
    return found


def _collection(snapshot: Snapshot, rows: Sequence[GridRow], detail: float) -> Feature:
    """Rows as GeoJSON features; ``geometry`` is null for a grid without a polygon. Six decimals are 0.1 m."""
    shapes = snapshot.geometries([row.path for row in rows])
    drawn = [row.path for row in rows if row.path in shapes]
    simple = simplified(np.array([shapes[path] for path in drawn], dtype=object), detail)
    # Ragged coasts have more to tell than a page should load. Islands never vanish, so it may end above the mark.
    for _ in range(MOST_DOUBLINGS):
        if shapely.get_num_coordinates(simple).sum() <= MOST_VERTICES:
            break
        detail *= 2
        simple = simplified(simple, detail)
    rounded = shapely.transform(simple, lambda vertices: np.round(vertices, 6))
    geometry = dict(zip(drawn, map(orjson.loads, shapely.to_geojson(rounded)), strict=True))
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": _properties(row), "geometry": geometry.get(row.path)}
            for row in rows
        ],
    }


def _properties(row: GridRow) -> dict[str, Any]:
    # The path is the ledger's own affair: it tells how many siblings came before.
    return {
        "code": row.code,
        "name": row.label,
        "level": row.level,
        "lon": None if row.lon is None else round(row.lon, 6),
        "lat": None if row.lat is None else round(row.lat, 6),
    }


def _detail(rows: Sequence[GridRow]) -> float:
    """Degrees that are less than a pixel when `rows` fill the map."""
    boxes = [row.bbox for row in rows if row.bbox is not None]
    if not boxes:
        return 0.0
    west, south, east, north = zip(*boxes, strict=True)
    return float(max(max(east) - min(west), max(north) - min(south))) / FRAME_PX


def _near(here: GridRow, other: GridRow) -> bool:
    """Whether `other` comes into view when the map shows `here`: within one span of it on every side."""
    if here.bbox is None or other.bbox is None:
        return False
    west, south, east, north = here.bbox
    span = max(east - west, north - south)
    return (
        other.bbox[0] <= east + span
        and other.bbox[2] >= west - span
        and other.bbox[1] <= north + span
        and other.bbox[3] >= south - span
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a scope can draw: for each level its grids (and those above that have no children), and their size."""

    levels: tuple[int, ...]
    rows: dict[int, list[GridRow]]
    across_m: dict[int, float]
    lat: float
    boxes: dict[int, Boxes]

    @classmethod
    def of(cls, snapshot: Snapshot) -> _Plan:
        top = snapshot.top_grid()
        if top is None:
            return cls((), {}, {}, 0.0, {})
        levels = sorted(snapshot.subtree_levels(top.path))
        drawn: dict[int, list[GridRow]] = {}
        cells = [top]
        for level in levels:
            if level == top.level:
                continue
            below = snapshot.grids_of_level(level)
            parents = {row.parent_path for row in below}
            cells = [row for row in cells if row.path not in parents and row.path != top.path] + below
            drawn[level] = cells
        rows = drawn or {top.level: [top]}
        across = {level: _across_m(cells) for level, cells in rows.items()}
        boxes = {level: Boxes(cells) for level, cells in rows.items()}
        return cls(tuple(sorted(rows)), rows, across, top.lat or 0.0, boxes)

    def level(self, zoom: int) -> int:
        """The level drawn at a zoom: the deepest that is not too small, or the highest there is."""
        least = LEAST_PX * metres_per_pixel(zoom, self.lat)
        return max((n for n in self.levels if self.across_m[n] >= least), default=self.levels[0])


def _across_m(rows: Sequence[GridRow]) -> float:
    areas = [row.area_km2 for row in rows if row.area_km2]
    return math.sqrt(sum(areas) / len(areas)) * 1000 if areas else 0.0


class GridLayer:
    """The layer `grid`: polygons with `code`, `name` and `level`. Safe for several threads."""

    id = "grid"
    title = "网格"
    unit = "个"
    min_zoom = 0
    max_zoom = 15

    def __init__(self) -> None:
        self._plans: OrderedDict[tuple[str, str], _Plan] = OrderedDict()
        self._coverages: OrderedDict[tuple[str, str, int, Tile], Coverage] = OrderedDict()
        self._lock = threading.Lock()

    def revision(self, snapshot: Snapshot) -> str:
        """Changes whenever a tile of this layer may."""
        return f"{snapshot.position()[0]}.{snapshot.grid_revision()}"

    def tile(self, snapshot: Snapshot, tile: Tile) -> bytes:
        """The grids of the tile's zoom inside the snapshot's scope as a vector tile."""
        with self._lock:
            plan = self._plan(snapshot)
            if not plan.levels:
                return b""
            at = plan.levels.index(plan.level(tile.z))
            while at > 0 and plan.boxes[plan.levels[at]].count(tile.box(BUFFER)) > MOST_GRIDS:
                at -= 1
            coverage = self._coverage(snapshot, plan, plan.levels[at], tile)
        return _encode(coverage, coverage.within(tile.box(BUFFER)), tile)

    def warm(self, snapshot: Snapshot) -> None:
        """Know what the snapshot's scope can draw, which for a province takes seconds."""
        with self._lock:
            self._plan(snapshot)

    def _coverage(self, snapshot: Snapshot, plan: _Plan, level: int, tile: Tile) -> Coverage:
        steps = min(BLOCK_STEPS, tile.z)
        block = Tile(tile.z - steps, tile.x >> steps, tile.y >> steps)
        key = (snapshot.scope.path, self.revision(snapshot), level, block)
        coverage = self._coverages.get(key)
        if coverage is None:
            # The buffer of a tile is a fraction of its side, which is so much less of the block's.
            rows = plan.boxes[level].around(block.box(BUFFER / 2**steps))
            coverage = self._coverages[key] = Coverage(snapshot, rows, min(tile.z, self.max_zoom))
        self._coverages.move_to_end(key)
        while len(self._coverages) > KEPT_COVERAGES:
            self._coverages.popitem(last=False)
        return coverage

    def _plan(self, snapshot: Snapshot) -> _Plan:
        key = (snapshot.scope.path, self.revision(snapshot))
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = _Plan.of(snapshot)
        self._plans.move_to_end(key)
        while len(self._plans) > KEPT_PLANS:
            self._plans.popitem(last=False)
        return plan


def _encode(coverage: Coverage, found: NDArray[np.int64], tile: Tile) -> bytes:
    inside = shapely.transform(coverage.polygons[found], lambda v: tile.units(v[:, 0], v[:, 1]))
    edge = EXTENT + BUFFER
    rows = [coverage.rows[number] for number in found]
    return polygon_layer(
        "grid",
        shapely.clip_by_rect(inside, -BUFFER, -BUFFER, edge, edge),
        {
            "code": [row.code for row in rows],
            "name": [row.label for row in rows],
            "level": [row.level for row in rows],
        },
    )
