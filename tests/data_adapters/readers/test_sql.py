"""One SELECT of a database, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from data_adapters.readers.reader import CHUNK_ROWS, Chunk, SourceError
from data_adapters.readers.sql import SqlReader, read_cursor, write_cursor
from data_adapters.settings import SourceSettings

ALL = "SELECT * FROM t_event WHERE changed >= :cursor ORDER BY changed"
table = sa.Table(
    "t_event",
    sa.MetaData(),
    sa.Column("id", sa.String(20)),
    sa.Column("lng", sa.Numeric(10, 6)),
    sa.Column("party", sa.String(20)),
    sa.Column("changed", sa.DateTime(timezone=True)),
    sa.Column("number", sa.BigInteger),
)


@pytest.fixture
def database(ledger_url: str) -> str:
    """A database of somebody else with three events, on SQLite and on PostgreSQL."""
    engine = sa.create_engine(ledger_url)
    table.metadata.create_all(engine)
    with engine.begin() as connection:
        rows = [
            {
                "id": f"W{n}",
                "lng": Decimal("106.139000"),
                "party": "somebody",
                "changed": datetime(2026, 11, 20 + n, tzinfo=UTC),
                "number": n,
            }
            for n in range(3)
        ]
        connection.execute(table.insert(), rows)
    engine.dispose()
    return ledger_url


def read(url: str, query: str = ALL, cursor: str | None = None, **more: Any) -> list[Chunk]:
    fields = {"source_id": "id", "occurred_at": "changed"}
    settings = SourceSettings.model_validate(
        {"name": "s", "kind": "case", "reader": "sql", "url": url, "query": query, "fields": fields} | more
    )
    return list(SqlReader().read(settings, cursor, ("id", "lng")))


def test_only_wanted_columns_leave_the_database(database: str) -> None:
    (chunk,) = read(database)
    assert [row["id"] for row in chunk.rows] == ["W0", "W1", "W2"]
    assert chunk.rows[0] == {"id": "W0", "lng": pytest.approx(106.139)}
    assert chunk.numbers is None


def test_a_second_read_goes_on_from_the_cursor(database: str) -> None:
    (chunk,) = _with_cursor(database, ALL, None, "changed")
    (again,) = _with_cursor(database, ALL, chunk.cursor, "changed")
    assert [row["id"] for row in again.rows] == ["W2"]


def test_a_cursor_may_be_a_number(database: str) -> None:
    query = "SELECT * FROM t_event WHERE number > :cursor ORDER BY number"
    (chunk,) = _with_cursor(database, query, None, "number", start=0)
    assert [row["id"] for row in chunk.rows] == ["W1", "W2"]
    assert chunk.cursor == "#2"
    assert _with_cursor(database, query, chunk.cursor, "number", start=0) == []


def _with_cursor(
    url: str, query: str, cursor: str | None, column: str, start: Any = "1970-01-01 00:00:00"
) -> list[Chunk]:
    settings = SourceSettings.model_validate(
        {
            "name": "s",
            "kind": "case",
            "reader": "sql",
            "url": url,
            "query": query,
            "cursor": column,
            "cursor_start": start,
            "fields": {"source_id": "id", "occurred_at": "changed"},
        }
    )
    return list(SqlReader().read(settings, cursor, ("id", "lng")))


def test_a_long_result_comes_in_chunks(sqlite_url: str) -> None:
    engine = sa.create_engine(sqlite_url)
    table.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(table.insert(), [{"id": str(n), "lng": 1} for n in range(CHUNK_ROWS + 1)])
    engine.dispose()
    assert [len(chunk.rows) for chunk in read(sqlite_url, "SELECT id, lng FROM t_event")] == [CHUNK_ROWS, 1]


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM t_event", "SELECT 1; DROP TABLE t_event", "/* SELECT */ UPDATE t_event SET id = 1", ""],
)
def test_anything_but_one_select_is_refused(database: str, query: str) -> None:
    with pytest.raises(SourceError, match="SELECT"):
        read(database, query or " ")


def test_a_query_may_end_with_a_semicolon_and_hold_one_in_text(database: str) -> None:
    (chunk,) = read(database, "SELECT id, lng, ';' AS sign FROM t_event;")
    assert len(chunk.rows) == 3


def test_a_missing_column_and_a_missing_table_are_one_line(database: str) -> None:
    with pytest.raises(SourceError, match="没有列 'lng'"):
        read(database, "SELECT id FROM t_event")
    with pytest.raises(SourceError, match="t_evnt") as caught:
        read(database, "SELECT * FROM t_evnt")
    assert "\n" not in str(caught.value)


def test_a_missing_sqlite_file_is_not_made(sqlite_url: str) -> None:
    with pytest.raises(SourceError, match="找不到数据库文件"):
        read(sqlite_url)


def test_a_password_is_not_in_the_error() -> None:
    with pytest.raises(SourceError) as caught:
        read("postgresql+psycopg://reader:hunter22@127.0.0.1:1/zz")
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    "value", [datetime(2026, 11, 22, 1, 2, 3, 4, tzinfo=UTC), date(2026, 11, 22), 7, "a=b"]
)
def test_a_cursor_comes_back_as_what_it_was(value: Any) -> None:
    assert read_cursor(write_cursor(value), "start") == value
