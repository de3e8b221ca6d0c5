"""What a read of the sources found, for people (Chinese text) and for machines (JSON)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from data_adapters.crs_verdict import CrsVerdict
from data_adapters.mapping import Refused
from data_adapters.readers.reader import SourceError
from data_adapters.remedy import note_remedy, remedy
from data_adapters.settings import SourceSettings

if TYPE_CHECKING:
    from data_adapters.findings import Findings

EXAMPLES = 5
#: Different texts of one reason that are kept apart; a column of free text would have one a row.
_DISTINCT = 1_000


@dataclass(slots=True)
class Example:
    """What is said of one value, or of many rows alike: ``rows`` are the first few of ``count``."""

    reason: str
    count: int = 0
    rows: list[str] = dataclasses.field(default_factory=list)

    def add(self, rows: Sequence[str], count: int) -> None:
        """Count more rows of which the same is said."""
        self.count += count
        self.rows += rows[: EXAMPLES - len(self.rows)]


@dataclass(slots=True)
class Reason:
    """One kind of refusal: how often, and of which values most."""

    field: str
    code: str
    count: int = 0
    told: dict[str, Example] = dataclasses.field(default_factory=dict)

    def add(self, reason: str, rows: Sequence[str], count: int = 1) -> None:
        """Count refused rows of which `reason` is said."""
        self.count += count
        if reason in self.told or len(self.told) < _DISTINCT:
            self.told.setdefault(reason, Example(reason)).add(rows, count)

    @property
    def examples(self) -> list[Example]:
        """What is said most often comes first: the values that a mapping must name."""
        return sorted(self.told.values(), key=lambda example: -example.count)[:EXAMPLES]


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing that refuses nothing."""

    code: str
    text: str
    count: int = 0
    examples: tuple[str, ...] = ()


@dataclass(slots=True)
class SourceReport:
    """One source. ``accepted`` + ``refused`` = ``read``; after a sync, accepted = new + updated + duplicate.

    ``columns``: their column of each of our fields. ``newest_at``: the latest time that the source tells of itself,
    in the centre's zone. ``located``, ``categorised``: how many of how many lie in a grid, have a category.
    """

    name: str
    kind: str
    read: int = 0
    accepted: int = 0
    refused: int = 0
    new: int | None = None
    updated: int | None = None
    duplicate: int | None = None
    error: str | None = None
    error_code: str | None = None
    crs: dict[str, Any] | None = None
    reasons: dict[tuple[str, str], Reason] = dataclasses.field(default_factory=dict)
    notes: list[Note] = dataclasses.field(default_factory=list)
    columns: dict[str, str] = dataclasses.field(default_factory=dict)
    newest_at: datetime | None = None
    located: tuple[int, int] | None = None
    categorised: tuple[int, int] | None = None

    @classmethod
    def of(cls, source: SourceSettings, *, stored: bool = False) -> SourceReport:
        """An empty report. ``stored``: of a run that writes, which counts what became of each row."""
        report = cls(source.name, source.kind, columns=columns_of(source))
        if stored:
            report.new, report.updated, report.duplicate = 0, 0, 0
        return report

    def fail(self, error: SourceError) -> None:
        """The source cannot be used, or no further."""
        self.error, self.error_code = str(error), error.code

    def store(self, status: str, rows: int = 1) -> None:
        """Count what became of accepted rows: `Outcome.status`."""
        self.new = (self.new or 0) + rows * (status == "accepted")
        self.updated = (self.updated or 0) + rows * (status == "updated")
        self.duplicate = (self.duplicate or 0) + rows * (status == "duplicate")

    def judge(self, verdict: CrsVerdict) -> None:
        """Keep what the points say of the coordinate system, and what people should know of it."""
        self.crs = {
            "declared": verdict.declared,
            "best": verdict.best,
            "points": verdict.points,
            "fitting": {crs: n for crs, n in verdict.fitting.items() if n or crs == verdict.declared},
        }
        if verdict.rival is not None:
            text = f"像是混有两种坐标系：{verdict.mixture}；按 {verdict.declared} 读入，请拆成两个来源"
            self.notes.append(Note("crs_mixed", text, verdict.points))
        elif verdict.doubtful:
            better, told = verdict.share(verdict.best), verdict.share(verdict.declared or "")
            text = f"坐标系像是 {verdict.best}（{better:.1%} 的点落入网格），不是 {verdict.declared}（{told:.1%}）"
            self.notes.append(Note("crs", text, verdict.fitting[verdict.best]))

    def find(self, findings: Findings, zone: ZoneInfo) -> None:
        """Keep what the rows show together."""
        self.notes += findings.notes()
        self.located, self.categorised = findings.located, findings.categorised
        if findings.newest_at is not None:
            self.newest_at = findings.newest_at.astimezone(zone)

    def kept(self) -> dict[str, Any]:
        """What the store keeps of this report beside counts and refusals."""
        newest = self.newest_at.isoformat(timespec="seconds") if self.newest_at is not None else None
        return {"crs": self.crs, "newest_at": newest, "notes": [_note_json(note) for note in self.notes]}

    def refuse(self, refused: Refused) -> None:
        """Count a refused row; each of its faults is counted under its own reason."""
        self.refused += 1
        for fault in refused.faults:
            reason = self.reasons.setdefault((fault.field, fault.code), Reason(fault.field, fault.code))
            reason.add(fault.reason, [refused.row])

    def add(self, other: SourceReport) -> None:
        """Count what another report of the same source counted."""
        self.read += other.read
        self.accepted += other.accepted
        self.refused += other.refused
        for name in ("new", "updated", "duplicate"):
            setattr(self, name, (getattr(self, name) or 0) + (getattr(other, name) or 0))
        for key, reason in other.reasons.items():
            kept = self.reasons.setdefault(key, Reason(reason.field, reason.code))
            for example in reason.told.values():
                kept.add(example.reason, example.rows, example.count)
        self.newest_at = later(self.newest_at, other.newest_at)


