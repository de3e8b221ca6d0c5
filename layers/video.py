"""Video points: clusters with total, online and fault from afar, single points from close by.

Points are sorted once by Morton code (the bits of x and y interleaved), so whatever lies in a tile, or in a
cell of one, is a run of that order, and running sums give the counts and the mean place of any run without
touching its points: a tile costs the same at zoom 5 with a million points in it as at zoom 14 with ten.

Each point belongs to exactly one cell and each cell to exactly one tile (left and top edges belong to it). There
is no buffer: MapLibre draws circles across tile edges by itself, and so the totals of all tiles of a zoom add up
to the number of points.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_adapters.ledger.snapshot import Snapshot, VideoColumns
from layers.mvt import small_point_layer
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

#: Where the search for the nearest begins: tiles of some 150 m.
_NEAR_ZOOM = 18
_BITS = 30
_MASKS = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)
_FAULTS = (b"VLOST", b"DEFECT")
_KEYS = ("total", "online", "fault", "point_id", "status", "category")
EXTENT_BITS = EXTENT.bit_length() - 1
#: Words of the dictionary in a byte a letter: numpy's texts take four.
_WORD = "S8"

Codes = NDArray[np.int64]


class VideoIndex:
    """The video points of one scope, ready for any tile. It never changes; `updated` gives the next one."""

    layer = "video"

    def __init__(self, columns: VideoColumns) -> None:
        x, y = to_mercator(columns.lon, columns.lat)
        across, down = _whole(x), _whole(y)
        codes = _interleave(across) | _interleave(down) << 1
        order = np.argsort(codes, kind="stable")
        self._codes = codes[order]
        self._lon, self._lat = columns.lon[order], columns.lat[order]
        self._ids = _bytes(columns.point_id)[order]
        self._class = columns.point_class[order].astype(_WORD)
        self._sum_x, self._sum_y = _running(across[order]), _running(down[order])
        self._by_id = np.argsort(self._ids, kind="stable")
        self._stand(columns.status[order].astype(_WORD))

    def _stand(self, status: NDArray[np.bytes_]) -> None:
        self._status = status
        self._online = _running(status == b"ON")
        self._fault = _running(np.isin(status, _FAULTS))

    def updated(self, fresh: VideoColumns, hidden: NDArray[np.str_]) -> VideoIndex:
        """The index after `fresh` came in or changed and the points `hidden` went out of sight.

        Where points only changed their status, their places and sums are shared with this index.
        """
        at = self._find(fresh.point_id)
        known = at >= 0
        there = known.copy()
        there[known] = (self._lon[at[known]] == fresh.lon[known]) & (self._lat[at[known]] == fresh.lat[known])
        there[known] &= self._class[at[known]] == fresh.point_class[known].astype(_WORD)
        out = self._find(hidden)
        if not there.all() or (out >= 0).any():
            keep = np.ones(len(self), dtype=bool)
            keep[np.r_[at[known], out[out >= 0]]] = False
            rest = self.rows(np.flatnonzero(keep))
            return VideoIndex(joined(rest, fresh))
        after = copy(self)
        status = self._status.copy()
        status[at] = fresh.status
        after._stand(status)
        return after

    def _find(self, ids: NDArray[Any]) -> Codes:
        """Where points are in the order, -1 for those that are not."""
        if len(self) == 0:
            return np.full(len(ids), -1)
        ids = _bytes(ids)
        if ids.dtype.itemsize < self._ids.dtype.itemsize:
            ids = ids.astype(self._ids.dtype)  # else numpy would widen, and copy, all of ours
        place = np.minimum(np.searchsorted(self._ids, ids, sorter=self._by_id), len(self) - 1)
        found = self._by_id[place]
        return np.where(self._ids[found] == ids, found, -1)

    def near(self, lon: float, lat: float, limit: int) -> Codes:
        """Numbers of points around a place, the `limit` nearest among them: those of the nine tiles around it."""
        x, y = to_mercator(np.array([lon]), np.array([lat]))
        for zoom in range(_NEAR_ZOOM, 0, -1):
            across, down = int(x[0] * 2**zoom), int(y[0] * 2**zoom)
            last = 2**zoom - 1
            runs = [
                np.arange(*self._run(Tile(zoom, i, j)))
                for i in range(max(across - 1, 0), min(across + 1, last) + 1)
                for j in range(max(down - 1, 0), min(down + 1, last) + 1)
            ]
            found = np.concatenate(runs)
            # The nearest may lie a whole tile away, and as far in the next zoom's tiles: one zoom more is enough.
            if len(found) >= limit and self._reach(found, x[0], y[0], limit) <= 0.5**zoom:
                return found
        return np.arange(len(self))

    def _reach(self, found: Codes, x: float, y: float, limit: int) -> float:
        """The distance of the `limit`-th nearest, as a fraction of the world."""
        across, down = to_mercator(self._lon[found], self._lat[found])
        return float(np.partition(np.hypot(across - x, down - y), limit - 1)[limit - 1])

    def rows(self, numbers: Codes) -> VideoColumns:
        """The points of these numbers."""
        return VideoColumns(
            self._ids[numbers],
            self._lon[numbers],
            self._lat[numbers],
            self._status[numbers].astype("U8"),
            self._class[numbers].astype("U8"),
        )

    def __len__(self) -> int:
        """How many points there are."""
        return len(self._codes)

    @property
    def nbytes(self) -> int:
        """The memory it takes."""
        return sum(held.nbytes for held in vars(self).values())

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
            return self._singles(tile, first, end)
        return self._encode(tile, edges)

    def _run(self, tile: Tile) -> tuple[int, int]:
        """The places in the order at which the tile's points begin and end."""
        shift = 2 * (_BITS - tile.z)
        corner = _spread_bits(tile.x) | _spread_bits(tile.y) << 1
        first, end = np.searchsorted(self._codes, np.array([corner << shift, corner + 1 << shift])).tolist()
        return first, end

    def _cells(self, tile: Tile, first: int, end: int, steps: int) -> Codes:
        """Where in the order the tile's filled cells begin, and the end of the last: 4 ** steps cells at most."""
        shift = 2 * (_BITS - tile.z - steps)
        lowest = self._codes[first] >> shift
        highest = self._codes[end - 1] >> shift
        corners = np.arange(lowest, highest + 1, dtype=np.int64) << shift
        begins = np.searchsorted(self._codes[first:end], corners) + first
        # Begins are in order; an empty cell begins where the next one does.
        filled = begins[np.flatnonzero(np.diff(begins, append=end))]
        return np.concatenate([filled, [end]])

    def _singles(self, tile: Tile, first: int, end: int) -> bytes:
        """Every point by itself: its place is the whole number it lies at."""
        shift = _BITS - EXTENT_BITS - tile.z
        places = [np.diff(sums[first : end + 1]) for sums in (self._sum_x, self._sum_y)]
        xs, ys = (
            ((place >> shift if shift >= 0 else place << -shift) & (EXTENT - 1)).tolist() for place in places
        )
        status = self._status[first:end].tolist()
        rows = zip(
            itertools.repeat(1),
            (int(one == b"ON") for one in status),
            (int(one in _FAULTS) for one in status),
            self._ids[first:end].tolist(),
            status,
            (one or None for one in self._class[first:end].tolist()),
            strict=False,
        )
        return small_point_layer(self.layer, _KEYS, xs, ys, rows)

    def _encode(self, tile: Tile, edges: Codes) -> bytes:
        total = np.diff(edges)
        mean_x = (self._sum_x[edges[1:]] - self._sum_x[edges[:-1]]) / total
        mean_y = (self._sum_y[edges[1:]] - self._sum_y[edges[:-1]]) / total
        # Half a step: a whole number stands for the small square that begins there.
        units = tile.units((mean_x + 0.5) / 2**_BITS, (mean_y + 0.5) / 2**_BITS)
        single = np.flatnonzero(total == 1)
        rows = edges[:-1][single]
        xs, ys = np.clip(units, 0, EXTENT - 1).astype(np.int64).T.tolist()
        columns = [
            total.tolist(),
            (self._online[edges[1:]] - self._online[edges[:-1]]).tolist(),
            (self._fault[edges[1:]] - self._fault[edges[:-1]]).tolist(),
            *(_spread(len(total), single, held[rows]) for held in (self._ids, self._status, self._class)),
        ]
        return small_point_layer(self.layer, _KEYS, xs, ys, zip(*columns, strict=True))


