"""Sources into the ledger, in the order in which they stand on each other. Safe to run twice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from data_adapters.apart import Apart
from data_adapters.crs_verdict import CrsVerdict
from data_adapters.findings import Findings
from data_adapters.follow import Follower
from data_adapters.grid_intake import BETWEEN, Progress, no_progress, read_grids, root_note
from data_adapters.ground import Ground
from data_adapters.http_settings import HttpSettings
from data_adapters.intake import Batch, Intake, joined
from data_adapters.kinds import KINDS
from data_adapters.ledger import Ledger
from data_adapters.ledger.sources import SourceState
from data_adapters.mapping import Refused
from data_adapters.readers.reader import SourceError, Unchanged
from data_adapters.records.field import Context
from data_adapters.report import Note, Report, SourceReport, later
from data_adapters.settings import Settings, SourceSettings
from data_adapters.spool import refuse_shrunk, spooled
from data_adapters.storing import BULK_ROWS, Storing, mapping_mark, plots_in

#: Rows written in one transaction, at least; it bounds the memory that a read takes.
WRITTEN_ROWS = 40_000
#: Where the first transaction has so many cases and the ledger none, their counts are made when all are in.
LOADED_ROWS = 20_000
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
    grids = [known for known in chosen if known.kind == "grid" and not known.is_stream]
    if grids:
        run.grids(grids)
    for known in chosen:
        if known.is_stream:
            run.stream(known)
        elif known.kind != "grid":
            run.source(known)
    ledger.settle()
    return run.report


@dataclass(slots=True)
class _Pull:
    """One source being written. ``total``: rows in all, 0 where unknown."""

    storing: Storing
    end: str | None
    findings: Findings
    first: bool
    total: int = 0


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
        known = {plot.code: plot for plot in plots_in(self._ledger)}
        good = {source.name: self._ledger.source_state(source.name) for source in sources}
        started = self._ledger.clock()
        probed = [_probe(source, good[source.name]) for source in sources]
        reading = read_grids(self._settings, probed, self._context, known, self._progress, cursors, good)
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
                reports[grid.source].store(outcome.status)
        if any(outcome.status in {"accepted", "updated"} for outcome in outcomes):
            reading.survey()
        else:
            for name, state in good.items():
                reports[name].notes += _notes_before(state, BETWEEN)
        for source in sources:
            if reports[source.name].error is None:
                self._quarantine(source, [r for r in reading.refused if r.source == source.name])
                if cursors[source.name] is None:
                    self._ledger.release(source.name, before=started)
            self._done(source, reports[source.name], reading.cursors[source.name])

    def source(self, source: SourceSettings) -> None:
        """One source of anything else, batch by batch."""
        report = SourceReport.of(source, stored=True)
        self.report.sources.append(report)
        state = self._ledger.source_state(source.name)
        cursor = self._cursor(source)
        findings = Findings(self._ground() if KINDS[source.kind].has_place else Ground(()))
        started = self._ledger.clock()
        storing = Storing(source, report, self._ledger)
        pull = _Pull(storing, cursor, findings, first=state is None or state.last_ok_at is None)
        if source.cursor is not None:
            storing.held = set(self._ledger.held(source.name))
        ground = self._ground() if KINDS[source.kind].has_place else None
        intake = Intake(_probe(source, state), self._context, ground)
        raw = intake.surveyed(intake.chunks(cursor))
        try:
            if source.crs != "auto" and (source.cursor is not None or pull.first):
                verdict = self._take(pull, intake.batches(raw), intake.judge)
            else:
                with spooled(raw) as (pull.total, chunks):
                    refuse_shrunk(source, pull.total, state)
                    verdict = intake.judge(_crs_before(state))
                    self._take(pull, intake.batches(chunks), lambda: verdict)
            if verdict is not None:
                report.judge(verdict)
            report.find(pull.findings, self._context.zone)
            if cursor is not None:
                _keep_earlier(report, state)
        except Unchanged:
            _as_before(report, state)
        except SourceError as error:
            report.fail(error)
        else:
            if source.cursor is None or cursor is None:
                self._ledger.release(source.name, before=started)
            if source.cursor is None:
                storing.withdraw()
        self._done(source, report, pull.end)

    def stream(self, source: SourceSettings) -> None:
        """What waits in a stream."""
        self.report.sources.append(Follower(self._settings, self._ledger, source).drain(self._progress))

    def _take(
        self, pull: _Pull, batches: Iterable[Batch], judge: Callable[[], CrsVerdict | None]
    ) -> CrsVerdict | None:
        """Store it all; the verdict is that of the end."""
        kind = pull.storing.source.kind
        pieces = _surveyed(_together(batches), pull.findings)
        apart = None
        # A history is mapped beside its storing; a read that comes again and again is too small for that.
        if pull.first and kind == "case":
            prepare = self._ledger.preparing()
            prepared = (batch.with_rows(prepare) for batch in pieces)
            apart = Apart(prepared, lambda: (judge(), pull.findings.concluded()))
        with ExitStack() as load:
            for number, batch in enumerate(apart or pieces):
                if number == 0 and kind == "case" and batch.accepted >= LOADED_ROWS:
                    load.enter_context(self._ledger.loading_cases(max(pull.total, batch.total or 0)))
                self._store(pull, batch)
        if apart is None:
            return judge()
        verdict, found = apart.ending
        pull.findings = replace(found, ground=pull.findings.ground)
        return verdict

    def _store(self, pull: _Pull, batch: Batch) -> None:
        storing, report = pull.storing, pull.storing.report
        rows = max(report.read + batch.read, pull.total, batch.total or 0)
        storing.write(batch, bulk=pull.first or rows > BULK_ROWS)
        pull.end = batch.cursor or pull.end
        if batch.note is not None:
            report.notes.append(Note("reader", batch.note))
        self._progress(storing.source.name, report.read, pull.total or batch.total)

    def _quarantine(self, source: SourceSettings, refused: Sequence[Refused]) -> None:
        if refused:
            self._ledger.quarantine(source.name, [(r.row, fault) for r in refused for fault in r.faults])

    def _ground(self) -> Ground:
        """The grids as they are once the grid sources of this run are in."""
        if self._laid is None:
            self._laid = Ground(plots_in(self._ledger))
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
        if read_with != mapping_mark(source):
            return None
        refused_at = min(self._ledger.held(source.name).values(), default=None)
        if refused_at is not None and self._ledger.clock() - refused_at > _READ_AGAIN:
            return None
        return cursor

    def _done(self, source: SourceSettings, report: SourceReport, cursor: str | None) -> None:
        counts = (report.read, report.accepted, report.refused)
        if cursor is not None:
            cursor = f"{mapping_mark(source)}:{cursor}"
        self._ledger.source_done(
            source.name, source.kind, cursor, *counts, report.error, source.every, report=report.kept()
        )


def _together(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Batches of up to `WRITTEN_ROWS`: the more rows a transaction has, the more of their counts fall together."""
    held: list[Batch] = []
    for batch in batches:
        held.append(batch)
        if sum(one.read for one in held) >= WRITTEN_ROWS:
            yield joined(held)
            held = []
    if held:
        yield joined(held)