@dataclass(slots=True)
class Report:
    """All sources of one run. ``grid_codes``: the grids that `check` found, None where it did not look."""

    sources: list[SourceReport] = dataclasses.field(default_factory=list)
    notes: list[Note] = dataclasses.field(default_factory=list)
    grid_codes: frozenset[str] | None = None

    @property
    def exit_code(self) -> int:
        """0 clean, 1 refused rows, 2 a source that cannot be used."""
        if any(source.error is not None for source in self.sources):
            return 2
        return 1 if any(source.refused for source in self.sources) else 0

    def as_json(self) -> dict[str, Any]:
        """The report as one JSON object."""
        return {
            "exit": self.exit_code,
            "sources": [_source_json(source) for source in self.sources],
            "notes": [_note_json(note) for note in self.notes],
        }

    def as_text(self) -> str:
        """The report as lines for a terminal."""
        lines: list[str] = []
        for source in self.sources:
            lines += _source_text(source)
        lines += [line for note in self.notes for line in _note_text(note, "")]
        return "\n".join(lines)


def _source_json(source: SourceReport) -> dict[str, Any]:
    counts = {"read": source.read, "accepted": source.accepted, "refused": source.refused}
    if source.new is not None:
        counts |= {"new": source.new, "updated": source.updated or 0, "duplicate": source.duplicate or 0}
    return {
        "name": source.name,
        "kind": source.kind,
        **counts,
        "error": source.error,
        "error_code": source.error_code,
        "crs": source.crs,
        "newest_at": source.kept()["newest_at"],
        "located": _share_json("placed", source.located),
        "categorised": _share_json("said", source.categorised),
        "reasons": [
            {
                "field": reason.field,
                "column": source.columns.get(reason.field),
                "code": reason.code,
                "count": reason.count,
                "remedy": remedy(reason.field, reason.code, source.columns.get(reason.field)),
                "examples": [
                    {"row": one.rows[0], "rows": one.rows, "reason": one.reason, "count": one.count}
                    for one in reason.examples
                ],
            }
            for reason in _by_count(source)
        ],
        "notes": [_note_json(note) for note in source.notes],
    }


def _share_json(name: str, share: tuple[int, int] | None) -> dict[str, int] | None:
    return {name: share[0], "of": share[1]} if share is not None else None


def _note_json(note: Note) -> dict[str, Any]:
    return {"code": note.code, "text": note.text, "count": note.count, "examples": list(note.examples)}


def _source_text(source: SourceReport) -> list[str]:
    head = (
        f"{source.name}（{source.kind}）：读 {source.read} 行，接受 {source.accepted}，拒绝 {source.refused}"
    )
    if source.new is not None:
        head += f"；新增 {source.new}，更新 {source.updated}，重复 {source.duplicate}"
    lines = [head]
    if source.error is not None:
        lines.append(f"  无法使用：{source.error}")
    if source.newest_at is not None:
        age = datetime.now(UTC) - source.newest_at
        lines.append(f"  最新一条：{source.newest_at:%Y-%m-%d %H:%M}，{max(0, age.days)} 天前")
    shares = [
        f"{word} {share[0] / share[1]:.1%}（{share[0]:,} / {share[1]:,}）"
        for word, share in (("有位置", source.located), ("有分类", source.categorised))
        if share is not None
    ]
    if shares:
        lines.append(f"  {'，'.join(shares)}")
    for reason in _by_count(source):
        column = source.columns.get(reason.field)
        told = f"{reason.field}（列 {column}）" if column is not None else reason.field
        lines.append(f"  拒绝 {reason.count} 行：{told} {reason.code}")
        lines += [f"    {_rows(one)}：{one.reason}" for one in reason.examples]
        if rest := len(reason.told) - len(reason.examples):
            lines.append(f"    还有 {rest} 种")
        if (way := remedy(reason.field, reason.code, column)) is not None:
            lines.append(f"    做法：{way}")
    for note in source.notes:
        lines += _note_text(note, "  ")
    return lines


def _note_text(note: Note, indent: str) -> list[str]:
    way = note_remedy(note.code)
    return [
        f"{indent}{'读法' if note.code == 'reader' else '注意'}：{note.text}",
        *(f"{indent}  {example}" for example in note.examples),
        *([f"{indent}  做法：{way}"] if way is not None else []),
    ]


def _by_count(source: SourceReport) -> list[Reason]:
    return sorted(source.reasons.values(), key=lambda reason: -reason.count)


def _rows(example: Example) -> str:
    """Which rows, as people find them: 第 4、9 行等 130 行."""
    shown = "、".join(example.rows)
    if all(row.isdigit() and len(row) < 10 for row in example.rows):
        shown = f"第 {shown} 行"
    return shown if example.count <= len(example.rows) else f"{shown}等 {example.count} 行"


def columns_of(source: SourceSettings) -> dict[str, str]:
    """Our field -> their column, where one is named."""
    return {name: rule.column for name, rule in source.fields.items() if rule.column is not None}


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two times that may be unknown."""
    return max((at for at in (one, other) if at is not None), default=None)
