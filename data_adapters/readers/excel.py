"""Excel: the first sheet or a named one, with a title row or a two-row header where people made one."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from data_adapters.readers.archive import check_archive
from data_adapters.readers.reader import CHUNK_ROWS, GEOMETRY, Chunk, SourceError, require_columns
from data_adapters.settings import SourceSettings
from data_adapters.suggestion import did_you_mean

Cells = Sequence[Any]
_LOOK_AHEAD = 3
_EXACT = 2**53


def read_excel(path: Path, source: SourceSettings, wanted: Collection[str]) -> Iterator[Chunk]:
    """Chunks of a worksheet. Rows count as Excel shows them. Cells keep their type; formulas give their value."""
    check_archive(path, members=10_000, total_mb=500, ratio=200, flat=False)
    with path.open("rb") as file:  # openpyxl would leave it open where it fails
        yield from _read_book(file, path, source, wanted)


def _read_book(
    file: BinaryIO, path: Path, source: SourceSettings, wanted: Collection[str]
) -> Iterator[Chunk]:
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, ParseError) as error:
        raise SourceError(f"{path.name}：不是可读的 Excel 文件（{error}），应为 .xlsx", "not_excel") from None
    try:
        if source.sheet is not None and source.sheet not in book.sheetnames:
            raise SourceError(
                f"{path.name}：没有工作表 {source.sheet!r}{did_you_mean(source.sheet, book.sheetnames)}",
                "sheet",
            )
        sheet = book[source.sheet] if source.sheet is not None else book.worksheets[0]
        yield from _chunks(sheet, path, source, wanted)
    finally:
        book.close()


def _chunks(sheet: Any, path: Path, source: SourceSettings, wanted: Collection[str]) -> Iterator[Chunk]:
    sheet.reset_dimensions()  # what other programs write there is often wrong
    rows = sheet.iter_rows(values_only=True)
    first = source.header if isinstance(source.header, tuple) else (source.header, source.header)
    head = list(islice(rows, max(first[1] or 0, _LOOK_AHEAD)))
    if not head:
        raise SourceError(f"{path.name}：工作表是空的，第一行应为列名", "empty")
    start, end = (first[0], first[1]) if first[0] and first[1] else _header_rows(head)
    header = _joined([head[row - 1] for row in range(start, end + 1) if row <= len(head)])
    require_columns(wanted, header, path.name)
    columns = [(name, header.index(name)) for name in wanted if name != GEOMETRY]
    number = end
    note = _header_note(start, end)
    rows = chain(head[end:], rows)
    while block := list(islice(rows, CHUNK_ROWS)):
        told, numbers = list[dict[str, Any]](), list[int]()
        chunk = Chunk(told, numbers)
        for cells in block:
            number += 1
            if any(cell is not None for cell in cells):
                told.append({name: _cell(cells, position) for name, position in columns})
                numbers.append(number)
        if numbers:
            chunk.note, note = note, None
            yield chunk


def _header_note(start: int, end: int) -> str | None:
    """What people should know of where the names of the columns were found; nothing where they are in row 1."""
    if end > start:
        return f"列名在第 {start}、{end} 行，合并的上下两行连成“上/下”"
    return f"列名在第 {start} 行" if start > 1 else None


def _cell(cells: Cells, position: int) -> Any:
    value = cells[position] if position < len(cells) else None
    # Excel knows doubles only: beyond 15 digits an integer is one that has lost its end.
    return float(value) if isinstance(value, int) and abs(value) > _EXACT else value


def _header_rows(head: Sequence[Cells]) -> tuple[int, int]:
    """(first, last) row of the header, from 1: under a title row, and two rows where merged cells group columns."""
    start = 1
    if len(head) > 1 and _filled(head[0]) == 1 < _filled(head[1]):
        start = 2
    upper = head[start - 1]
    lower = head[start] if len(head) > start else ()
    grouped = any(
        above is None and below is not None
        for above, below in zip(_padded(upper, lower), lower, strict=False)
    )
    only_text = all(cell is None or isinstance(cell, str) for cell in lower)
    return (start, start + 1) if grouped and only_text and lower else (start, start)


def _joined(rows: Sequence[Cells]) -> list[str]:
    """Column names; of a two-row header "上/下", the upper one reaching over the cells merged with it."""
    if len(rows) == 1:
        return [_name(cell) for cell in rows[0]]
    upper, lower = rows[0], rows[-1]
    width = max(len(upper), len(lower))
    names: list[str] = []
    group = ""
    for position in range(width):
        above = _name(upper[position]) if position < len(upper) else ""
        below = _name(lower[position]) if position < len(lower) else ""
        group = above or (group if below else "")
        names.append("/".join(part for part in (group, below) if part))
    return names


def _name(cell: Any) -> str:
    return "" if cell is None else "".join(str(cell).split())


def _filled(cells: Cells) -> int:
    return sum(cell is not None for cell in cells)


def _padded(cells: Cells, like: Cells) -> list[Any]:
    return [*cells, *[None] * (len(like) - len(cells))]
