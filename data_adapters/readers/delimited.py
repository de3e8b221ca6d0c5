"""CSV: any of the usual delimiters and encodings, read as a stream."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

from data_adapters.readers.encoding import encoding_of
from data_adapters.readers.reader import CHUNK_ROWS, GEOMETRY, Chunk, SourceError, require_columns
from data_adapters.records.record import Fault
from data_adapters.settings import SourceSettings

_DELIMITERS = ",\t;|"
# A field longer than any we keep is for the mapping to refuse with its row; the csv module would end the read.
csv.field_size_limit(16 * 1024 * 1024)  # characters; 200,000 vertices as WKT take half of it


def read_delimited(path: Path, source: SourceSettings, wanted: Collection[str]) -> Iterator[Chunk]:
    """Chunks of a CSV file. Rows count as a spreadsheet shows them: the header is row 1."""
    encoding = encoding_of(path, source.encoding)
    with path.open(encoding=encoding, newline="") as file:
        rows = csv.reader(file, delimiter=_delimiter(file.readline()))
        file.seek(0)
        try:
            header = [name.strip() for name in next(rows)]
        except StopIteration:
            raise SourceError(f"{path.name}：文件是空的，第一行应为列名", "empty") from None
        require_columns(wanted, header, path.name)
        columns = [(name, header.index(name)) for name in wanted if name != GEOMETRY]
        last = max((position for _, position in columns), default=0)
        number = 1
        while block := list(islice(_tolerant(rows, path), CHUNK_ROWS)):
            chunk = Chunk([], [])
            numbers: list[int] = []
            for cells in block:
                number += 1
                if len(cells) > last and (len(cells) <= len(header) or not any(cells[len(header) :])):
                    chunk.rows.append({name: cells[position] for name, position in columns})
                    numbers.append(number)
                elif any(cells):
                    reason = f"有 {len(cells)} 列，应为 {len(header)} 列，请检查引号和分隔符"
                    chunk.broken.append((number, Fault("*", "column_count", reason)))
            chunk.numbers = numbers
            yield chunk


def _delimiter(line: str) -> str:
    outside_quotes = "".join(line.split('"')[::2])
    return max(_DELIMITERS, key=outside_quotes.count)


def _tolerant(rows: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    try:
        yield from rows
    except (csv.Error, UnicodeDecodeError) as error:
        raise SourceError(f"{path.name}：不是可读的 CSV（{error}）", "not_csv") from None