class VideoLayer:
    """The layer `video`. Keeps the indexes of the scopes that were asked for last. Safe for several threads."""

    id = "video"
    title = "视频点位"
    unit = "路"
    min_zoom = 0
    max_zoom = 16

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[int, VideoIndex]] = OrderedDict()
        self._lock = threading.Lock()

    def revision(self, snapshot: Snapshot) -> str:
        """Changes whenever a tile of this layer may."""
        return f"{snapshot.position()[0]}.{snapshot.grid_revision()}.{snapshot.video_revision()}"

    def tile(self, snapshot: Snapshot, tile: Tile) -> bytes:
        """The points inside the snapshot's scope as a vector tile."""
        return self.index(snapshot).tile(tile)

    def index(self, snapshot: Snapshot) -> VideoIndex:
        """The index of the snapshot's scope as it is now.

        One that is at hand goes on from the points that changed since: a change of status costs milliseconds, not
        another look at every point.
        """
        scope, position = snapshot.scope.path, snapshot.position()[0]
        now = snapshot.video_revision()
        # One thread builds, the others wait for it: tiles come a dozen at a time.
        with self._lock:
            kept = self._kept.get((position, scope))
            # A thread whose snapshot is older than what is kept gets the newer: nobody is shown the past.
            if kept is None:
                kept = self._kept[position, scope] = (now, VideoIndex(snapshot.points()))
            elif kept[0] < now:
                fresh, hidden = snapshot.points_since(kept[0])
                kept = self._kept[position, scope] = (now, kept[1].updated(fresh, hidden))
            self._kept.move_to_end((position, scope))
            while len(self._kept) > KEPT_SCOPES:
                self._kept.popitem(last=False)
            return kept[1]


