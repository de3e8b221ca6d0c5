"""One viewer's websocket, bounded: what it may send, how fast, and how long it may leave us waiting.

The library below sends with ``send``, which on a slow line writes half a frame and drops the rest, and it reads
without bound. Both would let one bad line hurt: its own frames, or everybody's.
"""

from __future__ import annotations

import logging
import socket
import time
from typing import Any

import gevent
from engineio.async_drivers.gevent import WebSocketWSGI
from gevent.lock import RLock

#: Bytes of one message: what viewers send is tiny.
MAX_MESSAGE = 64 * 1024
#: Bytes and reads a second; who sends more is read more slowly, and his line fills up, not our memory.
_BYTES_PER_S = 256 * 1024
_READS_PER_S = 200
#: What is not taken from us for so long will not be: the kernel ends the connection.
_UNTAKEN_MS = 15_000
_KEY = "yiping.pipe"
_log = logging.getLogger("yiping")


class WholeSocket:
    """A socket that sends all or fails, one message at a time, and reads at a bounded rate."""

    def __init__(self, line: Any) -> None:
        self._line = line
        self._sending = RLock()
        self._second = time.monotonic()
        self._bytes = 0
        self._reads = 0

    def send(self, data: bytes) -> int:
        """Send all of `data`; another sender waits, so that no message lands inside another."""
        with self._sending:
            self._line.sendall(data)
        return len(data)

    def recv(self, size: int) -> bytes:
        """As `socket.recv`, after a pause where the other side has sent too much this second."""
        now = time.monotonic()
        if now - self._second >= 1.0:
            self._second, self._bytes, self._reads = now, 0, 0
        elif self._bytes >= _BYTES_PER_S or self._reads >= _READS_PER_S:
            gevent.sleep(self._second + 1.0 - now)
        data: bytes = self._line.recv(size)
        self._bytes += len(data)
        self._reads += 1
        return data

    def end(self) -> None:
        """End the connection at once, whoever waits on it."""
        try:
            self._line.shutdown(socket.SHUT_RDWR)
        except OSError:  # it has ended already
            return

    def close(self) -> None:
        """Give the socket back."""
        self._line.close()


class Pipe(WebSocketWSGI):  # type: ignore[misc]  # the library carries no types
    """The websocket of one Engine.IO connection; `of` finds it in the environment of its request."""

    def __init__(self, handler: Any, server: Any) -> None:
        super().__init__(handler, server)
        self.server_args["max_message_size"] = MAX_MESSAGE
        self._handler = handler
        self.app = self._opened

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        # Deflating the same frame anew for every wall costs more than the local network does, and memory each.
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        environ[_KEY] = self
        return super().__call__(environ, start_response)

    def end(self) -> None:
        """End the connection at once."""
        line = getattr(getattr(self, "ws", None), "sock", None)
        if isinstance(line, WholeSocket):
            line.end()

    def _opened(self, _self: Any) -> Any:
        line = self.ws.sock
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNTAKEN_MS)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ws.sock = WholeSocket(line)
        try:
            return self._handler(self)
        except Exception as error:  # bytes that are no packet: the library leaves the connection half open
            _log.warning("%s: %s", type(error).__name__, error)
            self._handler.__self__.close(wait=False, abort=True)
            return []


def pipe_of(environ: dict[str, Any] | None) -> Pipe | None:
    """The websocket of a request, if it is one."""
    found = (environ or {}).get(_KEY)
    return found if isinstance(found, Pipe) else None
