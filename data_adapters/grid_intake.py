"""All grid sources together: a grid's parent may lie in another source, so they are read before any is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from data_adapters.ground import Plot
from data_adapters.intake import Intake
from data_adapters.ledger.sources import SourceState
from data_adapters.mapping import Refused
from data_adapters.nesting import Nesting, Told, nest
from data_adapters.readers.reader import SourceError
from data_adapters.records.field import Context
from data_adapters.records.grid import Grid
from data_adapters.report import Note, SourceReport
from data_adapters.settings import Settings, SourceSettings
from data_adapters.spool import refuse_shrunk

#: (source, rows read so far, rows in all where known)
Progress = Callable[[str, int, int | None], None]


def no_progress(_source: str, _read: int, _total: int | None) -> None:
    """Nobody looks."""


@dataclass(slots=True)
class GridReading:
    """What the grid sources gave: the nested grids, all that was refused, a report and a new cursor of each source."""

    nesting: Nesting
    reports: dict[str, SourceReport]
    refused: list[Refused] = field(default_factory=list)
    cursors: dict[str, str | None] = field(default_factory=dict)

    def refuse(self, refused: Refused) -> None:
        """Keep a refusal, and count it in its source's report."""
        self.refused.append(refused)
        self.reports[refused.source].refuse(refused)


def read_grids(
    settings: Settings,
    sources: Sequence[SourceSettings],
    context: Context,
    known: Mapping[str, Plot],
    progress: Progress,
    cursors: Mapping[str, str | None] | None = None,
    good: Mapping[str, SourceState | None] | None = None,
) -> GridReading:
    """Read grid sources and nest them. ``known`` are grids of earlier reads, for parents that are not told now;
    ``good`` the state of each source, so that one which shrank is not believed.

    A source that fails has an ``error`` in its report; the others go on.
    """
    reports = {source.name: SourceReport(source.name, source.kind) for source in sources}
    reading = GridReading(Nesting(), reports, cursors=dict(cursors or {}))
    told: list[Told] = []
    for source in sources:
        try:
            given = _told(source, context, reading, progress)
            refuse_shrunk(source, reports[source.name].read, (good or {}).get(source.name))
            told += given
        except SourceError as error:
            reports[source.name].fail(error)
    every = [source for source in settings.sources if source.kind == "grid"]
    whole = len(sources) == len(every) and not any(reports[s.name].error or s.cursor for s in sources)
    make_root = bool(sources) and (whole or settings.centre.root not in known)
    reading.nesting = nesting = nest(told, settings.centre, known, make_root)
    for refused in nesting.refused:
        reading.refuse(refused)
    for grid, item in nesting.grids:
        if item is not None:
            reports[grid.source].accepted += 1
    for report in reports.values():
        report.notes += _notes([grid for grid, item in nesting.grids if item and grid.source == report.name])
    return reading


def root_note(nesting: Nesting, settings: Settings) -> list[Note]:
    """What people should know where the root was made here."""
    if not nesting.root_made:
        return []
    below = sum(grid.parent == settings.centre.root for grid, _ in nesting.grids)
    text = f"没有来源给出根网格 {settings.centre.root}，由它下面 {below} 个网格合并而成"
    return [Note("root_made", text, below)]


def _told(source: SourceSettings, context: Context, reading: GridReading, progress: Progress) -> list[Told]:
    report = reading.reports[source.name]
    rule = source.fields.get("parent")
    within = rule.within if rule is not None else None
    told: list[Told] = []
    intake = Intake(source, context, None)
    for batch in intake.batches(intake.chunks(reading.cursors.get(source.name))):
        report.read += batch.read
        for refused in batch.refused:
            reading.refuse(refused)
        told += [Told(cast(Grid, record), row, within) for row, record in batch.records]
        reading.cursors[source.name] = batch.cursor
        progress(source.name, report.read, batch.total)
    return told


def _notes(grids: Sequence[Grid]) -> list[Note]:
    notes = []
    repaired = [grid.code for grid in grids if "repaired" in grid.quality]
    if repaired:
        text = f"{len(repaired)} 个多边形自相交，已在面积变化不超过 0.1% 内修复"
        notes.append(Note("repaired", text, len(repaired), tuple(repaired[:5])))
    undrawn = [grid.code for grid in grids if grid.geometry is None]
    if undrawn:
        text = f"{len(undrawn)} 个网格没有多边形，地图上不画，也不能按位置归入"
        notes.append(Note("no_polygon", text, len(undrawn), tuple(undrawn[:5])))
    return notes
