"""What is wrong between grids: siblings that overlap, children that stick out of their parent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from data_adapters.ground import Plot, area_m2

#: Siblings may share this much (domain dictionary, section 2.2).
OVERLAP_M2 = 1.0
#: The share of a grid that may lie outside its parent; below it is the noise of two drawings of one border.
LEAK_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two siblings and the area they share, in m²."""

    code: str
    other: str
    area_m2: float


@dataclass(frozen=True, slots=True)
class Leak:
    """A grid and the share (0..1) of it that lies outside its parent."""

    code: str
    parent: str
    share: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A grid and the share (0..1) of it that none of its children covers."""

    code: str
    share: float


def overlaps(plots: Sequence[Plot]) -> list[Overlap]:
    """Pairs of siblings that share more than `OVERLAP_M2`, largest first."""
    siblings: defaultdict[str | None, list[Plot]] = defaultdict(list)
    for plot in plots:
        if plot.geometry is not None:
            siblings[plot.parent].append(plot)
    found: list[Overlap] = []
    for group in siblings.values():
        shapes = np.array([plot.geometry for plot in group], dtype=object)
        one, other = shapely.STRtree(shapes).query(shapes)
        one, other = one[one < other], other[one < other]
        areas = area_m2(shapely.intersection(shapes[one], shapes[other]))
        found += [
            Overlap(group[a].code, group[b].code, float(area))
            for a, b, area in zip(one.tolist(), other.tolist(), areas.tolist(), strict=True)
            if area > OVERLAP_M2
        ]
    return sorted(found, key=lambda overlap: -overlap.area_m2)


def leaks(plots: Sequence[Plot]) -> list[Leak]:
    """Grids of which more than `LEAK_SHARE` and `OVERLAP_M2` lies outside their parent, worst first."""
    by_code = {plot.code: plot for plot in plots}
    pairs = [
        (plot, parent)
        for plot in plots
        if plot.geometry is not None
        and plot.parent is not None
        and (parent := by_code.get(plot.parent)) is not None
        and parent.geometry is not None
    ]
    inner = np.array([plot.geometry for plot, _ in pairs], dtype=object)
    outer = np.array([parent.geometry for _, parent in pairs], dtype=object)
    if not pairs:
        return []
    outside, whole = area_m2(shapely.difference(inner, outer)), area_m2(inner)
    found = [
        Leak(plot.code, parent.code, float(out / all_))
        for (plot, parent), out, all_ in zip(pairs, outside.tolist(), whole.tolist(), strict=True)
        if out > OVERLAP_M2 and out > LEAK_SHARE * all_
    ]
    return sorted(found, key=lambda leak: -leak.share)


def gaps(plots: Sequence[Plot]) -> list[Gap]:
    """Grids of which more than `LEAK_SHARE` and `OVERLAP_M2` belongs to none of their children, worst first."""
    children: defaultdict[str, list[Plot]] = defaultdict(list)
    for plot in plots:
        if plot.parent is not None:
            children[plot.parent].append(plot)
    whole = [
        plot
        for plot in plots
        if plot.geometry is not None
        # Where a child has no polygon, what it covers is not known.
        and (below := children.get(plot.code))
        and all(child.geometry is not None for child in below)
    ]
    if not whole:
        return []
    outer = np.array([plot.geometry for plot in whole], dtype=object)
    covered = np.array(
        [shapely.union_all([child.geometry for child in children[plot.code]]) for plot in whole], dtype=object
    )
    bare, every = area_m2(shapely.difference(outer, covered)), area_m2(outer)
    found = [
        Gap(plot.code, float(out / all_))
        for plot, out, all_ in zip(whole, bare.tolist(), every.tolist(), strict=True)
        if out > OVERLAP_M2 and out > LEAK_SHARE * all_
    ]
    return sorted(found, key=lambda gap: -gap.share)
