"""Database connections: one engine to read, one to write, the same promises on SQLite and PostgreSQL.

SQLite: write-ahead log, full durability (a commit is on the disk before it is answered), foreign keys on; a
writer takes the write lock at BEGIN, so it never fails half-way. PostgreSQL: reads are REPEATABLE READ, and
nobody waits for ever: neither we for a server that hangs or a network that swallows what is sent, nor the server,
with our lock in its hand, for us.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from sqlalchemy.engine import URL, make_url

_CACHE_KB = 65_536
#: Where an index is made, threads sort its entries beside the one that reads the rows, so much of them at a time: with
#: the whole cache for it nearly all would be sorted at the end, by one.
_SORTED_KB, _SORTERS = 4_096, 2
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    # A long load leaves a long log beside the file: cut off as soon as it is copied.
    "PRAGMA journal_size_limit=67108864",
    f"PRAGMA cache_size=-{_CACHE_KB}",
)
#: For libpq: how long to wait for a connection, and after what silence of the network it is dead.
_LINE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
#: For the server: the same about us, so that a host that vanished does not keep the lock of the log.
_SESSION = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15000",
    "idle_in_transaction_session_timeout": "300000",
}


class PromptConnection(psycopg.Connection[Any]):
    """A connection that is given up where the server has not answered for ``answer_s`` seconds.

    The server's own ``statement_timeout`` is no help where it is the server that hangs.
    """

    answer_s: float | None = None

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """As `psycopg.Connection.wait`. Raises `psycopg.OperationalError`, and is closed, when time is over."""
        kwargs.setdefault("timeout", self.answer_s)
        try:
            return super().wait(gen, *args, **kwargs)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise


def connect(url: str | URL, *, writing: bool, answer_s: float | None = None) -> sa.Engine:
    """An engine for `url`. ``writing`` engines begin with the write lock, reading ones see one snapshot.

    ``answer_s``: no statement may take longer (PostgreSQL).
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, writing)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed, "READ COMMITTED" if writing else "REPEATABLE READ", answer_s)
    raise ValueError(
        f"[store] url：不支持 {parsed.get_backend_name()}，应为 sqlite:/// 或 postgresql+psycopg://"
    )


def checkpoint_every(connection: sa.Connection, pages: int = 1_000) -> None:
    """How many pages gather in SQLite's log before they are copied into the file (1,000 by default)."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint={pages}")


@contextmanager
def sorting(connection: sa.Connection) -> Iterator[None]:
    """Where many indexes are made: SQLite does it on two cores then, in half the time."""
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql(f"PRAGMA cache_size=-{_SORTED_KB}")
    connection.exec_driver_sql(f"PRAGMA threads={_SORTERS}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_KB}")
        connection.exec_driver_sql("PRAGMA threads=0")


def _postgresql(url: URL, isolation: str, answer_s: float | None) -> sa.Engine:
    session = _SESSION | ({"statement_timeout": str(round(answer_s * 1_000))} if answer_s else {})
    options = " ".join(f"-c {name}={value}" for name, value in session.items())
    line: dict[str, Any] = {name: value for name, value in _LINE.items() if name not in url.query}
    line["options"] = f"{options} {url.query.get('options', '')}".strip()
    engine = sa.create_engine(url, isolation_level=isolation, pool_pre_ping=True, connect_args=line)

    @sa.event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, arguments: Any, named: dict[str, Any]) -> PromptConnection:
        connection = PromptConnection.connect(*arguments, **named)
        # A little longer than the server, which says it better.
        connection.answer_s = answer_s + 1.0 if answer_s else None
        return connection

    _make_durable(engine)
    return engine


def _make_durable(engine: sa.Engine) -> None:
    """A commit is on the disk before it is answered, also where the database was told not to wait for that.

    Settings that wait for more (a replica) are left as they are.
    """

    @sa.event.listens_for(engine, "connect")
    def _insist(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'local', false) "
                "WHERE current_setting('synchronous_commit') = 'off'"
            )
        connection.commit()


def _sqlite(url: URL, writing: bool) -> sa.Engine:
    engine = sa.create_engine(url)
    # What a reader sorts stays in memory; the sorting threads of a writer work on files alone.
    pragmas = _PRAGMAS if writing else (*_PRAGMAS, "PRAGMA temp_store=MEMORY")

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions on its own: ours begin with the lock they need.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine
