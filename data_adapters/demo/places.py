"""Where things happen inside a leaf: around a few hamlets, never outside its polygon, at six decimals."""

from __future__ import annotations

import numpy as np
import shapely

from data_adapters.demo.grids import County, ancestor
from data_adapters.demo.mesh import Floats
from data_adapters.demo.orgs import served_by
from data_adapters.demo.site import Leaf, Place


def describe_leaves(county: County, rng: np.random.Generator) -> list[Leaf]:
    """The leaves with the weight of their disputes: people, the township's temper, and local luck."""
    leaves = county.leaves
    serving = served_by(county)
    luck = rng.lognormal(0, 0.45, len(leaves))
    return [
        Leaf(
            unit.code,
            ancestor(unit, 3).code,
            ancestor(unit, 3).name,
            ancestor(unit, 1).code,
            ancestor(unit, 1).name,
            round(unit.urban, 3),
            round(float((unit.population + 15) * unit.heat * chance), 3),
            serving[ancestor(unit, 3).code],
        )
        for unit, chance in zip(leaves, luck, strict=True)
    ]


def draw_places(county: County, leaves: list[Leaf], count: int, rng: np.random.Generator) -> list[Place]:
    """`count` places in random order, leaves by their weight."""
    weight = np.array([leaf.weight for leaf in leaves])
    chosen = rng.choice(len(leaves), count, p=weight / weight.sum())
    numbers = np.bincount(chosen, minlength=len(leaves))
    spots = [
        scatter(unit.shape, int(number), rng) for unit, number in zip(county.leaves, numbers, strict=True)
    ]
    taken = np.zeros(len(leaves), dtype=int)
    places = []
    for index in chosen.tolist():
        lon, lat = spots[index][taken[index]].tolist()
        taken[index] += 1
        places.append(Place(lon, lat, leaves[index]))
    return places


def scatter(polygon: shapely.Polygon, count: int, rng: np.random.Generator) -> Floats:
    """`count` points (count, 2) strictly inside `polygon`, gathered around one to three hamlets."""
    if count == 0:
        return np.empty((0, 2))
    shapely.prepare(polygon)
    hamlets = _inside(polygon, _box(polygon, 24, rng))
    if not len(hamlets):
        hamlets = shapely.get_coordinates(polygon.representative_point())
    hamlets = hamlets[: int(rng.integers(1, 4))]
    size = np.sqrt(polygon.area) * 0.13
    found = np.empty((0, 2))
    while len(found) < count:
        around = hamlets[rng.integers(len(hamlets), size=2 * count + 4)]
        found = np.concatenate([found, _inside(polygon, around + rng.normal(0, size, around.shape))])
    return found[:count]


def _box(polygon: shapely.Polygon, count: int, rng: np.random.Generator) -> Floats:
    west, south, east, north = polygon.bounds
    return np.stack([rng.uniform(west, east, count), rng.uniform(south, north, count)], axis=1)


def _inside(polygon: shapely.Polygon, points: Floats) -> Floats:
    points = np.round(points, 6)
    kept: Floats = points[shapely.contains_xy(polygon, points[:, 0], points[:, 1])]
    return kept
