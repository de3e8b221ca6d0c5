"""What a read of the sources found, for people (Chinese text) and for machines (JSON)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from data_adapters.mapping import Refused
from data_adapters.readers.reader import SourceError

EXAMPLES = 5


@dataclass(slots=True)
class Reason:
    """One kind of refusal: how often, and the first few rows."""

    field: str
    code: str
    count: int = 0
    examples: list[tuple[str, str]] = dataclasses.field(default_factory=list)  # (row, reason)


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing that refuses nothing."""

    code: str
    text: str
    count: int = 0
    examples: tuple[str, ...] = ()


@dataclass(slots=True)
class SourceReport:
    """One source. ``accepted`` + ``refused`` = ``read``; after a sync, accepted = new + updated + duplicate."""

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

    def fail(self, error: SourceError) -> None:
        """The source cannot be used, or no further."""
        self.error, self.error_code = str(error), error.code

    def refuse(self, refused: Refused) -> None:
        """Count a refused row; each of its faults is counted under its own reason."""
        self.refused += 1
        for fault in refused.faults:
            reason = self.reasons.setdefault((fault.field, fault.code), Reason(fault.field, fault.code))
            reason.count += 1
            if len(reason.examples) < EXAMPLES:
                reason.examples.append((refused.row, fault.reason))


@dataclass(slots=True)
class Report:
    """All sources of one run."""

    sources: list[SourceReport] = dataclasses.field(default_factory=list)
    notes: list[Note] = dataclasses.field(default_factory=list)

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
        "reasons": [
            {
                "field": reason.field,
                "code": reason.code,
                "count": reason.count,
                "examples": [{"row": row, "reason": text} for row, text in reason.examples],
            }
            for reason in _by_count(source)
        ],
        "notes": [_note_json(note) for note in source.notes],
    }


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
    for reason in _by_count(source):
        lines.append(f"  拒绝 {reason.count} 行：{reason.field} {reason.code}")
        lines += [f"    {_row(row)}：{text}" for row, text in reason.examples]
    for note in source.notes:
        lines += _note_text(note, "  ")
    return lines


def _note_text(note: Note, indent: str) -> list[str]:
    return [f"{indent}注意：{note.text}", *(f"{indent}  {example}" for example in note.examples)]


def _by_count(source: SourceReport) -> list[Reason]:
    return sorted(source.reasons.values(), key=lambda reason: -reason.count)


def _row(row: str) -> str:
    return f"第 {row} 行" if row.isdigit() and len(row) < 10 else row
