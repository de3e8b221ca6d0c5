"""A source on its way in: its reader, its mapping and its coordinate system, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import itemgetter
from typing import cast

import numpy as np
from numpy.typing import NDArray

from data_adapters.case_table import FEWEST, CaseColumns, CaseTable
from data_adapters.coordinates import TARGET, Floats, UnknownCrs, is_projected
from data_adapters.crs_sample import CrsSample
from data_adapters.crs_verdict import CrsVerdict
from data_adapters.ground import Ground
from data_adapters.kinds import KINDS, Record
from data_adapters.ledger.case_columns import cases_of, columns_of
from data_adapters.ledger.case_loader import Prepared, Preparing
from data_adapters.ledger.columns import Columns
from data_adapters.mapping import Mapping, Refused
from data_adapters.readers.reader import Chunk, SourceError, Unchanged, load_reader
from data_adapters.records.case import Case
from data_adapters.records.field import Context
from data_adapters.records.record import Fault
from data_adapters.records.video import VideoPoint
from data_adapters.settings import SourceSettings

#: With "auto", the share of the points that the best system must put into a grid.
FEWEST_FITTING = 0.5


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows, mapped. ``records`` come with their row as people find it.

    ``table``: cases that were mapped by column; ``places`` says where among those each of `records` was.
    """

    records: list[tuple[str, Record]]
    refused: list[Refused]
    cursor: str | None
    total: int | None
    note: str | None = None
    table: CaseTable | None = None
    places: Sequence[int] = ()

    @property
    def read(self) -> int:
        """How many rows the source gave."""
        return self.accepted + len(self.refused)

    @property
    def accepted(self) -> int:
        """How many rows gave a record."""
        return len(self.records) + (len(self.table) if self.table is not None else 0)

    def everything(self) -> list[tuple[str, Record]]:
        """All records in order, those mapped by column as records too."""
        if self.table is None:
            return self.records
        rows = map(self.table.row, range(len(self.table)))
        listed = zip(self.table.places.tolist(), rows, cases_of(self.table.told), strict=True)
        told: list[tuple[int, str, Record]] = list(listed)
        told += [(place, *pair) for place, pair in zip(self.places, self.records, strict=True)]
        return [(row, record) for _, row, record in sorted(told, key=itemgetter(0))]

    def columns(self) -> Columns | None:
        """The cases in order, all by column; None where nothing was mapped so."""
        if self.table is None:
            return None
        if not self.records:
            return self.table.told
        few = [cast(Case, record) for _, record in self.records]
        told = Columns.joined([self.table.told, columns_of(few)])
        return told.take(
            np.argsort(np.concatenate([self.table.places, np.array(self.places, dtype=np.int64)]))
        )

    @property
    def prepared(self) -> Prepared | None:
        """The ledger's rows of `columns`, where they were made already."""
        return self.table.prepared if self.table is not None and not self.records else None

    def with_rows(self, prepare: Preparing) -> Batch:
        """The same with the ledger's rows, where all of it was mapped by column."""
        if self.table is None or self.records:
            return self
        return replace(self, table=replace(self.table, prepared=prepare(self.table.told)))

    def rows(self) -> set[str]:
        """The rows that gave a record, as people find them."""
        by_column = set(map(self.table.row, range(len(self.table)))) if self.table is not None else set()
        return by_column | {row for row, _ in self.records}


def joined(batches: Sequence[Batch]) -> Batch:
    """Several batches as one, in order."""
    last = batches[-1]
    if len(batches) == 1:
        return last
    starts = [0, *accumulate(batch.accepted + len(batch.refused) for batch in batches)]
    tables = [
        (batch.table, start) for batch, start in zip(batches, starts, strict=False) if batch.table is not None
    ]
    table = CaseTable.joined(tables) if tables else None
    return Batch(
        [record for batch in batches for record in batch.records],
        [refused for batch in batches for refused in batch.refused],
        next((batch.cursor for batch in reversed(batches) if batch.cursor is not None), None),
        last.total,
        next((batch.note for batch in batches if batch.note is not None), None),
        table,
        [
            place + start
            for batch, start in zip(batches, starts, strict=False)
            for place in batch.places or range(len(batch.records))
        ],
    )


