"""Degrees to metres on a plane: what a bandwidth or a distance in metres is measured on."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from pyproj import CRS, Transformer

from layers.tiles import Floats

ZONE_DEGREES = 3


class Plane:
    """The 3° Gauss-Krüger zone around a meridian, on the ellipsoid of CGCS2000 (EPSG:4534 and following).

    Inside its own zone a metre on the plane is a metre on the ground to within 1 part in 10,000.
    """

    def __init__(self, lon: float) -> None:
        middle = round(lon / ZONE_DEGREES) * ZONE_DEGREES
        self._transformer = _transformer(middle)

    def metres(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """(east, north) in metres of places in degrees, EPSG:4490."""
        east, north = self._transformer.transform(lon, lat)
        return np.asarray(east, dtype=np.float64), np.asarray(north, dtype=np.float64)


@lru_cache(maxsize=64)
def _transformer(middle: int) -> Transformer:
    plane = CRS.from_dict(
        {
            "proj": "tmerc",
            "lat_0": 0,
            "lon_0": middle,
            "k": 1,
            "x_0": 500_000,
            "a": 6_378_137,
            "rf": 298.257222101,
        }
    )
    return Transformer.from_crs(CRS.from_epsg(4490), plane, always_xy=True)
