"""From the coordinates a source has to EPSG:4490 (CGCS2000) longitude and latitude in degrees, by whole arrays.

GCJ-02 is a national offset on WGS 84, BD-09 another one on GCJ-02; both have no inverse in closed form, so it is
iterated to far below 1 cm. Constants and test vectors: domain dictionary, section 6. WGS 84 and CGCS2000 differ
by centimetres to decimetres and are taken as one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray
from pyproj import network

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]
Transform = Callable[[ArrayLike, ArrayLike], Pair]

TARGET = "EPSG:4490"
#: Taken as the target itself.
SAME = frozenset({"EPSG:4490", "EPSG:4326", "OGC:CRS84"})

#: An authority's code, or WKT or PROJJSON as files carry it.
_NAMED = re.compile(r"[A-Za-z]+:[A-Za-z0-9._-]+$|[A-Z_]+\[|\{")

_A, _EE, _X = 6378245.0, 0.00669342162296594323, np.pi * 3000 / 180
_ITERATIONS = 8

network.set_network_enabled(False)  # type: ignore[attr-defined]  # it is there, only not in __all__


class UnknownCrs(ValueError):
    """A coordinate system nobody knows. ``str(error)`` is one line."""


def _offset(lon: Floats, lat: Floats) -> Pair:
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    px, py = np.pi * x, np.pi * y
    shared = 20 * np.sin(6 * px) + 20 * np.sin(2 * px)
    south_north = 20 * np.sin(py) + 40 * np.sin(py / 3) + 160 * np.sin(py / 12) + 320 * np.sin(py / 30)
    west_east = 20 * np.sin(px) + 40 * np.sin(px / 3) + 150 * np.sin(px / 12) + 300 * np.sin(px / 30)
    d_lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + (shared + south_north) * 2 / 3
    d_lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + (shared + west_east) * 2 / 3
    phi = np.radians(lat)
    magic = 1 - _EE * np.sin(phi) ** 2
    meridian = (_A * (1 - _EE)) / (magic * np.sqrt(magic))
    return (
        np.degrees(d_lon / (_A / np.sqrt(magic) * np.cos(phi))),
        np.degrees(d_lat / meridian),
    )


def _floats(lon: ArrayLike, lat: ArrayLike) -> Pair:
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def wgs_to_gcj(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """WGS 84 to GCJ-02, degrees. Outside the box of mainland China nothing moves."""
    x, y = _floats(lon, lat)
    inside = (x > 72.004) & (x < 137.8347) & (y > 0.8293) & (y < 55.8271)
    with np.errstate(invalid="ignore"):
        d_lon, d_lat = _offset(np.where(inside, x, 105.0), np.where(inside, y, 35.0))
    return np.where(inside, x + d_lon, x), np.where(inside, y + d_lat, y)


def gcj_to_wgs(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """GCJ-02 to WGS 84, degrees."""
    return _inverse(wgs_to_gcj, *_floats(lon, lat))


def gcj_to_bd(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """GCJ-02 to BD-09, degrees."""
    x, y = _floats(lon, lat)
    z = np.hypot(x, y) + 2e-5 * np.sin(y * _X)
    theta = np.arctan2(y, x) + 3e-6 * np.cos(x * _X)
    return z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006


def bd_to_gcj(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """BD-09 to GCJ-02, degrees."""
    return _inverse(gcj_to_bd, *_floats(lon, lat))


def wgs_to_bd(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """WGS 84 to BD-09, degrees."""
    return gcj_to_bd(*wgs_to_gcj(lon, lat))


def bd_to_wgs(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """BD-09 to WGS 84, degrees."""
    return gcj_to_wgs(*bd_to_gcj(lon, lat))


def _inverse(forward: Transform, lon: Floats, lat: Floats) -> Pair:
    x, y = lon, lat
    for _ in range(_ITERATIONS):
        there_x, there_y = forward(x, y)
        x, y = x - (there_x - lon), y - (there_y - lat)
    return x, y


@lru_cache(maxsize=64)
def to_target(crs: str) -> Transform | None:
    """How to get from `crs` to EPSG:4490; None where nothing has to be done.

    Where a point cannot be transformed the result is not finite. Raises `UnknownCrs`.
    """
    if crs in SAME:
        return None
    if crs == "GCJ-02":
        return gcj_to_wgs
    if crs == "BD-09":
        return bd_to_wgs
    # PROJ would take pipelines and file names as well.
    if not _NAMED.match(crs):
        raise UnknownCrs(f"未知坐标系 {crs[:40]!r}")
    try:
        transformer = pyproj.Transformer.from_crs(pyproj.CRS.from_user_input(crs), TARGET, always_xy=True)
    except (pyproj.exceptions.ProjError, ValueError) as error:
        raise UnknownCrs(f"未知坐标系 {crs!r}（{' '.join(str(error).split())[:120]}）") from None

    def transform(x: ArrayLike, y: ArrayLike) -> Pair:
        lon, lat = transformer.transform(*_floats(x, y), errcheck=False)
        return np.asarray(lon), np.asarray(lat)

    return transform


def is_projected(crs: str) -> bool:
    """Whether the coordinates of `crs` are metres in a projection. False for what nobody knows."""
    try:
        return bool(pyproj.CRS.from_user_input(crs).is_projected)
    except pyproj.exceptions.CRSError:
        return False
