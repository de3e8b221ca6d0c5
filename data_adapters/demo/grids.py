"""The five levels of the demo county: 1 / 18 / 142 / 267 / 1063 grids and 913 片区, with codes, names, people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from data_adapters.demo import names
from data_adapters.demo.borders import Borders
from data_adapters.demo.mesh import Floats, Ints, Mesh, make_mesh, smooth_noise, warp
from data_adapters.demo.partition import split

LON, LAT = 106.14, 34.75
AREA_KM2 = 2012.0
POPULATION = 332_000
DISTRICTS, VILLAGES, GROUPS, BLOCKS = 142, 267, 1063, 913
_CELLS = 60_000
_DIVIDED_IN_THREE = 113
_DIVIDED_IN_TWO = (BLOCKS - 3 * _DIVIDED_IN_THREE) // 2
_WINDING = ((16.0, 0.85), (7.0, 0.42), (3.0, 0.2), (1.3, 0.09), (0.6, 0.04))
Report = Callable[[int, int], None]


@dataclass(eq=False)
class Unit:
    """One grid of the demo. ``cells`` index the mesh; ``urban`` 0..1; ``heat`` how often people here quarrel."""

    level: int
    cells: Ints
    parent: Unit | None = None
    code: str = ""
    name: str = ""
    short_name: str = ""
    population: int = 0
    urban: float = 0.0
    heat: float = 1.0
    geometry: shapely.Polygon | None = None
    children: list[Unit] | None = None

    @property
    def shape(self) -> shapely.Polygon:
        """The polygon in EPSG:4490; there once the county is finished."""
        if self.geometry is None:
            raise RuntimeError(f"{self.code}：边界尚未生成")
        return self.geometry


@dataclass
class County:
    """All units by level (0..5) in code order of their parents; ``leaves`` are those without children."""

    levels: list[list[Unit]]

    @property
    def leaves(self) -> list[Unit]:
        return [unit for level in self.levels for unit in level if not unit.children]


def ancestor(unit: Unit, level: int) -> Unit:
    """The unit of `level` that contains `unit` (or `unit` itself)."""
    while unit.level > level and unit.parent is not None:
        unit = unit.parent
    return unit


class Ground:
    """What every cut needs: the mesh, the warped plane, how many people live in each cell."""

    def __init__(self, rng: np.random.Generator, area_km2: float = AREA_KM2, cells: int = _CELLS) -> None:
        self.rng = rng
        self.mesh: Mesh = make_mesh(rng, area_km2, cells)
        self.plane: Floats = warp(self.mesh.centres, rng, _WINDING)
        # Where each cell is within the region being cut; -1 elsewhere, the last for what lies outside.
        self._local = np.full(len(self.mesh) + 1, -1)
        self.people: Floats = np.ones(len(self.mesh))
        self.mass: Floats = np.ones(len(self.mesh))

    def cut(
        self,
        unit: Unit,
        shares: Floats,
        seeds: Floats | None = None,
        by_area: bool = False,
        rounds: int = 30,
    ) -> list[Unit]:
        """The children of `unit`, made by cutting it into connected parts of the wanted shares."""
        cells = unit.cells
        self._local[cells] = np.arange(len(cells))
        near = self._local[self.mesh.neighbours[cells]]
        self._local[cells] = -1
        mass = np.ones(len(cells)) if by_area else self.mass[cells]
        labels = split(self.plane[cells], mass, shares, near, self.rng, seeds, rounds)
        parts = [Unit(unit.level + 1, cells[labels == part], unit) for part in range(len(shares))]
        unit.children = sorted(parts, key=self._west_to_east) if seeds is None else parts
        return unit.children

    def _west_to_east(self, unit: Unit) -> tuple[float, float]:
        middle = self.mesh.centres[unit.cells].mean(axis=0)
        return (round(float(middle[0]) / 3), -float(middle[1]))

    def settle(self, townships: list[Unit]) -> None:
        """People: a town in the middle of each township, valleys between, scaled to the township's head count."""
        self.people = np.exp(0.55 * smooth_noise(self.mesh.centres, self.rng, 5.0))
        for unit, town in zip(townships, names.TOWNSHIPS, strict=True):
            cells = unit.cells
            places = self.mesh.centres[cells]
            centre = places.mean(axis=0)
            seat = town.name == "城关"
            away = ((places - centre) ** 2).sum(axis=1)
            radius, share = (1.5, 0.68) if seat else (0.6, 0.16)
            town_part = np.exp(-away / (2 * radius**2))
            rural = self.people[cells]
            self.people[cells] = town.people * (
                (1 - share) * rural / rural.sum() + share * town_part / town_part.sum()
            )
        self.people *= POPULATION / self.people.sum()
        density = self.people / self.mesh.cell_km2
        self.mass = np.minimum((60 + density) ** 0.62, 8 * np.median((60 + density) ** 0.62))


def make_county(seed: int, report: Report | None = None) -> County:
    """The county of `seed`: geometry, names, codes and people. The same seed gives the same county."""
    tell = report or (lambda done, total: None)
    ground = Ground(np.random.default_rng(seed))
    rng = ground.rng
    tell(1, 6)
    root = Unit(0, np.arange(len(ground.mesh)), code=names.COUNTY_CODE, name=names.COUNTY_NAME)
    root.short_name = names.COUNTY_NAME
    levels = [[root], _townships(ground, root)]
    ground.settle(levels[1])
    tell(2, 6)
    for total, fewest in ((DISTRICTS, 4), (VILLAGES, 1), (GROUPS, 2)):
        levels.append(_divide(ground, levels[-1], total, fewest))
    tell(3, 6)
    levels.append(_blocks(ground, levels[-1]))
    tell(4, 6)
    county = County(levels)
    _count_people(county, ground)
    _name(county, rng)
    draw(county, ground.mesh, LON, LAT)
    tell(6, 6)
    return county


