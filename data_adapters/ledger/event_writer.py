"""Steps of cases into the ledger: as history that a source tells, or as a step taken here that moves the case."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa

from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.case_writer import CaseWriter, settle
from data_adapters.ledger.item import stamp
from data_adapters.ledger.outcome import DUPLICATE, Outcome, rejected
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.tables import case_event, cases
from data_adapters.ledger.transaction import Transaction
from data_adapters.records import life
from data_adapters.records.event import CaseEvent

_CHUNK = 800
_T = TypeVar("_T")
_KEPT = (
    "type at org post direction from_level to_level reason outcome satisfaction due_after inferred source source_id"
).split()


class EventWriter:
    """Writes case events within one transaction."""

    def __init__(self, transaction: Transaction, writer: CaseWriter, atlas: Atlas, zone: ZoneInfo) -> None:
        self._tx = transaction
        self._writer = writer
        self._atlas = atlas
        self._zone = zone

    def record(self, events: Sequence[CaseEvent], *, bulk: bool) -> list[Outcome]:
        """Keep steps that a source tells beside the state it tells: history only, the case is not moved."""
        by_source_id, by_no = self._cases(events)
        found = [
            by_no.get(event.case_no)
            if event.case_no
            else by_source_id.get((event.case_source or event.source, event.case_source_id or ""))
            for event in events
        ]
        last = self._last({row["id"] for row in found if row is not None})
        seen = self._known(events)
        bulk_seq: int | None = None
        rows: list[dict[str, Any]] = []
        outcomes: list[Outcome] = []
        for event, row in zip(events, found, strict=True):
            if row is None:
                named = event.case_no or event.case_source_id
                outcomes.append(
                    rejected("case_source_id", "unknown_case", f"案件 {named} 不存在，应先导入案件")
                )
                continue
            if event.source_id is not None and (event.source, event.source_id) in seen:
                outcomes.append(DUPLICATE)
                continue
            if event.source_id is not None:
                seen.add((event.source, event.source_id))
            number, chain = last.get(row["id"], (0, ""))
            entry = self._entry(event, row["id"], number + 1, chain, None, None)
            last[row["id"]] = (number + 1, entry["hash"])
            rows.append(entry)
            if bulk and bulk_seq is None:
                bulk_seq = self._tx.log_bulk("case_event", ROOT)
            seq = bulk_seq or self._log(event, row)
            outcomes.append(Outcome("accepted", seq, row["case_no"]))
        if rows:
            self._tx.connection.execute(sa.insert(case_event), rows)
            self._note_returns({row["case_id"]: row["at"] for row in rows if row["type"] == "RETURN"})
        return outcomes

    def _note_returns(self, returned: dict[int, Any]) -> None:
        """A case that a unit gave back was not assigned rightly at first (派单准确率)."""
        for part in _parts(sorted(returned)):
            where = sa.and_(cases.c.id.in_(part), cases.c.returned_at.is_(None))
            for row in self._tx.connection.execute(sa.select(cases).where(where)).mappings().all():
                self._writer.amend(dict(row), dict(row) | {"returned_at": returned[row["id"]]})
        self._writer.flush()

    def apply(self, event: CaseEvent) -> tuple[Outcome, list[str]]:
        """Take one step here: the case moves if the step is legal. Returns the legal steps where it is not."""
        found = (
            self._tx.connection.execute(sa.select(cases).where(cases.c.case_no == event.case_no))
            .mappings()
            .first()
        )
        if found is None:
            return rejected("case_no", "unknown_case", f"案件 {event.case_no} 不存在"), []
        before = dict(found)
        if event.source_id is not None and (event.source, event.source_id) in self._known([event]):
            return Outcome("duplicate", None, before["case_no"]), []
        state = before["state"]
        to_state = life.next_state(state, event.type)
        if to_state is None:
            legal = life.legal_steps(state)
            reason = f"状态 {state} 不允许 {event.type}，可用：{'、'.join(legal) or '无'}"
            return rejected("type", "illegal_step", reason), legal
        number, chain = self._last({before["id"]}).get(before["id"], (0, ""))
        entry = self._entry(event, before["id"], number + 1, chain, state, to_state)
        self._tx.connection.execute(sa.insert(case_event), [entry])
        after = before | {"state": to_state}
        if stamp_name := life.STAMPS.get(event.type):
            after[stamp_name] = event.at
        if event.type == "REOPEN":
            after |= {"closed_at": None, "resolved_at": None, "outcome": None, "due_at": None}
            after["reopened_count"] = (before["reopened_count"] or 0) + 1
            after |= {"reopened_at": event.at, "closed_before_at": before["closed_at"]}
        if event.type == "RETURN" and before["returned_at"] is None:
            after["returned_at"] = event.at
        if to_state != state and (to_state in life.LEFT or to_state == "NOT_ACCEPTED"):
            after["left_at"] = event.at
        if event.outcome or event.type == "RESOLVE":
            after["outcome"] = event.outcome or "SUCCESS"
        if event.satisfaction:
            after["satisfaction"] = event.satisfaction
        if event.org and event.type == "ASSIGN":
            after["handling_org"] = event.org
        settle(after, tuple(filter(None, before["quality"].split(","))), self._tx.now, self._zone)
        self._log(event, before)
        seq = self._writer.put(before, after)
        self._writer.flush()
        return Outcome("accepted", seq, before["case_no"]), []

    def _log(self, event: CaseEvent, row: Any) -> int:
        body = {"case_no": row["case_no"], "event": event.type, "at": stamp(event.at), "org": event.org}
        return self._tx.log("case_event", row["path"], body)

    def _entry(
        self,
        event: CaseEvent,
        case_id: int,
        number: int,
        chain: str,
        from_state: str | None,
        to_state: str | None,
    ) -> dict[str, Any]:
        kept: dict[str, Any] = {name: getattr(event, name) for name in _KEPT}
        told = orjson.dumps(kept | {"case_id": case_id, "number": number}, option=orjson.OPT_SORT_KEYS)
        digest = hashlib.sha256(chain.encode() + told).hexdigest()
        states = {"from_state": from_state, "to_state": to_state}
        kept |= states | {"case_id": case_id, "number": number}
        return kept | {"hash": digest, "ingested_at": self._tx.now}

    def _cases(self, events: Sequence[CaseEvent]) -> tuple[dict[tuple[str, str], Any], dict[str, Any]]:
        columns = (cases.c.id, cases.c.case_no, cases.c.path, cases.c.source, cases.c.source_id)
        by_source_id: dict[tuple[str, str], Any] = {}
        by_no: dict[str, Any] = {}
        wanted: dict[str, set[str]] = {}
        for event in events:
            if event.case_no is None and event.case_source_id is not None:
                wanted.setdefault(event.case_source or event.source, set()).add(event.case_source_id)
        for source, ids in wanted.items():
            for part in _parts(sorted(ids)):
                where = sa.and_(cases.c.source == source, cases.c.source_id.in_(part))
                for row in self._tx.connection.execute(sa.select(*columns).where(where)).mappings():
                    by_source_id[source, row["source_id"]] = row
        for part in _parts(sorted({event.case_no for event in events if event.case_no is not None})):
            for row in self._tx.connection.execute(
                sa.select(*columns).where(cases.c.case_no.in_(part))
            ).mappings():
                by_no[row["case_no"]] = row
        return by_source_id, by_no

    def _known(self, events: Sequence[CaseEvent]) -> set[tuple[str, str]]:
        known: set[tuple[str, str]] = set()
        by_source: dict[str, set[str]] = {}
        for event in events:
            if event.source_id is not None:
                by_source.setdefault(event.source, set()).add(event.source_id)
        for source, ids in by_source.items():
            for part in _parts(sorted(ids)):
                where = sa.and_(case_event.c.source == source, case_event.c.source_id.in_(part))
                found = self._tx.connection.execute(sa.select(case_event.c.source_id).where(where)).scalars()
                known |= {(source, source_id) for source_id in found}
        return known

    def _last(self, ids: set[int]) -> dict[int, tuple[int, str]]:
        """The number and hash of the last event of each case."""
        last: dict[int, tuple[int, str]] = {}
        for part in _parts(sorted(ids)):
            chosen = sa.select(case_event.c.case_id, case_event.c.number, case_event.c.hash).where(
                case_event.c.case_id.in_(part)
            )
            for row in self._tx.connection.execute(chosen.order_by(case_event.c.number)):
                last[row.case_id] = (row.number, row.hash)
        return last


def _parts(values: list[_T]) -> list[list[_T]]:
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]