class Intake:
    """Reads one source: `chunks`, through `surveyed`, `judge`, then `batches`.

    A source that says ``crs = "auto"`` is surveyed to its end before it is judged and its first row mapped;
    of any other the verdict, in ``verdict``, is a second opinion, and may be asked for at the end.
    """

    def __init__(self, source: SourceSettings, context: Context, ground: Ground | None) -> None:
        self.source = source
        self.verdict: CrsVerdict | None = None
        self._ground = ground
        self._mapping = Mapping(source, context)
        placed = KINDS[source.kind].has_place or source.kind == "grid"
        self._sample = CrsSample(self._mapping) if placed else None
        columns = CaseColumns(source, context) if source.kind == "case" else None
        self._columns = columns if columns is not None and columns.usable else None

    def chunks(self, cursor: str | None = None) -> Iterator[Chunk]:
        """The raw rows after `cursor`, or all. Raises `SourceError` where the source cannot be used."""
        reader = load_reader(self.source)
        try:
            yield from reader.read(self.source, cursor, self._mapping.wanted)
        except (SourceError, Unchanged, OSError, MemoryError):
            raise
        except Exception as error:
            if type(reader).__module__.startswith("data_adapters."):
                raise
            # Somebody else's reader: its mistakes are its source's, not everybody's.
            told = f"读法 {self.source.reader} 出错：{type(error).__name__} {error}"
            raise SourceError(" ".join(told.split())[:200], "reader") from error

    @property
    def wanted(self) -> frozenset[str]:
        """The columns that the mapping reads."""
        return self._mapping.wanted

    def surveyed(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The same rows; on their way some are kept for `judge`."""
        for chunk in chunks:
            if self._sample is not None:
                self._sample.add(chunk)
            yield chunk

    def batches(self, chunks: Iterable[Chunk]) -> Iterator[Batch]:
        """Raw rows, mapped; with "auto" after `judge`. Raises `SourceError` where the source cannot be used."""
        for chunk in chunks:
            taken, rest, places = self._by_column(chunk)
            records: list[tuple[str, Record]] = []
            refused: list[Refused] = []
            kept: list[int] = []
            for place, (row, result) in zip(places, self._mapping.apply(rest), strict=False):
                if isinstance(result, Refused):
                    refused.append(result)
                else:
                    records.append((row, result))
                    kept.append(place)
            if KINDS[self.source.kind].has_place and self._ground:
                good = self._unswapped(records, refused)
                records, kept = [records[n] for n in good], [kept[n] for n in good]
            yield Batch(records, refused, chunk.cursor, chunk.total, chunk.note, taken, kept)

    def _by_column(self, chunk: Chunk) -> tuple[CaseTable | None, Chunk, Sequence[int]]:
        """(the rows that are plainly right, the others, where those were). Raises `SourceError` as `Mapping.apply`."""
        every = range(len(chunk.rows) + len(chunk.broken))
        if self._columns is None or len(chunk.rows) < FEWEST:
            return None, chunk, every
        told, taken = self._columns.apply(chunk.rows, self._mapping.transform(chunk))
        held = np.zeros(len(told), dtype=bool)
        if self._ground:
            held = self._ground.holds(told["lon"], told["lat"])
            fine = ~self._swapped(told["lon"], told["lat"], held)
            if not fine.all():
                told, held = told.take(fine), held[fine]
                taken[np.flatnonzero(taken)[~fine]] = False
        chosen, others = np.flatnonzero(taken), np.flatnonzero(~taken).tolist()
        labels = self._mapping.labels(chunk)[chosen]
        numbers = chunk.numbers
        rest = replace(
            chunk,
            rows=[chunk.rows[number] for number in others],
            numbers=[numbers[number] for number in others] if numbers is not None else None,
        )
        return CaseTable(told, labels, chosen, held), rest, [*others, *every[len(chunk.rows) :]]

    def _unswapped(self, records: list[tuple[str, Record]], refused: list[Refused]) -> list[int]:
        """Which records are kept: not those whose place is in no grid but would be with its numbers exchanged.

        Which of the two was meant is for people to say: such a row is refused with the proposal, never mended.
        """
        points = [
            (at, record.lon, record.lat)
            for at, (_, record) in enumerate(records)
            if isinstance(record, Case | VideoPoint) and record.lon is not None and record.lat is not None
        ]
        if not points:
            return list(range(len(records)))
        lon, lat = np.array([point[1] for point in points]), np.array([point[2] for point in points])
        held = self._ground.holds(lon, lat) if self._ground else np.zeros(len(lon), dtype=bool)
        swapped = {points[n][0] for n in np.flatnonzero(self._swapped(lon, lat, held)).tolist()}
        for at, x, y in points:
            if at in swapped:
                reason = f"{x:.6g}, {y:.6g} 不在任何网格内，经纬度对调后在，像是写反了"
                refused.append(Refused(self.source.name, records[at][0], (Fault("lat", "swapped", reason),)))
        return [at for at in range(len(records)) if at not in swapped]

    def _swapped(self, lon: Floats, lat: Floats, held: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where a point is in no grid (not `held`), but would be with its two numbers exchanged."""
        swapped = np.zeros(len(lon), dtype=bool)
        if ground := self._ground:
            with np.errstate(invalid="ignore"):
                astray = np.flatnonzero(~held & (np.abs(lon) <= 90))
            swapped[astray] = ground.holds(lat[astray], lon[astray])
        return swapped

    def judge(self, before: str | None = None) -> CrsVerdict | None:
        """Compare what was surveyed with the ground; None where there is nothing to compare.

        Where the system is "auto" it is settled here: `before` is what an earlier read found, for a read with too
        few points to tell. Raises `SourceError` where it cannot be told, or where two systems are mixed.
        """
        told = self.source.crs
        automatic = told == "auto"
        if self._sample is None or (not automatic and not self._ground):
            return None
        try:
            stated = self._sample.stated
            declared = None if automatic else told or stated or TARGET
            self.verdict = self._sample.verdict(self._ground or Ground(()), declared)
        except UnknownCrs as error:
            raise SourceError(f"{error}，请用 crs 写明", "crs_unknown") from None
        if automatic and self.verdict is not None:
            self._mapping.crs = _settled(self.verdict, self._ground, stated, before)
        return self.verdict


def _settled(verdict: CrsVerdict, ground: Ground | None, stated: str | None, before: str | None) -> str:
    """The system of a source that says "auto". Raises `SourceError` rather than guess."""
    if not ground:
        # What an export says of degrees is worth little: GCJ-02 is regularly called WGS 84. Metres name their zone.
        if stated is not None and is_projected(stated):
            return stated
        raise SourceError('crs = "auto" 需要网格作比较：应先导入写明坐标系的网格，或写明坐标系', "no_ground")
    if verdict.rival is not None:
        told = f"混有两种坐标系：{verdict.mixture}，没有读入；请拆成两个来源，各自写明 crs"
        raise SourceError(told, "crs_mixed")
    if verdict.share(verdict.best) < FEWEST_FITTING:
        told = f"最合适的 {verdict.best} 也只使 {verdict.share(verdict.best):.0%} 的点落入网格"
        raise SourceError(f'crs = "auto"：{told}，请写明坐标系', "crs_unknown")
    if verdict.decided:
        return verdict.best
    if before is not None and verdict.fitting.get(before) == verdict.fitting[verdict.best]:
        return before
    ranked = sorted(verdict.fitting, key=lambda crs: -verdict.fitting[crs])[:3]
    told = "、".join(f"{crs} {verdict.share(crs):.1%}" for crs in ranked)
    reason = f"{verdict.points} 个点分不出坐标系，或混有两种（落入网格的比例：{told}）"
    raise SourceError(f'crs = "auto"：{reason}，请写明坐标系', "crs_undecided")
