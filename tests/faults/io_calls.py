"""F19: the n-th call of the database driver fails, once or from then on, for every n until none is left to fail."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from data_adapters.ledger import Ledger
from data_adapters.ledger.rebuild import rebuild_counts
from data_adapters.ledger.tables import gauge, tally
from tests.faults.checker import check
from tests.faults.figure import Figure, at_least, exactly, told, verdict
from tests.faults.history import Post, read_log
from tests.faults.options import Options
from tests.fixtures.town import case, open_town


class Broken:
    """Counts the driver's calls and fails the one that it is told: `once`, or every one from there on."""

    def __init__(self, at: int, *, once: bool) -> None:
        self.at, self.once, self.calls, self.hits = at, once, 0, 0

    def call(self) -> None:
        """One call is made. sqlite3.OperationalError where it is to fail."""
        self.calls += 1
        if self.calls == self.at or (not self.once and self.calls > self.at):
            self.hits += 1
            raise sqlite3.OperationalError("disk I/O error")


class _Cursor(sqlite3.Cursor):
    def execute(self, *told: Any) -> Any:
        self.connection.broken.call()  # type: ignore[attr-defined]
        return super().execute(*told)

    def executemany(self, *told: Any) -> Any:
        self.connection.broken.call()  # type: ignore[attr-defined]
        return super().executemany(*told)

    def fetchall(self) -> Any:
        self.connection.broken.call()  # type: ignore[attr-defined]
        return super().fetchall()


def _connection(broken: Broken) -> type[sqlite3.Connection]:
    class Connection(sqlite3.Connection):
        def __init__(self, *told: Any, **more: Any) -> None:
            super().__init__(*told, **more)
            self.broken = broken

        def cursor(self, *_factory: Any) -> Any:
            return super().cursor(_Cursor)

        def commit(self) -> None:
            broken.call()
            super().commit()

    return Connection


async def run(options: Options) -> list[Figure]:
    """Up to `options.seeds` calls, each failing once and for good."""
    return await asyncio.to_thread(_run, options)


def _run(options: Options) -> list[Figure]:
    posts: list[Post] = []
    runs = failures = wrong = torn = 0
    violations = []
    for once in (True, False):
        for at in range(1, options.seeds + 1, options.look_every):
            with tempfile.TemporaryDirectory(prefix="yiping-faults-") as folder:
                url = f"sqlite:///{Path(folder) / 'yiping.db'}"
                broken, told_of, errors = _story(url, at, once=once)
                if not broken.hits:
                    break
                runs += 1
                failures += errors
                found = check([read_log(url)], told_of, [])
                violations += found
                wrong += bool(found)
                torn += _is_torn(url)
                posts += told_of
    return [
        told("runs", runs),
        at_least("writes that ended in an error", failures, 1),
        exactly("runs with a broken promise", wrong),
        exactly("runs after which counts and rows disagree", torn),
        *verdict(violations, sum(post.outcome == "ok" for post in posts)),
    ]


def _story(url: str, at: int, *, once: bool) -> tuple[Broken, list[Post], int]:
    """Six writes of three cases each over a driver of which a call fails, then, with it mended, all of them again."""
    open_town(url).close()
    broken = Broken(at, once=once)
    ledger = Ledger(url, root="6205")
    for engine in (ledger._writing, ledger._reading):
        sa.event.listen(engine, "do_connect", _factory(broken))
    posts = [Post(f"W{n}", "REPORTED") for n in range(18)]
    errors = 0
    for again in (False, True):
        if again:
            broken.at, broken.once = 0, True
        for start in range(0, 18, 3):
            some = posts[start : start + 3]
            try:
                outcomes = ledger.write_cases([case(n) for n in range(start, start + 3)])
                epoch = ledger.position()[0]
            except sa.exc.SQLAlchemyError:
                errors += 1
                for post in some:
                    post.outcome = "unknown"
                continue
            assert [one.status for one in outcomes] in (["accepted"] * 3, ["duplicate"] * 3)
            for post in some:
                post.outcome, post.epoch = "ok", epoch
    ledger.close()
    return broken, posts, errors


def _factory(broken: Broken) -> Any:
    def connect(_dialect: Any, _record: Any, _arguments: Any, more: dict[str, Any]) -> None:
        more["factory"] = _connection(broken)

    return connect


def _is_torn(url: str) -> bool:
    """Whether the kept counts differ from those made anew from the rows."""
    ledger = Ledger(url, root="6205")
    try:
        kept = counts(ledger)
        with ledger._transaction() as tx:
            rebuild_counts(tx, ledger.zone)
        return counts(ledger) != kept
    finally:
        ledger.close()


def counts(ledger: Ledger) -> list[Any]:
    """Every count that is kept and is not nought."""
    with ledger._reading.connect() as connection:
        return [
            sorted(tuple(row) for row in connection.execute(sa.select(table)) if any(row[2:]))
            for table in (tally, gauge)
        ]
