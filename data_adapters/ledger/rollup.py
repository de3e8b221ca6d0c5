"""What many cases together add to the tally: the same sums as one `Transaction.count` after another, by column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_adapters.ledger import contributions
from data_adapters.ledger.columns import Column, Mask
from data_adapters.ledger.scope import STEP, lineage

#: (measure of `contributions.RARE` or `SPANS`, days, buckets, where it holds)
Spread = tuple[str, Column, Column, Mask]
_DAYS = 2**23
_DAY_0 = 2**22
_BUCKETS = 2**12
_ORDER = {name: number for number, name in enumerate(contributions.FLOWS)}


@dataclass(frozen=True, slots=True)
class Tallied:
    """``counts[m, k]`` of measure m at ``paths[k]`` on ``days[k]``; every cell once, none empty."""

    paths: Column
    days: Column
    counts: Column

    def lists(self) -> list[list[Any]]:
        """The columns path, day and each measure, in the tally's order of rows."""
        order = np.lexsort((self.days, self.paths.astype(str)))
        return [self.paths[order].tolist(), self.days[order].tolist(), *self.counts[:, order].tolist()]


def tallied(paths: Column, depth: int, flows: Iterable[tuple[str, Column, Mask]]) -> Tallied:
    """The flows of rows at `paths` for every grid above them down to `depth`."""
    codes, unique = pd.factorize(np.array([path[: (depth + 1) * STEP] for path in _uniques(paths)], object))
    own = codes[pd.factorize(paths)[0]]
    every = sorted({step for path in unique for step in lineage(path)})
    number = {path: n for n, path in enumerate(every)}
    at = np.array([number[path] for path in unique], dtype=np.int64)[own]
    keys, counts = _counted(at, flows)
    parent = np.array([number.get(path[:-STEP], -1) for path in every], dtype=np.int64)
    steps = np.array([len(path) // STEP for path in every], dtype=np.int64)
    for deepest in range(int(steps.max()), 1, -1):
        below = np.flatnonzero(steps[keys // _DAYS] == deepest)
        above = parent[keys[below] // _DAYS] * _DAYS + keys[below] % _DAYS
        keys, counts = _summed(np.r_[keys, above], np.hstack([counts, counts[:, below]]))
    kept = counts.any(axis=0)
    keys = keys[kept]
    names = np.array(every, dtype=object)
    return Tallied(names[keys // _DAYS], keys % _DAYS - _DAY_0, counts[:, kept])


def _uniques(paths: Column) -> list[str]:
    found: list[str] = pd.factorize(paths)[1].tolist()
    return found


def _counted(at: Column, flows: Iterable[tuple[str, Column, Mask]]) -> tuple[Column, Column]:
    """(cell keys, counts): each row at its own grid only."""
    told = list(flows)
    # Several measures share a day: its cells are looked up once.
    days = {id(day): day for _, day, _ in told}
    wanted = {key: np.zeros(len(at), dtype=bool) for key in days}
    for _, day, mask in told:
        wanted[id(day)] |= mask
    chosen = {key: np.flatnonzero(mask) for key, mask in wanted.items()}
    parts = [at[chosen[key]] * _DAYS + day[chosen[key]] + _DAY_0 for key, day in days.items()]
    codes, keys = pd.factorize(np.concatenate(parts))
    ends = np.cumsum([len(part) for part in parts])
    cells = dict(zip(days, np.split(codes, ends[:-1]), strict=True))
    counts = np.zeros((len(_ORDER), len(keys)), dtype=np.int64)
    for measure, day, mask in told:
        held = cells[id(day)][mask[chosen[id(day)]]]
        counts[_ORDER[measure]] += np.bincount(held, minlength=len(keys))
    return keys, counts


def _summed(keys: Column, counts: Column) -> tuple[Column, Column]:
    codes, unique = pd.factorize(keys)
    summed = np.zeros((len(counts), len(unique)), dtype=np.int64)
    for number, row in enumerate(counts):
        # Exact: counts are far below 2 ** 53.
        summed[number] = np.bincount(codes, weights=row, minlength=len(unique))
    return unique, summed


def cells(codes: Column, days: Column, buckets: Column, mask: Mask) -> list[tuple[int, int, int, int]]:
    """(code, day, bucket, how many) of the rows of `mask`."""
    chosen = np.flatnonzero(mask)
    keys = (codes[chosen] * _DAYS + days[chosen] + _DAY_0) * _BUCKETS + buckets[chosen]
    unique, counts = np.unique(keys, return_counts=True)
    at, days_of = unique // _BUCKETS // _DAYS, unique // _BUCKETS % _DAYS - _DAY_0
    return list(
        zip(at.tolist(), days_of.tolist(), (unique % _BUCKETS).tolist(), counts.tolist(), strict=True)
    )
