"""Their fields and values -> our record, or why not: compiled once a source, applied to a chunk at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from data_adapters import geometry
from data_adapters.conversion import Convert, conversion
from data_adapters.coordinates import Floats, Transform, UnknownCrs, to_target
from data_adapters.kinds import KINDS, Record
from data_adapters.readers.reader import GEOMETRY, Chunk, SourceError, column_of
from data_adapters.records.field import Context, FieldError, shorten
from data_adapters.records.record import Fault
from data_adapters.settings import SourceSettings

#: Of all polygons of one source together; of one it is `records.grid.MAX_VERTICES`.
MAX_VERTICES = 2_000_000
_PLACE = frozenset({"lon", "lat", "grid_code"})
_NEST = frozenset({"code", "parent", "geometry"})


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that gave no record, and every reason why. ``row`` is how people find it in the source."""

    source: str
    row: str
    faults: tuple[Fault, ...]

    @property
    def field(self) -> str:
        """The field of the first fault."""
        return self.faults[0].field

    @property
    def code(self) -> str:
        """The code of the first fault, for machines."""
        return self.faults[0].code

    @property
    def reason(self) -> str:
        """The reason of the first fault, one line for people."""
        return self.faults[0].reason


@dataclass(frozen=True, slots=True)
class _Step:
    field: str
    column: str
    convert: Convert | None


class Mapping:
    """The mapping of one source. ``crs`` decides what `apply` makes of coordinates; it may be set late ("auto")."""

    def __init__(self, source: SourceSettings, context: Context) -> None:
        self.source = source
        self.kind = KINDS[source.kind]
        self.crs: str | None = None if source.crs == "auto" else source.crs
        self._context = context
        self._vertices = 0
        self._constants: dict[str, Any] = {}
        self._steps: list[_Step] = []
        for name, rule in source.fields.items():
            if rule.const is not None:
                self._constants[name] = rule.const
            elif rule.column is not None:
                self._steps.append(_Step(name, rule.column, conversion(rule, source.values.get(name))))
        mapped = source.fields.keys()
        #: The geometry that the file itself knows is the polygon of a grid, the place of anything else.
        self._shape = (source.kind == "grid" and "geometry" not in mapped) or (
            self.kind.has_place and not {"lon", "lat"} & mapped
        )
        identity = source.fields.get(self.kind.identity)
        self._identity = identity.column if identity is not None else None

    @property
    def wanted(self) -> frozenset[str]:
        """The columns a reader must give, and no others; `GEOMETRY` among them where the file's own is used."""
        columns = {step.column for step in self._steps}
        return frozenset(columns | {GEOMETRY} if self._shape else columns)

    def apply(self, chunk: Chunk) -> Iterator[tuple[str, Record | Refused]]:
        """(row as people find it, record or refusal) for every row of the chunk, in order.

        Raises `SourceError` where the coordinate system is unknown.
        """
        raws, found = self._raw(chunk)
        self._place(raws, found, chunk)
        context, name, parse = self._context, self.source.name, self.kind.parse
        for number, (raw, faults) in enumerate(zip(raws, found, strict=True)):
            try:
                result = parse(raw, context, name)
            except (ValueError, ArithmeticError) as error:
                result = [_unreadable("*", error)]
            if isinstance(result, list) or faults:
                row = self.row_of(chunk, number)
                yield row, Refused(name, row, _all(faults, result))
            else:
                yield self.row_of(chunk, number), result
        for broken, fault in chunk.broken:
            yield str(broken), Refused(name, str(broken), (fault,))

    def points(self, chunk: Chunk) -> tuple[Floats, Floats, list[str | None]]:
        """(x, y, grid code) of the rows of a chunk as the source has them, for judging its coordinate system.

        Of a grid, several points of its polygon, each with the code of the grid and failing that of its parent.
        """
        if self.source.kind == "grid":
            return self._outlines(chunk)
        raws, found = self._raw(chunk, _PLACE)
        if self._shape:
            self._points_of(raws, found, chunk)
        x, y = _numbers(raws, "lon"), _numbers(raws, "lat")
        codes = [value if isinstance(value := raw.get("grid_code"), str) else None for raw in raws]
        return x, y, codes

    def _outlines(self, chunk: Chunk) -> tuple[Floats, Floats, list[str | None]]:
        raws, _ = self._raw(chunk, _NEST)
        given = [row.get(GEOMETRY) for row in chunk.rows] if self._shape else _taken(raws, "geometry")
        x, y, owners = geometry.outline_points(given)
        codes = []
        for raw in raws:
            named = [value for name in ("code", "parent") if isinstance(value := raw.get(name), str)]
            codes.append("\x1f".join(named) or None)
        return x, y, [codes[owner] for owner in owners.tolist()]

    def _raw(
        self, chunk: Chunk, only: Collection[str] | None = None
    ) -> tuple[list[dict[str, Any]], list[list[Fault]]]:
        """Every row under our names, values mapped, and the faults of doing so. ``only``: these fields alone."""
        steps = self._steps if only is None else [step for step in self._steps if step.field in only]
        raws: list[dict[str, Any]] = []
        found: list[list[Fault]] = []
        for row in chunk.rows:
            raw = self._constants.copy()
            faults: list[Fault] = []
            for step in steps:
                value = row.get(step.column)
                if step.convert is not None:
                    try:
                        value = step.convert(value)
                    except FieldError as error:
                        faults.append(Fault(step.field, error.code, str(error)))
                        value = None
                    except (ValueError, ArithmeticError) as error:
                        faults.append(_unreadable(step.field, error))
                        value = None
                raw[step.field] = value
            raws.append(raw)
            found.append(faults)
        return raws, found

    def _place(self, raws: list[dict[str, Any]], found: list[list[Fault]], chunk: Chunk) -> None:
        """Bring what has a place to EPSG:4490."""
        if not (self._shape or self.kind.has_place or "geometry" in self.source.fields):
            return
        transform = self.transform(chunk)
        if self.source.kind == "grid":
            given = [row.get(GEOMETRY) for row in chunk.rows] if self._shape else _taken(raws, "geometry")
            shapes = geometry.polygons(given, transform)
            self._vertices += sum(
                shapely.get_num_coordinates(shape) for shape in shapes if isinstance(shape, shapely.Geometry)
            )
            if self._vertices > MAX_VERTICES:
                told = f"{self.source.name}：多边形的顶点超过 {MAX_VERTICES // 10_000} 万个，请抽稀或拆成几个来源"
                raise SourceError(told, "too_many_vertices")
            for raw, faults, shape in zip(raws, found, shapes, strict=True):
                if isinstance(shape, Fault):
                    faults.append(shape)
                else:
                    raw["geometry"] = shape
            return
        if self._shape:
            self._points_of(raws, found, chunk)
        if transform is not None:
            _transform(raws, found, transform)

    def transform(self, chunk: Chunk) -> Transform | None:
        """What brings the places of a chunk to EPSG:4490. Raises `SourceError` where its system is unknown."""
        try:
            return to_target(self.crs or chunk.crs or "EPSG:4490")
        except UnknownCrs as error:
            raise SourceError(f"{error}，请用 crs 写明", "crs_unknown") from None

    def _points_of(self, raws: list[dict[str, Any]], found: list[list[Fault]], chunk: Chunk) -> None:
        given = [row.get(GEOMETRY) for row in chunk.rows]
        for raw, faults, point in zip(raws, found, geometry.points(given), strict=True):
            if isinstance(point, Fault):
                faults.append(point)
            elif point is not None:
                raw["lon"], raw["lat"] = point

    def labels(self, chunk: Chunk) -> NDArray[Any]:
        """What the rows of a chunk are found by, each to be shortened: their numbers, or what identifies them."""
        if chunk.numbers is not None:
            told: Sequence[Any] = chunk.numbers
        else:
            told = (
                ["?"] * len(chunk.rows) if self._identity is None else column_of(chunk.rows, self._identity)
            )
        found = np.empty(len(told), dtype=object)
        found[:] = told
        return found

    def row_of(self, chunk: Chunk, number: int) -> str:
        """A row as people find it: its number, or what identifies it."""
        if chunk.numbers is not None:
            return str(chunk.numbers[number])
        value = chunk.rows[number].get(self._identity) if self._identity is not None else None
        return shorten(value) if value is not None else "?"


