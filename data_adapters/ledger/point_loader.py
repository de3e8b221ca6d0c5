"""New video points and their past by the hundred thousand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import sqlalchemy as sa

from data_adapters.ledger import point_columns
from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.bulk import insert_columns, insert_rows
from data_adapters.ledger.case_loader import is_one_of
from data_adapters.ledger.columns import Column, Columns, Mask
from data_adapters.ledger.placing import place_points
from data_adapters.ledger.tables import video_point, video_status
from data_adapters.ledger.transaction import Transaction, upsert
from data_adapters.ledger.types import from_milliseconds, to_milliseconds
from data_adapters.ledger.video_time import Transition, flows

#: What a directory tells of a point beside its status: what decides whether it says anything new.
TOLD = (
    "point_id name lon lat grid_code civil_code point_class position_type ptz_type industry should_network networked "
    "integrated key_site secrecy parent_id owner_org maintainer_org"
).split()
_NUMBERS = {"lon", "lat"}


class PointLoader:
    """Loads video points within one transaction."""

    def __init__(self, transaction: Transaction, atlas: Atlas, today: int, zone: ZoneInfo) -> None:
        self._tx = transaction
        self._atlas = atlas
        self._today = today
        self._zone = zone

    def load(self, told: Columns) -> int:
        """Store the points of `told` (the fields of `records.VideoPoint`), none of which is known; how many."""
        rows = Columns(video_point, len(told), {name: told[name] for name in told.names})
        rows["digest"] = _digests(rows)
        place_points(rows, self._atlas, self._today)
        rows["ingested_at"] = np.full(len(rows), to_milliseconds(self._tx.now))
        rows["revision"] = np.full(len(rows), self._tx.video_revision)
        insert_columns(self._tx.connection, rows)
        self._tx.count_columns(None, rows["path"], point_columns.gauges(rows))
        self._tx.history.points(rows["point_id"].tolist(), rows["path"].tolist())
        self._begin(rows)
        self._tx.video_changed()
        return len(rows)

    def _begin(self, rows: Columns) -> None:
        """The status a point comes with is the first that is known of its past."""
        since = np.where(rows.known("status_at"), rows["status_at"], to_milliseconds(self._tx.now))
        rows["status"] = np.where(rows.known("status"), rows["status"], "ON")
        lists = [rows["point_id"], since, rows["status"], rows["source"]]
        names = ["point_id", "at", "status", "source"]
        told = list(zip(*(held.tolist() for held in lists), strict=True))
        insert_rows(self._tx.connection, video_status, names, told, "ON CONFLICT DO NOTHING")
        counted = (rows["secrecy"] == 0) & (rows["networked"] != 0)
        for number in np.flatnonzero(counted).tolist():
            first = Transition(from_milliseconds(told[number][1]), told[number][2])
            self._tx.count_video(rows["path"][number], flows([first], self._zone))


def keep_past(connection: sa.Connection, told: Iterable[tuple[dict[str, Any], list[Transition]]]) -> None:
    """Keep transitions of points (their rows), those that are known already left as they are."""
    entries = [
        {"point_id": row["point_id"], "at": one.at, "status": one.status, "source": row["source"]}
        for row, news in told
        for one in news
    ]
    if entries:
        connection.execute(upsert(connection, video_status).on_conflict_do_nothing(), entries)


def known_points(connection: sa.Connection, ids: Column) -> Mask:
    """Which of these points the ledger has."""
    if connection.execute(sa.select(video_point.c.id).limit(1)).first() is None:
        return np.zeros(len(ids), dtype=bool)
    wanted = sa.select(video_point.c.point_id).where(is_one_of(connection, video_point.c.point_id, ids))
    found = set(connection.execute(wanted).scalars())
    return np.array([one in found for one in ids.tolist()], dtype=bool)


def _digests(rows: Columns) -> Column:
    lists = [rows.listed(name) for name in TOLD]
    found = np.empty(len(rows), dtype=object)
    found[:] = [_fingerprint(values) for values in zip(*lists, strict=True)]
    return found


def digest(content: dict[str, Any]) -> bytes:
    """The fingerprint of what a directory tells of a point."""
    values: list[Any] = []
    for name in TOLD:
        value = content[name]
        if value is not None:
            value = float(value) if name in _NUMBERS else int(value) if isinstance(value, bool) else value
        values.append(value)
    return _fingerprint(tuple(values))


def _fingerprint(values: tuple[Any, ...]) -> bytes:
    return hashlib.blake2b(orjson.dumps(values), digest_size=16).digest()
