"""Native threads with bounds: in number, in queue, in time."""

from __future__ import annotations

import threading
import time

import gevent
import pytest

from dashboard.lane import Busy, Lane, StoreSilent


class Store:
    """Work that hangs until it is let go, and a store that is silent when told."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.is_silent = False
        self.done = 0

    def hang(self) -> int:
        self.gate.wait(30)
        self.done += 1
        return self.done

    def silent(self) -> bool:
        return self.is_silent


def outcome(greenlet: gevent.Greenlet) -> object:
    greenlet.join()
    return greenlet.value if greenlet.successful() else type(greenlet.exception)


def test_the_loop_goes_on_while_a_thread_works_and_errors_come_back() -> None:
    store = Store()
    lane = Lane(1, 5, 60, store.silent)
    waiting = gevent.spawn(lane.run, store.hang)
    turns = 0
    while turns < 10:
        gevent.sleep(0)
        turns += 1
    assert not waiting.ready()
    store.gate.set()
    assert outcome(waiting) == 1
    with pytest.raises(ZeroDivisionError):
        lane.run(lambda: 1 // 0)


def test_more_than_the_queue_holds_is_refused_at_once() -> None:
    store = Store()
    lane = Lane(1, 2, 60, store.silent)
    waiting = [gevent.spawn(lane.run, store.hang) for _ in range(5)]
    gevent.sleep(0)
    assert lane.waiting == 2
    store.gate.set()
    assert sorted(str(outcome(one)) for one in waiting) == sorted(["1", "2", "3", str(Busy), str(Busy)])
    assert lane.waiting == 0


def test_nobody_waits_for_a_store_that_fell_silent_and_its_places_come_back() -> None:
    store = Store()
    lane = Lane(1, 2, 60, store.silent)
    waiting = [gevent.spawn(lane.run, store.hang) for _ in range(2)]
    gevent.sleep(0)
    store.is_silent = True
    assert [outcome(one) for one in waiting] == [StoreSilent, StoreSilent]
    with pytest.raises(StoreSilent):
        lane.run(store.hang)
    store.is_silent = False
    store.gate.set()
    assert lane.run(store.hang) == 2, (
        "the one who was given up on ended meanwhile, the one who waited never began"
    )


def test_patience_ends_also_where_the_store_answers_others() -> None:
    store = Store()
    lane = Lane(1, 2, 0.3, store.silent)
    began = time.monotonic()
    assert outcome(gevent.spawn(lane.run, store.hang)) is StoreSilent
    assert time.monotonic() - began >= 0.3
    store.gate.set()


def test_work_on_a_thread_of_a_lane_may_ask_for_the_lane_again() -> None:
    lane = Lane(1, 0, 60, lambda: False)
    assert lane.run(lambda: lane.run(threading.get_ident)) != threading.get_ident()
