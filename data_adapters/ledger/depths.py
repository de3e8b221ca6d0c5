"""How deep counts are rolled up: down to where a subtree is so small that its own rows answer as fast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import sqlalchemy as sa

from data_adapters.ledger.scope import depth
from data_adapters.ledger.tables import cases, grid

#: Grids that get rollups: all of the levels whose grids together are no more than this (decision 2026-11-23, counts).
ROLLED_UP_GRIDS = 2_000
#: Histograms of spans are kept for fewer: a day of a small grid holds almost as many buckets as cases.
SPANNED_GRIDS = 200
#: They are kept for more where a grid holds so many cases on average: there a month's rows take long to read.
SPANNED_CASES = 20_000


def depths(connection: sa.Connection, coming: int = 0) -> tuple[int, int]:
    """(down to which level counts are rolled up, and histograms) for the grids there are now and the cases, with those
    that are `coming`."""
    paths = connection.execute(sa.select(grid.c.path).where(grid.c.current)).scalars()
    return depths_of(paths, cases_about(connection) + coming)


def cases_about(connection: sa.Connection) -> int:
    """How many cases there are, or a few more: counting ten million of them takes seconds."""
    return connection.execute(sa.select(sa.func.max(cases.c.id))).scalar() or 0


def depths_of(paths: Iterable[str], number: int) -> tuple[int, int]:
    """The same for the grids at `paths` and so many cases."""
    sizes = Counter(map(depth, paths))
    rolled_up = _deepest(sizes, ROLLED_UP_GRIDS)
    dense = max((level for level, grids in sizes.items() if number >= grids * SPANNED_CASES), default=0)
    return rolled_up, min(rolled_up, max(_deepest(sizes, SPANNED_GRIDS), dense))


def _deepest(sizes: Counter[int], most: int) -> int:
    """The deepest level down to which there are at most `most` grids."""
    total, deepest = 0, 0
    for at in sorted(sizes):
        total += sizes[at]
        if total > most:
            break
        deepest = at
    return deepest
