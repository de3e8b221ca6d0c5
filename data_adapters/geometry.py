"""Raw geometries of a source (WKB, WKT, GeoJSON text, shapely) -> polygons or points, in whole arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from data_adapters.coordinates import Floats, Transform
from data_adapters.records.field import shorten
from data_adapters.records.record import Fault

#: Points taken of one polygon to tell its coordinate system, and how far (0..1) inwards.
OUTLINE_POINTS = 16
_INWARDS = 0.01
_POLYGON = 3
_COLLECTION = re.compile(r"\s*(SRID=\d+;)?\s*GEOMETRYCOLLECTION", re.IGNORECASE)


def polygons(given: Sequence[Any], transform: Transform | None) -> list[shapely.Geometry | Fault | None]:
    """Each geometry in EPSG:4490, None where there is none, a `Fault` where it cannot be one."""
    read = [_geometry(value) for value in given]
    shapes = np.array(
        [value if isinstance(value, shapely.Geometry) else None for value in read], dtype=object
    )
    shapes = shapely.force_2d(shapes)
    if transform is not None and len(shapes):
        shapes = _transformed(shapes, transform)
    bounds = shapely.bounds(shapes) if len(shapes) else np.zeros((0, 4))
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    broken = set(owners[~np.isfinite(coordinates).all(axis=1)].tolist())
    results: list[shapely.Geometry | Fault | None] = []
    for number, value in enumerate(read):
        if not isinstance(value, shapely.Geometry):
            results.append(value)
        elif number in broken:
            results.append(Fault("geometry", "not_finite", "坐标含有 NaN 或无穷大，或不在所写坐标系的范围内"))
        elif not value.is_empty and not _in_degrees(bounds[number]):
            shown = "、".join(f"{edge:.6g}" for edge in bounds[number])
            reason = f"坐标范围 {shown} 不是经纬度，请用 crs 写明坐标系"
            results.append(Fault("geometry", "out_of_range", reason))
        else:
            results.append(shapes[number])
    return results


def points(given: Sequence[Any]) -> list[tuple[float, float] | Fault | None]:
    """(x, y) of each point in the source's own system, None where there is none, a `Fault` where it is no point."""
    results: list[tuple[float, float] | Fault | None] = []
    for value in given:
        shape = _geometry(value)
        if not isinstance(shape, shapely.Geometry):
            results.append(shape)
            continue
        if shape.geom_type == "MultiPoint" and len(shape.geoms) == 1:
            shape = shape.geoms[0]
        if shape.is_empty:
            results.append(None)
        elif shape.geom_type == "Point":
            results.append((float(shape.x), float(shape.y)))
        else:
            results.append(Fault("lon", "not_point", f"应为点，收到 {shape.geom_type}"))
    return results


def outline_points(given: Sequence[Any]) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """(x, y, position in `given`) of points a little inside the outlines, `OUTLINE_POINTS` of each polygon."""
    read = [_geometry(value) for value in given]
    shapes = np.array([v if isinstance(v, shapely.Geometry) else None for v in read], dtype=object)
    parts, owners = shapely.get_parts(shapely.force_2d(shapes), return_index=True)
    drawn = (shapely.get_type_id(parts) == _POLYGON) & (shapely.area(parts) > 0)
    coordinates, of_part = shapely.get_coordinates(parts, return_index=True)
    drawn[of_part[~np.isfinite(coordinates).all(axis=1)]] = False
    parts, owners = parts[drawn], owners[drawn]
    if not len(parts):
        return np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64)
    # The largest part stands for all.
    largest = np.lexsort((-shapely.area(parts), owners))
    first = largest[np.unique(owners[largest], return_index=True)[1]]
    parts, owners = parts[first], owners[first]
    rings = shapely.get_exterior_ring(parts)
    along = np.arange(OUTLINE_POINTS) / OUTLINE_POINTS
    points = shapely.line_interpolate_point(rings[:, None], along, normalized=True).ravel()
    middle = np.repeat(shapely.centroid(parts), OUTLINE_POINTS)
    x, y = shapely.get_x(points), shapely.get_y(points)
    # On the outline itself a point is neither in nor out.
    x, y = x + _INWARDS * (shapely.get_x(middle) - x), y + _INWARDS * (shapely.get_y(middle) - y)
    return x, y, np.repeat(owners, OUTLINE_POINTS)


def _geometry(value: Any) -> shapely.Geometry | Fault | None:
    if value is None or isinstance(value, shapely.Geometry):
        return value
    if isinstance(value, str) and not value.strip():
        return None
    if not isinstance(value, bytes | str):
        return Fault("geometry", "type", f"应为 WKB、WKT 或 GeoJSON，收到 {type(value).__name__}")
    if _is_collection(value):
        return Fault("geometry", "collection", "是 GeometryCollection，应为点或多边形")
    try:
        with np.errstate(invalid="ignore"):  # NaN is for the caller to refuse
            return _parsed(value)
    except (shapely.errors.ShapelyError, ValueError, TypeError) as error:
        reason = " ".join(str(error).removeprefix("IllegalArgumentException: ").split())
        return Fault("geometry", "invalid_polygon", f"几何无法读取：{shorten(reason, 120)}")


def _parsed(value: bytes | str) -> shapely.Geometry:
    if isinstance(value, bytes):
        return shapely.from_wkb(value)
    text = value.strip()
    return shapely.from_geojson(text) if text.startswith("{") else shapely.from_wkt(text)


def _is_collection(value: bytes | str) -> bool:
    """Told before it is parsed: collections nest without limit, and parsing one follows it all the way down."""
    if isinstance(value, bytes):
        code = int.from_bytes(value[1:5], "little" if value[:1] == b"\x01" else "big")
        return (code & 0xFF_FFFF) % 1000 == 7
    return _COLLECTION.match(value) is not None or '"GeometryCollection"' in value


def _transformed(shapes: NDArray[np.object_], transform: Transform) -> NDArray[np.object_]:
    def move(coordinates: Floats) -> Floats:
        lon, lat = transform(coordinates[:, 0], coordinates[:, 1])
        return np.column_stack([lon, lat])

    moved: NDArray[np.object_] = shapely.transform(shapes, move)
    return moved


def _in_degrees(bounds: Floats) -> bool:
    west, south, east, north = bounds.tolist()
    return bool(-180 <= west <= east <= 180 and -90 <= south <= north <= 90)
