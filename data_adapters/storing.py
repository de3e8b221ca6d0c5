"""Mapped rows of one source into the ledger: what is wrong is kept aside, what was mended leaves the quarantine."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

from data_adapters.ground import Plot
from data_adapters.intake import Batch
from data_adapters.kinds import Record
from data_adapters.ledger import Ledger, Outcome, Scope
from data_adapters.ledger.fact_writer import key_of
from data_adapters.mapping import Refused
from data_adapters.records.grid import Grid
from data_adapters.records.indicator import IndicatorFact
from data_adapters.records.org import Org
from data_adapters.report import Note, SourceReport
from data_adapters.settings import SourceSettings

#: From this many rows on, a run is one change in the log instead of one a row.
BULK_ROWS = 1_000


class Storing:
    """Writes batches of one source and counts them in its report.

    ``held``: the rows of the source in quarantine, which leave it as soon as they are right.
    """

    def __init__(self, source: SourceSettings, report: SourceReport, ledger: Ledger) -> None:
        self.source = source
        self.report = report
        self.held: set[str] = set()
        self._given: set[Any] = set()
        self._ledger = ledger

    def write(self, batch: Batch, bulk: bool) -> None:
        """Store a batch. ``bulk``: one change in the log for all of it."""
        self.report.read += batch.read
        refused = list(batch.refused)
        if bulk and (told := batch.columns()) is not None:
            counted = self._ledger.write_case_columns(told, batch.prepared)
        else:
            counted = self._write_singly(batch, bulk, refused)
        self.report.accepted += counted.total() - counted["rejected"]
        for status, n in counted.items():
            self.report.store(status, n)
        self.refuse(refused)
        if self.held:
            self._release(batch.rows() - {refusal.row for refusal in refused})

    def _write_singly(self, batch: Batch, bulk: bool, refused: list[Refused]) -> Counter[str]:
        """Store a batch record by record; how many had which outcome. What the ledger rejects joins the `refused`."""
        told = batch.everything()
        outcomes = self._send([record for _, record in told], bulk)
        for (row, record), outcome in zip(told, outcomes, strict=True):
            if outcome.status == "rejected":
                refused.append(Refused(self.source.name, row, outcome.faults))
            else:
                self._note(record)
        return Counter(outcome.status for outcome in outcomes)

    def refuse(self, refused: Sequence[Refused]) -> None:
        """Count refused rows, and keep them in quarantine."""
        for refusal in refused:
            self.report.refuse(refusal)
        if refused:
            faults = [(refusal.row, fault) for refusal in refused for fault in refusal.faults]
            self._ledger.quarantine(self.source.name, faults)

    def withdraw(self) -> None:
        """After a whole snapshot: what its source no longer gives is withdrawn. Not where a row was refused: that
        row may be the very one that is missing.
        """
        withdraw: dict[str, Any] = {
            "org": self._ledger.withdraw_orgs,
            "indicator": self._ledger.withdraw_facts,
        }
        if self.source.kind not in withdraw or self.report.refused:
            return
        if n := withdraw[self.source.kind](self.source.name, self._given):
            self.report.notes.append(Note("withdrawn", f"{n} 项来源已不再给出，已撤下", n))

    def _note(self, record: Record) -> None:
        if isinstance(record, Org):
            self._given.add(record.code)
        elif isinstance(record, IndicatorFact):
            self._given.add(key_of(record))

    def _release(self, good: set[str]) -> None:
        if mended := self.held & good:
            self._ledger.release(self.source.name, rows=sorted(mended))
            self.held -= mended

    def _send(self, records: Sequence[Record], bulk: bool) -> list[Outcome]:
        if not records:
            return []
        write: dict[str, Any] = {
            "org": self._ledger.write_orgs,
            "indicator": self._ledger.write_facts,
            "case": self._ledger.write_cases,
            "case_event": self._ledger.write_events,
            "video_point": self._ledger.write_points,
            "video_status": self._ledger.write_statuses,
        }
        if self.source.kind == "grid":
            return self._ledger.write_grids(cast(Sequence[Grid], records))
        return cast(list[Outcome], write[self.source.kind](records, bulk=bulk))


def mapping_mark(source: SourceSettings) -> str:
    """A few letters that change with what is read and how it is mapped."""
    told = source.model_dump_json(
        include={
            **dict.fromkeys(
                ("kind", "query", "records", "cursor", "crs", "fields", "values", "options"), True
            ),
            "http": {"params"},
            "stream": {"field"},
        }
    )
    return hashlib.blake2b(told.encode(), digest_size=6).hexdigest()


def plots_in(ledger: Ledger) -> list[Plot]:
    """The grids that are in the ledger already."""
    with ledger.read(Scope.everything()) as snapshot:
        top = snapshot.top_grid()
        if top is None:
            return []
        rows = [row for level in snapshot.subtree_levels(top.path) for row in snapshot.grids_of_level(level)]
        shapes = snapshot.geometries([row.path for row in rows])
        codes = {row.path: row.code for row in rows}
        return [
            Plot(row.code, row.level, shapes.get(row.path), codes.get(row.parent_path or ""), row.predecessor)
            for row in rows
        ]
