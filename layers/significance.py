"""Which grids stand out beyond chance: the cases of a window by grid, judged by Gi* with their neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import shapely

from data_adapters.ledger.snapshot import GridRow, Snapshot
from data_adapters.records.dictionary import HIDDEN_CATEGORIES, SENSITIVE_CATEGORIES
from layers.grid import Feature, collection
from layers.heat import Span, cases_between
from layers.hotspot import FALSE_DISCOVERIES, spots
from layers.plane import Plane
from layers.suppression import suppressed
from layers.tiles import Floats

#: Fewer grids than this cannot be told from chance; more are not judged one by one.
FEWEST, MOST = 8, 600
#: Borders of different sources may stand this far apart and still be one.
GAP_M = 2.0


@dataclass(frozen=True, slots=True)
class Significance:
    """`features`: GeoJSON of the judged grids with `n` (None where not told), `value`, `z`, `p` and `spot`.

    `spot` is ``hot``, ``cold`` or empty. `unit` says what `value` is. `note` says why nothing was judged.
    """

    unit: str
    since: datetime
    until: datetime
    level: int | None
    total: int
    unplaced: int
    false_discoveries: float
    features: Feature
    note: str = ""


def significance(
    snapshot: Snapshot, here: GridRow, days: int, category: str | None = None, span: Span | None = None
) -> Significance:
    """Judge the grids under `here`: the deepest level that has at most `MOST` of them."""
    since, until = span or (snapshot.now - timedelta(days=days), snapshot.now)
    rows = cases_between(snapshot, here.path, since, until, category)
    units = judged(snapshot, here)
    shapes = snapshot.geometries([unit.path for unit in units])
    units = [unit for unit in units if unit.path in shapes]
    common: dict[str, Any] = {
        "since": since,
        "until": until,
        "total": len(rows),
        "unplaced": sum(not row.placed for row in rows),
        "false_discoveries": FALSE_DISCOVERIES,
    }
    if len(units) < FEWEST:
        nothing: Feature = {"type": "FeatureCollection", "features": []}
        return Significance(
            unit="", level=None, features=nothing, note=f"下级网格不足 {FEWEST} 个，无法判断显著性", **common
        )
    width = len(units[0].path)
    counted = Counter(
        row.path[:width] for row in rows if row.placed and row.category not in HIDDEN_CATEGORIES
    )
    counts = [counted[unit.path] for unit in units]
    plane = Plane(here.lon or 0.0)
    flat = [
        shapely.transform(shapes[unit.path], lambda v: np.column_stack(plane.metres(v[:, 0], v[:, 1])))
        for unit in units
    ]
    values, unit_word = _values(units, counts, flat)
    found = spots(values, bordering(flat))
    told = (
        suppressed(dict(enumerate(counts))) if category in SENSITIVE_CATEGORIES else dict(enumerate(counts))
    )
    features = collection(snapshot, units, here)
    for at, feature in enumerate(features["features"]):
        feature["properties"] |= {
            "n": told[at],
            # A value would give a count away that is not told.
            "value": None if told[at] is None else round(float(values[at]), 2),
            "z": round(float(found.z[at]), 2),
            "p": round(float(found.p[at]), 4),
            "spot": "hot" if found.hot[at] else "cold" if found.cold[at] else "",
        }
    return Significance(unit=unit_word, level=units[0].level, features=features, **common)


def judged(snapshot: Snapshot, here: GridRow) -> list[GridRow]:
    """The grids of the deepest level under `here` with at most `MOST` of them; none if it has no level below."""
    levels = snapshot.subtree_levels(here.path)
    fitting = [level for level, n in levels.items() if level > here.level and n <= MOST]
    if not fitting:
        return []
    return [row for row in snapshot.grids_of_level(max(fitting)) if row.path.startswith(here.path)]


def bordering(polygons: Sequence[shapely.Geometry]) -> list[list[int]]:
    """For each polygon (metres) the numbers of those that touch it or lie within `GAP_M`."""
    tree = shapely.STRtree(polygons)
    one, other = tree.query(polygons, predicate="dwithin", distance=GAP_M)
    near: list[list[int]] = [[] for _ in polygons]
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        if a != b:
            near[a].append(b)
    return [sorted(found) for found in near]


def _values(
    units: Sequence[GridRow], counts: Sequence[int], flat: Sequence[shapely.Geometry]
) -> tuple[Floats, str]:
    """Per ten thousand people where every grid says how many it has, else per square kilometre."""
    n = np.array(counts, dtype=np.float64)
    people = [unit.population for unit in units]
    if all(people):
        return n / np.array(people, dtype=np.float64) * 10_000, "件/万人"
    return n / np.maximum(shapely.area(np.array(flat, dtype=object)) / 1e6, 1e-6), "件/km²"
