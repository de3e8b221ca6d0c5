"""What every reader is: a source and a cursor in, chunks of raw rows out, only the columns that are wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, Protocol, overload

from data_adapters.records.record import Fault
from data_adapters.settings import SourceSettings
from data_adapters.suggestion import did_you_mean

#: Rows in a chunk, at most: what a reader may hold in memory at a time.
CHUNK_ROWS = 5_000
#: The key of a row's geometry (WKB, WKT, GeoJSON or shapely, in the file's CRS) where the file knows one itself.
GEOMETRY = "<geometry>"


class SourceError(ValueError):
    """A source that cannot be read at all. ``str(error)`` is one line that says what would be right.

    ``code`` is for machines.
    """

    def __init__(self, reason: str, code: str = "unreadable") -> None:
        super().__init__(reason)
        self.code = code


class Unchanged(Exception):
    """The source says that nothing changed since the cursor it was asked with."""


class Rows(Sequence[dict[str, Any]]):
    """Raw rows kept by column: a row is made only where one is asked for."""

    def __init__(self, columns: Mapping[str, Sequence[Any]], count: int) -> None:
        self.columns = columns
        self._count = count

    def __len__(self) -> int:
        """How many rows."""
        return self._count

    @overload
    def __getitem__(self, at: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[dict[str, Any]]: ...
    def __getitem__(self, at: int | slice) -> dict[str, Any] | Sequence[dict[str, Any]]:
        """One row, or some."""
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(self._count))]
        if not -self._count <= at < self._count:
            raise IndexError(at)
        return {name: values[at] for name, values in self.columns.items()}

    def __eq__(self, other: object) -> bool:
        """Whether the other has the same rows."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


def column_of(rows: Sequence[dict[str, Any]], name: str) -> Sequence[Any]:
    """One column of raw rows, None where a row has none."""
    if isinstance(rows, Rows):
        return rows.columns[name] if name in rows.columns else [None] * len(rows)
    return [row.get(name) for row in rows]


@dataclass(slots=True)
class Chunk:
    """Some raw rows in order.

    ``numbers``: each row as people count or name it, or None where rows have no number (a database).
    ``broken``: rows that are no rows, by number. ``crs``: what the file says. ``cursor``: where a later read may
    go on once this chunk is stored. ``total``: rows of the whole source, where that is known. ``note``: what
    people should know of this look at the source.
    """

    rows: Sequence[dict[str, Any]]
    numbers: Sequence[int | str] | None
    broken: list[tuple[int | str, Fault]] = field(default_factory=list)
    crs: str | None = None
    cursor: str | None = None
    total: int | None = None
    note: str | None = None


class Reader(Protocol):
    """A reader. It has no state: one instance may read several sources."""

    def read(self, source: SourceSettings, cursor: str | None, wanted: Collection[str]) -> Iterator[Chunk]:
        """Chunks of at most `CHUNK_ROWS` rows with only the `wanted` columns.

        ``cursor`` is what the last chunk of the read before gave, None at first. Raises `SourceError`, or
        `Unchanged` before the first chunk.
        """
        ...


def load_reader(source: SourceSettings) -> Reader:
    """The reader that the source names. Raises `SourceError` where none has that name."""
    found = {point.name: point for point in entry_points(group="yiping.readers")}
    if source.reader not in found:
        raise SourceError(
            f"没有名为 {source.reader!r} 的 reader{did_you_mean(source.reader, found)}", "reader"
        )
    reader: Reader = found[source.reader].load()()
    return reader


def require_columns(wanted: Iterable[str], available: Iterable[str], where: str) -> None:
    """Every wanted column must be there, once. Raises `SourceError` with the nearest one."""
    names = list(available)
    for column in sorted(wanted):
        if column == GEOMETRY:
            continue
        if column not in names:
            raise SourceError(f"{where}：没有列 {column!r}{did_you_mean(column, names)}", "missing_column")
        if names.count(column) > 1:
            raise SourceError(
                f"{where}：列 {column!r} 出现 {names.count(column)} 次，列名应不重复", "repeated_column"
            )
