"""The end of the log in memory, on a real ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from dashboard.live import tail as module
from dashboard.live.tail import Tail
from data_adapters.ledger import Ledger
from tests.fixtures.town import case, open_town


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """A town with ten cases: the log ends at 11."""
    opened = open_town(ledger_url)
    opened.write_cases([case(n) for n in range(10)])
    yield opened
    opened.close()


def seqs(tail: Tail, after: int, limit: int = 100) -> list[int] | None:
    rows = tail.after(after, limit)
    return None if rows is None else [row.seq for row in rows]


def test_it_begins_with_the_last_changes_and_reads_on(ledger: Ledger) -> None:
    tail = Tail(ledger)
    assert (tail.epoch, tail.top) == ledger.position()
    assert seqs(tail, 0) == list(range(1, tail.top + 1))
    ledger.write_cases([case(100)])
    assert seqs(tail, 0) == list(range(1, tail.top + 1))
    tail.poll()
    assert tail.top == ledger.position()[1]
    assert seqs(tail, tail.top - 1) == [tail.top]
    assert seqs(tail, tail.top) == seqs(tail, tail.top + 5) == []
    assert seqs(tail, 2, limit=3) == [3, 4, 5]


def test_what_is_older_than_memory_is_fetched(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 4)
    tail = Tail(ledger)
    end = tail.top
    assert seqs(tail, end - 4) == list(range(end - 3, end + 1))
    assert seqs(tail, end - 5) is None
    ledger.write_cases([case(100)])
    tail.fetch_older([end - 5, end - 5, 2, end - 1])
    assert seqs(tail, end - 5) == list(range(end - 4, end + 1)), "no further than it has looked"
    assert seqs(tail, 2) == list(range(3, end + 1))
    assert seqs(tail, 3) is None


def test_a_new_epoch_is_taken_up_from_its_end(ledger: Ledger) -> None:
    tail = Tail(ledger)
    epoch = tail.epoch
    ledger.renew_epoch("another")
    tail.poll()
    assert tail.epoch == epoch
    ledger.renew_epoch(epoch)
    tail.poll()
    assert tail.epoch != epoch
    assert seqs(tail, 0) == list(range(1, tail.top + 1))


def test_a_log_that_went_back_begins_another_life(ledger: Ledger) -> None:
    tail, other = Tail(ledger), Tail(ledger)
    epoch, end = tail.epoch, tail.top
    with ledger._writing.connect() as connection, connection.begin():
        connection.execute(sa.text("DELETE FROM change WHERE seq > 5"))
        connection.execute(sa.text("UPDATE stream SET top = 5"))
    tail.poll()
    other.poll()
    assert tail.epoch == other.epoch != epoch
    assert tail.top == other.top == 5 < end
    assert seqs(tail, 3) == [4, 5]


def test_a_log_with_a_hole_is_an_error_and_not_a_frame(ledger: Ledger) -> None:
    tail = Tail(ledger)
    with ledger._writing.connect() as connection, connection.begin():
        connection.execute(sa.text("UPDATE stream SET top = top + 2"))
    with pytest.raises(RuntimeError, match="不完整"):
        tail.poll()


def test_memory_is_bounded_by_bytes_as_by_number_and_so_is_a_frame(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(ledger.log_after(5, 1)[0].body) + 128
    monkeypatch.setattr(module, "KEPT_BYTES", 4 * size + size // 2)
    monkeypatch.setattr(module, "FRAME_BYTES", 2 * size + size // 2)
    tail = Tail(ledger)
    for n in range(100, 120):
        ledger.write_cases([case(n)])
        tail.poll()
        assert tail._bytes == sum(len(row.body) + 128 for row in tail._rows) <= 4 * size + size // 2
    end = tail.top
    assert seqs(tail, end - 4) == [end - 3, end - 2], "a frame holds so much"
    assert seqs(tail, end - 6) is None
    tail.fetch_older([end - 6])
    assert seqs(tail, end - 6) == [end - 5, end - 4]
    monkeypatch.setattr(module, "FRAME_BYTES", 1)
    assert seqs(tail, end - 4) == [end - 3], "at least one, or nobody would go on"


def test_a_log_that_went_back_and_has_grown_again_begins_another_life(ledger: Ledger) -> None:
    tail = Tail(ledger)
    epoch, end = tail.epoch, tail.top
    with ledger._writing.connect() as connection, connection.begin():
        connection.execute(sa.text("DELETE FROM change WHERE seq > 5"))
        connection.execute(sa.text("DELETE FROM cases WHERE seq > 5"))
        connection.execute(sa.text("UPDATE stream SET top = 5"))
    ledger.write_cases([case(n) for n in range(50, 70)])
    tail.poll()
    assert tail.epoch != epoch
    assert tail.top == ledger.position()[1] > end
    assert seqs(tail, 3, limit=3) == [4, 5, 6]
    ledger.write_cases([case(99)])
    before = tail.epoch
    tail.poll()
    assert (tail.epoch, tail.top) == (before, ledger.position()[1])
