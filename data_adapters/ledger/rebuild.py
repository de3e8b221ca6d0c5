"""The rollups from the rows: for a deeper or shallower rollup, and to prove that they were kept right."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data_adapters.ledger import case_columns, contributions, point_columns, rollup, video_past
from data_adapters.ledger.columns import Columns
from data_adapters.ledger.tables import cases, gauge, last_report, spread, tally, video_day, video_point
from data_adapters.ledger.transaction import Transaction


def rebuild_counts(tx: Transaction, zone: ZoneInfo) -> None:
    """Empty the rollups and count every case and video point again, within one transaction."""
    clear(tx)
    count_cases(tx, zone)
    count_points(tx, zone)
    count_video(tx, zone)


def clear(tx: Transaction) -> None:
    """Empty the rollups."""
    for table in (tally, last_report, spread, gauge, video_day):
        tx.connection.execute(sa.delete(table))


def count_cases(tx: Transaction, zone: ZoneInfo, *where: Any) -> None:
    """Count the cases of `where` as they stand."""
    for rows in Columns.read(tx.connection, cases, ["path", *contributions.COLUMNS], *where):
        flows = rollup.tallied(rows["path"], tx.rollup_depth, case_columns.flows(rows, zone))
        tx.count_columns(
            flows, rows["path"], case_columns.gauges(rows), spreads=case_columns.spreads(rows, zone)
        )
        tx.flush_counts()


def count_points(tx: Transaction, zone: ZoneInfo, *where: Any) -> None:
    """Count the stocks of the video points of `where` as they stand."""
    for rows in Columns.read(tx.connection, video_point, ["path", *contributions.POINT_COLUMNS], *where):
        tx.count_columns(None, rows["path"], point_columns.gauges(rows))


def count_video(tx: Transaction, zone: ZoneInfo) -> None:
    """Count the seconds of the video points from their transitions."""
    video_past.count(tx, sa.true(), zone)
