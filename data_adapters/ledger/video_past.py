"""The seconds of video points from all that is kept of their past, where the sums cannot just be moved on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data_adapters.ledger.tables import video_point, video_status
from data_adapters.ledger.transaction import Transaction
from data_adapters.ledger.video_time import Transition, flows


def pasts(connection: sa.Connection, where: sa.ColumnElement[bool]) -> Iterator[tuple[str, list[Transition]]]:
    """(path, transitions) of each point of `where` that is counted: not secret, and not outside the network."""
    columns = (video_point.c.path, video_point.c.point_id, video_status.c.at, video_status.c.status)
    counted = sa.and_(video_point.c.secrecy == 0, video_point.c.networked.is_not(sa.false()), where)
    joined = sa.join(video_point, video_status, video_point.c.point_id == video_status.c.point_id)
    chosen = sa.select(*columns).select_from(joined).where(counted)
    rows = connection.execute(chosen.order_by(video_point.c.point_id, video_status.c.at)).yield_per(5_000)
    for (path, _), group in groupby(rows, key=lambda row: (row.path, row.point_id)):
        yield path, [Transition(row.at, row.status) for row in group]


def count(tx: Transaction, where: sa.ColumnElement[bool], zone: ZoneInfo, sign: int = 1) -> None:
    """Add (+1) or take away (-1) the seconds of the points of `where`, at the grids they lie in as stored."""
    for path, past in pasts(tx.connection, where):
        tx.count_video(path, flows(past, zone), sign)
