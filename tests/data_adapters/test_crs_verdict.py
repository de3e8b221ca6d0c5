"""The verdict on coordinate systems: the one that fits, declared ones that do not, two in one source."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data_adapters.coordinates import wgs_to_bd, wgs_to_gcj
from data_adapters.crs_verdict import CrsVerdict, best_crs
from data_adapters.ground import Ground, Plot
from tests.fixtures.town import grids


def _ground() -> Ground:
    return Ground(Plot(grid.code, grid.level, grid.geometry) for grid in grids() if grid.level == 3)


def _points() -> tuple[np.ndarray, np.ndarray, list[str | None]]:
    """Points 50 m inside the edges of their groups, where a shift of 400 m carries them out."""
    groups = [(grid.code, shapely.bounds(grid.geometry)) for grid in grids() if grid.level == 3]
    lon = [edge for _, (west, _, east, _) in groups for edge in (west + 5e-4, east - 5e-4)]
    lat = [(south + north) / 2 for _, (_, south, _, north) in groups for _ in range(2)]
    return np.array(lon), np.array(lat), [code for code, _ in groups for _ in range(2)]


@pytest.mark.parametrize(
    ("crs", "there"),
    [("EPSG:4490", lambda lon, lat: (lon, lat)), ("GCJ-02", wgs_to_gcj), ("BD-09", wgs_to_bd)],
)
def test_the_system_that_puts_points_into_their_own_grid_is_found(crs: str, there: object) -> None:
    lon, lat, codes = _points()
    x, y = there(lon, lat)  # type: ignore[operator]
    verdict = best_crs(x, y, lambda a, b: _ground().fits(a, b, codes), None)
    assert verdict.best == crs
    assert verdict.share(crs) == 1.0


def test_a_declared_system_is_doubted_only_where_another_fits_clearly_better() -> None:
    lon, lat, codes = _points()
    x, y = wgs_to_bd(lon, lat)
    assert best_crs(x, y, lambda a, b: _ground().fits(a, b, codes), "EPSG:4490").doubtful
    assert not best_crs(x, y, lambda a, b: _ground().fits(a, b, codes), "BD-09").doubtful


def test_metres_are_recognised_by_the_zone_that_fits() -> None:
    lon, lat, codes = _points()
    forward = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4544", always_xy=True)
    x, y = forward.transform(lon, lat)
    verdict = best_crs(x, y, lambda a, b: _ground().fits(a, b, codes), None)
    assert verdict.best == "EPSG:4544"


def test_points_without_a_place_are_left_out_of_the_verdict() -> None:
    verdict = best_crs(np.array([np.nan, 106.1]), np.array([34.1, 34.1]), _ground().holds, "EPSG:4490")
    assert verdict.points == 1
    assert verdict.fitting["EPSG:4490"] == 1


def _small() -> Ground:
    """The groups at a tenth of their size: some 5 km by 10, as groups of villages are."""
    shrunk = [
        shapely.transform(grid.geometry, lambda xy: [106, 34] + (xy - [106, 34]) / 10)
        for grid in grids()
        if grid.level == 3 and grid.geometry is not None
    ]
    return Ground(Plot(str(n), 3, shape) for n, shape in enumerate(shrunk))


def _scattered(seed: int, n: int = 600) -> tuple[np.ndarray, np.ndarray, list[str | None]]:
    """Points anywhere in the small county, each with the code of the group it lies in."""
    random = np.random.default_rng(seed)
    lon, lat = random.uniform(106, 106.3, n), random.uniform(34, 34.2, n)
    ground = _small()
    codes: list[str | None] = [None] * n
    for code, plot in ground.by_code.items():
        for at in np.flatnonzero(shapely.contains_xy(plot.geometry, lon, lat)).tolist():
            codes[at] = code
    return lon, lat, codes


def _verdict(
    x: np.ndarray, y: np.ndarray, codes: list[str | None], declared: str | None = None
) -> CrsVerdict:
    ground = _small()
    return best_crs(x, y, lambda a, b: ground.fits(a, b, codes), declared)


Shift = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
_TO_4524 = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4524", always_xy=True)
SYSTEMS: dict[str, Shift] = {
    "EPSG:4490": lambda lon, lat: (lon, lat),
    "GCJ-02": wgs_to_gcj,
    "BD-09": wgs_to_bd,
    "EPSG:4524": _TO_4524.transform,
}


@settings(max_examples=40)
@given(
    seed=st.integers(0, 999),
    share=st.floats(0.1, 0.5),
    pair=st.permutations(sorted(SYSTEMS)).map(lambda order: order[:2]),
    coded=st.booleans(),
)
def test_a_mixture_of_any_two_systems_is_found_with_both_shares(
    seed: int, share: float, pair: list[str], coded: bool
) -> None:
    # Without a code only points near the county's border tell: more of them are needed, and say less exactly.
    share = share if coded else max(share, 0.35)
    lon, lat, codes = _scattered(seed, 2_000 if coded else 8_000)
    second = np.random.default_rng(seed + 1).random(len(lon)) < share
    one, other = SYSTEMS[pair[0]](lon, lat), SYSTEMS[pair[1]](lon, lat)
    x, y = np.where(second, other[0], one[0]), np.where(second, other[1], one[1])
    verdict = _verdict(x, y, codes if coded else [None] * len(lon))
    assert {verdict.best, verdict.rival} == set(pair)
    told = dict(zip((verdict.best, verdict.rival), verdict.shares, strict=True))
    if coded:
        assert told[pair[1]] == pytest.approx(second.mean(), abs=0.1)
    assert pair[1] in verdict.mixture
    assert pair[0] in verdict.mixture


@settings(max_examples=40)
@given(seed=st.integers(0, 999), crs=st.sampled_from(sorted(SYSTEMS)), off_m=st.floats(0, 400))
def test_places_noted_roughly_are_no_mixture(seed: int, crs: str, off_m: float) -> None:
    lon, lat, codes = _scattered(seed)
    random = np.random.default_rng(seed)
    rough = random.random(len(lon)) < 0.3
    lon = lon + np.where(rough, random.normal(0, off_m / 92_000, len(lon)), 0)
    lat = lat + np.where(rough, random.normal(0, off_m / 111_000, len(lon)), 0)
    verdict = _verdict(*SYSTEMS[crs](lon, lat), codes)
    assert (verdict.best, verdict.rival, verdict.decided) == (crs, None, True)


def test_points_that_no_system_tells_apart_decide_nothing() -> None:
    verdict = _verdict(np.array([106.12, 106.17]), np.array([34.05, 34.15]), [None, None])
    assert not verdict.decided
