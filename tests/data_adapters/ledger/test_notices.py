"""A commit of one process wakes the others, and costs it nothing where that is not possible."""

from __future__ import annotations

import threading

import psycopg
from sqlalchemy.engine import make_url

from data_adapters.ledger import Ledger
from data_adapters.ledger.notices import CHANNEL, Notices
from tests.fixtures.town import case, open_town

PATIENCE_S = 30


def test_a_commit_is_heard_by_another_process_and_not_by_itself(postgres_url: str) -> None:
    here, there = open_town(postgres_url), Ledger.open(postgres_url, root="6205")
    assert here.notices is not None
    assert there.notices is not None
    own, others = threading.Event(), threading.Semaphore(0)
    there.hear_others(others.release)
    assert others.acquire(timeout=PATIENCE_S), "told once when it begins to listen"
    here.write_cases([case(1)])
    assert others.acquire(timeout=PATIENCE_S)
    assert there.notices.heard >= 1
    here.hear_others(own.set)
    assert own.wait(PATIENCE_S)
    here.write_cases([case(2)])
    assert others.acquire(timeout=PATIENCE_S)
    assert here.notices.heard == 0
    here.close()
    there.close()


def test_a_listener_whose_line_is_cut_listens_again(postgres_url: str) -> None:
    here, there = open_town(postgres_url), Ledger.open(postgres_url, root="6205")
    heard = threading.Semaphore(0)
    there.hear_others(heard.release)
    assert heard.acquire(timeout=PATIENCE_S)
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as admin:
        cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN {CHANNEL}'"
        assert admin.execute(cut.encode()).rowcount == 1
    assert heard.acquire(timeout=PATIENCE_S), "told once when it listens again"
    here.write_cases([case(1)])
    assert heard.acquire(timeout=PATIENCE_S)
    here.close()
    there.close()


def test_a_database_that_is_not_there_disturbs_nobody() -> None:
    notices = Notices(make_url("postgresql+psycopg://nobody@127.0.0.1:1/nothing"))
    notices.listen(lambda: None)
    for _ in range(100):
        notices.send()
    notices.close()


def test_sqlite_has_no_notices_and_needs_none(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.hear_others(lambda: None)
    ledger.write_cases([case(1)])
    assert ledger.notices is None
    ledger.close()
