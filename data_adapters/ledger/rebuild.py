"""The rollups from the rows: for a deeper or shallower rollup, and to prove that they were kept right."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data_adapters.ledger import contributions
from data_adapters.ledger.tables import cases, gauge, tally, video_point
from data_adapters.ledger.transaction import Transaction


def rebuild_counts(tx: Transaction, zone: ZoneInfo) -> None:
    """Empty the rollups and count every case and video point again, within one transaction."""
    tx.connection.execute(sa.delete(tally))
    tx.connection.execute(sa.delete(gauge))
    columns = [cases.c.path, *(cases.c[name] for name in contributions.COLUMNS)]
    for row in tx.connection.execute(sa.select(*columns)).yield_per(5_000):
        tx.count(row.path, contributions.flows(row, zone), contributions.gauges(row), +1)
    columns = [video_point.c.path, *(video_point.c[name] for name in contributions.POINT_COLUMNS)]
    for row in tx.connection.execute(sa.select(*columns)).yield_per(5_000):
        tx.count(row.path, (), contributions.point_gauges(row), +1)
