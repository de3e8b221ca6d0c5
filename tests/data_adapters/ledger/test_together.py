"""Several writes in one transaction, and the cursor of a stream that moves with them."""

from __future__ import annotations

from datetime import datetime

import pytest

from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.sources import Overtaken, SourceState
from data_adapters.records.record import Fault
from tests.fixtures.town import NOW, case, open_town


def state(cursor: str | None, read: int) -> SourceState:
    return SourceState("s", "case", cursor, 60, NOW, NOW, read, read, 0, None, 3, NOW)


def stored(ledger: Ledger) -> int:
    with ledger.read(Scope.everything()) as snapshot:
        return len(snapshot.latest_cases("000", 100))


def test_all_of_it_is_stored_or_nothing(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    before = ledger.position()

    def write(number: int) -> None:
        with ledger.together():
            ledger.write_cases([case(number)])
            ledger.quarantine("s", [("1", Fault("*", "x", "y"))])
            ledger.stream_done(state(str(number), number), None)

    write(1)
    assert (stored(ledger), list(ledger.held("s"))) == (1, ["1"])
    after = ledger.position()
    assert after[1] == before[1] + 1
    with pytest.raises(Overtaken):
        write(2)
    assert (stored(ledger), ledger.position()) == (1, after)
    assert ledger.write_cases([case(3)])[0].status == "accepted"
    ledger.close()


def test_the_cursor_of_a_stream_moves_only_from_where_it_was(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    ledger.stream_done(state("a", 5), None)
    ledger.stream_done(state("b", 7), "a")
    with pytest.raises(Overtaken):
        ledger.stream_done(state("c", 9), "a")
    kept = ledger.source_state("s")
    assert kept is not None
    assert (kept.cursor, kept.read, kept.lag, kept.last_message_at) == ("b", 7, 3, NOW)
    ledger.close()


def test_a_stream_that_fails_keeps_its_cursor_and_its_last_message(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    ledger.stream_done(state("a", 5), None)
    later: datetime = NOW.replace(minute=59)
    ledger.source_done("s", "case", None, 0, 0, 0, "断了", 60, retry_at=later)
    kept = ledger.source_state("s")
    assert kept is not None
    assert (kept.cursor, kept.read, kept.last_message_at, kept.retry_at) == ("a", 5, NOW, later)
    ledger.stream_done(state("b", 6), "a")
    mended = ledger.source_state("s")
    assert mended is not None
    assert (mended.error, mended.retry_at) == (None, None)
    ledger.close()
