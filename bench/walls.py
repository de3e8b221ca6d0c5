"""Many walls in one process, for the measurements: connects them, says ``ready``, and reports when asked.

A wall here does what a page does on the line: it reads every frame, acknowledges it, and notes how old each
incident in it is by the clock of this machine, which is also the server's. It speaks just enough of websocket and
Engine.IO, because it shares two cores with the server that is measured.
"""

from __future__ import annotations

import base64
import os
import sys
import time
from array import array
from datetime import datetime
from typing import Any

import gevent
import orjson
from gevent import socket

_TEXT = 0x81
_MASK = b"\x00\x00\x00\x00"  # a mask of zeros leaves the bytes as they are


class Line:
    """One websocket as a client: text frames only, as our servers send them."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._rest = b""
        while b"\r\n\r\n" not in self._rest:
            self._more()
        self._rest = self._rest.partition(b"\r\n\r\n")[2]

    def send(self, text: bytes) -> None:
        """Send a short text (under 64 KiB)."""
        size = len(text)
        head = (
            bytes([_TEXT, 0x80 | size])
            if size < 126
            else bytes([_TEXT, 0x80 | 126]) + size.to_bytes(2, "big")
        )
        self._socket.sendall(head + _MASK + text)

    def receive(self) -> bytes:
        """The next text. EOFError where the line has ended."""
        head = self._take(2)
        size = head[1]
        if size == 126:
            size = int.from_bytes(self._take(2), "big")
        elif size == 127:
            size = int.from_bytes(self._take(8), "big")
        if head[0] != _TEXT:
            raise EOFError
        return self._take(size)

    def _take(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._more()
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def _more(self) -> None:
        data = self._socket.recv(65_536)
        if not data:
            raise EOFError
        self._rest += data


class Walls:
    """``ages`` in milliseconds, one for each incident at each wall."""

    def __init__(self, port: int, count: int, raw: bool) -> None:
        self.begin()
        self.lost = 0
        self._port = port
        self._raw = raw
        self._last: tuple[bytes, list[float], bytes] = (b"", [], b"")
        self._walls = [gevent.spawn(self._wall) for _ in range(count)]

    def begin(self) -> None:
        """Forget what came so far."""
        self.ages = array("d")
        self.frames = 0

    def _wall(self) -> None:
        try:
            line = Line(self._port, "/socket.io/?EIO=4&transport=websocket")
            while self._raw:
                self._take(line, line.receive())
            line.send(b"40/live,")
            while True:
                told = line.receive()
                if told == b"2":
                    line.send(b"3")
                elif told.startswith((b'42/live,["frame"', b'42/live,["incident"')):
                    self._take(line, told)
        except (EOFError, OSError):
            self.lost += 1

    def _take(self, line: Line, told: bytes) -> None:
        now = time.time()
        if told != self._last[0]:  # most walls get the same bytes
            self._last = (told, *_read(told, self._raw))
        _, accepted, answer = self._last
        self.frames += 1
        self.ages.extend((now - moment) * 1_000 for moment in accepted)
        if answer:
            line.send(answer)

    def report(self) -> dict[str, Any]:
        """Deliveries, frames, walls that were lost, and percentiles of the ages."""
        ages = sorted(self.ages)
        at = {f"p{q}": ages[min(len(ages) - 1, len(ages) * q // 100)] if ages else -1 for q in (50, 99)}
        return {"deliveries": len(ages), "frames": self.frames, "lost": self.lost} | at


def _read(told: bytes, raw: bool) -> tuple[list[float], bytes]:
    """(when each incident of a message was accepted, the ack that it asks for). ``raw``: without Socket.IO."""
    event, message = ("incident", orjson.loads(told)) if raw else orjson.loads(told[8:])
    items = message["items"] if event == "frame" else [message]
    accepted = [datetime.fromisoformat(item["accepted_at"]).timestamp() for item in items]
    if event != "frame":
        return accepted, b""
    return accepted, b"42/live," + orjson.dumps(["ack", {"epoch": message["epoch"], "seq": message["to"]}])


def main(arguments: list[str]) -> None:
    """``PORT COUNT [raw]``; each line of the input asks for a report and begins anew, its end ends it."""
    walls = Walls(int(arguments[0]), int(arguments[1]), arguments[2:] == ["raw"])
    gevent.sleep(3)
    print("ready", flush=True)
    threads = gevent.get_hub().threadpool
    while threads.apply(sys.stdin.readline):
        print(orjson.dumps(walls.report()).decode(), flush=True)
        walls.begin()


if __name__ == "__main__":
    main(sys.argv[1:])