def _bytes(ids: NDArray[Any]) -> NDArray[np.bytes_]:
    """Ids as a tile has them: UTF-8."""
    return np.char.encode(ids, "utf-8") if ids.dtype.kind == "U" else ids


def joined(first: VideoColumns, second: VideoColumns) -> VideoColumns:
    """The points of both."""
    ids = np.concatenate([_bytes(first.point_id), _bytes(second.point_id)])
    names = VideoColumns.__slots__[1:]
    return VideoColumns(ids, *(np.concatenate([getattr(first, n), getattr(second, n)]) for n in names))


def _whole(fractions: Floats) -> Codes:
    """Mercator fractions as whole numbers of `_BITS` bits; the far edge of the world counts to the last."""
    whole: Codes = np.minimum(fractions * 2**_BITS, 2**_BITS - 1).astype(np.int64)
    return whole


def _interleave(values: Codes) -> Codes:
    """The bits of numbers below 2 ** 30 spread out to the even places."""
    spread = values.astype(np.int64)
    for shift, mask in _MASKS:
        spread = (spread | spread << shift) & mask
    return spread


def _spread_bits(value: int) -> int:
    """`_interleave` of one number."""
    for shift, mask in _MASKS:
        value = (value | value << shift) & mask
    return value


def _running(values: NDArray[np.int64] | NDArray[np.bool_]) -> Codes:
    """sums[b] - sums[a] is the sum of values[a:b]."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(values, dtype=np.int64)])


def _spread(count: int, places: Codes, values: NDArray[np.bytes_]) -> list[bytes | None]:
    """`values` at their places among `count` features, None elsewhere and where a value is empty."""
    column: list[bytes | None] = [None] * count
    for place, value in zip(places.tolist(), values.tolist(), strict=True):
        column[place] = value or None
    return column
