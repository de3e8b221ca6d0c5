"""PMTiles 3 (https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md): one file, tiles along a Hilbert curve.

A header of 127 bytes, then directories: lists of (tile id, offset, length, run), written column by column as varints.
An entry without a run points to a directory below. Directories and tiles may be gzipped; brotli and zstd are not read.
"""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import orjson

from data_adapters.map_settings import BasemapSettings
from layers.ground import MAX_BYTES, Ground
from layers.tiles import Tile

_HEADER = 127
_NONE, _GZIP = 1, 2
_VECTOR = 1
_RASTER = frozenset({2, 3, 4})  # PNG, JPEG, WebP
_DEPTH = 3
_MOST_ENTRIES = 1_000_000
_MAX_DIRECTORY = 64 * 1024 * 1024
_KEPT = 64


@dataclass(frozen=True, slots=True)
class _Directory:
    ids: list[int]
    offsets: list[int]
    lengths: list[int]
    runs: list[int]


class PMTiles:
    """One file, opened for reading only."""

    #: A file is read when the server starts: what is wrong with it is told then.
    fault: str | None = None

    def __init__(self, settings: BasemapSettings) -> None:
        assert settings.path is not None  # noqa: S101  for the type checker
        self._path = settings.path
        self._file = os.open(settings.path, os.O_RDONLY)
        self._kept: OrderedDict[tuple[int, int], _Directory] = OrderedDict()
        self._lock = Lock()
        head = os.pread(self._file, _HEADER, 0)
        if len(head) < _HEADER or head[:7] != b"PMTiles" or head[7] != 3:
            raise ValueError(f"map.basemap：{self._path} 不是第 3 版的 PMTiles")
        self._root, self._root_size, meta, meta_size, self._leaves, _, self._data, _ = struct.unpack_from(
            "<8Q", head, 8
        )
        self._packing, self._tile_packing, kind, low, high = (
            head[97],
            head[98],
            head[99],
            head[100],
            head[101],
        )
        if self._packing not in {_NONE, _GZIP} or self._tile_packing not in {_NONE, _GZIP}:
            raise ValueError(f"map.basemap：{self._path} 的压缩方式不支持，应为 gzip 或不压缩")
        if kind != _VECTOR and kind not in _RASTER:
            raise ValueError(
                f"map.basemap：{self._path} 的瓦片类型 {kind} 不支持，应为 MVT、PNG、JPEG 或 WebP"
            )
        told = self._metadata(meta, meta_size)
        names = told.get("vector_layers")
        self.ground = Ground(
            kind="vector" if kind == _VECTOR else "raster",
            min_zoom=low,
            max_zoom=high,
            tile_px=512 if kind == _VECTOR else settings.tile_px,
            opacity=settings.opacity,
            attribution=settings.attribution or str(told.get("attribution", "")),
            names=tuple(
                str(layer.get("id"))
                for layer in (names if isinstance(names, list) else [])
                if isinstance(layer, dict)
            ),
        )
        self._directory(self._root, self._root_size)  # a broken file is told at the start

    def _metadata(self, offset: int, size: int) -> dict[str, object]:
        try:
            found = orjson.loads(self._unpacked(offset, size)) if size else {}
        except orjson.JSONDecodeError:
            found = {}
        return found if isinstance(found, dict) else {}

    def _unpacked(self, offset: int, size: int) -> bytes:
        if size > _MAX_DIRECTORY:
            raise ValueError(f"map.basemap：{self._path} 已损坏")
        raw = os.pread(self._file, size, offset)
        if len(raw) < size:
            raise ValueError(f"map.basemap：{self._path} 不完整，在第 {offset} 字节处断了")
        if self._packing == _NONE:
            return raw
        try:
            return gzip.decompress(raw)
        except (OSError, EOFError, zlib.error):
            raise ValueError(f"map.basemap：{self._path} 已损坏") from None

    def _directory(self, offset: int, size: int) -> _Directory:
        with self._lock:
            found = self._kept.get((offset, size))
            if found is None:
                found = self._kept[offset, size] = _read(self._unpacked(offset, size), self._path.name)
            self._kept.move_to_end((offset, size))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return found

    def tile(self, tile: Tile) -> bytes | None:
        """As `Basemap.tile`."""
        wanted = tile_id(tile)
        offset, size = self._root, self._root_size
        for _ in range(_DEPTH + 1):
            held = self._directory(offset, size)
            at = bisect_right(held.ids, wanted) - 1
            if at < 0:
                return None
            if held.runs[at]:
                if wanted >= held.ids[at] + held.runs[at] or held.lengths[at] > MAX_BYTES:
                    return None
                return os.pread(self._file, held.lengths[at], self._data + held.offsets[at])
            offset, size = self._leaves + held.offsets[at], held.lengths[at]
        return None


def tile_id(tile: Tile) -> int:
    """The number of a tile: all of the zooms above it first, then its place on the Hilbert curve of its own."""
    x, y, place = tile.x, tile.y, 0
    side = 1 << tile.z >> 1
    while side:
        right, lower = int(bool(x & side)), int(bool(y & side))
        place += side * side * ((3 * right) ^ lower)
        if lower == 0:
            if right == 1:
                x, y = side - 1 - (x & (side - 1)), side - 1 - (y & (side - 1))
            x, y = y, x
        side >>= 1
    return int((4**tile.z - 1) // 3 + place)


def _read(data: bytes, name: str) -> _Directory:
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            if at >= len(data) or shift > 63:
                raise ValueError(f"map.basemap：{name} 的目录已损坏")
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    count = varint()
    if count > _MOST_ENTRIES:
        raise ValueError(f"map.basemap：{name} 的目录已损坏")
    ids, last = [], 0
    for _ in range(count):
        last += varint()
        ids.append(last)
    runs = [varint() for _ in range(count)]
    lengths = [varint() for _ in range(count)]
    offsets: list[int] = []
    for number in range(count):
        told = varint()
        # 0: right behind the entry before.
        offsets.append(offsets[-1] + lengths[number - 1] if told == 0 and number else told - 1)
    return _Directory(ids, offsets, lengths, runs)
