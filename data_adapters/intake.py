"""A source on its way in: its reader, its mapping and its coordinate system, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from data_adapters.coordinates import CrsVerdict, Floats, UnknownCrs, best_crs
from data_adapters.ground import Ground
from data_adapters.kinds import KINDS, Record
from data_adapters.mapping import Mapping, Refused
from data_adapters.readers.reader import Chunk, SourceError, load_reader
from data_adapters.records.case import Case
from data_adapters.records.field import Context
from data_adapters.records.record import Fault
from data_adapters.records.video import VideoPoint
from data_adapters.settings import SourceSettings


@dataclass(frozen=True, slots=True)
class Batch:
    """At most `CHUNK_ROWS` rows, mapped. ``records`` come with their row as people find it."""

    records: list[tuple[str, Record]]
    refused: list[Refused]
    cursor: str | None
    total: int | None

    @property
    def read(self) -> int:
        """How many rows the source gave."""
        return len(self.records) + len(self.refused)


class Intake:
    """Reads one source. ``verdict`` is there once points were compared with the ground."""

    def __init__(self, source: SourceSettings, context: Context, ground: Ground | None) -> None:
        self.source = source
        self.verdict: CrsVerdict | None = None
        self._ground = ground
        self._mapping = Mapping(source, context)

    def chunks(self, cursor: str | None = None) -> Iterator[Chunk]:
        """The raw rows after `cursor`, or all. Raises `SourceError` where the source cannot be used."""
        yield from load_reader(self.source).read(self.source, cursor, self._mapping.wanted)

    def batches(self, chunks: Iterable[Chunk]) -> Iterator[Batch]:
        """Raw rows, mapped. Raises `SourceError` where the source cannot be used."""
        for chunk in chunks:
            if self.verdict is None and KINDS[self.source.kind].has_place:
                self._judge(chunk)
            records: list[tuple[str, Record]] = []
            refused: list[Refused] = []
            for row, result in self._mapping.apply(chunk):
                if isinstance(result, Refused):
                    refused.append(result)
                else:
                    records.append((row, result))
            if KINDS[self.source.kind].has_place and self._ground:
                records = self._unswapped(records, refused)
            yield Batch(records, refused, chunk.cursor, chunk.total)

    def _unswapped(
        self, records: list[tuple[str, Record]], refused: list[Refused]
    ) -> list[tuple[str, Record]]:
        """The records, without those whose place is in no grid but would be with its two numbers exchanged.

        Which of the two was meant is for people to say: such a row is refused with the proposal, never mended.
        """
        ground = self._ground
        points = [
            (at, record.lon, record.lat)
            for at, (_, record) in enumerate(records)
            if isinstance(record, Case | VideoPoint) and record.lon is not None and record.lat is not None
        ]
        if ground is None or not points:
            return records
        lon, lat = np.array([point[1] for point in points]), np.array([point[2] for point in points])
        astray = np.flatnonzero(~ground.holds(lon, lat) & (np.abs(lon) <= 90))
        swapped = {points[n][0] for n in astray[ground.holds(lat[astray], lon[astray])].tolist()}
        for at in sorted(swapped):
            row, record = records[at]
            reason = f"{record.lon:.6g}, {record.lat:.6g} 不在任何网格内，经纬度对调后在，像是写反了"
            refused.append(Refused(self.source.name, row, (Fault("lat", "swapped", reason),)))
        return [record for at, record in enumerate(records) if at not in swapped]

    def _judge(self, chunk: Chunk) -> None:
        """Compare the first points with the ground: the system to use where it is "auto", else a second opinion."""
        automatic = self.source.crs == "auto"
        if not automatic and not self._ground:
            return
        x, y, codes = self._mapping.points(chunk)
        known = np.isfinite(x) & np.isfinite(y)
        if not known.any():
            return
        if not self._ground:
            raise SourceError('crs = "auto" 需要网格作比较，应先导入网格，或写明坐标系', "no_ground")
        ground, own = self._ground, [code for code, there in zip(codes, known, strict=True) if there]
        stated = chunk.crs if automatic or self.source.crs is None else self.source.crs

        def fits(lon: Floats, lat: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
            return ground.fits(lon, lat, own)

        try:
            self.verdict = best_crs(x, y, fits, stated if automatic else stated or "EPSG:4490")
        except UnknownCrs as error:
            raise SourceError(f"{error}，请用 crs 写明", "crs_unknown") from None
        if automatic:
            if self.verdict.fitting[self.verdict.best] == 0:
                raise SourceError('crs = "auto"：没有一个坐标系使点落入网格，请写明坐标系', "crs_unknown")
            self._mapping.crs = self.verdict.best