def _townships(ground: Ground, root: Unit) -> list[Unit]:
    low, high = ground.plane.min(axis=0), ground.plane.max(axis=0)
    seeds = np.array([(low[0] + t.east * (high[0] - low[0]), high[1] - t.south * (high[1] - low[1]))
                      for t in names.TOWNSHIPS])  # fmt: skip
    shares = np.array([t.area for t in names.TOWNSHIPS])
    units = ground.cut(root, shares, seeds, by_area=True)
    for unit, town in zip(units, names.TOWNSHIPS, strict=True):
        unit.heat = town.heat
    return units


def _divide(ground: Ground, parents: list[Unit], total: int, fewest: int) -> list[Unit]:
    """`total` units below `parents`, by what each parent weighs, at least `fewest` in each."""
    weight = np.array([ground.mass[unit.cells].sum() for unit in parents])
    counts = np.full(len(parents), fewest)
    while counts.sum() < total:
        counts[np.argmax(weight / (counts + 0.5))] += 1
    units: list[Unit] = []
    for unit, count in zip(parents, counts, strict=True):
        units += ground.cut(unit, ground.rng.uniform(0.75, 1.3, count))
    return units


def _blocks(ground: Ground, groups: list[Unit]) -> list[Unit]:
    """片区 in the largest groups only: 2 or 3 that cover their group."""
    by_size = sorted(range(len(groups)), key=lambda i: -len(groups[i].cells))
    parts = dict.fromkeys(by_size[: _DIVIDED_IN_THREE + _DIVIDED_IN_TWO], 2)
    parts |= dict.fromkeys(by_size[:_DIVIDED_IN_THREE], 3)
    blocks: list[Unit] = []
    for index in sorted(parts):
        blocks += ground.cut(groups[index], ground.rng.uniform(0.8, 1.25, parts[index]))
    return blocks


def _count_people(county: County, ground: Ground) -> None:
    """Whole people in the leaves (largest remainder), sums above."""
    leaves = county.leaves
    exact = np.array([ground.people[leaf.cells].sum() for leaf in leaves])
    whole = np.floor(exact).astype(int)
    whole[np.argsort(whole - exact, kind="stable")[: POPULATION - whole.sum()]] += 1
    for leaf, people in zip(leaves, whole.tolist(), strict=True):
        leaf.population = people
    for level in reversed(county.levels):
        for unit in level:
            if unit.parent is not None:
                unit.parent.population += unit.population
    for level in county.levels[1:]:
        for unit in level:
            density = unit.population / (len(unit.cells) * ground.mesh.cell_km2)
            unit.urban = float(np.clip((density - 250) / 1500, 0, 1))
            if unit.parent is not None and unit.level > 1:
                unit.heat = unit.parent.heat


def _name(county: County, rng: np.random.Generator) -> None:
    stems, quarters, estates = names.village_stems(rng), names.quarter_stems(), names.estate_names(rng)
    for number, (unit, town) in enumerate(zip(county.levels[1], names.TOWNSHIPS, strict=True)):
        code = names.township_code(number)
        label(unit, code + "000", town.name + town.suffix, town.name)
        communities = villages = 0
        main = max((v for d in unit.children or [] for v in d.children or []), key=lambda v: v.urban)
        for order, district in enumerate(unit.children or [], start=1):
            for village in district.children or []:
                if village is main or village.urban > 0.75:
                    communities += 1
                    stem = (
                        next(quarters)
                        if town.name == "城关"
                        else town.name
                        if village is main
                        else next(stems)
                    )
                    label(village, f"{code}{communities:03d}", stem + "社区", stem)
                else:
                    villages += 1
                    stem = next(stems)
                    label(village, f"{code}{200 + villages:03d}", stem + "村", stem)
                _name_groups(village, estates)
            first = (district.children or [])[0].short_name
            label(district, f"{code}P{order:02d}", first + "片", first + "片")


def _name_groups(village: Unit, estates: Iterator[str]) -> None:
    community = village.name.endswith("社区")
    for order, group in enumerate(village.children or [], start=1):
        estate = next(estates, None) if community else None
        short = estate or f"{order}组"
        label(group, f"{village.code}{order:02d}", estate or village.name + short, short)
        for number, block in enumerate(group.children or [], start=1):
            label(block, f"{group.code}{number:02d}", f"{group.name}{number}片区", f"{number}片区")


def label(unit: Unit, code: str, name: str, short_name: str) -> None:
    unit.code, unit.name, unit.short_name = code, name, short_name


def draw(county: County, mesh: Mesh, lon: float, lat: float) -> None:
    """Give every unit its polygon (EPSG:4490), the middle of the mesh at `lon`, `lat`."""
    leaves = county.leaves
    leaf_of_cell = np.empty(len(mesh), dtype=np.int64)
    for number, leaf in enumerate(leaves):
        leaf_of_cell[leaf.cells] = number
    borders = Borders(mesh, leaf_of_cell)
    borders.place(lon, lat)
    for leaf, polygon in zip(leaves, borders.leaves(), strict=True):
        leaf.geometry = polygon
    for level in county.levels[:-1]:
        inner = [unit for unit in level if unit.children]
        unit_of_leaf = np.full(len(leaves), -1)
        for number, unit in enumerate(inner):
            unit_of_leaf[leaf_of_cell[unit.cells]] = number
        for unit, polygon in zip(inner, borders.polygons(unit_of_leaf), strict=True):
            unit.geometry = polygon
