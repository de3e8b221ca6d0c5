"""Where things happen in a province: some spots in every leaf, found once, drawn from many million times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from data_adapters.demo.grids import County, Unit, ancestor
from data_adapters.demo.mesh import Floats, Ints
from data_adapters.demo.site import Leaf, Place

SPOTS = 16


@dataclass(frozen=True)
class Places:
    """The leaves of a province by column, in order. ``spots`` (leaves, SPOTS, 2): degrees, inside the leaf.

    ``township`` and ``county`` (leaves,) number the names; ``urban`` 0..1; ``weight``: disputes expected here.
    """

    code: NDArray[np.object_]
    village: Ints
    township: Ints
    county: Ints
    urban: Floats
    weight: Floats
    people: Floats
    spots: Floats
    village_codes: NDArray[np.object_]
    village_names: NDArray[np.object_]
    township_names: NDArray[np.object_]
    county_codes: NDArray[np.object_]

    @classmethod
    def of(cls, province: County, seed: int) -> Places:
        """The places of a province just made."""
        rng = np.random.default_rng([seed, 7])
        leaves = province.leaves
        above = {
            level: {id(unit): number for number, unit in enumerate(province.levels[level])}
            for level in (1, 2, 3)
        }

        def numbers(level: int) -> Ints:
            return np.array([above[level][id(ancestor(leaf, level))] for leaf in leaves], dtype=np.int64)

        def texts(values: list[str]) -> NDArray[np.object_]:
            return np.array(values, dtype=object)

        people = np.array([leaf.population for leaf in leaves], dtype=float)
        temper = np.random.default_rng([seed, 8]).lognormal(0, 0.25, len(province.levels[2]))
        return cls(
            code=texts([leaf.code for leaf in leaves]),
            village=numbers(3),
            township=numbers(2),
            county=numbers(1),
            urban=np.array([leaf.urban for leaf in leaves]),
            weight=(people + 15) * temper[numbers(2)] * rng.lognormal(0, 0.45, len(leaves)),
            people=people,
            spots=_spots(leaves, rng),
            village_codes=texts([unit.code for unit in province.levels[3]]),
            village_names=texts([unit.name for unit in province.levels[3]]),
            township_names=texts([unit.name for unit in province.levels[2]]),
            county_codes=texts([unit.code for unit in province.levels[1]]),
        )

    def draw(self, count: int, rng: np.random.Generator, weight: Floats | None = None) -> tuple[Ints, Floats]:
        """(leaf numbers, spots (count, 2)) in random order, leaves by their weight."""
        running = np.cumsum(self.weight if weight is None else weight)
        leaf = np.searchsorted(running, rng.random(count) * running[-1], side="right")
        spot: Floats = self.spots[leaf, rng.integers(SPOTS, size=count)]
        return leaf, spot

    def listed(self, count: int, rng: np.random.Generator) -> list[Place]:
        """`count` places one by one, for the feed."""
        leaf, spot = self.draw(count, rng)
        found = []
        for n, (lon, lat) in zip(leaf.tolist(), spot.tolist(), strict=True):
            village = self.village_codes[self.village[n]]
            names = (self.village_names[self.village[n]], self.township_names[self.township[n]])
            found.append(
                Place(
                    lon,
                    lat,
                    Leaf(self.code[n], village, names[0], village[:9], names[1],
                         round(float(self.urban[n]), 3), round(float(self.weight[n]), 3)),
                )
            )  # fmt: skip
        return found


def _spots(leaves: list[Unit], rng: np.random.Generator) -> Floats:
    """`SPOTS` places in each leaf at six decimals, gathered around one or two hamlets."""
    shapes = np.array([leaf.shape for leaf in leaves], dtype=object)
    boxes = shapely.bounds(shapes)
    inner = shapely.get_coordinates(shapely.point_on_surface(shapes))
    hamlets = np.stack([inner, inner], axis=1)
    tried = _within(boxes, rng, 1)[:, 0]
    good = shapely.contains_xy(shapes, tried[:, 0], tried[:, 1])
    hamlets[good, 1] = tried[good]
    size = np.sqrt(shapely.area(shapes)) * 0.13
    which = rng.integers(2, size=(len(leaves), SPOTS))
    spots = (
        hamlets[np.arange(len(leaves))[:, None], which]
        + rng.normal(size=(len(leaves), SPOTS, 2)) * size[:, None, None]
    )
    spots = np.round(spots, 6)
    repeated = np.repeat(shapes, SPOTS)
    for again in (_within(boxes, rng, SPOTS), np.repeat(inner[:, None], SPOTS, axis=1)):
        flat = spots.reshape(-1, 2)
        outside = ~shapely.contains_xy(repeated, flat[:, 0], flat[:, 1])
        flat[outside] = np.round(again.reshape(-1, 2)[outside], 6)
        spots = flat.reshape(-1, SPOTS, 2)
    found: Floats = spots
    return found


def _within(boxes: Floats, rng: np.random.Generator, count: int) -> Floats:
    share = rng.random((len(boxes), count, 2))
    found: Floats = boxes[:, None, :2] + share * (boxes[:, None, 2:] - boxes[:, None, :2])
    return found
