"""Where a figure is high or low together with its neighbours', beyond chance: Getis-Ord Gi*.

Getis and Ord, Geographical Analysis 24 (1992), and Ord and Getis, 27 (1995): the sum over a place and its neighbours
against the mean of all. The chance is judged by conditional permutation (the place stays, the others are dealt
anew), and many places at once by Benjamini and Hochberg's false discovery rate (J. R. Stat. Soc. B 57, 1995).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.tiles import Floats

DEALS = 9_999
#: Of those called significant, the share that may be so by chance.
FALSE_DISCOVERIES = 0.05

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Spots:
    """One entry a place: its `z`, the two-sided `p` of the deals, and whether it is `hot` or `cold` beyond chance."""

    z: Floats
    p: Floats
    hot: Bools
    cold: Bools


def spots(values: Floats, neighbours: Sequence[Sequence[int]], seed: int = 0, deals: int = DEALS) -> Spots:
    """Judge each place. `neighbours`: for each place the numbers of those it borders on, itself not among them.

    The same input gives the same answer: `seed` fixes the deals.
    """
    n = len(values)
    groups = [np.array([at, *near], dtype=np.int64) for at, near in enumerate(neighbours)]
    sums = np.array([values[group].sum() for group in groups])
    sizes = np.array([len(group) for group in groups])
    spread = values.std()
    if n < 3 or spread == 0:
        nothing = np.zeros(n, dtype=bool)
        return Spots(np.zeros(n), np.ones(n), nothing, nothing)
    z = (sums - values.mean() * sizes) / (spread * np.sqrt(np.maximum(sizes * (n - sizes), 1) / (n - 1)))
    most = min(int(sizes.max()) - 1, n - 1)
    order = np.random.default_rng(seed)
    # One set of deals serves every place: which of the n - 1 others fill its first k seats.
    dealt = (
        np.stack([order.permutation(n - 1)[:most] for _ in range(deals)])
        if most
        else np.empty((deals, 0), int)
    )
    p = np.ones(n)
    for at, group in enumerate(groups):
        others = np.delete(values, at)
        drawn = values[at] + others[dealt[:, : len(group) - 1]].sum(axis=1)
        # A sum of the same numbers in another order may differ in its last bit: that is a tie, not a difference.
        slack = 1e-9 * max(1.0, abs(sums[at]))
        above, below = (drawn >= sums[at] - slack).sum(), (drawn <= sums[at] + slack).sum()
        p[at] = min(1.0, 2 * (1 + min(above, below)) / (deals + 1))
    significant = discoveries(p)
    return Spots(z, p, significant & (z > 0), significant & (z < 0))


def discoveries(p: Floats, rate: float = FALSE_DISCOVERIES) -> Bools:
    """Which of many p-values are significant at a false discovery rate (Benjamini-Hochberg)."""
    n = len(p)
    if n == 0:
        return np.zeros(0, dtype=bool)
    order = np.argsort(p, kind="stable")
    passing = np.flatnonzero(p[order] <= rate * np.arange(1, n + 1) / n)
    found = np.zeros(n, dtype=bool)
    if len(passing):
        found[order[: passing[-1] + 1]] = True
    return found
