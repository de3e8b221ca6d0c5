"""Video points and their changes of status into the ledger."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import sqlalchemy as sa

from data_adapters.ledger import contributions, video_time
from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.bulk import insert_rows
from data_adapters.ledger.columns import Columns
from data_adapters.ledger.history import POINT
from data_adapters.ledger.item import stamp
from data_adapters.ledger.outcome import DUPLICATE, Outcome, rejected
from data_adapters.ledger.point_loader import PointLoader, digest, keep_past, known_points
from data_adapters.ledger.row import Row
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.tables import video_point, video_status
from data_adapters.ledger.transaction import Transaction, upsert
from data_adapters.ledger.types import Instant, from_milliseconds
from data_adapters.ledger.video_time import Transition
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
        if bulk:
            return self._load(records)
        return self._revisions(records)

    def load(self, told: Columns) -> int:
        """Points by column, none of them known; how many."""
        today = contributions.local_day(self._tx.now, self._zone)
        return PointLoader(self._tx, self._atlas, today, self._zone).load(told)

    def _load(self, records: Sequence[VideoPoint]) -> list[Outcome]:
        """The new ones by column, what is left (revisions) one by one."""
        names = [field.name for field in fields(VideoPoint)]
        told = Columns.of(video_point, names, map(attrgetter(*names), records))
        fresh = ~pd.Series(told["point_id"]).duplicated().to_numpy()
        fresh &= ~known_points(self._tx.connection, told["point_id"])
        if fresh.any():
            self.load(told.take(fresh))
            self._tx.log_bulk("video_point", ROOT)
        rest = iter(self._revisions([r for r, new in zip(records, fresh, strict=True) if not new], bulk=True))
        return [Outcome("accepted") if new else next(rest) for new in fresh.tolist()]

    def _revisions(self, records: Sequence[VideoPoint], bulk: bool = False) -> list[Outcome]:
        known = self._stored([record.point_id for record in records])
        paths = self._place(records)
        fresh: dict[str, dict[str, Any]] = {}
        changed: dict[str, dict[str, Any]] = {}
        told: dict[str, list[Transition]] = {}
        moved: list[tuple[dict[str, Any], dict[str, Any]]] = []
        outcomes: list[Outcome] = []
        for record, path in zip(records, paths, strict=True):
            before = known.get(record.point_id)
            content = {name: getattr(record, name) for name in _CONTENT}
            if before is not None and _later(before["status_at"], record.status_at):
                # A directory tells the status of when it was written; what was heard since holds.
                content |= {name: before[name] for name in _LIVE}
            said = digest(content)
            same_status = before is not None and before["status"] == content["status"]
            if before is not None and before["digest"] == said and same_status:
                outcomes.append(DUPLICATE)
                continue
            row = content | {
                "source": record.source,
                "source_updated_at": record.source_updated_at,
                "ingested_at": self._tx.now,
                "digest": said,
                "revision": self._tx.video_revision,
                "path": path or ROOT,
                "placed": path is not None,
                "status_cause": before["status_cause"] if before is not None and same_status else None,
            }
            if not same_status:
                told[record.point_id] = [Transition(row["status_at"] or self._tx.now, row["status"])]
            if before is not None and _timed(before) != _timed(row):
                moved.append((before, row))
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
        for before, row in moved:
            self._retime(before, row)
        self._count_past({point_id: (known[point_id], news) for point_id, news in told.items()})
        keep_past(self._tx.connection, ((known[one], news) for one, news in told.items()))
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
            row = before | {"status": record.status, "status_at": record.at, "status_cause": record.cause}
            row |= {"revision": self._tx.video_revision}
            self._count(before, row)
            known[record.point_id] = changed[record.point_id] = row
            seq = None if bulk else self._log(row, record.at, record.cause)
            outcomes.append(Outcome("updated", seq))
        past: dict[str, list[Transition]] = {}
        for entry in history:
            past.setdefault(entry["point_id"], []).append(Transition(entry["at"], entry["status"]))
        self._count_past({point_id: (known[point_id], news) for point_id, news in past.items()})
        if history:
            statement = upsert(self._tx.connection, video_status)
            self._tx.connection.execute(statement.on_conflict_do_nothing(), history)
        self._update(changed)
        if changed:
            self._tx.video_changed()
            if bulk:
                self._tx.log_bulk("video_status", ROOT)
        return outcomes

    def load_statuses(self, told: Columns) -> int:
        """The past of points by column, as history: where they stand now is not moved. How many were told."""
        past: dict[str, list[Transition]] = {}
        lists = (told.listed(name) for name in ("point_id", "at", "status"))
        for point_id, at, status in zip(*lists, strict=True):
            past.setdefault(point_id, []).append(Transition(from_milliseconds(at), status))
        rows_of = self._stored(list(past))
        known = {one: news for one, news in past.items() if one in rows_of}
        for point_id, kept in self._kept_pasts(list(known)).items():
            row, news = rows_of[point_id], known[point_id]
            if _timed(row) is not None:
                self._recount(row["path"], news, kept)
        names = [name for name in told.names if name != "id"]
        rows = list(zip(*(told.listed(name) for name in names), strict=True))
        insert_rows(self._tx.connection, video_status, names, rows, "ON CONFLICT DO NOTHING")
        return len(told)

    def _count_past(self, told: Mapping[str, tuple[dict[str, Any], list[Transition]]]) -> None:
        """What transitions that are about to be stored change in the seconds: those after the earliest of them."""
        at, status = video_status.c.at, video_status.c.status
        for point_id, (row, news) in told.items():
            if _timed(row) is None:
                continue
            own = video_status.c.point_id == point_id
            first = min(one.at for one in news)
            earlier = sa.select(sa.func.max(at)).where(own, at < first).scalar_subquery()
            chosen = (
                sa.select(at, status)
                .where(own, at >= sa.func.coalesce(earlier, sa.literal(first, Instant)))
                .order_by(at)
            )
            self._recount(
                row["path"], news, [Transition(*found) for found in self._tx.connection.execute(chosen)]
            )

    def _recount(self, path: str, news: Sequence[Transition], known: list[Transition]) -> None:
        """Count what `news` change. `known`: what is stored, oldest first, at least from just before the first."""
        first = min(one.at for one in news)
        at = bisect_left(known, first, key=attrgetter("at"))
        before, later = known[at - 1] if at else None, known[at:]
        merged = {one.at: one for one in (*reversed(news), *later)}
        after = [merged[moment] for moment in sorted(merged)]
        self._tx.count_video(path, video_time.flows(later, self._zone, before), -1)
        self._tx.count_video(path, video_time.flows(after, self._zone, before), +1)

    def _kept_pasts(self, ids: Sequence[str]) -> dict[str, list[Transition]]:
        """The stored transitions of points, oldest first, asked for many points at once."""
        found: dict[str, list[Transition]] = {point_id: [] for point_id in ids}
        columns = (video_status.c.point_id, video_status.c.at, video_status.c.status)
        for start in range(0, len(ids), _CHUNK):
            own = video_status.c.point_id.in_(ids[start : start + _CHUNK])
            for row in self._tx.connection.execute(sa.select(*columns).where(own)):
                found[row.point_id].append(Transition(row.at, row.status))
        for kept in found.values():
            kept.sort(key=attrgetter("at"))
        return found

    def _retime(self, before: dict[str, Any], row: dict[str, Any]) -> None:
        """A point that moved, or is counted no longer, takes its whole past along."""
        chosen = sa.select(video_status.c.at, video_status.c.status).order_by(video_status.c.at)
        found = self._tx.connection.execute(chosen.where(video_status.c.point_id == row["point_id"]))
        past = [Transition(*one) for one in found]
        for held, sign in ((before, -1), (row, +1)):
            if _timed(held) is not None:
                self._tx.count_video(held["path"], video_time.flows(past, self._zone), sign)

    def _log(self, row: dict[str, Any], at: Any, cause: str | None) -> int | None:
        # A secret point's status is nobody's news (domain dictionary, section 2.7).
        if row["secrecy"]:
            return None
        body = {"point_id": row["point_id"], "status": row["status"], "cause": cause, "at": stamp(at)}
        body |= {"lon": row["lon"], "lat": row["lat"]}
        return self._tx.log("video_status", row["path"], body)

    def _count(self, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
        if before is not None:
            self._tx.history.changed(POINT, after["point_id"], before, after)
            self._tx.count(before["path"], (), contributions.point_gauges(Row(before)), -1)
        else:
            self._tx.history.born(POINT, after["point_id"], after["path"])
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
            located.get(number)
            or (self._atlas.resolve(record.grid_code, today) if record.grid_code else None)
            for number, record in enumerate(records)
        ]


def _timed(row: dict[str, Any]) -> str | None:
    """The path at which a point's seconds are counted; None for one that is secret or not in the network."""
    return row["path"] if not row["secrecy"] and row["networked"] is not False else None


def _later(known: datetime | None, told: datetime | None) -> bool:
    return known is not None and (told is None or known > told)
