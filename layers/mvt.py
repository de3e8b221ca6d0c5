"""Writes Mapbox Vector Tiles, version 2.1 of the specification (https://github.com/mapbox/vector-tile-spec).

A tile is a protocol buffer of layers, a layer a list of features and two tables, keys and values, that the
features point into. Geometry is a list of commands with zigzag-coded steps from the point before. Coordinates
come in as tile units (0 to `EXTENT`, y southward) and are rounded here. All vertices of a layer are coded in
one numpy pass: Python's part is a few microseconds a feature.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.tiles import EXTENT, Floats

Ints = NDArray[np.int64]
Value = bool | int | float | str | None
#: key -> one value a feature; None leaves the key out of that feature. An array is read faster than a list.
Properties = Mapping[str, Sequence[Value] | NDArray[Any]]

_POINT, _POLYGON = 1, 3
_FEW = 400
_MOVE_TO, _LINE_TO, _CLOSE_PATH = 1, 2, 7


def point_layer(name: str, units: Floats, properties: Properties) -> bytes:
    """A layer of one point a feature. `units`: shape (n, 2), in [0, `EXTENT`).

    Rounded downwards: MapLibre does not draw a circle whose centre is on or beyond the far edge of its tile.
    """
    steps = np.floor(units).astype(np.int64)
    commands = np.column_stack([np.full(len(steps), _command(_MOVE_TO, 1)), _zigzag(steps)])
    buffer, starts = _varints(commands.ravel())
    edges = starts[::3].tolist()
    shapes = [buffer[begin:end] for begin, end in pairwise(edges)]
    return _layer(name, _POINT, shapes, properties)


def small_point_layer(
    name: str,
    keys: Sequence[str],
    xs: Sequence[int],
    ys: Sequence[int],
    rows: Iterable[Sequence[int | bytes | None]],
) -> bytes:
    """A layer of some hundred points, put together without numpy, whose own cost would be the larger part.

    `xs`, `ys`: whole tile units, 0 to `EXTENT` - 1. `rows`: a value a key for each point, text as UTF-8 bytes; None
    leaves the key out.
    """
    index: dict[int | bytes, bytes] = {}
    table: list[bytes] = []
    marks = [_varint(number) for number in range(len(keys))]
    features: list[bytes] = []
    for x, y, row in zip(xs, ys, rows, strict=True):
        tags: list[bytes] = []
        for mark, value in zip(marks, row, strict=True):
            if value is None:
                continue
            at = index.get(value)
            if at is None:
                at = index[value] = _varint(len(table))
                table.append(_small_value(value))
            tags += (mark, at)
        tag = b"".join(tags)
        place = _FIRST_POINT + _STEPS[x] + _STEPS[y]
        # Type 1 is a point; tags and geometry of one are shorter than 128 bytes.
        body = b"\x12%c%b\x18\x01\x22%c%b" % (len(tag), tag, len(place), place)
        features += (b"\x12", _varint(len(body)), body)
    head = b"\x78\x02" + _block(1, name.encode())
    told = [_block(3, key.encode()) for key in keys]
    return _block(3, b"".join([head, *features, *told, *table, b"\x28" + _varint(EXTENT)]))


def _small_value(value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return _block(4, b"\x0a" + _varint(len(value)) + value)
    body = b"\x28" + _varint(value)
    return b"\x22" + _varint(len(body)) + body


def polygon_layer(name: str, polygons: NDArray[np.object_], properties: Properties) -> bytes:
    """A layer of one (multi)polygon a feature, in tile units, already cut to the tile and its surroundings.

    What rounding leaves without an area is left out, a feature without any ring with it.
    """
    return _layer(name, _POLYGON, _polygon_shapes(polygons), properties)


def _polygon_shapes(polygons: NDArray[np.object_]) -> list[bytes | None]:
    shapes: list[bytes | None] = [None] * len(polygons)
    parts, feature_of_part = shapely.get_parts(polygons, return_index=True)
    areal = (shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)
    parts, feature_of_part = parts[areal], feature_of_part[areal]
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    if len(rings) == 0:
        return shapes
    exterior = np.r_[True, part_of_ring[1:] != part_of_ring[:-1]]
    vertices, ring_of = shapely.get_coordinates(rings, return_index=True)
    vertices, ring_of = _distinct(np.rint(vertices).astype(np.int64), ring_of)
    area = _areas(vertices, ring_of, len(rings))
    # A hole is no hole where its exterior is gone.
    drawn = (area != 0) & (area != 0)[np.maximum.accumulate(np.where(exterior, np.arange(len(rings)), 0))]
    vertices, ring_of = _oriented(vertices, ring_of, area > 0, exterior)
    keep = drawn[ring_of]
    vertices, ring_of = vertices[keep], ring_of[keep]
    if len(ring_of) == 0:
        return shapes
    feature_of = feature_of_part[part_of_ring[ring_of]]
    before = np.vstack([np.zeros((1, 2), dtype=np.int64), vertices[:-1]])
    before[_first_of_run(feature_of)] = 0
    commands, begins = _ring_commands(_zigzag(vertices - before), ring_of)
    buffer, offsets = _varints(commands)
    first_ring = _first_of_run(feature_of)[_first_of_run(ring_of)]
    edges = np.r_[offsets[begins[first_ring]], len(buffer)]
    for number, feature in enumerate(feature_of[_first_of_run(feature_of)]):
        shapes[feature] = buffer[edges[number] : edges[number + 1]]
    return shapes


def _ring_commands(steps: Ints, ring_of: Ints) -> tuple[Ints, Ints]:
    """The command stream of rings one after another, and where in it each begins.

    A ring of k vertices is: MoveTo(1) dx dy LineTo(k-1) (dx dy)... ClosePath, which is 2 k + 3 numbers.
    """
    starts = np.flatnonzero(_first_of_run(ring_of))
    sizes = np.diff(np.r_[starts, len(ring_of)])
    lengths = 2 * sizes + 3
    begins = np.r_[0, np.cumsum(lengths)[:-1]]
    number = np.repeat(np.arange(len(starts)), sizes)
    place = np.arange(len(ring_of)) - starts[number]
    at = begins[number] + 1 + 2 * place + (place > 0)
    stream = np.empty(int(lengths.sum()), dtype=np.int64)
    stream[at], stream[at + 1] = steps[:, 0], steps[:, 1]
    stream[begins] = _command(_MOVE_TO, 1)
    stream[begins + 3] = (sizes - 1) << 3 | _LINE_TO
    stream[begins + lengths - 1] = _command(_CLOSE_PATH, 1)
    return stream, begins


def _distinct(vertices: Ints, ring_of: Ints) -> tuple[Ints, Ints]:
    """Without repeated vertices: neither one after another nor the closing one."""
    same_ring = ring_of[1:] == ring_of[:-1]
    keep = np.r_[True, ~same_ring | (vertices[1:] != vertices[:-1]).any(axis=1)]
    vertices, ring_of = vertices[keep], ring_of[keep]
    first = _first_of_run(ring_of)
    last = np.r_[first[1:], True]
    closing = last & (vertices == vertices[first][np.cumsum(first) - 1]).all(axis=1) & ~first
    return vertices[~closing], ring_of[~closing]


def _areas(vertices: Ints, ring_of: Ints, count: int) -> Ints:
    """Twice the signed area of each ring (surveyor's formula, y southward), 0 for one that is gone."""
    first = _first_of_run(ring_of)
    starts = np.flatnonzero(first)
    after = np.arange(1, len(ring_of) + 1)
    after[np.r_[starts[1:], len(ring_of)] - 1] = starts
    cross = vertices[:, 0] * vertices[after, 1] - vertices[after, 0] * vertices[:, 1]
    areas = np.zeros(count, dtype=np.int64)
    np.add.at(areas, ring_of, cross)
    return areas


def _oriented(
    vertices: Ints, ring_of: Ints, positive: NDArray[np.bool_], exterior: NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    """Exterior rings with positive area, holes with negative: judged after rounding, which may turn a ring."""
    wrong = (positive != exterior)[ring_of]
    first = _first_of_run(ring_of)
    starts = np.flatnonzero(first)
    ends = np.r_[starts[1:], len(ring_of)] - 1
    number = np.cumsum(first) - 1
    here = np.arange(len(ring_of))
    mirrored = starts[number] + ends[number] - here
    return vertices[np.where(wrong, mirrored, here)], ring_of


def _first_of_run(values: Ints) -> NDArray[np.bool_]:
    """True where a value differs from the one before it."""
    first: NDArray[np.bool_] = np.r_[True, values[1:] != values[:-1]]
    return first


def _command(identity: int, count: int) -> int:
    return count << 3 | identity


def _zigzag(steps: Ints) -> Ints:
    """Signed as unsigned, small ones staying small: 0 -1 1 -2 2 as 0 1 2 3 4."""
    return (steps << 1) ^ (steps >> 63)


def _varints(values: Ints) -> tuple[bytes, Ints]:
    """Non-negative values as varints in one buffer, and where in it each begins (with the end, n + 1 places)."""
    if len(values) < _FEW:
        # Numpy's own cost for a call is that of a hundred values.
        parts = [_varint(value) for value in values.tolist()]
        ends = np.cumsum([0, *map(len, parts)], dtype=np.int64)
        return b"".join(parts), ends
    sizes = np.ones(len(values), dtype=np.int64)
    for septets in range(1, 6):
        sizes += values >= 1 << (7 * septets)
    offsets = np.r_[0, np.cumsum(sizes)]
    buffer = np.zeros(int(offsets[-1]), dtype=np.uint8)
    for septet in range(6):
        reaches = sizes > septet
        more = np.where(sizes[reaches] > septet + 1, 0x80, 0)
        buffer[offsets[:-1][reaches] + septet] = (values[reaches] >> (7 * septet)) & 0x7F | more
    return buffer.tobytes(), offsets


def _layer(name: str, kind: int, shapes: Sequence[bytes | None], properties: Properties) -> bytes:
    """One layer as an entry of the tile; nothing at all where no feature has a shape."""
    tags, values = _tags(len(shapes), properties)
    geometry_type = b"\x18" + _varint(kind) + b"\x22"
    features: list[bytes] = []
    for tag, shape in zip(tags, shapes, strict=True):
        if shape is not None:
            body = b"\x12" + _varint(len(tag)) + tag + geometry_type + _varint(len(shape)) + shape
            features += (b"\x12", _varint(len(body)), body)
    if not features:
        return b""
    keys = [_block(3, key.encode()) for key in properties]
    head = b"\x78\x02" + _block(1, name.encode())
    return _block(3, head + b"".join([*features, *keys, *values, b"\x28" + _varint(EXTENT)]))


def _tags(count: int, properties: Properties) -> tuple[list[bytes], list[bytes]]:
    """The tags of each feature, and the table of values they point into: each once a key."""
    table: list[bytes] = []
    numbers = np.full((count, len(properties)), -1, dtype=np.int64)
    for key, column in enumerate(properties.values()):
        codes, values = _distinct_values(column)
        numbers[:, key] = np.where(codes >= 0, codes + len(table), -1)
        table += [_block(4, _value(value)) for value in values]
    row, key_of = np.nonzero(numbers >= 0)
    buffer, offsets = _varints(np.column_stack([key_of, numbers[row, key_of]]).ravel())
    edges = offsets[2 * np.searchsorted(row, np.arange(count + 1))].tolist()
    return [buffer[begin:end] for begin, end in pairwise(edges)], table


def _distinct_values(column: Sequence[Value] | NDArray[Any]) -> tuple[Ints, list[Value]]:
    """(which of the distinct values each feature has, -1 for None; those values)."""
    if isinstance(column, np.ndarray) and len(column) < _FEW:
        column = column.tolist()
    if isinstance(column, np.ndarray) and column.dtype != object:
        distinct, codes = np.unique(column, return_inverse=True)
        return codes, distinct.tolist()
    table: dict[tuple[type, Value], int] = {}
    # 1, 1.0 and True are equal in Python and three values in a tile.
    found = [-1 if value is None else table.setdefault((type(value), value), len(table)) for value in column]
    return np.array(found, dtype=np.int64), [value for _, value in table]


def _value(value: Value) -> bytes:
    if isinstance(value, bool):
        return b"\x38" + _varint(int(value))
    if isinstance(value, int):
        return b"\x28" + _varint(value) if value >= 0 else b"\x30" + _varint(-2 * value - 1)
    if isinstance(value, float):
        return b"\x19" + struct.pack("<d", value)
    return _block(1, str(value).encode())


def _block(field: int, payload: bytes) -> bytes:
    """A length-delimited field."""
    return bytes([field << 3 | 2]) + _varint(len(payload)) + payload


@lru_cache(maxsize=20_000)
def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


#: The start of a point's geometry, and the step from 0 to each tile unit, zigzag-coded.
_FIRST_POINT = _varint(_command(_MOVE_TO, 1))
_STEPS = [_varint(2 * value) for value in range(EXTENT)]
