"""Many rows into a table at once: `COPY` on PostgreSQL, one prepared statement on SQLite; and indexes made last."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import sqlalchemy as sa

from data_adapters.ledger.columns import Columns
from data_adapters.ledger.engine import sorting
from data_adapters.ledger.tables import metadata
from data_adapters.ledger.types import Instant, to_milliseconds

#: Rows of one statement, and parameters that SQLite takes.
_ROWS, _MARKS = 400, 30_000
#: Bytes handed to `COPY` at a time.
_BLOCK = 1 << 20


def insert_columns(connection: sa.Connection, rows: Columns) -> None:
    """Insert every row. Columns that were never given keep their default."""
    if len(rows) == 0:
        return
    # What is unknown throughout is not sent: handing a value over costs as much as storing it.
    names = [name for name in rows.names if not _optional(rows.table.c[name]) or rows.known(name).any()]
    lists = [rows.listed(name) for name in names]
    if connection.dialect.name == "postgresql":
        copy(connection, rows.table, names, lists)
    else:
        insert_lists(connection, rows.table, names, lists)


def _optional(column: sa.Column[Any]) -> bool:
    return bool(column.nullable) and column.server_default is None


def insert_lists(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    lists: Sequence[Sequence[Any]],
    conflict: str = "",
) -> None:
    """INSERT of lists of values, a list a column, on SQLite: many rows a statement, each of which has a price."""
    count = len(lists[0])
    same = [
        _literal(values[0]) if count >= _ROWS and values.count(values[0]) == count else None
        for values in lists
    ]
    varied = [values for values, literal in zip(lists, same, strict=True) if literal is None]
    width = len(varied)
    told: list[Any] = [None] * (width * count)
    for place, values in enumerate(varied):
        told[place::width] = values
    quoted = ", ".join(f'"{name}"' for name in names)
    row = f"({', '.join(literal or '?' for literal in same)})"
    most = max(1, min(_ROWS, _MARKS // width))
    for rows, start, end in ((most, 0, count // most * most), (1, count // most * most, count)):
        if start < end:
            step = rows * width
            parts = [tuple(told[at : at + step]) for at in range(start * width, end * width, step)]
            marks = ", ".join([row] * rows)
            # Names of our own tables and columns, never of a caller.
            statement = f"INSERT INTO {table.name} ({quoted}) VALUES {marks} {conflict}"  # noqa: S608
            connection.exec_driver_sql(statement, parts)


def _literal(value: Any) -> str | None:
    """A value as SQL writes it, None where it is better handed over."""
    if isinstance(value, str) and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return str(int(value)) if isinstance(value, int) else None


def insert_rows(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: list[tuple[Any, ...]],
    conflict: str = "",
) -> None:
    """INSERT rows of values as the database itself takes them, past the types of the columns."""
    if not rows:
        return
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    quoted = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join([mark] * len(names))
    # Names of our own tables and columns, never of a caller.
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({quoted}) VALUES ({marks}) {conflict}", rows)  # noqa: S608


def insert_mappings(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """INSERT rows with the values of the columns' types, all with the columns of the first.

    SQLAlchemy's handling of sixty parameters a row costs a busy intake more than the store does.
    """
    if rows:
        names = list(rows[0])
        insert_rows(connection, table, names, _plain(table, names, rows))


def update_mappings(
    connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Set the columns `names` of rows that are known by their ``id``, the same way past SQLAlchemy."""
    if not rows:
        return
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    told = ", ".join(f'"{name}" = {mark}' for name in names)
    # Names of our own tables and columns, never of a caller.
    statement = f"UPDATE {table.name} SET {told} WHERE id = {mark}"  # noqa: S608
    connection.exec_driver_sql(statement, _plain(table, [*names, "id"], rows))


def _plain(table: sa.Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """The values as the database itself takes them."""
    instants = [place for place, name in enumerate(names) if isinstance(table.c[name].type, Instant)]
    told = [[row[name] for name in names] for row in rows]
    for values in told:
        for place in instants:
            if values[place] is not None:
                values[place] = to_milliseconds(values[place])
    return [tuple(values) for values in told]


def copy(
    connection: sa.Connection, table: sa.Table | str, names: Sequence[str], lists: Sequence[list[Any]]
) -> None:
    """PostgreSQL's COPY of lists of values, a list a column: written as CSV in one pass outside Python."""
    arrays = [_array(values) for values in lists]
    text = io.BytesIO()
    options = pa_csv.WriteOptions(include_header=False)
    pa_csv.write_csv(pa.table(arrays, names=list(names)), text, options)
    quoted = ", ".join(f'"{name}"' for name in names)
    into = table if isinstance(table, str) else table.name
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {into} ({quoted}) FROM STDIN WITH (FORMAT csv)") as stream,
    ):
        view = text.getbuffer()
        for start in range(0, len(view), _BLOCK):
            stream.write(view[start : start + _BLOCK])


def _array(values: list[Any]) -> pa.Array:
    """Bytes as PostgreSQL writes them; CSV has only text. Unknown is an empty field, an empty text a quoted one."""
    if any(isinstance(value, bytes) for value in values[:1]):
        values = ["\\x" + value.hex() for value in values]
    array = pa.array(values)
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def drop_indexes(
    connection: sa.Connection,
    tables: Iterable[sa.Table],
    *,
    unique: bool = False,
    but: Collection[str] = (),
) -> None:
    """Drop what only makes reading faster, `but` some: keys and unique rules stay, ``unique`` indexes where told so."""
    for table in tables:
        for index in table.indexes:
            if (unique or not index.unique) and index.name not in but:
                index.drop(connection, checkfirst=True)


def make_indexes(connection: sa.Connection, most: int | None = None) -> bool:
    """Make the indexes that are missing, or `most` of them; whether any are left.

    The planner is told what a table holds when it has the last of them.
    """
    missing = _missing(connection)
    if missing and connection.dialect.name == "postgresql":
        # Another process may be making them just now, at the end of its load: we wait for it, and look again.
        tables = ", ".join(sorted({_table(index) for index in missing}))
        connection.exec_driver_sql(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")
        missing = _missing(connection)
    making = missing[:most]
    if making:
        with sorting(connection):
            for index in making:
                index.create(connection)
    left = missing[len(making) :]
    done = {_table(index) for index in making} - {_table(index) for index in left}
    if done and connection.dialect.name == "sqlite":
        # What is in an index is told from some of its entries.
        connection.exec_driver_sql("PRAGMA analysis_limit=1000")
    for name in sorted(done):
        connection.exec_driver_sql(f"ANALYZE {name}")
    return bool(left)


def _table(index: sa.Index) -> str:
    assert index.table is not None  # noqa: S101  for the type checker: it is of our tables
    return str(index.table.name)


def _missing(connection: sa.Connection) -> list[sa.Index]:
    listing = (
        "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
        if connection.dialect.name == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'index'"
    )
    known = set(connection.exec_driver_sql(listing).scalars())
    return [
        index
        for table in metadata.sorted_tables
        for index in sorted(table.indexes, key=lambda one: str(one.name))
        if index.name not in known
    ]
