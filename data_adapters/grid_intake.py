"""All grid sources together: a grid's parent may lie in another source, so they are read before any is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from data_adapters.ground import Ground, Plot
from data_adapters.intake import Intake
from data_adapters.ledger.sources import SourceState
from data_adapters.mapping import Refused
from data_adapters.nesting import Nesting, Told, nest
from data_adapters.readers.reader import SourceError
from data_adapters.records.field import Context
from data_adapters.records.grid import Grid
from data_adapters.report import EXAMPLES, Note, SourceReport
from data_adapters.settings import Settings, SourceSettings
from data_adapters.spool import refuse_shrunk, spooled
from data_adapters.topology import Gap, Leak, Overlap, gaps, leaks, overlaps

#: Notes that `GridReading.survey` makes.
BETWEEN = frozenset({"overlap", "leak", "gap"})
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

    def survey(self) -> None:
        """Note with each source how its grids lie to each other and to their parents: overlaps, leaks, gaps."""
        plots = self.nesting.plots()
        shared, leaking, bare = overlaps(plots), leaks(plots), gaps(plots)
        for report in self.reports.values():
            own = {
                grid.code
                for grid, told in self.nesting.grids
                if told is not None and grid.source == report.name
            }
            report.notes += _between(
                [one for one in shared if one.code in own or one.other in own],
                [one for one in leaking if one.code in own],
                [one for one in bare if one.code in own],
            )


def read_grids(
    settings: Settings,
    sources: Sequence[SourceSettings],
    context: Context,
    known: dict[str, Plot],
    progress: Progress,
    cursors: Mapping[str, str | None] | None = None,
    good: Mapping[str, SourceState | None] | None = None,
) -> GridReading:
    """Read grid sources and nest them. ``known`` are grids of earlier reads, for parents that are not told now;
    ``good`` the state of each source, so that one which shrank is not believed.

    A source that fails has an ``error`` in its report; the others go on.
    """
    reports = {source.name: SourceReport.of(source) for source in sources}
    reading = GridReading(Nesting(), reports, cursors=dict(cursors or {}))
    told: list[Told] = []
    # What says where it lies comes first: the others are compared with it.
    for source in sorted(sources, key=lambda source: source.crs == "auto"):
        try:
            # One that says its system is not measured by what it said before: it may just have been mended.
            ground = _ground(known if source.crs == "auto" else {}, told)
            given = _told(source, context, reading, progress, ground)
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


def _ground(known: dict[str, Plot], told: Sequence[Told]) -> Ground:
    """What a grid source is compared with: grids of earlier reads, and those that other sources told before it."""
    now = {item.grid.code: Plot(item.grid.code, item.grid.level, item.grid.geometry) for item in told}
    return Ground((known | now).values())


def _told(
    source: SourceSettings, context: Context, reading: GridReading, progress: Progress, ground: Ground
) -> list[Told]:
    report = reading.reports[source.name]
    rule = source.fields.get("parent")
    within = rule.within if rule is not None else None
    told: list[Told] = []
    intake = Intake(source, context, ground)
    with spooled(intake.surveyed(intake.chunks(reading.cursors.get(source.name)))) as (_, chunks):
        verdict = intake.judge()
        if verdict is not None:
            report.judge(verdict)
        for batch in intake.batches(chunks):
            report.read += batch.read
            if batch.note is not None:
                report.notes.append(Note("reader", batch.note))
            for refused in batch.refused:
                reading.refuse(refused)
            told += [Told(cast(Grid, record), row, within) for row, record in batch.records]
            reading.cursors[source.name] = batch.cursor
            progress(source.name, report.read, batch.total)
    return told


def _between(shared: list[Overlap], leaking: list[Leak], bare: list[Gap]) -> list[Note]:
    """What is wrong between grids."""
    notes: list[Note] = []
    if shared:
        examples = tuple(f"{o.code} 与 {o.other}：{o.area_m2:,.0f} m²" for o in shared[:EXAMPLES])
        text = f"{len(shared)} 对同级网格重叠超过 1 m²，落在重叠处的点只归入其中一个"
        notes.append(Note("overlap", text, len(shared), examples))
    if leaking:
        examples = tuple(f"{k.code} 有 {k.share:.1%} 在上级 {k.parent} 之外" for k in leaking[:EXAMPLES])
        text = f"{len(leaking)} 个网格有超过 0.5% 的面积在上级之外"
        notes.append(Note("leak", text, len(leaking), examples))
    if bare:
        examples = tuple(f"{g.code} 有 {g.share:.1%} 不属于任何下级" for g in bare[:EXAMPLES])
        text = f"{len(bare)} 个网格有超过 0.5% 的面积不属于任何下级，落在那里的点归“未归下级”"
        notes.append(Note("gap", text, len(bare), examples))
    return notes


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
