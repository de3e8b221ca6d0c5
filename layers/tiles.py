"""Tile arithmetic in Web Mercator: which tile holds a place, and where a tile lies.

World coordinates here are Mercator fractions: x runs from 0 at 180° W to 1 at 180° E, y from 0 in the north
(85.0511° N) to 1 in the south, the way tiles are counted. Degrees are EPSG:4490, taken as WGS 84.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Deepest zoom that is answered; MapLibre itself stops at 24 and asks no source beyond its ``maxzoom``.
MAX_ZOOM = 22
#: Units across a tile in its own coordinates (Mapbox Vector Tile ``extent``).
EXTENT = 4096
#: Pixels across a tile on a screen of ordinary density.
TILE_PX = 512
#: Where Web Mercator ends, in degrees of latitude.
MAX_LATITUDE = math.degrees(math.atan(math.sinh(math.pi)))
#: Round the equator, in metres of Web Mercator.
EQUATOR_M = 2 * math.pi * 6_378_137.0
_LAST = math.nextafter(1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of the usual z / x / y scheme, x counted eastward from 180° W, y southward.

    Raises ValueError, with what would be right, for a tile that does not exist.
    """

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        if not 0 <= self.z <= MAX_ZOOM:
            raise ValueError(f"瓦片级别 z={self.z} 不存在，应为 0 到 {MAX_ZOOM}")
        last = 2**self.z - 1
        for name, value in (("x", self.x), ("y", self.y)):
            if not 0 <= value <= last:
                raise ValueError(f"瓦片 {name}={value} 不存在，第 {self.z} 级应为 0 到 {last}")

    @property
    def size(self) -> float:
        """Width and height, as a fraction of the world."""
        return float(0.5**self.z)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) as Mercator fractions; left and top belong to the tile, the others do not."""
        size = self.size
        return self.x * size, self.y * size, (self.x + 1) * size, (self.y + 1) * size

    def box(self, buffer: float = 0.0) -> tuple[float, float, float, float]:
        """`bounds` widened on every side by `buffer` tile units (of `EXTENT`)."""
        left, top, right, bottom = self.bounds
        edge = buffer / EXTENT * self.size
        return left - edge, top - edge, right + edge, bottom + edge

    @property
    def degrees(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in degrees."""
        left, top, right, bottom = self.bounds
        lon, lat = to_degrees(np.array([left, right]), np.array([bottom, top]))
        return float(lon[0]), float(lat[0]), float(lon[1]), float(lat[1])

    def units(self, x: Floats, y: Floats) -> Floats:
        """Mercator fractions as tile units, shape (n, 2), not rounded: 0 to `EXTENT` inside the tile."""
        left, top, _, _ = self.bounds
        scale = EXTENT / self.size
        return np.column_stack([(x - left) * scale, (y - top) * scale])


def to_mercator(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Degrees as Mercator fractions, each from 0 to just under 1, so that every place has a tile.

    Beyond 180° and ±85.0511° it is the nearest edge, as tiles end there.
    """
    radians = np.radians(np.clip(lat, -MAX_LATITUDE, MAX_LATITUDE))
    x = np.asarray(lon, dtype=np.float64) / 360.0 + 0.5
    y = 0.5 - np.arctanh(np.sin(radians)) / (2 * math.pi)
    return np.clip(x, 0.0, _LAST), np.clip(y, 0.0, _LAST)


def to_degrees(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Mercator fractions as degrees: the inverse of `to_mercator`."""
    lon = (np.asarray(x, dtype=np.float64) - 0.5) * 360.0
    lat = np.degrees(np.arctan(np.sinh(math.pi * (1.0 - 2.0 * np.asarray(y, dtype=np.float64)))))
    return lon, lat


def tile_at(lon: float, lat: float, z: int) -> Tile:
    """The one tile of zoom `z` that holds a place in degrees."""
    x, y = to_mercator(np.array([lon]), np.array([lat]))
    return Tile(z, int(x[0] * 2**z), int(y[0] * 2**z))


def metres_per_pixel(z: int, lat: float) -> float:
    """Metres on the ground across one screen pixel at zoom `z` and latitude `lat`."""
    return EQUATOR_M * math.cos(math.radians(lat)) / (TILE_PX * 2.0**z)
