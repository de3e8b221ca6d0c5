"""The mapping report: read every source as `sync` would, write nothing, say what is wrong and what would be right."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from data_adapters.coordinates import CrsVerdict
from data_adapters.grid_intake import Progress, no_progress, read_grids, root_note
from data_adapters.ground import Ground
from data_adapters.intake import Batch, Intake
from data_adapters.kinds import Record
from data_adapters.mapping import Refused
from data_adapters.nesting import Nesting, unknown_code
from data_adapters.readers.reader import SourceError
from data_adapters.records.case import Case
from data_adapters.records.event import CaseEvent
from data_adapters.records.field import Context
from data_adapters.records.record import Fault
from data_adapters.records.video import VideoPoint, VideoStatus
from data_adapters.report import EXAMPLES, Note, Report, SourceReport
from data_adapters.settings import Settings, SourceSettings
from data_adapters.topology import leaks, overlaps

_CODES_KEPT = 10_000


def check(settings: Settings, progress: Progress = no_progress) -> Report:
    """Read every source of `settings`. Never raises for what is wrong in a source: that is the report."""
    context = Context(settings.centre.zone, datetime.now(UTC))
    sources = settings.in_reading_order()
    grids = [source for source in sources if source.kind == "grid"]
    reading = read_grids(settings, grids, context, {}, progress)
    nesting = reading.nesting
    report = Report(list(reading.reports.values()), root_note(nesting, settings) + _between(nesting))
    ground = Ground(nesting.plots())
    seen: set[int] = set()
    for source in sources[len(grids) :]:
        report.sources.append(_Look(source, ground, seen).run(context, progress))
    return report


def _between(nesting: Nesting) -> list[Note]:
    """What is wrong between the grids."""
    plots = nesting.plots()
    notes: list[Note] = []
    if shared := overlaps(plots):
        examples = tuple(f"{o.code} 与 {o.other}：{o.area_m2:,.0f} m²" for o in shared[:EXAMPLES])
        text = f"{len(shared)} 对同级网格重叠超过 1 m²，落在重叠处的点只归入其中一个"
        notes.append(Note("overlap", text, len(shared), examples))
    if leaking := leaks(plots):
        examples = tuple(f"{k.code} 有 {k.share:.1%} 在上级 {k.parent} 之外" for k in leaking[:EXAMPLES])
        text = f"{len(leaking)} 个网格有超过 0.5% 的面积在上级之外"
        notes.append(Note("leak", text, len(leaking), examples))
    return notes


@dataclass(slots=True)
class _Look:
    """A look at one source of what lies in grids. ``seen`` holds the identities of cases and points so far."""

    source: SourceSettings
    ground: Ground
    seen: set[int]
    unknown: Counter[str] = field(default_factory=Counter)
    outside: list[str] = field(default_factory=list)
    outside_count: int = 0
    unplaced_count: int = 0
    hashes: array[int] = field(default_factory=lambda: array("q"))

    def run(self, context: Context, progress: Progress) -> SourceReport:
        report = SourceReport(self.source.name, self.source.kind)
        intake = Intake(self.source, context, self.ground)
        try:
            for batch in intake.batches(intake.chunks()):
                report.read += batch.read
                for refused in batch.refused:
                    report.refuse(refused)
                for row, record in batch.records:
                    fault = self._reference(record)
                    if fault is not None:
                        report.refuse(Refused(self.source.name, row, (fault,)))
                    else:
                        report.accepted += 1
                        self.hashes.append(hash(_identity(record)))
                self._places(batch)
                progress(self.source.name, report.read, batch.total)
        except SourceError as error:
            report.fail(error)
        if self.source.kind in {"case", "video_point"}:
            self.seen.update(self.hashes)
        if intake.verdict is not None:
            report.crs = _verdict_json(intake.verdict)
        report.notes += self._notes(intake.verdict)
        return report

    def _reference(self, record: Record) -> Fault | None:
        """The fault of a record that speaks of a case or point which no source has given before."""
        if isinstance(record, CaseEvent) and record.case_no is None:
            if hash((record.case_source or record.source, record.case_source_id)) not in self.seen:
                reason = f"案件 {record.case_source_id} 不存在，应先导入案件"
                return Fault("case_source_id", "unknown_case", reason)
        elif isinstance(record, VideoStatus) and hash(record.point_id) not in self.seen:
            return Fault("point_id", "unknown_point", f"视频点位 {record.point_id} 不存在，应先导入点位")
        return None

    def _places(self, batch: Batch) -> None:
        placed: list[tuple[str, float, float]] = []
        for row, record in batch.records:
            if not isinstance(record, Case | VideoPoint):
                continue
            code = record.grid_code
            known = code is not None and code in self.ground.by_code
            if code is not None and not known and (code in self.unknown or len(self.unknown) < _CODES_KEPT):
                self.unknown[code] += 1
            if record.lon is not None and record.lat is not None:
                placed.append((row, record.lon, record.lat))
            elif not known:
                self.unplaced_count += 1
        if placed and self.ground:
            lon = np.array([point[1] for point in placed])
            lat = np.array([point[2] for point in placed])
            missed = np.flatnonzero(~self.ground.holds(lon, lat)).tolist()
            self.outside_count += len(missed)
            for number in missed[: EXAMPLES - len(self.outside)]:
                row, x, y = placed[number]
                self.outside.append(f"第 {row} 行：{x:.6f}, {y:.6f}")

    def _notes(self, verdict: CrsVerdict | None) -> list[Note]:
        notes: list[Note] = []
        if self.unknown:
            examples = tuple(
                f"{n} 次：{unknown_code(code, self.ground.by_code, '编码')}"
                for code, n in self.unknown.most_common(EXAMPLES)
            )
            text = f"{len(self.unknown)} 个网格编码对不上任何网格，改按位置归入"
            notes.append(Note("unknown_grid", text, sum(self.unknown.values()), examples))
        if self.outside_count:
            text = f"{self.outside_count} 个点不在任何网格内，计入待定位，不画在地图上"
            notes.append(Note("outside", text, self.outside_count, tuple(self.outside)))
        if self.unplaced_count:
            text = f"{self.unplaced_count} 行没有坐标也没有可用的网格编码，计入待定位"
            notes.append(Note("unplaced", text, self.unplaced_count))
        if repeated := _repeated(self.hashes):
            notes.append(Note("repeated", f"{repeated} 行的标识与前面的行相同，以最新的为准", repeated))
        if verdict is not None and verdict.doubtful:
            better, told = verdict.share(verdict.best), verdict.share(verdict.declared or "")
            text = f"坐标系像是 {verdict.best}（{better:.1%} 的点落入网格），不是 {verdict.declared}（{told:.1%}）"
            notes.append(Note("crs", text, verdict.fitting[verdict.best]))
        return notes


def _identity(record: Record) -> Any:
    if isinstance(record, Case):
        return record.source, record.source_id
    if isinstance(record, VideoPoint):
        return record.point_id
    if isinstance(record, VideoStatus):
        return record.point_id, record.at
    return (
        (record.source, record.source_id) if isinstance(record, CaseEvent) and record.source_id else object()
    )


def _repeated(hashes: Sequence[int]) -> int:
    """How many identities had been there before."""
    return len(hashes) - len(np.unique(np.asarray(hashes, dtype=np.int64)))


def _verdict_json(verdict: CrsVerdict) -> dict[str, Any]:
    return {
        "declared": verdict.declared,
        "best": verdict.best,
        "points": verdict.points,
        "fitting": {crs: n for crs, n in verdict.fitting.items() if n or crs == verdict.declared},
    }
