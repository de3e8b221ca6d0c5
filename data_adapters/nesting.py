"""Which grid lies in which: parents by code or by place, a root where no source gives one, parents first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely

from data_adapters.ground import Plot
from data_adapters.mapping import Refused
from data_adapters.records.grid import Grid
from data_adapters.records.record import Fault
from data_adapters.settings import Centre
from data_adapters.suggestion import nearest


@dataclass(frozen=True, slots=True)
class Told:
    """A grid as a source told it. ``within``: the level whose grid around it is its parent."""

    grid: Grid
    row: str
    within: int | None = None


@dataclass(slots=True)
class Nesting:
    """The grids with their parents, parents first, each beside what told it (None: the root made here)."""

    grids: list[tuple[Grid, Told | None]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    root_made: bool = False

    def plots(self) -> list[Plot]:
        """What others need to know of these grids."""
        return [
            Plot(grid.code, grid.level, grid.geometry, grid.parent, grid.predecessor)
            for grid, _ in self.grids
        ]


def nest(told: Sequence[Told], centre: Centre, known: Mapping[str, Plot], make_root: bool) -> Nesting:
    """Give every grid its parent. ``known``: grids of earlier reads, for parents that are not told now.

    ``make_root``: where no told grid is the root, make it from the union of the grids directly below it.
    """
    nesting = Nesting()
    standing: dict[str, Plot] = dict(known)
    first_rows: dict[tuple[str, object], str] = {}
    levels = {item.grid.code: item.grid.level for item in told}
    children: list[tuple[Grid, Told]] = []
    root_told = any(item.grid.code == centre.root for item in told)
    if not root_told:
        standing.setdefault(centre.root, Plot(centre.root, 0, None))
    for level in sorted({item.grid.level for item in told}):
        here = [item for item in told if item.grid.level == level]
        for item, parent in zip(here, _parents(here, centre.root, standing), strict=True):
            grid = replace(item.grid, parent=parent)
            fault = _fault(grid, item, centre.root, standing, first_rows, levels)
            if fault is not None:
                nesting.refused.append(Refused(grid.source, item.row, (fault,)))
                continue
            first_rows[grid.code, grid.valid_from] = item.row
            children.append((grid, item))
        for grid, _ in children:
            if grid.level == level:
                standing[grid.code] = Plot(grid.code, level, grid.geometry, grid.parent)
    top = [grid.geometry for grid, _ in children if grid.parent == centre.root]
    if not root_told and make_root and top:
        nesting.grids.append((_root(centre, [shape for shape in top if shape is not None]), None))
        nesting.root_made = True
    nesting.grids += children
    return nesting


def _parents(here: Sequence[Told], root: str, standing: Mapping[str, Plot]) -> list[str | None]:
    """The parent's code of each grid of one level: as told, by place, or the root for the level below it."""
    parents: list[str | None] = []
    by_place: dict[int, list[int]] = {}
    for number, item in enumerate(here):
        if item.grid.code == root:
            parents.append(None)
        elif item.within is not None:
            parents.append(root if item.within == 0 else None)
            if item.within != 0:
                by_place.setdefault(item.within, []).append(number)
        else:
            parents.append(item.grid.parent or (root if item.grid.level == 1 else None))
    for level, numbers in by_place.items():
        around = [plot for plot in standing.values() if plot.level == level and plot.geometry is not None]
        found = containing(
            [here[number].grid.geometry for number in numbers], [plot.geometry for plot in around]
        )
        for number, position in zip(numbers, found, strict=True):
            parents[number] = around[position].code if position is not None else None
    return parents


def containing(
    inner: Sequence[shapely.Geometry | None], outer: Sequence[shapely.Geometry | None]
) -> list[int | None]:
    """For each inner polygon the position of the outer one that holds most of it, None where none holds any."""
    shapes, around = np.array(inner, dtype=object), np.array(outer, dtype=object)
    which, hits = shapely.STRtree(around).query(shapes)
    areas = shapely.area(shapely.intersection(shapes[which], around[hits]))
    best: list[int | None] = [None] * len(inner)
    most = np.zeros(len(inner))
    for number, hit, area in zip(which.tolist(), hits.tolist(), areas.tolist(), strict=True):
        if area > most[number]:
            most[number], best[number] = area, hit
    return best


def _fault(
    grid: Grid,
    item: Told,
    root: str,
    standing: Mapping[str, Plot],
    first_rows: Mapping[tuple[str, object], str],
    levels: Mapping[str, int],
) -> Fault | None:
    repeated = first_rows.get((grid.code, grid.valid_from))
    if repeated is not None:
        return Fault("code", "repeated_code", f"编码 {grid.code} 与第 {repeated} 行重复，每个网格应只有一行")
    if grid.code == root:
        return None
    return _parent_fault(grid, item.within, root, standing, levels)


def _parent_fault(
    grid: Grid, within: int | None, root: str, standing: Mapping[str, Plot], levels: Mapping[str, int]
) -> Fault | None:
    if grid.parent is None and within is not None:
        return Fault("parent", "no_parent", f"没有 {within} 级网格与它相交，找不到上级")
    if grid.parent is None:
        return Fault("parent", "missing", f"缺少上级网格；只有根网格 {root} 可以没有上级")
    parent = standing.get(grid.parent)
    # One of this level or below is not standing yet, though it was told.
    level = parent.level if parent is not None else levels.get(grid.parent, -1)
    if level >= grid.level:
        reason = f"上级 {grid.parent} 是 {level} 级，应小于自身的 {grid.level} 级"
        return Fault("parent", "parent_level", reason)
    if parent is None:
        return Fault(
            "parent", "unknown_parent", unknown_code(f"上级网格 {grid.parent} 不存在", grid.parent, standing)
        )
    return None


def unknown_code(told: str, code: str, known: Collection[str]) -> str:
    """What is `told` of a code that is no grid's, with the nearest one that is."""
    found = nearest(code, known)
    return told + (f"，最接近的是 {found}" if found is not None else "")


def _root(centre: Centre, children: Iterable[shapely.Geometry]) -> Grid:
    union = shapely.union_all(list(children))
    shape = None if union.is_empty else union
    return Grid(
        code=centre.root,
        name=centre.name,
        level=0,
        geometry=shape,
        source="yiping",
        quality=("made_from_children",),
    )
