"""Cases into the ledger: which revision counts, where it lies, how far it is, what it adds to the counts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import sqlalchemy as sa

from data_adapters.ledger import contributions
from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.item import case_item
from data_adapters.ledger.outcome import DUPLICATE, Outcome
from data_adapters.ledger.row import Row
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.tables import case_number, cases
from data_adapters.ledger.transaction import Transaction, upsert
from data_adapters.records import life, time_limit
from data_adapters.records.case import CONTENT, Case

#: What the ledger notes of a case beside what its source tells.
_OWN = ("left_at", "returned_at", "reopened_at", "closed_before_at")
_INFERRED = {"accepted_at": "accepted_at_inferred", "closed_at": "closed_at_inferred"}
_CHUNK = 400  # bound parameters of one SELECT … IN, two a case
_BACKDATED = timedelta(minutes=5)


class CaseWriter:
    """Writes cases within one transaction."""

    def __init__(self, transaction: Transaction, atlas: Atlas, root_code: str, zone: ZoneInfo) -> None:
        self._tx = transaction
        self._atlas = atlas
        self._prefix = root_code[:6]
        self._zone = zone
        self._fresh: dict[tuple[str, str], dict[str, Any]] = {}
        self._changed: dict[tuple[str, str], dict[str, Any]] = {}

    def write(self, records: Sequence[Case], *, bulk: bool) -> list[Outcome]:
        """One outcome a record, in order. ``bulk``: one change in the log for all, else one each."""
        known = self._stored({(record.source, record.source_id) for record in records})
        paths = self._place(records)
        numbers = self._numbers(records, known)
        bulk_seq: int | None = None
        outcomes: list[Outcome] = []
        for record, placed in zip(records, paths, strict=True):
            key = (record.source, record.source_id)
            before = known.get(key)
            after = self._revise(record, placed, before)
            if after is None:
                outcomes.append(
                    DUPLICATE if before is None else replace(DUPLICATE, case_no=before["case_no"])
                )
                continue
            if before is None:
                after["case_no"] = record.case_no or next(numbers[self._day(record.reported_at)])
            if bulk and bulk_seq is None:
                bulk_seq = self._tx.log_bulk("case", ROOT)
            seq = self.put(before, after, bulk_seq)
            known[key] = after
            outcomes.append(Outcome("accepted" if before is None else "updated", seq, after["case_no"]))
        self.flush()
        return outcomes

    def put(self, before: dict[str, Any] | None, after: dict[str, Any], bulk_seq: int | None = None) -> int:
        """Store `after` in the place of `before`: row, counts and change together. Returns the change's number."""
        if bulk_seq is None:
            body = case_item(after, self._atlas)
            path_before = before["path"] if before is not None else None
            after["seq"] = self._tx.log("case", after["path"], body, path_before)
        else:
            after["seq"] = bulk_seq
        self.amend(before, after)
        return int(after["seq"])

    def amend(self, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
        """Store `after` in the place of `before`, row and counts, under a change that is in the log already."""
        for row, sign in ((before, -1), (after, +1)):
            if row is not None:
                case = Row(row)
                self._tx.count(
                    case.path, contributions.flows(case, self._zone), contributions.gauges(case), sign
                )
        key = (after["source"], after["source_id"])
        if before is None or key in self._fresh:
            self._fresh[key] = after
        else:
            self._changed[key] = after

    def flush(self) -> None:
        """Send the collected rows to the database."""
        if self._fresh:
            self._tx.connection.execute(sa.insert(cases), list(self._fresh.values()))
        if self._changed:
            names = [column.name for column in cases.c if column.name != "id"]
            statement = (
                sa.update(cases)
                .where(cases.c.id == sa.bindparam("key"))
                .values({name: sa.bindparam(f"new_{name}") for name in names})
            )
            rows = [
                {"key": row["id"]} | {f"new_{n}": row[n] for n in names} for row in self._changed.values()
            ]
            self._tx.connection.execute(statement, rows)
        self._fresh, self._changed = {}, {}

    def _stored(self, keys: set[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
        by_source: dict[str, list[str]] = {}
        for source, source_id in keys:
            by_source.setdefault(source, []).append(source_id)
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for source, ids in by_source.items():
            for start in range(0, len(ids), _CHUNK):
                wanted = sa.and_(cases.c.source == source, cases.c.source_id.in_(ids[start : start + _CHUNK]))
                for row in self._tx.connection.execute(sa.select(cases).where(wanted)).mappings():
                    found[source, row["source_id"]] = dict(row)
        return found

    def _place(self, records: Sequence[Case]) -> list[tuple[str, bool, tuple[str, ...]]]:
        """(path, placed, flags) of each record: by its grid code, else by its location, else 待定位."""
        searched = [
            n for n, record in enumerate(records) if record.lon is not None and record.lat is not None
        ]
        lon = np.array([records[n].lon for n in searched], dtype=float)
        lat = np.array([records[n].lat for n in searched], dtype=float)
        days = [records[n].occurred_at.astimezone(self._zone).date() for n in searched]
        located = dict(zip(searched, self._atlas.locate(lon, lat, days), strict=True))
        placements = []
        for number, record in enumerate(records):
            by_point = located.get(number)
            flags: tuple[str, ...] = ()
            path = None
            if record.grid_code is not None:
                path = self._atlas.by_code.get(record.grid_code)
                if path is None:
                    flags = ("unknown_grid",)
                elif number in located and (by_point is None or not by_point.startswith(path)):
                    flags = ("outside_declared_grid",)
                elif by_point is not None:
                    path = by_point
            else:
                path = by_point
            if path is None:
                path = by_point
            placements.append((path or ROOT, path is not None, flags))
        return placements

    def _numbers(self, records: Iterable[Case], known: dict[tuple[str, str], Any]) -> dict[int, Any]:
        """A source of case numbers for each local day that needs some; the days' counters move on at once."""
        fresh = {
            (record.source, record.source_id): self._day(record.reported_at)
            for record in reversed(list(records))
            if record.case_no is None and (record.source, record.source_id) not in known
        }
        wanted = Counter(fresh.values())
        if not wanted:
            return {}
        rows = self._tx.connection.execute(sa.select(case_number).where(case_number.c.day.in_(wanted))).all()
        tops = {row.day: row.top for row in rows}
        statement = upsert(self._tx.connection, case_number)
        self._tx.connection.execute(
            statement.on_conflict_do_update(index_elements=["day"], set_={"top": statement.excluded.top}),
            [{"day": day, "top": tops.get(day, 0) + n} for day, n in wanted.items()],
        )
        return {day: self._series(day, tops.get(day, 0)) for day in wanted}

    def _series(self, day: int, top: int) -> Any:
        date = (contributions.DAY_0 + timedelta(days=day)).strftime("%Y%m%d")
        while True:
            top += 1
            yield f"{self._prefix}-{date}-{top:05d}"

    def _day(self, value: datetime) -> int:
        return contributions.local_day(value, self._zone)

    def _revise(
        self, record: Case, placed: tuple[str, bool, tuple[str, ...]], before: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        """The row after this revision, or None where it says nothing new or is older than what is known."""
        content = {name: getattr(record, name) for name in CONTENT if name != "case_no"}
        digest = _digest(content)
        if before is not None:
            if before["digest"] == digest:
                return None
            told, known = record.source_updated_at, before["source_updated_at"]
            if told is not None and known is not None and told < known:
                return None
            # Unknown never overwrites known: an update that leaves a field out does not erase it.
            content = {name: before[name] if value is None else value for name, value in content.items()}
        path, is_placed, flags = placed
        if before is not None and record.grid_code is None and record.lon is None:
            path, is_placed, flags = before["path"], before["placed"], ()
        row = content | {
            "case_no": before["case_no"] if before else None,
            "source": record.source,
            "source_id": record.source_id,
            "source_updated_at": record.source_updated_at or (before and before["source_updated_at"]),
            "ingested_at": before["ingested_at"] if before else self._tx.now,
            "digest": digest,
            "path": path,
            "placed": is_placed,
            "yellow_at": None,
        }
        row |= {name: before[name] if before else None for name in _OWN}
        if before is not None:
            if "id" in before:
                row["id"] = before["id"]
            # What was inferred stays so until the source tells it.
            known = {name for name in _INFERRED if getattr(record, name) is not None}
            flags += tuple(
                _INFERRED[name]
                for name in _INFERRED
                if name not in known and _INFERRED[name] in before["quality"].split(",")
            )
            if before["state"] in life.CLOSED and row["state"] in life.OPEN:
                flags += ("reopened_inferred",)
                _reopen(row, record, before, record.source_updated_at or self._tx.now)
        settle(row, flags, self._tx.now, self._zone)
        return row


def _reopen(row: dict[str, Any], record: Case, before: dict[str, Any], at: datetime) -> None:
    """A case that its source showed closed and now shows open was reopened: what concluded it holds no more."""
    for name in ("resolved_at", "closed_at", "due_at", "outcome"):
        row[name] = getattr(record, name)
    row |= {"reopened_at": at, "closed_before_at": before["closed_at"]}
    row["reopened_count"] = record.reopened_count or (before["reopened_count"] or 0) + 1


def settle(row: dict[str, Any], flags: tuple[str, ...], now: datetime, zone: ZoneInfo) -> None:
    """Complete a case's row from its state: inferred stage times, due time, light. What is inferred is flagged."""
    state = row["state"]
    inferred = list(flags)
    told_at = row["source_updated_at"] or now
    if state in life.BEFORE:
        # The state is what a source stands by: one set back to before its acceptance is not accepted.
        row["accepted_at"] = None
        inferred = [flag for flag in inferred if flag != "accepted_at_inferred"]
    elif row["accepted_at"] is None:
        row["accepted_at"] = row["registered_at"] or row["reported_at"]
        inferred.append("accepted_at_inferred")
    if state in life.CLOSED and row["closed_at"] is None:
        row["closed_at"] = row["resolved_at"] or told_at
        inferred.append("closed_at_inferred")
    if state not in life.LEFT and state != "NOT_ACCEPTED":
        row["left_at"] = None
    elif row["left_at"] is None:
        row["left_at"] = row["closed_at"] or told_at
        inferred += ["decided_at_inferred"] if state == "NOT_ACCEPTED" else []
    accepted = row["accepted_at"]
    # A case that was reopened has its limit anew.
    start = row["reopened_at"] or accepted
    if accepted is not None and row["due_at"] is None:
        row["due_at"] = time_limit.due(row["grade"], start, zone)
    stages = [row[name] for name in ("reported_at", "accepted_at", "resolved_at", "closed_at") if row[name]]
    if any(later + _BACKDATED < earlier for earlier, later in pairwise(stages)):
        inferred.append("stages_out_of_order")
    row["is_open"] = state in life.OPEN
    row["yellow_at"] = (
        time_limit.yellow_from(row["grade"], start, row["due_at"], zone)
        if accepted and row["due_at"]
        else None
    )
    row["light"] = time_limit.light(state, row["due_at"], row["yellow_at"], row["closed_at"], now)
    row["quality"] = ",".join(dict.fromkeys(inferred))


def _digest(content: dict[str, Any]) -> bytes:
    return hashlib.blake2b(orjson.dumps(content), digest_size=16).digest()
