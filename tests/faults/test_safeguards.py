"""Two safeguards that only show on a real database and a real start; the mutants take each of them away."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.__main__ import run_apart
from tests.faults.centre import centre_on
from tests.faults.options import Options
from tests.faults.postgres import Postgres
from tests.faults.walls import Wall
from tests.fixtures.town import case, open_town


@pytest.fixture
def careless(tmp_path: Path) -> Iterator[Postgres]:
    """A PostgreSQL that was told to answer first and to write to the disk ten seconds later."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    postgres = Postgres(tmp_path / "postgres", "synchronous_commit=off", "wal_writer_delay=10s")
    postgres.make()
    yield postgres
    postgres.stop()


def test_accepted_is_durable_also_where_the_database_is_told_otherwise(careless: Postgres) -> None:
    ledger = open_town(careless.url)
    accepted = [ledger.write_cases([case(n)])[0].case_no for n in range(20)]
    careless.kill()
    careless.start()
    with careless.connect() as connection:
        kept = connection.execute("SELECT case_no FROM cases ORDER BY case_no").fetchall()
    assert [case_no for (case_no,) in kept] == accepted
    ledger.close()


def test_nobody_is_let_in_before_the_end_of_the_log_is_known() -> None:
    async def scene() -> None:
        async with centre_on(Options(store="postgresql")) as centre:
            assert centre.postgres is not None
            path, token = centre.scopes[0]
            early = Wall("early", centre.server.port, path, token, random.Random(1))
            with centre.postgres.connect() as holding, holding.transaction():
                holding.execute("LOCK TABLE change IN ACCESS EXCLUSIVE MODE")
                await centre.server.start(wait=False)
                while await centre.server.status("/healthz") != 200:
                    await asyncio.sleep(0.05)
                assert await centre.server.status("/readyz") == 503
                early.open()
                while not (early.refusals or early.lets_in):
                    await asyncio.sleep(0.05)
                assert not early.lets_in
            await centre.server.until_ready()
            early.open()
            while early.life is None:
                await asyncio.sleep(0.05)
            early.leave()

    async def bounded() -> None:
        await asyncio.wait_for(scene(), 120)

    run_apart(bounded())
