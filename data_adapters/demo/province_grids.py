"""The six levels of a synthetic province, cut from one mesh, so that every border is shared down to the last vertex."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data_adapters.demo import names
from data_adapters.demo.grids import County, Ground, Unit, draw, label
from data_adapters.demo.mesh import Floats

LON, LAT = 106.0, 35.5
#: Mean area and people of a county, those of the demo county.
_COUNTY_KM2, _COUNTY_PEOPLE = 1430.0, 332_000
_CELLS_A_LEAF = 16
_COUNTIES_A_CUT = 10
_STEMS = tuple("云石柳松金白青双龙凤清")
_FEATURES = tuple("岭河桥湾坪川原泉山溪")


@dataclass(frozen=True)
class Scale:
    """How large a synthetic province is. The defaults are a whole province."""

    counties: int = 110
    townships: int = 1_300
    villages: int = 22_000
    groups: int = 70_000
    blocks: int = 60_000
    points: int = 2_400_000
    cases: int = 10_000_000
    days: int = 1_093
    #: Cases reported within so many days have their whole timeline.
    timeline_days: int = 90

    def shrunk(self, share: float) -> Scale:
        """The same province with this share of everything, two counties at least."""
        counties = max(2, round(self.counties * share))
        real = counties / self.counties
        return Scale(
            counties,
            max(2 * counties, round(self.townships * real)),
            max(4 * counties, round(self.villages * real)),
            max(8 * counties, round(self.groups * real)),
            round(self.blocks * real),
            max(1, round(self.points * share)),
            max(1, round(self.cases * share)),
            self.days,
            self.timeline_days,
        )

    @property
    def divided(self) -> tuple[int, int]:
        """How many groups have three 片区, and how many two."""
        three = self.blocks // 9
        return three, (self.blocks - 3 * three) // 2


def make_province(seed: int, scale: Scale, report: Callable[[int, int], None]) -> County:
    """All units of the province of `seed`, with codes, names, people and polygons."""
    rng = np.random.default_rng([seed, 110])
    leaves = scale.groups + scale.blocks - sum(scale.divided)
    ground = Ground(rng, _COUNTY_KM2 * scale.counties, leaves * _CELLS_A_LEAF)
    report(1, 8)
    root = Unit(0, np.arange(len(ground.mesh)))
    label(root, names.PROVINCE_CODE, names.PROVINCE_NAME, names.PROVINCE_NAME)
    levels = [[root], _counties(ground, root, scale.counties)]
    _settle(ground, levels[1], scale.counties * _COUNTY_PEOPLE)
    report(2, 8)
    for total, fewest, rounds in ((scale.townships, 2, 12), (scale.villages, 2, 6), (scale.groups, 1, 3)):
        levels.append(_divide(ground, levels[-1], total, fewest, rounds))
        report(len(levels), 8)
    levels.append(_blocks(ground, levels[-1], scale))
    province = County(levels)
    _describe(province, ground)
    _name(province, rng)
    report(6, 8)
    draw(province, ground.mesh, LON, LAT)
    report(8, 8)
    return province


def _counties(ground: Ground, root: Unit, count: int) -> list[Unit]:
    """Cut in two steps: nobody can hold every cell against a hundred counties at once."""
    wholes = max(1, round(count / _COUNTIES_A_CUT))
    parts = np.full(wholes, count // wholes)
    parts[: count - parts.sum()] += 1
    counties: list[Unit] = []
    for whole, part in zip(ground.cut(root, parts.astype(float), by_area=True), parts.tolist(), strict=True):
        cut = ground.cut(whole, ground.rng.uniform(0.7, 1.4, part), by_area=True) if part > 1 else [whole]
        for unit in cut:
            unit.level, unit.parent = 1, root
        counties += cut
    root.children = counties
    return counties


def _settle(ground: Ground, counties: list[Unit], people: int) -> None:
    """A seat in each county with a quarter of its people, market towns around it, valleys between."""
    rng = ground.rng
    for unit in counties:
        cells = unit.cells
        places = ground.mesh.centres[cells]
        share: Floats = np.full(len(cells), 0.5 / len(cells))
        for part, radius in ((0.26, 1.8), *(((0.24 / 9), 0.8),) * 9):
            middle = places[int(rng.integers(len(places)))]
            town: Floats = np.exp(-((places - middle) ** 2).sum(axis=1) / (2 * radius**2))
            share = np.asarray(share + part * town / town.sum())
        ground.people[cells] = share * rng.uniform(0.6, 1.5)
    ground.people *= people / ground.people.sum()
    weight = (60 + ground.people / ground.mesh.cell_km2) ** 0.62
    # A town cannot have more grids than it has cells to cut them from.
    ground.mass = np.minimum(weight, 3 * np.median(weight))


def _divide(ground: Ground, parents: list[Unit], total: int, fewest: int, rounds: int) -> list[Unit]:
    """`total` units below `parents`, by what each parent weighs, `fewest` in each and room for more levels below."""
    weight = np.array([ground.mass[unit.cells].sum() for unit in parents])
    most = np.array([max(fewest, len(unit.cells) // 5) for unit in parents])
    counts = np.full(len(parents), fewest)
    waiting = [(-weight[n] / (fewest + 0.5), n) for n in range(len(parents)) if most[n] > fewest]
    heapq.heapify(waiting)
    for _ in range(total - int(counts.sum())):
        if not waiting:
            break
        _, n = heapq.heappop(waiting)
        counts[n] += 1
        if counts[n] < most[n]:
            heapq.heappush(waiting, (-weight[n] / (counts[n] + 0.5), n))
    units: list[Unit] = []
    for unit, count in zip(parents, counts.tolist(), strict=True):
        units += ground.cut(unit, ground.rng.uniform(0.75, 1.3, count), rounds=rounds)
    return units


def _blocks(ground: Ground, groups: list[Unit], scale: Scale) -> list[Unit]:
    three, two = scale.divided
    by_size = sorted(range(len(groups)), key=lambda n: -len(groups[n].cells))
    parts = dict.fromkeys(by_size[: three + two], 2) | dict.fromkeys(by_size[:three], 3)
    blocks: list[Unit] = []
    for n in sorted(parts):
        if len(groups[n].cells) >= 2 * parts[n]:
            blocks += ground.cut(groups[n], ground.rng.uniform(0.8, 1.25, parts[n]), rounds=3)
    return blocks


def _describe(province: County, ground: Ground) -> None:
    """People and how urban each unit is; parents are the sums of their children."""
    for leaf in province.leaves:
        leaf.population = max(1, round(float(ground.people[leaf.cells].sum())))
    for level in reversed(province.levels[1:]):
        for unit in level:
            density = unit.population / (len(unit.cells) * ground.mesh.cell_km2)
            unit.urban = float(np.clip((density - 250) / 1500, 0, 1))
            if unit.parent is not None:
                unit.parent.population += unit.population


def _name(province: County, rng: np.random.Generator) -> None:
    for number, county in enumerate(province.levels[1]):
        feature, stem = divmod(number, len(_STEMS))
        short = _STEMS[stem] + _FEATURES[feature % len(_FEATURES)]
        code = f"99{number // 99 + 1:02d}{number % 99 + 1:02d}"
        label(county, code, short + "示范县", short)
        stems = names.village_stems(rng)
        townships = county.children or []
        seat = max(townships, key=lambda unit: unit.urban)
        for order, township in enumerate(townships, start=1):
            stem_name = "城关" if township is seat else next(stems)
            suffix = "镇" if township is seat or township.urban > 0 or order % 3 else "乡"
            label(township, f"{code}{100 + order:03d}", stem_name + suffix, stem_name)
            for place, village in enumerate(township.children or [], start=1):
                stem_name = next(stems, f"第{place}")
                kind = "社区" if village.urban > 0.75 else "村"
                label(village, f"{township.code}{200 + place:03d}", stem_name + kind, stem_name)
                _name_groups(village)


def _name_groups(village: Unit) -> None:
    for order, group in enumerate(village.children or [], start=1):
        label(group, f"{village.code}{order:02d}", f"{village.name}{order}组", f"{order}组")
        for number, block in enumerate(group.children or [], start=1):
            label(block, f"{group.code}{number:02d}", f"{group.name}{number}片区", f"{number}片区")