def _surveyed(batches: Iterable[Batch], findings: Findings) -> Iterator[Batch]:
    """The same batches; on their way they are looked at."""
    for batch in batches:
        findings.add(batch.records, batch.table)
        yield batch


def _probe(source: SourceSettings, state: SourceState | None) -> SourceSettings:
    """The source as it is asked: one that failed last time is only probed, by one request that is not repeated."""
    if state is None or state.error is None or source.reader != "http":
        return source
    return source.model_copy(update={"http": (source.http or HttpSettings()).model_copy(update={"tries": 1})})


def _crs_before(state: SourceState | None) -> str | None:
    """What an earlier read found the coordinate system to be."""
    told = state.report.get("crs") if state is not None else None
    return told["best"] if told else None


def _notes_before(state: SourceState | None, codes: Collection[str] | None = None) -> list[Note]:
    """The notes of the last good read, all or those of some codes."""
    told = state.report.get("notes", []) if state is not None else []
    return [
        Note(note["code"], note["text"], note["count"], tuple(note["examples"]))
        for note in told
        if codes is None or note["code"] in codes
    ]


def _newest_before(state: SourceState | None) -> datetime | None:
    told = state.report.get("newest_at") if state is not None else None
    return datetime.fromisoformat(told) if told else None


def _keep_earlier(report: SourceReport, state: SourceState | None) -> None:
    """What only changed rows were read of is as it was before, where they show nothing else."""
    report.crs = report.crs or (state.report.get("crs") if state is not None else None)
    report.newest_at = later(report.newest_at, _newest_before(state))
    new = {note.code for note in report.notes}
    report.notes += [note for note in _notes_before(state) if note.code not in new]


def _as_before(report: SourceReport, state: SourceState | None) -> None:
    """What a read found that was told nothing changed: the same as the one before."""
    if state is not None:
        report.read, report.accepted, report.refused = state.read, state.accepted, state.refused
        report.duplicate = state.accepted
        _keep_earlier(report, state)
