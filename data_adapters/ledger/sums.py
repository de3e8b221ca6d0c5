"""What many rows add to the rollups, summed up in memory and written once: what a load of many new cases leaves.

Written with every transaction, the counts of a load would cost more than its rows: a day of a small grid holds a case
or two, so every batch touches nearly every row of the rollups again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data_adapters.ledger import contributions
from data_adapters.ledger.columns import Column, Mask
from data_adapters.ledger.months import months_of
from data_adapters.ledger.rollup import Spread
from data_adapters.ledger.scope import STEP, depth, lineage
from data_adapters.ledger.tables import gauge, spread, tally
from data_adapters.ledger.transaction import Transaction

Ints = NDArray[np.int64]
#: Bytes that the flows may take: grids x days x measures, whatever the number of rows.
MOST_BYTES = 384 << 20
#: Different cells of the spreads that may be held.
MOST_SPREADS = 16_000_000
#: From so many new ones on they are merged with the others.
MERGED_FROM = 500_000
_SPREADS = sorted({*contributions.SPANS, *contributions.RARE})
_NUMBER = {name: number for number, name in enumerate(_SPREADS)}
_IS_SPAN = np.array([name in contributions.SPANS for name in _SPREADS], dtype=bool)
# The key of a spread's cell, sorted as the table is: grid, measure, day, bucket.
_BUCKETS, _DAYS, _DAY_0, _MEASURES = 2**12, 2**23, 2**22, 2**6
_BELOW = _MEASURES * _DAYS * _BUCKETS
_WRITTEN = 20_000


class Sums:
    """``paths``: every grid down to `rollup_depth`. ``complete`` turns False where it cannot hold what it is given."""

    def __init__(self, paths: Iterable[str], rollup_depth: int, span_depth: int) -> None:
        self.complete = True
        self._paths = sorted(path for path in paths if depth(path) <= rollup_depth)
        self._number = {path: number for number, path in enumerate(self._paths)}
        self._depths = np.array([depth(path) for path in self._paths], dtype=np.int64)
        self._above = np.array([self._number.get(path[:-STEP], -1) for path in self._paths], dtype=np.int64)
        self._rollup_depth = rollup_depth
        self._span_depth = span_depth
        self._day_numbers: dict[int, int] = {}
        self._capacity = 64
        self._flows: dict[str, NDArray[np.int32]] = {}
        self._spreads: list[tuple[Ints, Ints]] = []
        self._gauges: Counter[tuple[str, str]] = Counter()

    @property
    def depths(self) -> tuple[int, int]:
        """(down to which level counts are summed up, and histograms)."""
        return self._rollup_depth, self._span_depth

    def add(
        self,
        at: tuple[Column, Column],
        flows: Iterable[tuple[str, Column, Mask]],
        gauges: Iterable[tuple[str, Mask]],
        spreads: Iterable[Spread],
    ) -> None:
        """What rows add that lie `at` (codes, paths)."""
        codes, paths = at
        own = [path[: (self._rollup_depth + 1) * STEP] for path in paths.tolist()]
        if not self.complete or any(path not in self._number for path in own):
            self._give_up()
            return
        grids = np.array([self._number[path] for path in own], dtype=np.int64)[codes]
        self._add_flows(grids, flows)
        self._add_spreads(grids, spreads)
        for measure, mask in gauges:
            for path, n in zip(own, np.bincount(codes[mask], minlength=len(own)).tolist(), strict=True):
                if n:
                    self._gauges[path, measure] += n

    def one(
        self,
        path: str,
        flows: Sequence[tuple[int, str]],
        gauges: Sequence[str],
        sign: int,
        spreads: Sequence[tuple[int, str, int]],
    ) -> None:
        """What one row at `path` adds (+1) or takes away (-1)."""
        own = path[: (self._rollup_depth + 1) * STEP]
        if not self.complete or own not in self._number:
            self._give_up()
            return
        grid = self._number[own]
        for day, measure in flows:
            cell = self._day(day) * len(self._paths) + grid
            self._cells(measure)[cell] += sign
        for measure in gauges:
            self._gauges[own, measure] += sign
        for day, measure, bucket in spreads:
            keys = self._keys(measure, np.array([grid]), np.array([day]), np.array([bucket]))
            self._spreads.append((keys, np.full(len(keys), sign, dtype=np.int64)))

    def _add_flows(self, grids: Ints, flows: Iterable[tuple[str, Column, Mask]]) -> None:
        cells: dict[int, tuple[Column, Ints]] = {}
        for measure, day, mask in flows:
            if not mask.any():
                continue
            if id(day) not in cells:
                codes, unique = pd.factorize(day)
                # The day of a row without one is never looked at.
                numbers = [self._day(one) if abs(one) < _DAY_0 else 0 for one in unique.tolist()]
                cells[id(day)] = (day, np.array(numbers, dtype=np.int64)[codes] * len(self._paths) + grids)
            np.add.at(self._cells(measure), cells[id(day)][1][mask], np.int32(1))
            if len(self._flows) * len(self._day_numbers) * len(self._paths) * 4 > MOST_BYTES:
                self._give_up()
                return

    def _add_spreads(self, grids: Ints, spreads: Iterable[Spread]) -> None:
        parts = []
        for measure, days, buckets, mask in spreads:
            if mask.any():
                parts.append(self._keys(measure, grids[mask], days[mask], buckets[mask]))
        if parts:
            keys, counts = np.unique(np.concatenate(parts), return_counts=True)
            self._spreads.append((keys, counts))
        # Merged when what is new has grown as large as what was there.
        new = sum(len(keys) for keys, _ in self._spreads[1:])
        if self._spreads and new > max(MERGED_FROM, len(self._spreads[0][0])):
            self._spreads = [_merged(self._spreads)]
            while len(self._spreads[0][0]) > MOST_SPREADS and self._span_depth > 0:
                self._span_depth -= 1
                self._spreads = [_merged([self._lifted(*self._spreads[0])])]
            if len(self._spreads[0][0]) > MOST_SPREADS:
                self._give_up()

    def _keys(self, measure: str, grids: Ints, days: Ints, buckets: Ints) -> Ints:
        number = _NUMBER[measure]
        if _IS_SPAN[number]:
            grids = self._spanned(grids)
        return ((grids * _MEASURES + number) * _DAYS + days + _DAY_0) * _BUCKETS + buckets

    def _spanned(self, grids: Ints) -> Ints:
        """Each grid, or the one above it whose histograms are kept."""
        deep = self._depths[grids] > self._span_depth
        while deep.any():
            grids = np.where(deep, self._above[grids], grids)
            deep = self._depths[grids] > self._span_depth
        return grids

    def _lifted(self, keys: Ints, counts: Ints) -> tuple[Ints, Ints]:
        """The same with histograms as deep as they are kept now."""
        grids = keys // _BELOW
        is_span = _IS_SPAN[keys // (_DAYS * _BUCKETS) % _MEASURES]
        return np.where(is_span, self._spanned(grids), grids) * _BELOW + keys % _BELOW, counts

    def _day(self, day: int) -> int:
        number = self._day_numbers.setdefault(day, len(self._day_numbers))
        if number >= self._capacity:
            self._capacity *= 2
            for measure, cells in self._flows.items():
                self._flows[measure] = np.zeros(2 * len(cells), dtype=np.int32)
                self._flows[measure][: len(cells)] = cells
        return number

    def _cells(self, measure: str) -> NDArray[np.int32]:
        if measure not in self._flows:
            self._flows[measure] = np.zeros(self._capacity * len(self._paths), dtype=np.int32)
        return self._flows[measure]

    def _give_up(self) -> None:
        self.complete = False
        self._flows, self._spreads, self._gauges = {}, [], Counter()

    def write(self, tx: Transaction) -> None:
        """Add all of it to the rollups, but for what `tx` has counted at the root all along."""
        self._write_flows(tx)
        tx.note_reports(self._paths)
        self._write_spreads(tx)
        stocks: Counter[tuple[str, str]] = Counter()
        for (path, measure), n in self._gauges.items():
            for step in lineage(path)[1:]:
                stocks[step, measure] += n
        rows = [(*key, n) for key, n in sorted(stocks.items()) if n]
        tx.add(gauge, ("path", "measure"), ("n",), list(zip(*rows, strict=True)))

    def _write_flows(self, tx: Transaction) -> None:
        names = [name for name in contributions.FLOWS if name in self._flows]
        days = np.array(sorted(self._day_numbers), dtype=np.int64)
        order = np.array([self._day_numbers[day] for day in days.tolist()], dtype=np.int64)
        tables = [self._flows[name].reshape(-1, len(self._paths)) for name in names]
        for table in tables:
            for below in self._levels():
                # In the order of the parents: those of one level lie in the order of their paths.
                parents, starts = np.unique(self._above[below], return_index=True)
                table[:, parents] += np.add.reduceat(table[:, below], starts, axis=1)
        self._flows = {}
        most = max(1, _WRITTEN // max(1, len(days)))
        for start in range(0, len(self._paths), most):
            grids = [n for n in range(start, min(start + most, len(self._paths))) if self._depths[n] > 0]
            block = (
                np.stack([table[:, grids][order].T.ravel() for table in tables])
                if tables
                else np.zeros((0, 0))
            )
            kept = np.flatnonzero(block.any(axis=0))
            paths = np.repeat(np.array([self._paths[n] for n in grids], dtype=object), len(days))[kept]
            lists = [paths.tolist(), np.tile(days, len(grids))[kept].tolist(), *block[:, kept].tolist()]
            tx.add(tally, ("path", "day"), names, lists)

    def _levels(self) -> Iterator[Ints]:
        """The grids of every level but the root's, the lowest level first."""
        for level in range(self._rollup_depth, 0, -1):
            if len(found := np.flatnonzero(self._depths == level)):
                yield found

    def _write_spreads(self, tx: Transaction) -> None:
        months = _merged([_of_months(part) for part in self._spreads])
        keys, counts = _merged([*self._spreads, months])
        self._spreads, parts = [], []
        for level in range(self._rollup_depth, 0, -1):
            deep = self._depths[keys // _BELOW] == level
            parts.append((keys[deep], counts[deep]))
            above = self._above[keys[deep] // _BELOW] * _BELOW + keys[deep] % _BELOW
            keys, counts = _merged([(keys[~deep], counts[~deep]), (above, counts[deep])])
        parts.append((keys, counts))
        keys = np.concatenate([part[0] for part in parts])
        counts = np.concatenate([part[1] for part in parts])
        del parts
        # The rare ones of the root are there already.
        root = self._depths[keys // _BELOW] == 0
        kept = (counts != 0) & ~(root & ~_IS_SPAN[keys // (_DAYS * _BUCKETS) % _MEASURES])
        keys, counts = keys[kept], counts[kept]
        counts = counts[np.argsort(keys)]
        keys.sort()
        paths, measures = np.array(self._paths, dtype=object), np.array(_SPREADS, dtype=object)
        for start in range(0, len(keys), _WRITTEN):
            chosen = keys[start : start + _WRITTEN]
            lists = [
                paths[chosen // _BELOW].tolist(),
                measures[chosen // (_DAYS * _BUCKETS) % _MEASURES].tolist(),
                (chosen // _BUCKETS % _DAYS - _DAY_0).tolist(),
                (chosen % _BUCKETS).tolist(),
                counts[start : start + _WRITTEN].tolist(),
            ]
            tx.add(spread, ("path", "measure", "day", "bucket"), ("n",), lists)


def _of_months(part: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """The histograms among these cells, a month instead of a day."""
    is_span = _IS_SPAN[part[0] // (_DAYS * _BUCKETS) % _MEASURES]
    keys, counts = part[0][is_span], part[1][is_span]
    days = keys // _BUCKETS % _DAYS - _DAY_0
    return keys + (months_of(days) - days) * _BUCKETS, counts


def _merged(parts: Sequence[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    """Every key once, with the sum of its counts."""
    keys = np.concatenate([np.zeros(0, dtype=np.int64), *(part[0] for part in parts)])
    counts = np.concatenate([np.zeros(0, dtype=np.int64), *(part[1] for part in parts)])
    if not len(keys):
        return keys, counts
    # In place where it can be: these are the largest arrays of a load.
    counts = counts[np.argsort(keys, kind="stable")]
    keys.sort(kind="stable")
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    return keys[starts], np.add.reduceat(counts, starts)
