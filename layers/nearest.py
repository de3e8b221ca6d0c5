"""The video points nearest to a place."""

from __future__ import annotations

from typing import Any

import numpy as np

from data_adapters.ledger.snapshot import VideoColumns

_EARTH_M = 6_371_008.8


def nearest(points: VideoColumns, lon: float, lat: float, limit: int) -> list[dict[str, Any]]:
    """The `limit` points nearest to `lon`, `lat` (degrees, EPSG:4490), nearest first, with metres and status.

    Great-circle distance on the mean sphere: within 0.5 % of the ellipsoid's, enough to choose a camera by.
    """
    if len(points.lon) == 0:
        return []
    half_lat = np.radians(points.lat - lat) / 2
    half_lon = np.radians(points.lon - lon) / 2
    across = np.cos(np.radians(points.lat)) * np.cos(np.radians(lat))
    chord = np.sin(half_lat) ** 2 + across * np.sin(half_lon) ** 2
    distance = 2 * _EARTH_M * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
    return [
        {
            "point_id": str(points.point_id[n]),
            "distance_m": round(float(distance[n]), 1),
            "status": str(points.status[n]),
            "lon": round(float(points.lon[n]), 6),
            "lat": round(float(points.lat[n]), 6),
        }
        for n in np.argsort(distance, kind="stable")[:limit]
    ]
