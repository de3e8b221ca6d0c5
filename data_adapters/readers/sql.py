"""Any database that SQLAlchemy speaks: one SELECT, streamed, with the cursor bound."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from data_adapters.readers.reader import CHUNK_ROWS, GEOMETRY, Chunk, Rows, SourceError, require_columns
from data_adapters.settings import SourceSettings

_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_PLAIN = {str, int, float, bool, type(None), datetime, date}
_SELECT = re.compile(r"^\s*(select|with)\b", re.IGNORECASE)


class SqlReader:
    """One SELECT of one database. It never writes: the transaction is always rolled back."""

    def read(self, source: SourceSettings, cursor: str | None, wanted: Collection[str]) -> Iterator[Chunk]:
        """Chunks of the query's rows; rows have no numbers. Raises `SourceError`.

        ``:cursor`` in the query is the greatest value of column ``source.cursor`` that was read so far, at first
        ``source.cursor_start``. With ``>=`` rows of the same instant are never missed, and read twice at no cost.
        """
        query = _bare_select(source.query or "")
        try:
            engine = _connect(source.url or "")
            try:
                with engine.connect() as connection:
                    yield from self._chunks(connection, query, source, cursor, wanted)
                    connection.rollback()
            finally:
                engine.dispose()
        except sa.exc.SQLAlchemyError as error:
            told = str(getattr(error, "orig", None) or error).splitlines()[0][:200]
            raise SourceError(f"数据库查询失败：{told}", "query") from None
        except ImportError as error:
            raise SourceError(f"缺少数据库驱动 {error.name}，请先安装", "driver") from None

    def _chunks(
        self,
        connection: sa.Connection,
        query: str,
        source: SourceSettings,
        cursor: str | None,
        wanted: Collection[str],
    ) -> Iterator[Chunk]:
        statement = sa.text(query)
        bound = {"cursor": read_cursor(cursor, source.cursor_start)} if ":cursor" in query else {}
        streamed = connection.execution_options(stream_results=True, yield_per=CHUNK_ROWS)
        with closing(streamed.execute(statement, bound)) as result:
            yield from _read_result(result, source, cursor, wanted)


def _read_result(
    result: sa.CursorResult[Any], source: SourceSettings, cursor: str | None, wanted: Collection[str]
) -> Iterator[Chunk]:
    names = list(result.keys())
    needed = set(wanted) | ({source.cursor} if source.cursor else set())
    require_columns(needed, names, "query")
    columns = [(name, names.index(name)) for name in wanted if name != GEOMETRY]
    at = names.index(source.cursor) if source.cursor else None
    furthest: Any = None
    for block in result.partitions(CHUNK_ROWS):
        cells = list(zip(*block, strict=True))
        held = {name: _plain_column(cells[position]) for name, position in columns} if block else {}
        if at is not None:
            seen = [row[at] for row in block if row[at] is not None]
            try:
                furthest = max(seen if furthest is None else [furthest, *seen], default=None)
            except TypeError:
                raise SourceError(
                    f"cursor 列 {source.cursor!r} 的值类型不一，无法比较先后", "cursor"
                ) from None
        yield Chunk(
            Rows(held, len(block)), None, cursor=write_cursor(furthest) if furthest is not None else cursor
        )


def write_cursor(value: Any) -> str:
    """A cursor value as text: times begin with ``@``, numbers with ``#``, the rest with ``=``."""
    if isinstance(value, datetime | date):
        return f"@{value.isoformat()}"
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return f"#{value}"
    return f"={value}"


def read_cursor(text: str | None, start: int | str) -> Any:
    """The value of a cursor as the driver wants it; `start` where there is none yet."""
    if not text:
        return start
    kind, value = text[0], text[1:]
    if kind == "@":
        return datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    if kind == "#":
        return Decimal(value) if "." in value else int(value)
    return value


def _bare_select(query: str) -> str:
    bare = query.strip().removesuffix(";")
    readable = _COMMENTS.sub(" ", bare)
    if not _SELECT.match(readable) or ";" in re.sub(r"'[^']*'", "", readable):
        raise SourceError("query 应为一条 SELECT 语句", "query")
    return bare


def _connect(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    # Opening a missing SQLite file would create it, and find no table in it.
    if parsed.drivername.startswith("sqlite") and not Path(parsed.database or "").is_file():
        raise SourceError(f"找不到数据库文件 {parsed.database}", "missing_file")
    return sa.create_engine(parsed, poolclass=sa.pool.NullPool)


def _plain_column(values: Sequence[Any]) -> Sequence[Any]:
    return values if set(map(type, values)) <= _PLAIN else [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    """A driver's value as the mapping knows it."""
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    return value
