"""Writes that arrive together share a transaction, and nobody pays for another's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gevent
from gevent.event import Event
from sqlalchemy.exc import OperationalError

from dashboard.intake import MOST, Intake
from data_adapters.ledger import Outcome


class Store:
    """A slow store that notes what came in each transaction, and refuses what it is told to refuse."""

    def __init__(self) -> None:
        self.transactions: list[list[int]] = []
        self.refuses: Exception | None = None
        self.poison: int | None = None

    def write(self, records: Sequence[int]) -> list[Outcome]:
        gevent.sleep(0.01)
        self.transactions.append(list(records))
        if self.refuses is not None:
            raise self.refuses
        if self.poison in records:
            raise ValueError("poison")
        return [Outcome("accepted", record) for record in records]


def answers(intake: Intake[int], writes: list[list[int]]) -> list[Any]:
    """What each of `writes`, all made at once, got: the numbers of its outcomes, or its exception."""
    waiting = [gevent.spawn(intake.put, "one", records) for records in writes]
    gevent.joinall(waiting)
    return [[outcome.seq for outcome in one.value] if one.successful() else one.exception for one in waiting]


def test_what_waits_while_one_is_written_goes_together_and_everyone_gets_his_own() -> None:
    store = Store()
    writes = [[1], [2, 3], [], [4], [5, 6, 7]]
    assert answers(Intake(store.write), writes) == writes
    assert store.transactions == [[1, 2, 3, 4, 5, 6, 7]]
    assert answers(Intake(store.write), [[8]]) == [[8]]


def test_later_writes_wait_for_the_transaction_before() -> None:
    store = Store()
    intake = Intake(store.write)
    first = gevent.spawn(intake.put, "one", [1])
    gevent.sleep(0.001)
    rest = [gevent.spawn(intake.put, "one", [n]) for n in (2, 3)]
    gevent.joinall([first, *rest])
    assert store.transactions == [[1], [2, 3]]


def test_a_transaction_takes_no_more_than_one_request_may_bring() -> None:
    store = Store()
    writes = [list(range(n * 600, n * 600 + 600)) for n in range(3)]
    assert answers(Intake(store.write), writes) == writes
    assert [len(records) for records in store.transactions] == [600, 600, 600]
    assert max(map(len, store.transactions)) <= MOST


def test_one_that_cannot_be_written_costs_no_other() -> None:
    store = Store()
    store.poison = 2
    one, two, three = answers(Intake(store.write), [[1], [2], [3]])
    assert (one, three) == ([1], [3])
    assert isinstance(two, ValueError)


def test_a_store_that_is_away_is_asked_once_for_all_and_again_for_the_next() -> None:
    store = Store()
    store.refuses = OperationalError("INSERT", {}, Exception("away"))
    intake = Intake(store.write)
    assert all(isinstance(got, OperationalError) for got in answers(intake, [[1], [2], [3]]))
    assert len(store.transactions) == 1
    store.refuses = None
    assert answers(intake, [[1], [2]]) == [[1], [2]]


def test_sources_take_turns_however_much_one_of_them_sends() -> None:
    store, gate = Store(), Event()

    def write(records: Sequence[int]) -> list[Outcome]:
        gate.wait()
        return store.write(records)

    intake = Intake(write)
    first = gevent.spawn(intake.put, "flood", [0])
    with gevent.Timeout(30):
        while not intake._running or intake._waiting:
            gevent.sleep(0)
    flood = [gevent.spawn(intake.put, "flood", [1] * 600) for _ in range(20)]
    gevent.sleep(0)
    quiet = [gevent.spawn(intake.put, name, [number]) for name, number in (("a", 2), ("b", 3), ("a", 4))]
    gevent.sleep(0)
    gate.set()
    gevent.joinall([first, *flood, *quiet], timeout=30, raise_error=True)
    assert store.transactions[:2] == [[0], [1] * 600 + [2, 3]], "whoever comes late waits for one transaction"
    assert store.transactions[2] == [1] * 600 + [4]
    assert sum(map(len, store.transactions)) == 1 + 20 * 600 + 3
    assert intake._waiting == {}
