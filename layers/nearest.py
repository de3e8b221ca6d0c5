"""The video points nearest to a place."""

from __future__ import annotations

from typing import Any

import numpy as np

from layers.tiles import Floats
from layers.video import VideoIndex

_EARTH_M = 6_371_008.8


def metres(lon: float, lat: float, lons: Floats, lats: Floats) -> Floats:
    """Great-circle distance from a place to places (degrees), on the mean sphere: within 0.5 % of the ellipsoid's."""
    half_lat = np.radians(np.asarray(lats) - lat) / 2
    half_lon = np.radians(np.asarray(lons) - lon) / 2
    across = np.cos(np.radians(lats)) * np.cos(np.radians(lat))
    chord = np.sin(half_lat) ** 2 + across * np.sin(half_lon) ** 2
    distance: Floats = 2 * _EARTH_M * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
    return distance


def nearest(index: VideoIndex, lon: float, lat: float, limit: int) -> list[dict[str, Any]]:
    """The `limit` points nearest to `lon`, `lat` (degrees, EPSG:4490), nearest first, with metres and status."""
    points = index.rows(index.near(lon, lat, limit))
    if len(points.lon) == 0:
        return []
    distance = metres(lon, lat, points.lon, points.lat)
    return [
        {
            "point_id": points.id_of(int(n)),
            "distance_m": round(float(distance[n]), 1),
            "status": str(points.status[n]),
            "lon": round(float(points.lon[n]), 6),
            "lat": round(float(points.lat[n]), 6),
        }
        for n in np.argsort(distance, kind="stable")[:limit]
    ]
