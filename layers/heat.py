"""Heat: where the cases of a window lie, as a count, as a rate, or as what is beyond chance.

Always of the cases reported in a stated window of days; bandwidths are metres on a plane (`layers.plane`). A case is
put on its 200 m cell, never on its exact place. Cases of sensitive categories are put on no point: they are spread
over the smallest grid above them that has `LEAST` of them, and left out, but counted as such, where none has.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import shapely

from data_adapters.ledger.display import display_point
from data_adapters.ledger.scope import STEP
from data_adapters.ledger.snapshot import CaseRow, GridRow, Snapshot
from data_adapters.records import life
from data_adapters.records.dictionary import HIDDEN_CATEGORIES, SENSITIVE_CATEGORIES
from layers.density import Density
from layers.plane import Plane
from layers.suppression import LEAST
from layers.tiles import Floats, to_degrees, to_mercator

Mode = Literal["count", "rate"]

#: A bandwidth is this part of the grid's longer side, within bounds that fit villages and rural counties; beyond
#: the second part the raster would be needlessly fine.
PART, FINEST_M, COARSEST_M, MOST_PARTS = 40, 200.0, 1_500.0, 150
#: Cells of the picture along the grid's longer side.
PICTURE = 192
#: Grids that population is read from, at most; and people to a square kilometre below which a rate says nothing.
MOST_PEOPLED, LEAST_PEOPLE = 3_000, 5.0
STEPS = 6


@dataclass(frozen=True, slots=True)
class Heat:
    """A picture of a grid: `values` has shape (rows, columns), north first, NaN outside the grid or where unknown.

    `box`: west, south, east, north in degrees, cut evenly in Web Mercator. Of `total` cases in the window `drawn`
    are in the picture; `unplaced` have no place, `withheld` are of a sensitive category with fewer than five
    anywhere inside, or of one that no map shows. `lows`: the least value of each of the six classes, rising.
    """

    mode: Mode
    unit: str
    since: datetime
    until: datetime
    bandwidth_m: float
    total: int
    drawn: int
    unplaced: int
    withheld: int
    box: tuple[float, float, float, float]
    values: Floats
    lows: tuple[float, ...]
    note: str = ""


Span = tuple[datetime, datetime]


def heat(
    snapshot: Snapshot,
    here: GridRow,
    mode: Mode,
    days: int,
    category: str | None = None,
    span: Span | None = None,
) -> Heat | None:
    """The heat of one grid over the last `days` days, or over `span`; None where the grid has no polygon."""
    polygon = snapshot.geometries([here.path]).get(here.path)
    if polygon is None:
        return None
    since, until = span or (snapshot.now - timedelta(days=days), snapshot.now)
    rows = cases_between(snapshot, here.path, since, until, category)
    plane = Plane((polygon.bounds[0] + polygon.bounds[2]) / 2)
    picture = _Picture.of(polygon, plane)
    points, areas, withheld = _places(rows, here.path)
    density = picture.density()
    density.add(*plane.metres(*_columns(points)))
    shapes = snapshot.geometries(list(areas))
    for path, n in areas.items():
        density.spread(_flat(shapes.get(path, polygon), plane), n)
    values = picture.read(density)
    note = ""
    if mode == "rate":
        people = _people(snapshot, here, plane, picture)
        note = "" if people is not None else "下级网格没有人口数，算不出比率"
        values = _rate(values, people)
    unplaced = sum(not row.placed for row in rows)
    return Heat(
        mode=mode,
        unit="件/万人" if mode == "rate" else "件/km²",
        since=since,
        until=until,
        bandwidth_m=round(picture.bandwidth_m),
        total=len(rows),
        drawn=len(points) + sum(areas.values()),
        unplaced=unplaced,
        withheld=withheld,
        box=picture.box,
        values=values,
        lows=_ladder(values),
        note=note,
    )


def cases_between(
    snapshot: Snapshot, path: str, since: datetime, until: datetime, category: str | None
) -> list[CaseRow]:
    """The cases reported in the window that still stand: neither merged nor cancelled."""
    rows = snapshot.reported_between(path, since, until, "lon", "lat", "path", "placed", "category", "state")
    return [
        row for row in rows if row.state not in life.VOID and (category is None or row.category == category)
    ]


def _places(rows: Sequence[CaseRow], top: str) -> tuple[list[tuple[float, float]], Counter[str], int]:
    """(points in degrees, grid path -> cases to spread over it, how many are withheld) of the placed cases."""
    points: list[tuple[float, float]] = []
    areas: Counter[str] = Counter()
    sensitive: Counter[str] = Counter()
    withheld = 0
    for row in rows:
        if not row.placed:
            continue
        if row.category in HIDDEN_CATEGORIES:
            withheld += 1
        elif row.category in SENSITIVE_CATEGORIES:
            sensitive[row.path] += 1
        elif (point := display_point(row.lon, row.lat, row.category)) is not None:
            points.append(point)
        else:
            areas[row.path] += 1
    gathered, left_out = _gathered(sensitive, top)
    return points, areas + gathered, withheld + left_out


def _gathered(counts: Counter[str], top: str) -> tuple[Counter[str], int]:
    """Counts moved up to the first grid at which there are `LEAST` of them, and how many found none."""
    waiting, found = Counter(counts), Counter[str]()
    for length in range(max(map(len, counts), default=0), len(top) - 1, -STEP):
        for path in [path for path in waiting if len(path) == length]:
            n = waiting.pop(path)
            if n >= LEAST:
                found[path] += n
            elif length > len(top):
                waiting[path[:-STEP]] += n
            else:
                return found, n
    return found, sum(waiting.values())


def _columns(points: Sequence[tuple[float, float]]) -> tuple[Floats, Floats]:
    both = np.array(points, dtype=np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _flat(polygon: shapely.Geometry, plane: Plane) -> shapely.Geometry:
    return shapely.transform(polygon, lambda v: np.column_stack(plane.metres(v[:, 0], v[:, 1])))


@dataclass(frozen=True, slots=True)
class _Picture:
    """The raster that is shown: its middles in metres, and which of them lie in the grid."""

    box: tuple[float, float, float, float]
    bounds_m: tuple[float, float, float, float]
    bandwidth_m: float
    east: Floats
    north: Floats
    inside: np.ndarray

    @classmethod
    def of(cls, polygon: shapely.Geometry, plane: Plane) -> _Picture:
        west, south, east, north = polygon.bounds
        x, y = to_mercator(np.array([west, east]), np.array([north, south]))
        width, height = x[1] - x[0], y[1] - y[0]
        cell = max(width, height) / PICTURE
        columns, rows = max(1, round(width / cell)), max(1, round(height / cell))
        across = x[0] + (np.arange(columns) + 0.5) * width / columns
        down = y[0] + (np.arange(rows) + 0.5) * height / rows
        lon, lat = to_degrees(*np.meshgrid(across, down))
        bounds = _flat(polygon, plane).bounds
        side = max(bounds[2] - bounds[0], bounds[3] - bounds[1])
        bandwidth = max(min(max(side / PART, FINEST_M), COARSEST_M), side / MOST_PARTS)
        shapely.prepare(polygon)
        return cls(
            (west, south, east, north),
            bounds,
            bandwidth,
            *plane.metres(lon, lat),
            shapely.contains_xy(polygon, lon, lat),
        )

    def density(self) -> Density:
        return Density(self.bounds_m, self.bandwidth_m)

    def read(self, density: Density) -> Floats:
        return np.where(self.inside, density.at(self.east, self.north), np.nan)


def _people(snapshot: Snapshot, here: GridRow, plane: Plane, picture: _Picture) -> Floats | None:
    """People per square kilometre: the population of the deepest grids that all say it, spread evenly in each."""
    rows = peopled(snapshot, here)
    if not rows:
        return None
    density = picture.density()
    shapes = snapshot.geometries([row.path for row in rows])
    for row in rows:
        if row.path in shapes and row.population:
            density.spread(_flat(shapes[row.path], plane), row.population)
    return picture.read(density)


def peopled(snapshot: Snapshot, here: GridRow) -> list[GridRow]:
    """Grids that cover `here` once and all have a population, as fine as can be; none where it is not known."""
    cover = [here]
    for level in sorted(snapshot.subtree_levels(here.path)):
        below: dict[str | None, list[GridRow]] = defaultdict(list)
        for row in snapshot.grids_of_level(level):
            below[row.parent_path].append(row)
        finer = [child for row in cover for child in _split(row, below)]
        if len(finer) > MOST_PEOPLED:
            break
        cover = finer
    return cover if all(row.population is not None for row in cover) else []


def _split(row: GridRow, below: Mapping[str | None, Sequence[GridRow]]) -> Sequence[GridRow]:
    children = below.get(row.path, ())
    known = row.population is None or all(child.population is not None for child in children)
    return children if children and known else [row]


def _rate(cases: Floats, people: Floats | None) -> Floats:
    """Cases per ten thousand people; NaN where hardly anybody lives."""
    if people is None:
        return np.full_like(cases, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(people >= LEAST_PEOPLE, cases / people * 10_000, np.nan)


def _ladder(values: Floats) -> tuple[float, ...]:
    """Six classes, each twice the one before, up to the highest value: heat falls off fast round its middles."""
    known = values[np.isfinite(values)]
    top = float(known.max()) if len(known) else 0.0
    if top <= 0:
        return ()
    return tuple(float(f"{top / 2 ** (STEPS - at):.2g}") for at in range(STEPS))
