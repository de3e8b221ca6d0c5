"""Coordinates: published vectors, round trips below a centimetre, and which system fits best."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_adapters.coordinates import (
    UnknownCrs,
    bd_to_wgs,
    gcj_to_wgs,
    to_target,
    wgs_to_bd,
    wgs_to_gcj,
)

ONE_CM = 1e-7  # degrees of latitude
longitudes = st.floats(74, 134)
latitudes = st.floats(18, 53)


def test_the_published_bd_09_vector_is_met() -> None:
    lon, lat = wgs_to_bd(116.403988, 39.914266)
    assert float(lon) == pytest.approx(116.41661560068297, abs=1e-8)
    assert float(lat) == pytest.approx(39.92196580126834, abs=1e-8)


def test_the_published_gcj_02_vector_is_met() -> None:
    lon, lat = gcj_to_wgs(123, 45)
    assert float(lon) == pytest.approx(122.99395597, abs=1e-6)
    assert float(lat) == pytest.approx(44.99804071, abs=1e-6)


@pytest.mark.parametrize(
    ("lon", "lat", "gcj_m", "bd_m"),
    [(101.09, 38.78, 197, 1036), (106.14, 34.75, 404, 1120), (101.32, 25.73, 373, 877)],
)
def test_the_shifts_of_the_document_counties_are_those_of_the_dictionary(
    lon: float, lat: float, gcj_m: float, bd_m: float
) -> None:
    def metres(to: tuple[np.ndarray, np.ndarray]) -> float:
        east = (float(to[0]) - lon) * 111_320 * np.cos(np.radians(lat))
        return float(np.hypot(east, (float(to[1]) - lat) * 111_000))

    assert metres(wgs_to_gcj(lon, lat)) == pytest.approx(gcj_m, rel=0.01)
    assert metres(wgs_to_bd(lon, lat)) == pytest.approx(bd_m, rel=0.01)


@given(longitudes, latitudes)
def test_gcj_02_and_bd_09_come_back_within_a_centimetre(lon: float, lat: float) -> None:
    for there, back in ((wgs_to_gcj, gcj_to_wgs), (wgs_to_bd, bd_to_wgs)):
        again = back(*there(lon, lat))
        assert abs(float(again[0]) - lon) < ONE_CM
        assert abs(float(again[1]) - lat) < ONE_CM


def test_outside_china_nothing_moves() -> None:
    assert [float(value) for value in wgs_to_gcj(-73.98, 40.75)] == [-73.98, 40.75]
    assert [float(value) for value in gcj_to_wgs(-73.98, 40.75)] == [-73.98, 40.75]


def test_wgs_84_and_cgcs2000_are_taken_as_one() -> None:
    assert to_target("EPSG:4326") is None
    assert to_target("EPSG:4490") is None


def test_a_gauss_krueger_easting_becomes_a_longitude() -> None:
    transform = to_target("EPSG:4544")  # 3 degrees, central meridian 105
    assert transform is not None
    lon, lat = transform([500_000.0], [3_846_000.0])
    assert lon[0] == pytest.approx(105.0, abs=1e-6)
    assert lat[0] == pytest.approx(34.74, abs=0.01)


def test_what_cannot_be_transformed_is_not_finite_and_raises_nothing() -> None:
    transform = to_target("EPSG:4544")
    assert transform is not None
    lon, _ = transform([1e30, np.nan], [1e30, np.nan])
    assert not np.isfinite(lon).any()


def test_an_unknown_system_is_named() -> None:
    with pytest.raises(UnknownCrs, match="EPSG:999999"):
        to_target("EPSG:999999")
