"""The line under one viewer: whole messages, bounded memory, and nobody reads faster than is good for the others."""

from __future__ import annotations

import time
from collections.abc import Iterator

import gevent
import pytest
from gevent import socket
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Message, Ping, Pong

from dashboard.live import pipe as module
from dashboard.live import websocket
from dashboard.live.pipe import Pipe, pipe_of
from dashboard.live.switchboard import GATHER_S, Switchboard

Ends = tuple[Pipe, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """One end as the server holds it, with a small buffer, and the other."""
    here, there = socket.socketpair()
    here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    pipe = Pipe(Switchboard(), None, None)
    pipe._begin(here)
    yield pipe, there
    pipe.end()
    gevent.sleep(2 * GATHER_S)
    here.close()
    there.close()
    gevent.sleep(0.01)  # where somebody waits on a socket, it is closed a turn later


def test_frames_arrive_whole_and_in_order_on_a_slow_line(ends: Ends) -> None:
    pipe, there = ends
    frames = [websocket.frame(bytes([65 + n]) * 40_000) for n in range(5)]
    for one in frames:
        pipe.push(one)
    assert 0 < pipe.waiting < 200_000
    wanted = b"".join(frames)
    received = b""
    while len(received) < len(wanted):
        received += there.recv(1_000)
    assert received == wanted
    gevent.sleep(0)
    assert pipe.waiting == 0
    pipe.push(websocket.frame(b"again"))
    assert there.recv(100) == websocket.frame(b"again")


def test_who_takes_nothing_is_cut_before_he_costs_more_than_the_bound(ends: Ends) -> None:
    pipe, there = ends
    most = 0
    for _ in range(100):
        pipe.push(websocket.frame(b"x" * 10_000))
        most = max(most, pipe.waiting)
        gevent.sleep(0)
    assert module.MAX_OUT / 2 < most <= module.MAX_OUT
    assert pipe.waiting == 0
    with pytest.raises(OSError, match="ended"):
        pipe.send("more")
    while there.recv(65_536):
        pass


def test_what_is_ours_is_heard_at_once_and_the_rest_is_left_to_the_library(ends: Ends) -> None:
    pipe, there = ends
    heard: list[bytes] = []
    pipe.hear = lambda text: text.startswith(b"4") and not heard.append(text)  # type: ignore[func-returns-value]
    client = Connection(ConnectionType.CLIENT)
    messages = [Message("42/live,[]"), Ping(b"ping"), Message("3"), Message(b"bytes"), Message("屏")]
    there.sendall(b"".join(client.send(message) for message in messages))
    assert [pipe.wait() for _ in range(3)] == ["3", b"bytes", "屏"]
    assert heard == [b"42/live,[]"]
    client.receive_data(there.recv(100))
    assert list(client.events()) == [Pong(payload=b"ping")]
    there.sendall(client.send(CloseConnection(1000)))
    assert pipe.wait() is None
    client.receive_data(there.recv(100))
    assert [type(event) for event in client.events()] == [CloseConnection]
    pipe.end()
    there.close()


@pytest.mark.parametrize("data", [b"\x81\x05hello", b"\x81\xff" + b"\xff" * 12, b"\x81\x82\0\0\0\0\xff\xff"])
def test_what_is_no_message_ends_the_line(ends: Ends, data: bytes) -> None:
    pipe, there = ends
    there.sendall(data)
    assert pipe.wait() is None


def test_ending_a_line_frees_who_waits_on_it(ends: Ends) -> None:
    pipe, _ = ends
    reader = gevent.spawn(pipe.wait)
    pipe.push(websocket.frame(b"x" * 100_000))
    gevent.sleep(0.01)
    pipe.end()
    gevent.joinall([reader], timeout=5)
    assert reader.value is None


def test_a_flood_is_read_no_faster_than_the_bound_and_others_go_on_meanwhile(ends: Ends) -> None:
    pipe, there = ends
    taken = 0

    def hear(text: bytes) -> bool:
        nonlocal taken
        taken += len(text)
        return True

    pipe.hear = hear
    client = Connection(ConnectionType.CLIENT)
    flood = gevent.spawn(there.sendall, client.send(Message("x" * 10_000)) * 200)
    reader = gevent.spawn(pipe.wait)
    turns, start = 0, time.monotonic()
    while time.monotonic() - start < 1.5:
        turns += 1
        gevent.sleep(0)
    assert 0 < taken < 1_000_000
    assert turns > 10
    pipe.end()
    gevent.killall([flood, reader])


def test_a_request_without_a_websocket_has_no_pipe() -> None:
    assert pipe_of(None) is None
    assert pipe_of({}) is None


def test_a_request_that_is_no_websocket_is_refused() -> None:
    told: list[str] = []
    assert Pipe(Switchboard(), None, None)({}, lambda status, _headers: told.append(status)) == []
    assert told == ["400 Bad Request"]
