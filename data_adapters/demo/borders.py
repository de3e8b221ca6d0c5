"""From cells to polygons: every shared border is one arc, smoothed once, used by both sides and at every level."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely

from data_adapters.demo.mesh import Floats, Ints, Mesh

OUTSIDE = -1
_KEPT_DETAIL_KM = 0.022
_MAX_REPAIRS = 8


@dataclass
class Arc:
    """A border between two leaves (``left``, ``right`` of its direction), from one junction to the next."""

    left: int
    right: int
    start: int
    end: int
    line: Floats


class Borders:
    """All arcs of a partition of the mesh into leaves."""

    def __init__(self, mesh: Mesh, leaf_of_cell: Ints) -> None:
        self._mesh = mesh
        self._raw = _trace(mesh, leaf_of_cell)
        self.arcs = [_smoothed(arc) for arc in self._raw]

    def place(self, lon: float, lat: float) -> None:
        """Move everything from kilometres to degrees (EPSG:4490) around `lon`, `lat`, to six decimals."""
        scale = np.array([1 / (111.320 * np.cos(np.radians(lat)) * 1.00113), 1 / 110.933])
        for arc in (*self.arcs, *self._raw):
            arc.line = np.round(arc.line * scale + np.array([lon, lat]), 6)

    def polygons(self, unit_of_leaf: Ints) -> list[shapely.Polygon]:
        """One polygon for each unit, in order; `unit_of_leaf` (leaves,) says which leaves make it up."""
        around: dict[int, list[tuple[int, int, Floats]]] = defaultdict(list)
        for arc in self.arcs:
            left = int(unit_of_leaf[arc.left]) if arc.left != OUTSIDE else OUTSIDE
            right = int(unit_of_leaf[arc.right]) if arc.right != OUTSIDE else OUTSIDE
            if left == right:
                continue
            if left != OUTSIDE:
                around[left].append((arc.start, arc.end, arc.line))
            if right != OUTSIDE:
                around[right].append((arc.end, arc.start, arc.line[::-1]))
        return [_polygon(around[unit]) for unit in range(int(unit_of_leaf.max()) + 1)]

    def leaves(self) -> list[shapely.Polygon]:
        """The leaf polygons; where smoothing made borders cross, those arcs go back to the honeycomb's edges."""
        count = max(max(arc.left, arc.right) for arc in self.arcs) + 1
        identity = np.arange(count)
        for _ in range(_MAX_REPAIRS):
            polygons = self.polygons(identity)
            bad = {i for i, polygon in enumerate(polygons) if not polygon.is_valid}
            if not bad:
                edges = shapely.coverage_invalid_edges(polygons)
                bad = {i for i, edge in enumerate(edges) if not edge.is_empty}
            if not bad:
                return polygons
            for number, arc in enumerate(self.arcs):
                if arc.left in bad or arc.right in bad:
                    self.arcs[number] = self._raw[number]
        raise RuntimeError("示范县边界无法闭合：请换一个 seed")


def _trace(mesh: Mesh, leaf: Ints) -> list[Arc]:
    """Follow the sides between different leaves from junction to junction."""
    cell, side = np.nonzero(np.where(mesh.neighbours >= 0, leaf[mesh.neighbours], OUTSIDE) != leaf[:, None])
    starts = mesh.cell_corners[cell, side]
    ends = mesh.cell_corners[cell, (side + 1) % 6]
    beyond = mesh.neighbours[cell, side]
    lefts = leaf[cell]
    rights = np.where(beyond >= 0, leaf[beyond], OUTSIDE)
    once = lefts > rights  # inner sides are found from both cells
    sides = list(zip(*(a[once].tolist() for a in (starts, ends, lefts, rights)), strict=True))
    at: dict[int, list[int]] = defaultdict(list)
    for number, (a, b, _, _) in enumerate(sides):
        at[a].append(number)
        at[b].append(number)

    used = [False] * len(sides)
    arcs: list[Arc] = []

    def follow(first: int) -> None:
        a, b, left, right = sides[first]
        used[first] = True
        path = [a, b]
        while len(at[path[-1]]) == 2 and path[-1] != path[0]:
            following = next((n for n in at[path[-1]] if not used[n]), None)
            if following is None:
                break
            used[following] = True
            path.append(sides[following][1])
        arcs.append(Arc(left, right, path[0], path[-1], mesh.corners[path]))

    for number, (a, _, _, _) in enumerate(sides):
        if not used[number] and len(at[a]) == 3:
            follow(number)
    for number in range(len(sides)):
        if not used[number]:
            follow(number)  # a leaf that lies wholly inside another
    return arcs


def _smoothed(arc: Arc) -> Arc:
    line = arc.line
    closed = arc.start == arc.end
    for _ in range(2):
        if len(line) > 2:
            inner = 0.25 * line[:-2] + 0.5 * line[1:-1] + 0.25 * line[2:]
            line = np.concatenate([line[:1], inner, line[-1:]])
    if not closed and len(line) > 2:
        line = shapely.get_coordinates(shapely.simplify(shapely.LineString(line), _KEPT_DETAIL_KM))
    return Arc(arc.left, arc.right, arc.start, arc.end, line)


def _polygon(pieces: list[tuple[int, int, Floats]]) -> shapely.Polygon:
    """Chain the directed pieces (interior on the left) into one outer ring and its holes."""
    starting = {start: (end, line) for start, end, line in pieces}
    rings = []
    while starting:
        first = next(iter(starting))
        end, line = starting.pop(first)
        parts = [line]
        while end != first:
            end, line = starting.pop(end)
            parts.append(line[1:])
        rings.append(np.concatenate(parts))
    outer = [ring for ring in rings if shapely.is_ccw(shapely.LinearRing(ring))]
    if len(outer) != 1:
        raise RuntimeError("示范县的一个网格不连通：请换一个 seed")
    holes = [ring for ring in rings if ring is not outer[0]]
    return shapely.Polygon(outer[0], holes)
