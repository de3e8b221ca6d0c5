"""Steps of cases into the ledger: as history that a source tells, or as a step taken here that moves the case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
import sqlalchemy as sa

from data_adapters.ledger import steps
from data_adapters.ledger.case_writer import CaseWriter
from data_adapters.ledger.columns import MISSING, Column, Columns
from data_adapters.ledger.event_loader import TOLD as SEALED
from data_adapters.ledger.event_loader import EventLoader, seal
from data_adapters.ledger.guards import refusal
from data_adapters.ledger.history import MOST_OLD
from data_adapters.ledger.item import stamp
from data_adapters.ledger.outcome import DUPLICATE, Outcome, rejected
from data_adapters.ledger.replay import replay
from data_adapters.ledger.row import Row
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.tables import case_event, cases
from data_adapters.ledger.transaction import Transaction
from data_adapters.records import life
from data_adapters.records.event import CaseEvent
from data_adapters.records.record import Fault
from data_adapters.records.time_limit import Limits

_CHUNK = 800
_T = TypeVar("_T")
#: What of a case is on the wire: a step that changes none of it is one change in the log, not two.
_SHOWN = "grade state light is_open category reported_at path".split()


class EventWriter:
    """Writes case events within one transaction."""

    def __init__(self, transaction: Transaction, writer: CaseWriter, limits: Limits) -> None:
        self._tx = transaction
        self._writer = writer
        self._limits = limits

    def record(self, events: Sequence[CaseEvent], *, bulk: bool) -> list[Outcome]:
        """Keep steps that a source tells. They move the case as far as its source has not told its state since."""
        by_source_id, by_no = self._cases(events)
        known = {(row.source, row.source_id): row for row in self._known(events)}
        found = [
            by_no.get(event.case_no)
            if event.case_no
            else by_source_id.get((event.case_source or event.source, event.case_source_id or ""))
            for event in events
        ]
        last = self._last({row["id"] for row in found if row is not None})
        fresh: list[dict[str, Any]] = []
        corrected: list[int] = []
        touched: dict[int, dict[str, Any]] = {}
        bulk_seq: int | None = None
        outcomes: list[Outcome] = []
        for event, row in zip(events, found, strict=True):
            if row is None:
                named = event.case_no or event.case_source_id
                outcomes.append(
                    rejected("case_source_id", "unknown_case", f"案件 {named} 不存在，应先导入案件")
                )
                continue
            key = (event.source, event.source_id)
            before = known.get(key) if event.source_id is not None else None
            if before is not None and not _corrects(event, before):
                outcomes.append(DUPLICATE)
                continue
            if bulk and bulk_seq is None:
                bulk_seq = self._tx.log_bulk("case_event", ROOT)
            touched[row["id"]] = row
            number, chain = last.get(row["id"], (0, ""))
            entry = self._entry(event, row["id"], number + 1, chain)
            last[row["id"]] = (number + 1, entry["hash"])
            if before is not None:
                _withdraw(before, corrected)
            fresh.append(entry)
            if event.source_id is not None:
                known[key] = Row(entry)
            seq = bulk_seq or self._log(event, row)
            outcomes.append(Outcome("updated" if before is not None else "accepted", seq, row["case_no"]))
        self._keep(fresh, corrected)
        if bulk and self._tx.history.old(step["at"] for step in fresh) > MOST_OLD:
            self._tx.history.forget()
        self._move(touched, bulk_seq)
        return outcomes

    def load(self, told: Columns, case_ids: Column) -> int:
        """Steps by column, none of them known, of cases by their ids; those without a case are left out."""
        told["case_id"] = case_ids
        told = told.take(case_ids != MISSING)
        stored = EventLoader(self._tx).load(told)
        if stored > MOST_OLD:
            self._tx.history.forget()
        self._move(dict.fromkeys(np.unique(told["case_id"]).tolist()), self._tx.top)
        return stored

    def _keep(self, fresh: list[dict[str, Any]], corrected: list[int]) -> None:
        for part in _parts(corrected):
            marked = sa.update(case_event).where(case_event.c.id.in_(part)).values(corrected=True)
            self._tx.connection.execute(marked)
        if fresh:
            self._tx.connection.execute(sa.insert(case_event), fresh)

    def _move(self, touched: Iterable[int], bulk_seq: int | None) -> None:
        """Fold the steps of the cases with these ids anew, and store what has become of them: some at a time."""
        for part in _parts(sorted(touched)):
            taken = steps.load(self._tx.connection, part)
            for before in self._rows(part):
                base = before if before["told"] is not None else before | {"told": steps.NOTHING}
                after = self._writer.replayed(base, taken[before["id"]])
                if all(after[name] == before[name] for name in _SHOWN):
                    self._writer.amend(before, after)
                else:
                    self._writer.put(before, after, bulk_seq)
            self._writer.flush()

    def _rows(self, ids: list[int]) -> Iterator[dict[str, Any]]:
        found = self._tx.connection.execute(sa.select(cases).where(cases.c.id.in_(ids))).mappings()
        yield from (dict(row) for row in found.all())

    def apply(self, event: CaseEvent) -> tuple[Outcome, list[str]]:
        """Take one step here: the case moves if the step is legal. Returns the legal steps where it is not."""
        found = self._tx.connection.execute(sa.select(cases).where(cases.c.case_no == event.case_no))
        row = found.mappings().first()
        if row is None:
            return rejected("case_no", "unknown_case", f"案件 {event.case_no} 不存在"), []
        before = dict(row)
        if event.source_id is not None and self._known([event]):
            return Outcome("duplicate", None, before["case_no"]), []
        taken = steps.load(self._tx.connection, {before["id"]}, sealed=True)[before["id"]]
        so_far = replay(steps.told_row(before), taken, self._limits)
        fault = refusal(event, before, so_far, taken, self._limits) or self._parent_fault(event, before)
        if fault is not None:
            return Outcome("rejected", faults=(fault,)), life.legal_steps(before["state"])
        number, chain = (taken[-1].number, taken[-1].hash) if taken else (0, "")
        entry = self._entry(event, before["id"], number + 1, chain, taken=True)
        self._keep([entry], [])
        self._log(event, before)
        base = before if before["told"] is not None else before | {"told": steps.NOTHING}
        after = self._writer.replayed(base, [*taken, Row(entry)])
        seq = self._writer.put(before, after)
        self._writer.flush()
        return Outcome("accepted", seq, before["case_no"]), []

    def _parent_fault(self, event: CaseEvent, row: dict[str, Any]) -> Fault | None:
        """Why a case cannot be merged into the one that `event` names: it goes on, and is another one."""
        if event.type != "MERGE":
            return None
        chosen = sa.select(cases.c.state).where(cases.c.case_no == event.reason)
        state = self._tx.connection.execute(chosen).scalar()
        if state is None:
            return Fault(
                "reason", "unknown_case", f"MERGE 的 reason 是并入的案件编号，没有案件 {event.reason}"
            )
        if event.reason == row["case_no"]:
            return Fault("reason", "itself", "案件不能并入自身")
        if state in life.VOID:
            return Fault("reason", "void", f"案件 {event.reason} 已并案或作废，不能再并入")
        return None

    def _log(self, event: CaseEvent, row: Any) -> int:
        body = {"case_no": row["case_no"], "event": event.type, "at": stamp(event.at), "org": event.org}
        return self._tx.log("case_event", row["path"], body)

    def _entry(
        self, event: CaseEvent, case_id: int, number: int, chain: str, *, taken: bool = False
    ) -> dict[str, Any]:
        kept: dict[str, Any] = {name: getattr(event, name) for name in SEALED}
        digest = seal(chain, kept, case_id, number)
        kept |= {"case_id": case_id, "number": number, "taken": taken, "corrected": False}
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

    def _known(self, events: Sequence[CaseEvent]) -> list[Any]:
        """The steps that stand under the identities of `events`."""
        found: list[Any] = []
        by_source: dict[str, set[str]] = {}
        for event in events:
            if event.source_id is not None:
                by_source.setdefault(event.source, set()).add(event.source_id)
        for source, ids in by_source.items():
            for part in _parts(sorted(ids)):
                where = sa.and_(
                    case_event.c.source == source,
                    case_event.c.source_id.in_(part),
                    ~case_event.c.corrected,
                )
                found += self._tx.connection.execute(sa.select(case_event).where(where))
        return found

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


def _corrects(event: CaseEvent, before: Any) -> bool:
    """Whether `event` says something else than the step under its identity, and is not older."""
    told, known = event.source_updated_at, before.source_updated_at
    if told is not None and known is not None and told != known:
        return bool(told > known)
    said = ((getattr(event, name), getattr(before, name)) for name in SEALED)
    return any(mine != theirs for mine, theirs in said)


def _withdraw(before: Any, corrected: list[int]) -> None:
    """Mark a step as corrected: in the store, or in the batch that has not been stored yet."""
    if isinstance(before, Row):
        before.mapping["corrected"] = True
    else:
        corrected.append(before.id)


def _parts(values: list[_T]) -> list[list[_T]]:
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]
