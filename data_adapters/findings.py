"""What the rows of one source of cases or points show that refuses none of them: for `check` and `sync` alike."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from data_adapters.case_table import CaseTable
from data_adapters.coordinates import Floats
from data_adapters.ground import Ground
from data_adapters.kinds import Record
from data_adapters.ledger.columns import Column
from data_adapters.ledger.contributions import UNCLASSIFIED
from data_adapters.ledger.fact_writer import key_of
from data_adapters.ledger.types import from_milliseconds
from data_adapters.nesting import unknown_code
from data_adapters.records.case import Case
from data_adapters.records.event import CaseEvent
from data_adapters.records.indicator import IndicatorFact
from data_adapters.records.org import Org
from data_adapters.records.video import VideoPoint, VideoStatus
from data_adapters.report import EXAMPLES, Note, later

_CODES_KEPT = 10_000
#: Rows whose identity is remembered with the row, for examples of what repeats it.
_ROWS_KEPT = 100_000


@dataclass(slots=True)
class Findings:
    """Collects over batches. ``hashes`` are of the identities seen, 8 bytes each; ``repeats`` is what they showed."""

    ground: Ground
    hashes: array[int] = field(default_factory=lambda: array("q"))
    repeats: int = 0
    _unknown: Counter[str] = field(default_factory=Counter)
    _outside: list[str] = field(default_factory=list)
    _outside_count: int = 0
    _contrary: list[str] = field(default_factory=list)
    _contrary_count: int = 0
    _things: int = 0
    _cases: int = 0
    _said: int = 0
    _unplaced_count: int = 0
    newest_at: datetime | None = None
    _rows: dict[int, str] = field(default_factory=dict)
    _repeated: list[str] = field(default_factory=list)

    def add(self, records: Sequence[tuple[str, Record]], table: CaseTable | None = None) -> None:
        """Look at records, each with its row as people find it, and at cases by column."""
        if table is not None and len(table):
            self._add_table(table)
        rows: list[str] = []
        places: list[tuple[float, float, str | None]] = []
        for row, record in records:
            self._identify([row], [hash(identity(record))])
            self.newest_at = later(self.newest_at, told_at(record))
            if isinstance(record, Case):
                self._cases += 1
                self._said += record.category not in UNCLASSIFIED
            if isinstance(record, Case | VideoPoint):
                self._things += 1
                known = self._known(record.grid_code)
                if record.lon is not None and record.lat is not None:
                    rows.append(row)
                    places.append((record.lon, record.lat, record.grid_code if known else None))
                elif not known:
                    self._unplaced_count += 1
        if rows:
            lon, lat, codes = zip(*places, strict=True)
            self._place(rows, np.array(lon), np.array(lat), codes)

    def concluded(self) -> Findings:
        """The same for another process, which has the ground itself and will add nothing."""
        return replace(self, ground=Ground(()), hashes=array("q"), repeats=self._repeats(), _rows={})

    @property
    def located(self) -> tuple[int, int] | None:
        """(how many lie in a grid, of how many) cases or points; None where there are none."""
        return (
            (self._things - self._outside_count - self._unplaced_count, self._things)
            if self._things and self.ground
            else None
        )

    @property
    def categorised(self) -> tuple[int, int] | None:
        """(how many have a category that says something, of how many) cases; None where there are none."""
        return (self._said, self._cases) if self._cases else None

    def _add_table(self, table: CaseTable) -> None:
        told = table.told
        names = zip(told["source"].tolist(), told["source_id"].tolist(), strict=True)
        self._identify(table, list(map(hash, names)))
        at = np.where(told.known("source_updated_at"), told["source_updated_at"], told["reported_at"])
        self.newest_at = later(self.newest_at, from_milliseconds(int(at.max())))
        lon, lat = told["lon"], told["lat"]
        placed = ~np.isnan(lon)
        codes, unique = pd.factorize(told["grid_code"])
        known = np.array([*(code in self.ground.by_code for code in unique), False], dtype=bool)[codes]
        counts = np.bincount(codes[codes >= 0], minlength=len(unique)).tolist()
        for code, n in zip(unique.tolist(), counts, strict=True):
            self._known(code, n)
        self._unplaced_count += int((~placed & ~known).sum())
        self._things += len(table)
        self._cases += len(table)
        self._said += int((~told.is_in("category", UNCLASSIFIED)).sum())
        if self.ground:
            self._astray(table.row, lon, lat, np.flatnonzero(placed & ~known & ~table.held))
            coded = np.flatnonzero(placed & known)
            named = told["grid_code"][coded].tolist()
            fits = self.ground.fits(lon[coded], lat[coded], named)
            self._contrary_to(table.row, lon, lat, told["grid_code"], coded[~fits])

    def notes(self) -> list[Note]:
        """What people should know, with examples and the nearest codes."""
        notes: list[Note] = []
        if self._unknown:
            examples = tuple(
                f"{n} 次：{unknown_code(f'编码 {code} 不存在', code, self.ground.by_code)}"
                for code, n in self._unknown.most_common(EXAMPLES)
            )
            text = f"{len(self._unknown)} 个网格编码对不上任何网格，改按位置归入"
            notes.append(Note("unknown_grid", text, sum(self._unknown.values()), examples))
        if self._outside_count:
            text = f"{self._outside_count} 个点不在任何网格内，计入待定位，不画在地图上"
            notes.append(Note("outside", text, self._outside_count, tuple(self._outside)))
        if self._contrary_count:
            text = f"{self._contrary_count} 个点不在自己写明的网格里，按编码归入，记下疑问"
            notes.append(Note("contrary", text, self._contrary_count, tuple(self._contrary)))
        if self._unplaced_count:
            text = f"{self._unplaced_count} 行没有坐标也没有可用的网格编码，计入待定位"
            notes.append(Note("unplaced", text, self._unplaced_count))
        if repeated := self._repeats():
            text = f"{repeated} 行的标识与前面的行相同，以最新的为准"
            notes.append(Note("repeated", text, repeated, tuple(self._repeated)))
        return notes

    def _repeats(self) -> int:
        """How many rows have the identity of an earlier one."""
        if not self.hashes:
            return self.repeats
        seen = np.frombuffer(self.hashes, dtype=np.int64)
        seen.sort()  # where they lie: their order says nothing, and a copy takes as much again
        return self.repeats + int((seen[1:] == seen[:-1]).sum())

    def _identify(self, rows: CaseTable | Sequence[str], named: Sequence[int]) -> None:
        """Remember identities; their rows while there is room."""
        self.hashes.extend(named)
        row_of = rows.row if isinstance(rows, CaseTable) else rows.__getitem__
        if len(self._rows) >= _ROWS_KEPT and not any(map(self._rows.__contains__, named)):
            return
        for number, one in enumerate(named):
            if (first := self._rows.get(one)) is not None:
                if len(self._repeated) < EXAMPLES:
                    self._repeated.append(f"第 {row_of(number)} 行与第 {first} 行")
            elif len(self._rows) < _ROWS_KEPT:
                self._rows[one] = row_of(number)

    def _known(self, code: str | None, rows: int = 1) -> bool:
        if code is None:
            return False
        if code in self.ground.by_code:
            return True
        if code in self._unknown or len(self._unknown) < _CODES_KEPT:
            self._unknown[code] += rows
        return False

    def _place(self, rows: Sequence[str], lon: Floats, lat: Floats, codes: Sequence[str | None]) -> None:
        """Look at points, each with its row and its code where that is known."""
        if not self.ground:
            return
        named = np.array([code is not None for code in codes], dtype=bool)
        missed = np.flatnonzero(~named & ~self.ground.holds(lon, lat))
        contrary = np.flatnonzero(named & ~self.ground.fits(lon, lat, codes))
        self._astray(rows.__getitem__, lon, lat, missed)
        self._contrary_to(rows.__getitem__, lon, lat, codes, contrary)

    def _astray(self, row_of: Callable[[int], str], lon: Floats, lat: Floats, missed: Column) -> None:
        """Note the points numbered in `missed`, which lie in no grid."""
        self._outside_count += len(missed)
        for number in missed[: EXAMPLES - len(self._outside)].tolist():
            self._outside.append(f"第 {row_of(number)} 行：{lon[number]:.6f}, {lat[number]:.6f}")

    def _contrary_to(
        self, row_of: Callable[[int], str], lon: Floats, lat: Floats, codes: Any, contrary: Column
    ) -> None:
        """Note the points numbered in `contrary`, which do not lie in the grid of their code."""
        self._contrary_count += len(contrary)
        for number in contrary[: EXAMPLES - len(self._contrary)].tolist():
            told = f"{lon[number]:.6f}, {lat[number]:.6f} 不在 {codes[number]}"
            self._contrary.append(f"第 {row_of(number)} 行：{told}")


def told_at(record: Record) -> datetime | None:
    """The upstream's own time of a record: when it last changed, or what it tells of happened."""
    if isinstance(record, Case):
        return record.source_updated_at or record.reported_at
    if isinstance(record, VideoPoint):
        return record.source_updated_at or record.status_at
    if isinstance(record, VideoStatus | CaseEvent):
        return record.at
    return record.as_of if isinstance(record, IndicatorFact) else None


def identity(record: Record) -> Any:
    """What names a record among those of its kind; something new for one that has no name."""
    if isinstance(record, Case):
        return record.source, record.source_id
    if isinstance(record, VideoPoint):
        return record.point_id
    if isinstance(record, VideoStatus):
        return record.point_id, record.at
    if isinstance(record, Org):
        return "org", record.code
    if isinstance(record, IndicatorFact):
        return key_of(record)
    return (
        (record.source, record.source_id) if isinstance(record, CaseEvent) and record.source_id else object()
    )
