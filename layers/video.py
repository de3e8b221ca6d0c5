"""Video points: clusters with total, online and fault from afar, single points from close by.

Points are sorted once by Morton code (the bits of x and y interleaved), so whatever lies in a tile, or in a
cell of one, is a run of that order, and running sums give the counts and the mean place of any run without
touching its points: a tile costs the same at zoom 5 with a million points in it as at zoom 14 with ten.

Each point belongs to exactly one cell and each cell to exactly one tile (left and top edges belong to it). There
is no buffer: MapLibre draws circles across tile edges by itself, and so the totals of all tiles of a zoom add up
to the number of points.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from data_adapters.ledger.snapshot import Snapshot, VideoColumns
from layers.mvt import Value, point_layer
from layers.tiles import EXTENT, Floats, Tile, to_mercator

#: From this zoom on every point is drawn by itself, unless a tile holds more than `MAX_SINGLES`.
SINGLES_ZOOM = 15
#: Keeps a tile under 200 KB: a single point takes up to 60 bytes.
MAX_SINGLES = 3_000
#: Cells of 32 px in a tile of 512 px, 16 x 16 of them. Between two zooms a tile is enlarged up to twice, so cells
#: measure 32 to 64 px on the screen.
CLUSTER_STEPS = 4
#: Where a close tile is too full: cells of 16 px, 32 x 32 to a tile.
CROWDED_STEPS = 5
#: Most scopes kept at hand at once.
KEPT_SCOPES = 8

_BITS = 30
_FAULTS = ("VLOST", "DEFECT")

Codes = NDArray[np.int64]


class VideoIndex:
    """The video points of one scope, ready for any tile. Build it from columns; it never changes."""

    def __init__(self, columns: VideoColumns) -> None:
        x, y = to_mercator(columns.lon, columns.lat)
        across, down = _whole(x), _whole(y)
        codes = _interleave(across) | _interleave(down) << 1
        order = np.argsort(codes, kind="stable")
        online = columns.status[order] == "ON"
        fault = np.isin(columns.status[order], _FAULTS)
        self._columns = columns
        self._order = order
        self._codes = codes[order]
        self._x, self._y = across[order], down[order]
        self._sum_x, self._sum_y = _running(self._x), _running(self._y)
        self._online, self._fault = _running(online), _running(fault)

    def __len__(self) -> int:
        """How many points there are."""
        return len(self._order)

    def tile(self, tile: Tile) -> bytes:
        """The vector tile: layer `video`, empty bytes where there is no point.

        Every feature has `total`, `online` (status ON) and `fault` (VLOST or DEFECT; the rest is OFF), and lies at
        the mean place of its points. A single point also has `point_id`, `status` and, if known, `category`
        (its `point_class`). Names are left out.
        """
        first, end = self._run(tile)
        if first == end:
            return b""
        if tile.z < SINGLES_ZOOM:
            edges = self._cells(tile, first, end, CLUSTER_STEPS)
        elif end - first > MAX_SINGLES:
            edges = self._cells(tile, first, end, CROWDED_STEPS)
        else:
            edges = np.arange(first, end + 1)
        return self._encode(tile, edges)

    def _run(self, tile: Tile) -> tuple[int, int]:
        """The places in the order at which the tile's points begin and end."""
        shift = 2 * (_BITS - tile.z)
        corner = int(_interleave(np.array([tile.x]))[0] | _interleave(np.array([tile.y]))[0] << 1)
        first, end = np.searchsorted(self._codes, np.array([corner << shift, corner + 1 << shift]))
        return int(first), int(end)

    def _cells(self, tile: Tile, first: int, end: int, steps: int) -> Codes:
        """Where in the order the tile's filled cells begin, and the end of the last: 4 ** steps cells at most."""
        shift = 2 * (_BITS - tile.z - steps)
        lowest = self._codes[first] >> shift
        highest = self._codes[end - 1] >> shift
        corners = np.arange(lowest, highest + 1, dtype=np.int64) << shift
        begins = np.searchsorted(self._codes[first:end], corners) + first
        return np.unique(np.r_[begins, end])

    def _encode(self, tile: Tile, edges: Codes) -> bytes:
        total = np.diff(edges)
        mean_x = (self._sum_x[edges[1:]] - self._sum_x[edges[:-1]]) / total
        mean_y = (self._sum_y[edges[1:]] - self._sum_y[edges[:-1]]) / total
        # Half a step: a whole number stands for the small square that begins there.
        units = tile.units((mean_x + 0.5) / 2**_BITS, (mean_y + 0.5) / 2**_BITS)
        single = np.flatnonzero(total == 1)
        rows = self._order[edges[:-1][single]]
        return point_layer(
            "video",
            np.clip(units, 0, EXTENT - 1),
            {
                "total": total.tolist(),
                "online": (self._online[edges[1:]] - self._online[edges[:-1]]).tolist(),
                "fault": (self._fault[edges[1:]] - self._fault[edges[:-1]]).tolist(),
                "point_id": _spread(len(total), single, self._columns.point_id[rows]),
                "status": _spread(len(total), single, self._columns.status[rows]),
                "category": _spread(len(total), single, self._columns.point_class[rows]),
            },
        )


class VideoLayer:
    """The layer `video`. Keeps the indexes of the scopes that were asked for last. Safe for several threads."""

    id = "video"
    title = "视频点位"
    unit = "路"
    min_zoom = 0
    max_zoom = 16

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[str, VideoIndex]] = OrderedDict()
        self._lock = threading.Lock()

    def revision(self, snapshot: Snapshot) -> str:
        """Changes whenever a tile of this layer may."""
        return f"{snapshot.position()[0]}.{snapshot.grid_revision()}.{snapshot.video_revision()}"

    def tile(self, snapshot: Snapshot, tile: Tile) -> bytes:
        """The points inside the snapshot's scope as a vector tile."""
        return self.index(snapshot).tile(tile)

    def index(self, snapshot: Snapshot) -> VideoIndex:
        """The index of the snapshot's scope as it is now."""
        key, revision = snapshot.scope.path, self.revision(snapshot)
        # One thread builds, the others wait for it: tiles come a dozen at a time.
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] != revision:
                kept = self._kept[key] = (revision, VideoIndex(snapshot.points()))
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT_SCOPES:
                self._kept.popitem(last=False)
            return kept[1]


def _whole(fractions: Floats) -> Codes:
    """Mercator fractions as whole numbers of `_BITS` bits; the far edge of the world counts to the last."""
    whole: Codes = np.minimum(fractions * 2**_BITS, 2**_BITS - 1).astype(np.int64)
    return whole


def _interleave(values: Codes) -> Codes:
    """The bits of numbers below 2 ** 30 spread out to the even places."""
    spread = values.astype(np.int64)
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        spread = (spread | spread << shift) & mask
    return spread


def _running(values: NDArray[np.int64] | NDArray[np.bool_]) -> Codes:
    """sums[b] - sums[a] is the sum of values[a:b]."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(values, dtype=np.int64)])


def _spread(count: int, places: Codes, values: NDArray[np.str_]) -> list[Value]:
    """`values` at their places among `count` features, None elsewhere and where a value is empty."""
    column: list[Value] = [None] * count
    for place, value in zip(places.tolist(), values.tolist(), strict=True):
        column[place] = value or None
    return column
