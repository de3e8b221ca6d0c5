"""Kernel density: weights at places, spread by a Gaussian whose bandwidth is given in metres.

Silverman, Density Estimation for Statistics and Data Analysis (1986), section 4.2, with the kernel cut off at
`REACH` bandwidths and made to sum to one again: no weight is lost on the plane.
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.tiles import Floats

#: Cells to a bandwidth, and bandwidths to the kernel's edge.
CELLS = 3
REACH = 3


class Density:
    """A raster of square cells over `box` (west, south, east, north in metres) and a margin of the kernel's reach.

    Add weights first, then ask `at`. `bandwidth_m` is the Gaussian's standard deviation.
    """

    def __init__(self, box: tuple[float, float, float, float], bandwidth_m: float) -> None:
        self.cell_m = bandwidth_m / CELLS
        margin = bandwidth_m * REACH + self.cell_m
        self._west, self._south = box[0] - margin, box[1] - margin
        columns = math.ceil((box[2] + margin - self._west) / self.cell_m)
        rows = math.ceil((box[3] + margin - self._south) / self.cell_m)
        self.weights: Floats = np.zeros((rows, columns))
        self._smooth: Floats | None = None

    def add(self, east: Floats, north: Floats, weight: float = 1.0) -> None:
        """Put `weight` at each place (metres); what lies beyond the margin is left out."""
        column = np.floor((east - self._west) / self.cell_m).astype(np.int64)
        row = np.floor((north - self._south) / self.cell_m).astype(np.int64)
        rows, columns = self.weights.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        np.add.at(self.weights, (row[inside], column[inside]), weight)
        self._smooth = None

    def spread(self, polygon: shapely.Geometry, weight: float) -> None:
        """Put `weight` evenly over a polygon (metres): on the cells whose middle it holds, or on its one point."""
        cells = self._middles_in(polygon)
        if len(cells):
            rows, columns = cells.T
            self.weights[rows, columns] += weight / len(cells)
            self._smooth = None
        else:
            point = polygon.representative_point()
            self.add(np.array([point.x]), np.array([point.y]), weight)

    def at(self, east: Floats, north: Floats) -> Floats:
        """Weight per square kilometre at places (metres), between cell middles in straight lines."""
        if self._smooth is None:
            kernel = _kernel()
            across = np.apply_along_axis(np.convolve, 1, self.weights, kernel, "same")
            both = np.apply_along_axis(np.convolve, 0, across, kernel, "same")
            self._smooth = both / (self.cell_m / 1000.0) ** 2
        return _between(
            self._smooth,
            (np.asarray(north) - self._south) / self.cell_m - 0.5,
            (np.asarray(east) - self._west) / self.cell_m - 0.5,
        )

    def _middles_in(self, polygon: shapely.Geometry) -> NDArray[np.int64]:
        west, south, east, north = polygon.bounds
        rows, columns = self.weights.shape
        low = max(0, math.floor((south - self._south) / self.cell_m))
        high = min(rows, math.ceil((north - self._south) / self.cell_m) + 1)
        left = max(0, math.floor((west - self._west) / self.cell_m))
        right = min(columns, math.ceil((east - self._west) / self.cell_m) + 1)
        if low >= high or left >= right:
            return np.empty((0, 2), dtype=np.int64)
        row, column = np.mgrid[low:high, left:right]
        x = self._west + (column + 0.5) * self.cell_m
        y = self._south + (row + 0.5) * self.cell_m
        inside = shapely.contains_xy(polygon, x, y)
        return np.column_stack([row[inside], column[inside]])


def _kernel() -> Floats:
    steps = np.arange(-CELLS * REACH, CELLS * REACH + 1)
    kernel: Floats = np.exp(-0.5 * (steps / CELLS) ** 2)
    kernel /= kernel.sum()
    return kernel


def _between(values: Floats, row: Floats, column: Floats) -> Floats:
    """Bilinear interpolation; beyond the last cell middle it is the edge's value."""
    rows, columns = values.shape
    row = np.clip(row, 0, rows - 1)
    column = np.clip(column, 0, columns - 1)
    low = np.minimum(row.astype(np.int64), max(rows - 2, 0))
    left = np.minimum(column.astype(np.int64), max(columns - 2, 0))
    high, right = np.minimum(low + 1, rows - 1), np.minimum(left + 1, columns - 1)
    up, over = row - low, column - left
    below: Floats = values[low, left] * (1 - over) + values[low, right] * over
    above: Floats = values[high, left] * (1 - over) + values[high, right] * over
    return below * (1 - up) + above * up
