"""How deep counts are rolled up: down to where a subtree is so small that its own rows answer as fast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import sqlalchemy as sa

from data_adapters.ledger.scope import depth
from data_adapters.ledger.tables import grid

#: Grids that get rollups: all of the levels whose grids together are no more than this (decision 2026-11-23, counts).
ROLLED_UP_GRIDS = 2_000
#: Histograms of spans are kept for fewer: a day of a small grid holds almost as many buckets as cases.
SPANNED_GRIDS = 200


def depths(connection: sa.Connection) -> tuple[int, int]:
    """(down to which level counts are rolled up, and histograms) for the grids there are now."""
    return depths_of(connection.execute(sa.select(grid.c.path).where(grid.c.current)).scalars())


def depths_of(paths: Iterable[str]) -> tuple[int, int]:
    """The same for the grids at `paths`."""
    sizes = Counter(map(depth, paths))
    return _deepest(sizes, ROLLED_UP_GRIDS), _deepest(sizes, SPANNED_GRIDS)


def _deepest(sizes: Counter[int], most: int) -> int:
    """The deepest level down to which there are at most `most` grids."""
    total, deepest = 0, 0
    for at in sorted(sizes):
        total += sizes[at]
        if total > most:
            break
        deepest = at
    return deepest
