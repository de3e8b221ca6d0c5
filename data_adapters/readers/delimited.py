"""CSV: any of the usual delimiters and encodings, read as a stream."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from itertools import chain, islice
from operator import methodcaller
from pathlib import Path
from typing import TypeVar

from data_adapters.readers.encoding import decoded, encoding_of
from data_adapters.readers.reader import CHUNK_ROWS, GEOMETRY, Chunk, Rows, SourceError, require_columns
from data_adapters.records.record import Fault
from data_adapters.settings import SourceSettings

_T = TypeVar("_T")
_DELIMITERS = ",\t;|"
#: Characters of a line that is split here; longer ones are the csv module's, which has a limit.
_LONGEST_PLAIN = 100_000
# A field longer than any we keep is for the mapping to refuse with its row; the csv module would end the read.
csv.field_size_limit(16 * 1024 * 1024)  # characters; 200,000 vertices as WKT take half of it


def read_delimited(path: Path, source: SourceSettings, wanted: Collection[str]) -> Iterator[Chunk]:
    """Chunks of a CSV file. Rows count as a spreadsheet shows them: the header is row 1."""
    encoding = encoding_of(path, source.encoding)
    with path.open(encoding=encoding, newline="") as file:
        delimiter = _delimiter(file.readline())
        file.seek(0)
        head = _some(csv.reader(file, delimiter=delimiter), path, 1)
        if not head:
            raise SourceError(f"{path.name}：文件是空的，第一行应为列名", "empty")
        header = [name.strip() for name in head[0]]
        require_columns(wanted, header, path.name)
        columns = [(name, header.index(name)) for name in wanted if name != GEOMETRY]
        last = max((position for _, position in columns), default=0)
        number = 1
        note = decoded(encoding, source.encoding)
        while lines := _some(file, path, CHUNK_ROWS):
            if (cells_by_column := _plain(lines, delimiter, len(header))) is not None:
                held = {name: cells_by_column[position] for name, position in columns}
                chunk = Chunk(Rows(held, len(lines)), list(range(number + 1, number + len(lines) + 1)))
                number += len(lines)
            else:
                # A row in quotes may go on behind these lines, so that they are all used up with as many rows.
                rows = csv.reader(chain(lines, file), delimiter=delimiter)
                block = _some(rows, path, CHUNK_ROWS)
                chunk = _parsed(block, number, columns, last, len(header))
                number += len(block)
            chunk.note, note = note, None
            yield chunk


def _plain(lines: list[str], delimiter: str, width: int) -> list[list[str]] | None:
    """The cells of lines by column, where every line is a row of `width` cells without quotes; else None."""
    text = "".join(lines)
    if "\r" in text and text.count("\r\n") == text.count("\r"):
        text = text.replace("\r\n", "\n")
    if width < 2 or '"' in text or "\r" in text or max(map(len, lines)) > _LONGEST_PLAIN:
        return None
    if set(map(methodcaller("count", delimiter), lines)) != {width - 1}:
        return None
    cells = text.removesuffix("\n").replace("\n", delimiter).split(delimiter)
    return [cells[position::width] for position in range(width)]


def _parsed(
    block: list[list[str]], number: int, columns: list[tuple[str, int]], last: int, width: int
) -> Chunk:
    """A chunk of rows that the csv module has read; the row before them is `number`."""
    rows: list[dict[str, str]] = []
    numbers: list[int | str] = []
    broken: list[tuple[int | str, Fault]] = []
    for at, cells in enumerate(block, number + 1):
        if len(cells) > last and (len(cells) <= width or not any(cells[width:])):
            rows.append({name: cells[position] for name, position in columns})
            numbers.append(at)
        elif any(cells):
            reason = f"有 {len(cells)} 列，应为 {width} 列，请检查引号和分隔符"
            broken.append((at, Fault("*", "column_count", reason)))
    return Chunk(rows, numbers, broken)


def _delimiter(line: str) -> str:
    outside_quotes = "".join(line.split('"')[::2])
    return max(_DELIMITERS, key=outside_quotes.count)


def _some(rows: Iterator[_T], path: Path, most: int) -> list[_T]:
    """The next lines or rows. Raises `SourceError`."""
    try:
        return list(islice(rows, most))
    except (csv.Error, UnicodeDecodeError) as error:
        raise SourceError(f"{path.name}：不是可读的 CSV（{error}）", "not_csv") from None
