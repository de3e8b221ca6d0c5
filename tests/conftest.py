"""Fixtures that tests of all floors share. Nothing is skipped: what is missing fails and says how to get it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = [
    "tests.fixtures.broker",
    "tests.fixtures.browser",
    "tests.fixtures.follower",
    "tests.fixtures.histories",
    "tests.fixtures.postgres",
    "tests.fixtures.upstream",
    "tests.fixtures.wall",
    "tests.fixtures.wheel",
]

# A pause of the machine is no fault of the code: no test here judges time.
settings.register_profile("yiping", deadline=None)
settings.load_profile("yiping")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The SQLAlchemy URL of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'yiping.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest) -> str:
    """An empty store: the test runs once on SQLite and once on a real PostgreSQL."""
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    return url
