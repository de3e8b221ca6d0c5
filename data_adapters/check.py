"""The mapping report: read every source as `sync` would, write nothing, say what is wrong and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from data_adapters.findings import Findings, identity
from data_adapters.grid_intake import Progress, no_progress, read_grids, root_note
from data_adapters.ground import Ground
from data_adapters.intake import Batch, Intake
from data_adapters.kinds import Record
from data_adapters.mapping import Refused
from data_adapters.nesting import unknown_code
from data_adapters.readers.reader import SourceError
from data_adapters.records.event import CaseEvent
from data_adapters.records.field import Context
from data_adapters.records.indicator import IndicatorFact
from data_adapters.records.org import Org
from data_adapters.records.record import Fault
from data_adapters.records.video import VideoStatus
from data_adapters.report import Note, Report, SourceReport
from data_adapters.settings import Settings, SourceSettings
from data_adapters.spool import spooled


def check(settings: Settings, progress: Progress = no_progress) -> Report:
    """Read every source of `settings`. Never raises for what is wrong in a source: that is the report."""
    context = Context(settings.centre.zone, datetime.now(UTC))
    sources = settings.in_reading_order()
    grids = [source for source in sources if source.kind == "grid"]
    reading = read_grids(settings, grids, context, {}, progress)
    nesting = reading.nesting
    reading.survey()
    report = Report(list(reading.reports.values()), root_note(nesting, settings))
    ground = Ground(nesting.plots())
    if all(one.error is None for one in report.sources):
        report.grid_codes = frozenset(ground.by_code)
    seen: set[int] = set()
    for source in sources[len(grids) :]:
        report.sources.append(_Look(source, ground, seen).run(context, progress))
    return report


@dataclass(slots=True)
class _Look:
    """A look at one source of what lies in grids. ``seen`` holds the identities of cases, points, orgs so far."""

    source: SourceSettings
    ground: Ground
    seen: set[int]
    orgs: set[int] = field(default_factory=set)
    findings: Findings = field(init=False)

    def __post_init__(self) -> None:
        self.findings = Findings(self.ground)

    def run(self, context: Context, progress: Progress) -> SourceReport:
        report = SourceReport.of(self.source)
        intake = Intake(self.source, context, self.ground)
        raw = intake.surveyed(intake.chunks())
        try:
            if self.source.crs == "auto":
                with spooled(raw) as (_, chunks):
                    verdict = intake.judge()
                    self._take(report, intake.batches(chunks), progress)
            else:
                self._take(report, intake.batches(raw), progress)
                verdict = intake.judge()
            if verdict is not None:
                report.judge(verdict)
        except SourceError as error:
            report.fail(error)
        if self.source.kind in {"case", "video_point", "org"}:
            self.seen.update(self.findings.hashes)
        report.find(self.findings, context.zone)
        return report

    def _take(self, report: SourceReport, batches: Iterable[Batch], progress: Progress) -> None:
        for batch in batches:
            report.read += batch.read
            for refused in batch.refused:
                report.refuse(refused)
            good = []
            self.orgs |= {hash(identity(record)) for _, record in batch.records if isinstance(record, Org)}
            for row, record in batch.records:
                fault = self._reference(record)
                if fault is not None:
                    report.refuse(Refused(self.source.name, row, (fault,)))
                else:
                    good.append((row, record))
            report.accepted += batch.accepted - len(batch.records) + len(good)
            self.findings.add(good, batch.table)
            if batch.note is not None:
                report.notes.append(Note("reader", batch.note))
            progress(self.source.name, report.read, batch.total)

    def _reference(self, record: Record) -> Fault | None:
        """The fault of a record that speaks of a case or point which no source has given before."""
        if isinstance(record, CaseEvent) and record.case_no is None:
            if hash((record.case_source or record.source, record.case_source_id)) not in self.seen:
                reason = f"案件 {record.case_source_id} 不存在，应先导入案件"
                return Fault("case_source_id", "unknown_case", reason)
        elif isinstance(record, VideoStatus) and hash(record.point_id) not in self.seen:
            return Fault("point_id", "unknown_point", f"视频点位 {record.point_id} 不存在，应先导入点位")
        elif isinstance(record, Org) and record.parent is not None and not self._is_org(record.parent):
            return Fault("parent", "unknown_org", f"上级单位 {record.parent} 不存在，应先于下级给出")
        elif isinstance(record, Org | IndicatorFact):
            return self._ground_fault(record.grid_code)
        return None

    def _is_org(self, code: str) -> bool:
        named = hash(("org", code))
        return named in self.orgs or named in self.seen

    def _ground_fault(self, code: str | None) -> Fault | None:
        if code is None or code in self.ground.by_code:
            return None
        told = unknown_code(f"网格编码 {code} 不存在", code, self.ground.by_code)
        return Fault("grid_code", "unknown_grid", told)
