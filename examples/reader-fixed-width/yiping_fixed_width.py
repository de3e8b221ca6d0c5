"""Text files whose columns have fixed widths, as old systems print them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from data_adapters.readers.reader import CHUNK_ROWS, Chunk, SourceError, require_columns
from data_adapters.records.record import Fault
from data_adapters.settings import SourceSettings


class FixedWidthReader:
    """``options = { columns = { NAME = [first, last], … } }``: characters count from 1, both ends belong to it."""

    def read(self, source: SourceSettings, cursor: str | None, wanted: Collection[str]) -> Iterator[Chunk]:
        """Chunks of the lines of ``source.path``; a line that is too short is a broken row. Raises `SourceError`."""
        columns = source.options.get("columns")
        if source.path is None or not isinstance(columns, dict):
            raise SourceError("fixed-width 需要 path 和 options.columns，如 { ID = [1, 8] }", "options")
        require_columns(wanted, columns, source.path.name)
        width = max(last for _, last in columns.values())
        encoding = "utf-8-sig" if source.encoding == "auto" else source.encoding
        chunk, numbers = Chunk([], []), list[int]()
        try:
            with source.path.open(encoding=encoding) as file:
                for number, line in enumerate(file, 1):
                    text = line.rstrip("\r\n")
                    if len(text) < width:
                        chunk.broken.append(
                            (number, Fault("*", "too_short", f"应有 {width} 个字符，只有 {len(text)}"))
                        )
                    else:
                        cells = {
                            name: text[first - 1 : last].strip() for name, (first, last) in columns.items()
                        }
                        chunk.rows.append({name: cells.get(name) for name in wanted})
                        numbers.append(number)
                    chunk.numbers = numbers
                    if len(numbers) + len(chunk.broken) == CHUNK_ROWS:
                        yield chunk
                        chunk, numbers = Chunk([], []), []
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{source.path.name}：读不了（{error}）", "unreadable") from None
        yield chunk
