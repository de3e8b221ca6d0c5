"""The line under one viewer: whole messages, and nobody reads faster than is good for the others."""

from __future__ import annotations

import time

import gevent
from gevent import socket

from dashboard.live.pipe import WholeSocket, pipe_of


def pair() -> tuple[WholeSocket, socket.socket]:
    """One end as the server holds it, with a small buffer, and the other."""
    here, there = socket.socketpair()
    here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    return WholeSocket(here), there


def test_messages_of_two_senders_arrive_whole_on_a_slow_line() -> None:
    here, there = pair()
    messages = [bytes([65 + n]) * 200_000 for n in range(3)]
    senders = [gevent.spawn(here.send, message) for message in messages]
    received = b""
    while len(received) < 600_000:
        received += there.recv(1_000)
    assert [sender.get() for sender in senders] == [200_000] * 3
    assert sorted(received[start : start + 200_000] for start in (0, 200_000, 400_000)) == messages
    here.close()
    there.close()


def test_ending_a_line_frees_who_waits_on_it() -> None:
    here, there = pair()
    sender = gevent.spawn(here.send, b"x" * 10_000_000)
    reader = gevent.spawn(here.recv, 100)
    gevent.sleep(0.01)
    here.end()
    gevent.joinall([sender, reader], timeout=5)
    assert isinstance(sender.exception, OSError)
    assert reader.value == b"" or isinstance(reader.exception, OSError)
    here.end()
    here.close()
    there.close()


def test_a_flood_is_read_no_faster_than_the_bound_and_others_go_on_meanwhile() -> None:
    here, there = pair()
    flood = gevent.spawn(there.sendall, b"x" * 2_000_000)
    turns = 0

    def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            gevent.sleep(0)

    other = gevent.spawn(others)
    start, taken = time.monotonic(), 0
    while time.monotonic() - start < 1.5:
        taken += len(here.recv(4_096))
    assert 0 < taken < 1_000_000
    assert turns > 10
    gevent.killall([flood, other])
    here.close()
    there.close()


def test_a_request_without_a_websocket_has_no_pipe() -> None:
    assert pipe_of(None) is None
    assert pipe_of({}) is None
