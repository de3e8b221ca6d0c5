"""A database that hangs is given up; one that is well is not."""

from __future__ import annotations

import signal
import time

import pytest
import sqlalchemy as sa

from data_adapters.ledger import engine
from tests.fixtures.postgres import running_postgres


def test_a_server_that_hangs_is_given_up_and_asked_anew_when_it_goes_on() -> None:
    with running_postgres() as server, server.database() as url:
        asking = engine.connect(url, writing=False, answer_s=1.0)
        with asking.connect() as connection:
            assert connection.scalar(sa.text("SELECT 1")) == 1
            server.signal(signal.SIGSTOP)
            began = time.monotonic()
            with pytest.raises(sa.exc.OperationalError):
                connection.scalar(sa.text("SELECT 2"))
            assert time.monotonic() - began >= 1.0
        with pytest.raises(sa.exc.OperationalError), asking.connect() as connection:
            connection.scalar(sa.text("SELECT 3"))
        server.signal(signal.SIGCONT)
        with asking.connect() as connection:
            assert connection.scalar(sa.text("SELECT 4")) == 4
        asking.dispose()


def test_a_statement_that_takes_too_long_ends_in_the_server_too(postgres_url: str) -> None:
    asking = engine.connect(postgres_url, writing=False, answer_s=0.3)
    with asking.connect() as connection, pytest.raises(sa.exc.OperationalError, match="statement timeout"):
        connection.execute(sa.text("SELECT pg_sleep(20)"))
    with asking.connect() as connection:
        assert connection.scalar(sa.text("SELECT current_setting('tcp_user_timeout')")) == "15000"
    asking.dispose()
