"""A small county on a real SQLite ledger: 1 root, 4 townships, 16 villages with crooked shared borders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import shapely

from data_adapters.ledger import Ledger, Scope
from data_adapters.records.case import Case
from data_adapters.records.grid import Grid
from data_adapters.records.video import VideoPoint

WEST, SOUTH, SIDE, QUADS = 106.0, 34.6, 0.4, 32
NOW = datetime(2026, 11, 22, 6, 32, tzinfo=UTC)


class County(NamedTuple):
    """The ledger and the polygons that went into it, by code: "R", "T0".."T3", "T0V0".."T3V3"."""

    ledger: Ledger
    shapes: dict[str, shapely.Geometry]

    def scope(self, code: str) -> Scope:
        """The scope of a display at this grid."""
        with self.ledger.read(Scope.everything()) as snapshot:
            row = snapshot.grid(code)
        assert row is not None
        return Scope(row.path)

    def inside(self, code: str) -> tuple[float, float]:
        """lon, lat of a point in a grid."""
        point = self.shapes[code].representative_point()
        return point.x, point.y


def _mesh() -> np.ndarray:
    """Nodes of a mesh of `QUADS` x `QUADS` crooked cells, shape (QUADS + 1, QUADS + 1, 2); the rim is straight."""
    rng = np.random.default_rng(620_500)
    nodes = np.stack(np.meshgrid(np.arange(QUADS + 1), np.arange(QUADS + 1)), axis=-1).astype(float)
    nodes[1:-1, 1:-1] += rng.uniform(-0.3, 0.3, (QUADS - 1, QUADS - 1, 2))
    return nodes / QUADS * SIDE + [WEST, SOUTH]


def _block(nodes: np.ndarray, row: int, column: int, size: int) -> shapely.Polygon:
    """The ring round `size` x `size` cells: neighbours have exactly the same vertices."""
    part = nodes[row : row + size + 1, column : column + size + 1]
    ring = np.concatenate([part[0, :-1], part[:-1, -1], part[-1, :0:-1], part[:0:-1, 0]])
    return shapely.Polygon(ring)


def make_county(url: str) -> County:
    """Grids only."""
    nodes, half, quarter = _mesh(), QUADS // 2, QUADS // 4
    grids = [Grid(code="R", name="示范县", level=0, geometry=_block(nodes, 0, 0, QUADS))]
    for t in range(4):
        row, column = t // 2 * half, t % 2 * half
        shape = _block(nodes, row, column, half)
        grids.append(Grid(code=f"T{t}", name=f"第{t}镇", level=1, parent="R", geometry=shape))
    for t in range(4):
        for v in range(4):
            row, column = t // 2 * half + v // 2 * quarter, t % 2 * half + v % 2 * quarter
            shape = _block(nodes, row, column, quarter)
            code = f"T{t}V{v}"
            grids.append(Grid(code=code, name=f"{t}镇{v}村", level=2, parent=f"T{t}", geometry=shape))
    ledger = Ledger.open(url, clock=lambda: NOW)
    assert {outcome.status for outcome in ledger.write_grids(grids)} == {"accepted"}
    return County(ledger, {grid.code: grid.geometry for grid in grids if grid.geometry is not None})


def a_case(number: int, place: tuple[float, float] | None, **other: object) -> Case:
    """An open case at a place (lon, lat); None for one without."""
    values: dict[str, object] = {
        "source": "test", "source_id": str(number), "kind": "DISPUTE", "category": "邻里", "grade": "ORDINARY",
        "state": "IN_PROGRESS", "occurred_at": NOW, "reported_at": NOW, "accepted_at": NOW,
    }  # fmt: skip
    if place is not None:
        values |= {"lon": place[0], "lat": place[1]}
    return Case(**(values | other))  # type: ignore[arg-type]


def a_point(number: int, place: tuple[float, float], **other: object) -> VideoPoint:
    """A video point at a place (lon, lat)."""
    values: dict[str, object] = {"source": "test", "point_id": f"P{number}", "lon": place[0], "lat": place[1]}
    return VideoPoint(**(values | other))  # type: ignore[arg-type]
