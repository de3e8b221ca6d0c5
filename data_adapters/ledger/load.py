"""A load of many cases into a ledger that has none: counts and indexes are made when it is over.

While it runs the rollups hold the root's flows alone (``stream.rollup_depth`` and ``span_depth`` say so), so every
other figure comes from the rows: slower, and right at every commit. What the rows add is summed up on the side and
written at the end. Where somebody else has changed the ledger meanwhile, or a load was killed, the rollups are made
from the rows instead.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data_adapters.ledger import engine
from data_adapters.ledger.bulk import drop_indexes, make_indexes
from data_adapters.ledger.depths import depths
from data_adapters.ledger.rebuild import rebuild_counts
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.sums import Sums
from data_adapters.ledger.tables import cases, grid
from data_adapters.ledger.transaction import LOADING, Transaction

#: Indexes of what a history has few of: kept with every row they take less than made at the end.
_OF_FEW = frozenset(
    f"ix_cases_{name}"
    for name in (
        *("turn_at", "due_at", "edge", "open", "unplaced", "hazard", "whistled"),
        *("left_at", "reopened_at", "closed_before_at", "agreed_at", "ruled_at"),
    )
)
#: Pages that gather in SQLite's log before they are copied into the file: those of one batch change with the next.
_LOAD_PAGES = 20_000


class Load:
    """One load, across the transactions of the thread that runs it: `begin`, each one `joins`, `end`."""

    def __init__(self, tx: Transaction, coming: int = 0) -> None:
        # Numbers of cases that a source brings along are kept apart by `case_numbers` meanwhile.
        drop_indexes(tx.connection, [cases], unique=True, but=_OF_FEW)
        engine.checkpoint_every(tx.connection, _LOAD_PAGES)
        tx.roll_up(*LOADING)
        paths = tx.connection.execute(sa.select(grid.c.path).distinct()).scalars()
        self._sums: Sums | None = Sums({ROOT, *paths}, *depths(tx.connection, coming))
        self._top = tx.top
        self._open = False

    @staticmethod
    def possible(tx: Transaction) -> bool:
        """Whether there is no case yet."""
        return not tx.loading and tx.connection.execute(sa.select(cases.c.id).limit(1)).first() is None

    def joins(self, tx: Transaction) -> None:
        """A transaction of this load begins."""
        if self._open or not tx.loading or tx.top != self._top:
            self._sums = None
        self._open = True
        tx.sums = self._sums

    def leaves(self, top: int) -> None:
        """It is committed; `top` is the end of the log now."""
        self._open, self._top = False, top

    def end(self, tx: Transaction, zone: ZoneInfo) -> None:
        """Make the rollups, within the transaction `tx` that has joined; the indexes are there again."""
        engine.checkpoint_every(tx.connection)
        if tx.loading and (sums := self._sums) is not None and sums.complete:
            tx.roll_up(*sums.depths)
            sums.write(tx)
            _tell_planner(tx)
        else:
            settle(tx, zone)


def settle(tx: Transaction, zone: ZoneInfo) -> None:
    """Make the rollups from the rows, where a load left them to be made."""
    if tx.loading:
        make_indexes(tx.connection)
        tx.roll_up(*depths(tx.connection))
        rebuild_counts(tx, zone)
        _tell_planner(tx)


def _tell_planner(tx: Transaction) -> None:
    """What the rollups hold now: PostgreSQL would find out minutes later, and go through all of them meanwhile."""
    if tx.connection.dialect.name == "postgresql":
        tx.connection.exec_driver_sql("ANALYZE tally, spread, gauge, last_report")