def _unreadable(field: str, error: Exception) -> Fault:
    """For values that Python itself cannot write down, such as an integer of 5,000 digits."""
    return Fault(field, "unreadable", f"值无法读取：{shorten(error, 120)}")


def _all(faults: list[Fault], result: Record | list[Fault]) -> tuple[Fault, ...]:
    """The faults of the mapping, then those of the record in fields that had none yet."""
    named = {fault.field for fault in faults}
    more = [fault for fault in result if fault.field not in named] if isinstance(result, list) else []
    return (*faults, *more)


def _taken(raws: list[dict[str, Any]], field: str) -> list[Any]:
    return [raw.pop(field, None) for raw in raws]


def _numbers(raws: list[dict[str, Any]], field: str) -> Floats:
    """The field as numbers, NaN where it is none."""
    values = np.full(len(raws), np.nan)
    for number, raw in enumerate(raws):
        value = raw.get(field)
        if value is None or isinstance(value, bool):
            continue
        try:
            values[number] = float(value)
        except (TypeError, ValueError, OverflowError):
            continue
    return values


def _transform(raws: list[dict[str, Any]], found: list[list[Fault]], transform: Transform) -> None:
    """Move lon and lat of every row that has both as numbers; others are for the record to refuse."""
    x, y = _numbers(raws, "lon"), _numbers(raws, "lat")
    usable = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    lon, lat = transform(x[usable], y[usable])
    finite = np.isfinite(lon) & np.isfinite(lat)
    for number, good, to_lon, to_lat in zip(
        usable.tolist(), finite.tolist(), lon.tolist(), lat.tolist(), strict=True
    ):
        if good:
            raws[number]["lon"], raws[number]["lat"] = to_lon, to_lat
        else:
            found[number].append(Fault("lon", "outside_crs", "坐标不在所写坐标系的范围内，请检查 crs"))
            raws[number]["lon"] = raws[number]["lat"] = None
