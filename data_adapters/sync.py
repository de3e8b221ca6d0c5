"""Sources into the ledger, in the order in which they stand on each other. Safe to run twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from data_adapters.grid_intake import Progress, no_progress, read_grids, root_note
from data_adapters.ground import Ground, Plot
from data_adapters.intake import Batch, Intake
from data_adapters.kinds import KINDS, Record
from data_adapters.ledger import Ledger, Outcome, Scope
from data_adapters.ledger.sources import SourceState
from data_adapters.mapping import Refused
from data_adapters.readers.reader import SourceError, Unchanged
from data_adapters.records.field import Context
from data_adapters.report import Report, SourceReport
from data_adapters.settings import Settings, SourceSettings
from data_adapters.spool import refuse_shrunk, spooled

#: From this many rows on, a run is one change in the log instead of one a row.
BULK_ROWS = 1_000
_READ_AGAIN = timedelta(days=1)


def sync(
    settings: Settings, ledger: Ledger, source: str | None = None, progress: Progress = no_progress
) -> Report:
    """Read the sources (or the one named `source`) and write what is right into the ledger.

    What is wrong in a source is in the report and in the quarantine; a source that cannot be used does not stop
    the others. Raises `KeyError` where no source is named `source`.
    """
    chosen = [known for known in settings.in_reading_order() if source in (None, known.name)]
    if source is not None and not chosen:
        raise KeyError(source)
    run = _Run(settings, ledger, progress)
    grids = [known for known in chosen if known.kind == "grid"]
    if grids:
        run.grids(grids)
    for known in chosen[len(grids) :]:
        run.source(known)
    return run.report


@dataclass(slots=True)
class _Pull:
    """One source being written. ``held``: its rows in quarantine; ``total``: rows in all, 0 where unknown."""

    source: SourceSettings
    report: SourceReport
    end: str | None
    first: bool
    total: int = 0
    held: set[str] = field(default_factory=set)


class _Run:
    def __init__(self, settings: Settings, ledger: Ledger, progress: Progress) -> None:
        self.report = Report()
        self._settings = settings
        self._ledger = ledger
        self._progress = progress
        self._context = Context(settings.centre.zone, datetime.now(UTC))
        self._laid: Ground | None = None

    def grids(self, sources: Sequence[SourceSettings]) -> None:
        """All grids in one transaction, so that nobody ever sees half of them."""
        # Grids are judged against each other, so those without a cursor are read even where nothing changed.
        cursors = {source.name: self._cursor(source) if source.cursor else None for source in sources}
        known = {plot.code: plot for plot in _plots(self._ledger)}
        good = {source.name: self._ledger.source_state(source.name) for source in sources}
        started = self._ledger.clock()
        reading = read_grids(self._settings, sources, self._context, known, self._progress, cursors, good)
        reports, nested = reading.reports, reading.nesting.grids
        self.report.notes += root_note(reading.nesting, self._settings)
        self.report.sources += reports.values()
        for report in reports.values():
            report.new, report.updated, report.duplicate = 0, 0, 0
        outcomes = self._ledger.write_grids([grid for grid, _ in nested])
        for (grid, told), outcome in zip(nested, outcomes, strict=True):
            if told is not None and outcome.status == "rejected":
                reports[grid.source].accepted -= 1
                reading.refuse(Refused(grid.source, told.row, outcome.faults))
            elif told is not None:
                _count(reports[grid.source], outcome)
        for source in sources:
            if reports[source.name].error is None:
                self._quarantine(source, [r for r in reading.refused if r.source == source.name])
                if cursors[source.name] is None:
                    self._ledger.release(source.name, before=started)
            self._done(source, reports[source.name], reading.cursors[source.name])

    def source(self, source: SourceSettings) -> None:
        """One source of anything else, batch by batch."""
        report = SourceReport(source.name, source.kind, new=0, updated=0, duplicate=0)
        self.report.sources.append(report)
        state = self._ledger.source_state(source.name)
        cursor = self._cursor(source)
        started = self._ledger.clock()
        pull = _Pull(source, report, cursor, first=state is None or state.last_ok_at is None)
        if source.cursor is not None:
            pull.held = set(self._ledger.held(source.name))
        intake = Intake(source, self._context, self._ground() if KINDS[source.kind].has_place else None)
        try:
            if source.cursor is not None or pull.first:
                self._take(pull, intake.batches(intake.chunks(cursor)))
            else:
                with spooled(intake.chunks(cursor)) as (pull.total, chunks):
                    refuse_shrunk(source, pull.total, state)
                    self._take(pull, intake.batches(chunks))
        except Unchanged:
            _as_before(report, state)
        except SourceError as error:
            report.fail(error)
        else:
            if source.cursor is None or cursor is None:
                self._ledger.release(source.name, before=started)
        self._done(source, report, pull.end)

    def _take(self, pull: _Pull, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self._write(pull, batch)
            pull.end = batch.cursor or pull.end
            self._progress(pull.source.name, pull.report.read, pull.total or batch.total)

    def _write(self, pull: _Pull, batch: Batch) -> None:
        source, report = pull.source, pull.report
        bulk = pull.first or max(report.read + batch.read, pull.total, batch.total or 0) > BULK_ROWS
        report.read += batch.read
        refused = list(batch.refused)
        outcomes = self._send(source.kind, [record for _, record in batch.records], bulk)
        for (row, _), outcome in zip(batch.records, outcomes, strict=True):
            if outcome.status == "rejected":
                refused.append(Refused(source.name, row, outcome.faults))
            else:
                report.accepted += 1
                _count(report, outcome)
        for refusal in refused:
            report.refuse(refusal)
        self._quarantine(source, refused)
        mended = pull.held & ({row for row, _ in batch.records} - {refusal.row for refusal in refused})
        if mended:
            self._ledger.release(source.name, rows=sorted(mended))
            pull.held -= mended

    def _quarantine(self, source: SourceSettings, refused: Sequence[Refused]) -> None:
        if refused:
            self._ledger.quarantine(source.name, [(r.row, fault) for r in refused for fault in r.faults])

    def _send(self, kind: str, records: Sequence[Record], bulk: bool) -> list[Outcome]:
        if not records:
            return []
        write: dict[str, Any] = {
            "case": self._ledger.write_cases,
            "case_event": self._ledger.write_events,
            "video_point": self._ledger.write_points,
            "video_status": self._ledger.write_statuses,
        }
        return cast(list[Outcome], write[kind](records, bulk=bulk))

    def _ground(self) -> Ground:
        """The grids as they are once the grid sources of this run are in."""
        if self._laid is None:
            self._laid = Ground(_plots(self._ledger))
        return self._laid

    def _cursor(self, source: SourceSettings) -> str | None:
        """Where to go on; None: from the start.

        A cursor is good for the mapping it was read with: another one sees every row anew. Rows in quarantine
        that nobody touched may be right by now (their case has come, say): once a day all are read again.
        """
        state = self._ledger.source_state(source.name)
        if state is None or state.cursor is None:
            return None
        read_with, _, cursor = state.cursor.partition(":")
        if read_with != _mapping_mark(source):
            return None
        refused_at = min(self._ledger.held(source.name).values(), default=None)
        if refused_at is not None and self._ledger.clock() - refused_at > _READ_AGAIN:
            return None
        return cursor

    def _done(self, source: SourceSettings, report: SourceReport, cursor: str | None) -> None:
        counts = (report.read, report.accepted, report.refused)
        if cursor is not None:
            cursor = f"{_mapping_mark(source)}:{cursor}"
        self._ledger.source_done(source.name, source.kind, cursor, *counts, report.error, source.every)


def _mapping_mark(source: SourceSettings) -> str:
    """A few letters that change with what is read and how it is mapped."""
    told = source.model_dump_json(
        include={
            **dict.fromkeys(("kind", "query", "records", "cursor", "crs", "fields", "values"), True),
            "http": {"params"},
        }
    )
    return hashlib.blake2b(told.encode(), digest_size=6).hexdigest()


def _as_before(report: SourceReport, state: SourceState | None) -> None:
    """What a read found that was told nothing changed: the same as the one before."""
    if state is not None:
        report.read, report.accepted, report.refused = state.read, state.accepted, state.refused
        report.duplicate = state.accepted


def _count(report: SourceReport, outcome: Outcome) -> None:
    if outcome.status == "accepted":
        report.new = (report.new or 0) + 1
    elif outcome.status == "updated":
        report.updated = (report.updated or 0) + 1
    else:
        report.duplicate = (report.duplicate or 0) + 1


def _plots(ledger: Ledger) -> list[Plot]:
    """The grids that are in the ledger already."""
    with ledger.read(Scope.everything()) as snapshot:
        top = snapshot.top_grid()
        if top is None:
            return []
        rows = [row for level in snapshot.subtree_levels(top.path) for row in snapshot.grids_of_level(level)]
        shapes = snapshot.geometries([row.path for row in rows])
        codes = {row.path: row.code for row in rows}
        return [
            Plot(row.code, row.level, shapes.get(row.path), codes.get(row.parent_path or "")) for row in rows
        ]
