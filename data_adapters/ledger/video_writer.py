"""Video points and their changes of status into the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import sqlalchemy as sa

from data_adapters.ledger import contributions
from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.item import stamp
from data_adapters.ledger.outcome import DUPLICATE, Outcome, rejected
from data_adapters.ledger.row import Row
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.tables import video_point, video_status
from data_adapters.ledger.transaction import Transaction, upsert
from data_adapters.records.video import VideoPoint, VideoStatus

_CHUNK = 800
_CONTENT = [f.name for f in fields(VideoPoint) if f.name not in {"source", "source_updated_at"}]
_LIVE = {"status", "status_at"}


class VideoWriter:
    """Writes video points and status changes within one transaction."""

    def __init__(self, transaction: Transaction, atlas: Atlas, zone: ZoneInfo) -> None:
        self._tx = transaction
        self._atlas = atlas
        self._zone = zone

    def points(self, records: Sequence[VideoPoint], *, bulk: bool) -> list[Outcome]:
        """One outcome a point, in order. A point's row moves the counts; its own change is one item, or one bulk."""
        known = self._stored([record.point_id for record in records])
        paths = self._place(records)
        fresh: dict[str, dict[str, Any]] = {}
        changed: dict[str, dict[str, Any]] = {}
        outcomes: list[Outcome] = []
        for record, path in zip(records, paths, strict=True):
            before = known.get(record.point_id)
            content = {name: getattr(record, name) for name in _CONTENT}
            if before is not None and _later(before["status_at"], record.status_at):
                # A directory tells the status of when it was written; what was heard since holds.
                content |= {name: before[name] for name in _LIVE}
            digest = hashlib.blake2b(
                orjson.dumps({k: v for k, v in content.items() if k not in _LIVE}), digest_size=16
            ).digest()
            same_status = before is not None and before["status"] == content["status"]
            if before is not None and before["digest"] == digest and same_status:
                outcomes.append(DUPLICATE)
                continue
            row = content | {
                "source": record.source,
                "source_updated_at": record.source_updated_at,
                "ingested_at": self._tx.now,
                "digest": digest,
                "path": path or ROOT,
                "placed": path is not None,
            }
            if before is not None:
                row["id"] = before.get("id")
            self._count(before, row)
            in_batch = before is not None and record.point_id in fresh
            (fresh if before is None or in_batch else changed)[record.point_id] = row
            if in_batch:
                row.pop("id", None)
            known[record.point_id] = row
            seq = None
            if not bulk and before is not None and not same_status:
                seq = self._log(row, record.status_at or self._tx.now, None)
            outcomes.append(Outcome("accepted" if before is None else "updated", seq))
        if fresh:
            self._tx.connection.execute(sa.insert(video_point), list(fresh.values()))
        self._update(changed)
        if fresh or changed:
            self._tx.video_changed()
            if bulk or fresh:
                self._tx.log_bulk("video_point", ROOT)
        return outcomes

    def statuses(self, records: Sequence[VideoStatus], *, bulk: bool) -> list[Outcome]:
        """One outcome a change of status, in order. An older one is kept as history and moves nothing."""
        known = self._stored([record.point_id for record in records])
        changed: dict[str, dict[str, Any]] = {}
        history: list[dict[str, Any]] = []
        outcomes: list[Outcome] = []
        for record in records:
            before = known.get(record.point_id)
            if before is None:
                reason = f"视频点位 {record.point_id} 不存在，应先导入点位"
                outcomes.append(rejected("point_id", "unknown_point", reason))
                continue
            history.append(
                {
                    "point_id": record.point_id,
                    "at": record.at,
                    "status": record.status,
                    "cause": record.cause,
                    "source": record.source,
                }
            )
            older = before["status_at"] is not None and record.at < before["status_at"]
            if older or before["status"] == record.status:
                outcomes.append(DUPLICATE)
                continue
            row = before | {"status": record.status, "status_at": record.at}
            self._count(before, row)
            known[record.point_id] = changed[record.point_id] = row
            seq = None if bulk else self._log(row, record.at, record.cause)
            outcomes.append(Outcome("updated", seq))
        if history:
            statement = upsert(self._tx.connection, video_status)
            self._tx.connection.execute(statement.on_conflict_do_nothing(), history)
        self._update(changed)
        if changed:
            self._tx.video_changed()
            if bulk:
                self._tx.log_bulk("video_status", ROOT)
        return outcomes

    def _log(self, row: dict[str, Any], at: Any, cause: str | None) -> int | None:
        # A secret point's status is nobody's news (domain dictionary, section 2.7).
        if row["secrecy"]:
            return None
        body = {"point_id": row["point_id"], "status": row["status"], "cause": cause, "at": stamp(at)}
        body |= {"lon": row["lon"], "lat": row["lat"]}
        return self._tx.log("video_status", row["path"], body)

    def _count(self, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
        if before is not None:
            self._tx.count(before["path"], (), contributions.point_gauges(Row(before)), -1)
        self._tx.count(after["path"], (), contributions.point_gauges(Row(after)), +1)

    def _update(self, changed: dict[str, dict[str, Any]]) -> None:
        if not changed:
            return
        names = [column.name for column in video_point.c if column.name not in {"id", "point_id"}]
        statement = (
            sa.update(video_point)
            .where(video_point.c.point_id == sa.bindparam("key"))
            .values({name: sa.bindparam(f"new_{name}") for name in names})
        )
        rows = [{"key": key} | {f"new_{n}": row[n] for n in names} for key, row in changed.items()]
        self._tx.connection.execute(statement, rows)

    def _stored(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        unique = list(dict.fromkeys(ids))
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(unique), _CHUNK):
            where = video_point.c.point_id.in_(unique[start : start + _CHUNK])
            for row in self._tx.connection.execute(sa.select(video_point).where(where)).mappings():
                found[row["point_id"]] = dict(row)
        return found

    def _place(self, records: Sequence[VideoPoint]) -> list[str | None]:
        today = self._tx.now.astimezone(self._zone).date()
        searched = [
            n for n, record in enumerate(records) if record.lon is not None and record.lat is not None
        ]
        lon = np.array([records[n].lon for n in searched], dtype=float)
        lat = np.array([records[n].lat for n in searched], dtype=float)
        located = dict(zip(searched, self._atlas.locate(lon, lat, [today] * len(searched)), strict=True))
        return [
            located.get(number) or (self._atlas.by_code.get(record.grid_code) if record.grid_code else None)
            for number, record in enumerate(records)
        ]


def _later(known: datetime | None, told: datetime | None) -> bool:
    return known is not None and (told is None or known > told)
