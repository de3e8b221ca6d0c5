"""The ground the demo county is cut from: some 60,000 small honeycomb cells within an outline of its own.

In a honeycomb exactly three cells meet at a corner, so any grouping of cells has borders that never touch in
a point: regions made of whole cells tile without gaps or overlaps, and their shared borders are the same edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Corners of a cell anticlockwise from the lower right one, in half cell widths and in sixths of the row pattern.
_CORNERS = np.array([(1, -1), (1, 1), (0, 2), (-1, 1), (-1, -1), (0, -2)])
#: The neighbour beyond the side from corner i to corner i + 1, in the same integer units.
_NEIGHBOURS = np.array([(2, 0), (1, 3), (-1, 3), (-2, 0), (-1, -3), (1, -3)])
_JITTER = 0.16
#: The area whose outline the shapes below are drawn for, and how many points are bent at a time.
_DRAWN_KM2 = 2012.0
_CHUNK = 200_000


@dataclass(frozen=True)
class Mesh:
    """Cells of equal size; lengths in kilometres east (x) and north (y) of the county's middle.

    ``centres`` (n, 2); ``corners`` (v, 2); ``cell_corners`` (n, 6) indices into corners, anticlockwise;
    ``neighbours`` (n, 6) cell beyond the side that starts at corner i, or -1 outside the county.
    """

    centres: Floats
    corners: Floats
    cell_corners: Ints
    neighbours: Ints
    cell_km2: float

    def __len__(self) -> int:
        return len(self.centres)


def smooth_noise(points: Floats, rng: np.random.Generator, wavelength_km: float, modes: int = 14) -> Floats:
    """A smooth random field at `points` (n, 2): mean 0, standard deviation 1, bumps of about `wavelength_km`."""
    angle = rng.uniform(0, 2 * np.pi, modes)
    wave = 2 * np.pi / (wavelength_km * rng.uniform(0.7, 1.4, modes))
    phase = rng.uniform(0, 2 * np.pi, modes)
    field = np.empty(len(points))
    for start in range(0, len(points), _CHUNK):
        part = points[start : start + _CHUNK]
        reach = part[:, :1] * (np.cos(angle) * wave) + part[:, 1:] * (np.sin(angle) * wave) + phase
        field[start : start + _CHUNK] = np.cos(reach).sum(axis=1) * np.sqrt(2 / modes)
    return field


def warp(points: Floats, rng: np.random.Generator, octaves: tuple[tuple[float, float], ...]) -> Floats:
    """The points pushed about by noise: ``octaves`` are (wavelength_km, amplitude_km). Straight lines there
    are winding borders here."""
    shifted = points.copy()
    for wavelength_km, amplitude_km in octaves:
        for axis in (0, 1):
            shifted[:, axis] += amplitude_km * smooth_noise(points, rng, wavelength_km)
    return shifted


def make_mesh(rng: np.random.Generator, area_km2: float, cells: int) -> Mesh:
    """A mesh of exactly `cells` cells of together `area_km2`, connected, without holes."""
    cell_km2 = area_km2 / cells
    width = float(np.sqrt(cell_km2 * 2 / np.sqrt(3)))
    unit = np.array([width / 2, width / (2 * np.sqrt(3))])
    scale = float(np.sqrt(area_km2 / _DRAWN_KM2))
    rows, columns = int(33 * scale / (3 * unit[1])), int(48 * scale / width)
    row, column = np.meshgrid(np.arange(-rows, rows + 1), np.arange(-columns, columns + 1), indexing="ij")
    lattice = np.stack([2 * column + (row & 1), 3 * row], axis=-1).reshape(-1, 2)
    lattice = _innermost(lattice, _depth(lattice * unit / scale, rng), cells)

    places = (lattice[:, None, :] + _CORNERS[None, :, :]).reshape(-1, 2)
    keys, cell_corners = np.unique(_key(places), return_inverse=True)
    corner_lattice = np.empty((len(keys), 2))
    corner_lattice[cell_corners] = places
    corners = corner_lattice * unit + rng.uniform(-_JITTER, _JITTER, (len(keys), 2)) * width
    return Mesh(
        centres=lattice * unit,
        corners=corners,
        cell_corners=cell_corners.reshape(-1, 6).astype(np.int64),
        neighbours=_neighbours(lattice),
        cell_km2=cell_km2,
    )


def _depth(points: Floats, rng: np.random.Generator) -> Floats:
    """How far outside a place is: a wide oval, bent, with bays and noses of several sizes."""
    bent = warp(points, rng, ((34, 2.0), (15, 0.75), (6, 0.3), (2.4, 0.1)))
    x, y = bent[:, 0] / 37, bent[:, 1] / 20.5
    y = y + 0.22 * np.sin(1.9 * x + 0.6)
    oval: Floats = (np.abs(x) ** 2.3 + np.abs(y) ** 2.3) ** (1 / 2.3)
    return oval


def _innermost(lattice: Ints, depth: Floats, cells: int) -> Ints:
    """The `cells` cells that the outline encloses: grown from the middle outwards, bays filled."""
    order = np.argsort(depth, kind="stable")
    chosen = lattice[order[:cells]]
    for _ in range(12):
        neighbours = _neighbours(chosen)
        inside = (neighbours >= 0).sum(axis=1)
        stray = ~_largest_component(neighbours) | (inside <= 2)
        if not stray.any():
            return chosen
        kept = chosen[~stray]
        kept_keys, rest = _key(kept), lattice[order]
        outside = rest[~np.isin(_key(rest), kept_keys)]
        around = np.isin(_key(outside[:, None, :] + _NEIGHBOURS[None]), kept_keys).sum(axis=1)
        best = np.argsort(-np.minimum(around, 3), kind="stable")
        chosen = np.concatenate([kept, outside[best[: int(stray.sum())]]])
    return chosen


def _key(places: Ints) -> Ints:
    return np.asarray((places[..., 1] + 100_000) * 1_000_000 + places[..., 0] + 500_000, dtype=np.int64)


def _neighbours(lattice: Ints) -> Ints:
    keys = _key(lattice)
    order = np.argsort(keys)
    wanted = _key(lattice[:, None, :] + _NEIGHBOURS[None])
    place = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    found = order[place]
    return np.where(keys[found] == wanted, found, -1)


def _largest_component(neighbours: Ints) -> NDArray[np.bool_]:
    seen = np.zeros(len(neighbours), dtype=bool)
    front = np.array([0])
    while len(front):
        seen[front] = True
        reached = neighbours[front].ravel()
        reached = np.unique(reached[reached >= 0])
        front = reached[~seen[reached]]
    return seen
