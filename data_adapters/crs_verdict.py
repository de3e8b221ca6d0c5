"""Which coordinate system a source is in, told by where its points fall; and whether it mixes two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_adapters.coordinates import SAME, TARGET, Floats, Pair, to_target

Mask = NDArray[np.bool_]
Fits = Callable[[Floats, Floats], Mask]

#: A point counts for another system only where this many more points fit than in the declared one.
CLEARLY_MORE = 10
#: Of the points that tell two systems apart, the share that must speak for the second before a source is mixed.
MIXED_SHARE = 0.02
#: How sure that points speak for a second system: standard deviations beyond chance, 13 points against none.
_SIGMAS = 3.5
#: Gauss-Krüger zones of CGCS2000: by zone number (6° and 3°) and by central meridian.
_GAUSS_KRUEGER = tuple(f"EPSG:{code}" for code in (*range(4491, 4502), *range(4513, 4555)))
_DEGREES = (TARGET, "GCJ-02", "BD-09")
_TRIED = 400
#: Beyond this an abscissa is no longitude.
_MOST_DEGREES = 360.0
#: Two readings closer than this (degrees, some 10 m) are one and the same place.
_APART = 1e-4


@dataclass(frozen=True, slots=True)
class CrsVerdict:
    """How many of ``points`` lie in the grids if they are read as each system. ``declared`` is None for "auto".

    ``decided``: no other system explains the points as well. ``rival`` is the second system of a mixed source;
    ``shares`` are those of the best and of the rival among the points that tell the two apart.
    """

    declared: str | None
    best: str
    points: int
    fitting: dict[str, int]
    decided: bool = True
    rival: str | None = None
    shares: tuple[float, float] = (1.0, 0.0)

    @property
    def doubtful(self) -> bool:
        """Another system fits clearly better than the declared one."""
        return (
            self.declared is not None and self.fitting[self.best] > self.fitting[self.declared] + CLEARLY_MORE
        )

    def share(self, crs: str) -> float:
        """0..1 of the points that lie in the grids when read as `crs`."""
        return self.fitting[crs] / self.points if self.points else 0.0

    @property
    def mixture(self) -> str:
        """The two systems of a mixed source with their shares, for people."""
        return f"约 {self.shares[0]:.0%} 的点是 {self.best}，约 {self.shares[1]:.0%} 是 {self.rival}"


def best_crs(x: Floats, y: Floats, fits: Fits, declared: str | None, stated: str | None = None) -> CrsVerdict:
    """Which system puts most of the points where they belong, and whether some of them are in another one.

    ``fits`` says of points in EPSG:4490, as many as given, whether each lies in its grid. ``stated`` is one more
    system worth trying. The declared system wins a tie, then the one that moves nothing. Raises `UnknownCrs`.
    """
    known = np.isfinite(x) & np.isfinite(y)
    places: dict[str, Pair] = {}
    found: dict[str, Mask] = {}
    for crs in _hypotheses(x, y, known, fits, declared or stated):
        places[crs] = _read(x, y, crs)
        found[crs] = fits(*places[crs]) & known
    fitting = {crs: int(np.count_nonzero(hits)) for crs, hits in found.items()}
    best = max(fitting, key=lambda crs: fitting[crs])
    decided, rival, shares = True, None, (1.0, 0.0)
    strongest = 0
    for crs, hits in found.items():
        if crs == best or not _apart(places[best], places[crs]):
            continue
        for_best = int(np.count_nonzero(found[best] & ~hits))
        for_other = int(np.count_nonzero(hits & ~found[best]))
        decided = decided and bool(for_best - for_other > 2 * np.sqrt(for_best + for_other))
        chance = _by_chance(places[best], places[crs], found[best], fits)
        beyond = for_other - chance > _SIGMAS * np.sqrt(for_other + chance)
        telling = for_best + for_other
        if for_other > strongest and for_other >= MIXED_SHARE * telling and beyond:
            strongest, rival = for_other, crs
            shares = (for_best / telling, for_other / telling)
    return CrsVerdict(declared, best, int(np.count_nonzero(known)), fitting, decided, rival, shares)


def _by_chance(best: Pair, other: Pair, fitting: Mask, fits: Fits) -> int:
    """How many points that do not fit the best system would fit one that moves them just as far the other way.

    What lies a little outside its grid for reasons of its own is brought in by one shift as often as by the other.
    """
    mirrored = fits(2 * best[0] - other[0], 2 * best[1] - other[1])
    return int(np.count_nonzero(mirrored & ~fitting))


def _apart(one: Pair, other: Pair) -> bool:
    distance = np.hypot(one[0] - other[0], one[1] - other[1])
    distance = distance[np.isfinite(distance)]
    return not len(distance) or float(np.median(distance)) > _APART


def _read(x: Floats, y: Floats, crs: str) -> Pair:
    """The points in EPSG:4490 if they are in `crs`; not finite where they cannot be."""
    transform = to_target(crs)
    usable = _metres(x) if crs in _GAUSS_KRUEGER else ~_metres(x) if crs in _DEGREES else np.isfinite(x)
    lon, lat = np.full(len(x), np.nan), np.full(len(x), np.nan)
    given = x[usable], y[usable]
    lon[usable], lat[usable] = transform(*given) if transform is not None else given
    return lon, lat


def _metres(x: Floats) -> Mask:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(x) > _MOST_DEGREES)


def _hypotheses(x: Floats, y: Floats, known: Mask, fits: Fits, told: str | None) -> Iterator[str]:
    """The systems worth trying, the most likely first."""
    if told is not None:
        yield told
    metres = _metres(x) & known
    # With a declared system that moves nothing, the target itself would be counted twice.
    alike = told in SAME
    if (~metres & known).any() or not metres.any():
        yield from (crs for crs in _DEGREES if crs != told and not (alike and crs in SAME))
    if metres.any():
        few = np.full(len(x), np.nan)
        tried = np.flatnonzero(metres)[:: max(1, int(metres.sum()) // _TRIED)]
        few[tried] = x[tried]
        likely = [crs for crs in _GAUSS_KRUEGER if crs != told and fits(*_read(few, y, crs)).any()]
        # Where none fits, one is kept so that the verdict can say so.
        yield from likely or (() if told is not None else _GAUSS_KRUEGER[:1])
