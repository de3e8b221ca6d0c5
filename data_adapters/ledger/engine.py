"""Database connections: one engine to read, one to write, the same promises on SQLite and PostgreSQL.

SQLite: write-ahead log, full durability (a commit is on the disk before it is answered), foreign keys on; a
writer takes the write lock at BEGIN, so it never fails half-way. PostgreSQL: reads are REPEATABLE READ.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-65536",
)


def connect(url: str | URL, *, writing: bool) -> sa.Engine:
    """An engine for `url`. ``writing`` engines begin with the write lock, reading ones see one snapshot."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, "BEGIN IMMEDIATE" if writing else "BEGIN")
    if parsed.get_backend_name() == "postgresql":
        isolation = "READ COMMITTED" if writing else "REPEATABLE READ"
        return sa.create_engine(parsed, isolation_level=isolation, pool_pre_ping=True)
    raise ValueError(
        f"[store] url：不支持 {parsed.get_backend_name()}，应为 sqlite:/// 或 postgresql+psycopg://"
    )


def _sqlite(url: URL, begin: str) -> sa.Engine:
    engine = sa.create_engine(url)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions on its own: ours begin with the lock they need.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
