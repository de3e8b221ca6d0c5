"""One viewer's websocket, bounded: what it may send, how fast, and how much it may leave us waiting with.

Sending never waits. What the line does not take at once is kept, up to `MAX_OUT` bytes, and sent on by a greenlet;
who lets more gather is cut. What a viewer says on our namespace goes straight to the feed; everything else
(connecting, pings) to the library, whose transport this is.
"""

from __future__ import annotations

import logging
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event
from gevent.queue import SimpleQueue

from dashboard.live import websocket
from dashboard.live.switchboard import Switchboard
from data_adapters import failpoint

#: Bytes of one message: what viewers send is tiny.
MAX_MESSAGE = 64 * 1024
#: Bytes that may wait for a viewer who does not take them: a frame, and beats while it is slow.
MAX_OUT = 256 * 1024
#: Bytes and reads a second; who sends more is read more slowly, and his line fills up, not our memory.
_BYTES_PER_S = 256 * 1024
_READS_PER_S = 200
#: Messages that may wait for the library: pings and a farewell.
_UNREAD = 100
#: What is not taken from us for so long will not be: the kernel ends the connection.
_UNTAKEN_MS = 15_000
_READ = 16 * 1024
_KEY = "yiping.pipe"
_JOINED = b"40"
_log = logging.getLogger("yiping")


class Pipe:
    """The websocket of one Engine.IO connection; `pipe_of` finds it in the environment of its request."""

    # Hundreds are touched in each round: what they hold should lie together.
    __slots__ = (
        "_bytes",
        "_ended",
        "_handler",
        "_inbox",
        "_line",
        "_out",
        "_out_bytes",
        "_raw",
        "_reader",
        "_reads",
        "_second",
        "_switchboard",
        "hear",
        "joined",
    )

    def __init__(self, switchboard: Switchboard, handler: Any, _server: Any) -> None:
        self._switchboard = switchboard
        self._handler = handler
        self._inbox: SimpleQueue[str | bytes | None] = SimpleQueue()
        self._reader = websocket.Reader(MAX_MESSAGE)
        self._out: deque[bytes] = deque()
        self._out_bytes = 0
        self._ended = False
        self._second = time.monotonic()
        self._bytes = 0
        self._reads = 0
        #: Set once the library has answered that the viewer is let in: only then may anything else be sent.
        self.joined = Event()
        #: Takes a text of the viewer; False leaves it to the library.
        self.hear: Callable[[bytes], bool] | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
        if not key or environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
            start_response("400 Bad Request", [("Content-Length", "0"), ("Sec-WebSocket-Version", "13")])
            return []
        environ[_KEY] = self
        # As the server's own reading of the request ends with the request, ours goes on with a copy of the socket.
        stream = environ["wsgi.input"]
        self._begin(getattr(stream, "rfile", stream).raw._sock.dup())
        self._put(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + websocket.accept(key).encode() + b"\r\n\r\n"
        )
        try:
            return self._handler(self)
        except Exception as error:  # bytes that are no packet: the library leaves the connection half open
            _log.warning("%s: %s", type(error).__name__, error)
            self._handler.__self__.close(wait=False, abort=True)
            return []
        finally:
            self.end()
            self._switchboard.leave(self)
            self._line.close()

    def _begin(self, line: Any) -> None:
        self._line = line
        if line.family != socket.AF_UNIX:
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNTAKEN_MS)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The socket below gevent's: it never waits.
        self._raw = line._sock
        self._switchboard.join(self)

    # To the viewer

    def send(self, message: str | bytes) -> None:
        """A message of the library's. Raises `OSError` where the line has ended."""
        if self._ended:
            raise OSError("ended")
        text = isinstance(message, str)
        data = message.encode() if isinstance(message, str) else message
        self._put(websocket.frame(data, websocket.TEXT if text else websocket.BINARY))
        if data.startswith(_JOINED):
            self.joined.set()

    def push(self, data: bytes) -> None:
        """Send a whole frame, now or as soon as the line takes it; the same bytes may go to many viewers."""
        failpoint.reach("mid-send")
        self._put(data)

    @property
    def waiting(self) -> int:
        """Bytes that the line has not taken yet."""
        return self._out_bytes

    def _put(self, data: bytes) -> None:
        if self._ended:
            return
        if self._out:
            self._keep(data)
            return
        try:
            sent = self._raw.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.end()
            return
        if sent < len(data):
            self._keep(data[sent:])
            gevent.spawn(self._send_on)

    def _keep(self, data: bytes) -> None:
        self._out.append(data)
        self._out_bytes += len(data)
        if self._out_bytes > MAX_OUT:
            self.end()

    def _send_on(self) -> None:
        """Until nothing is left; the first of `_out` is the one that is being sent."""
        try:
            while self._out and not self._ended:
                self._line.sendall(self._out[0])
                if self._out:
                    self._out_bytes -= len(self._out.popleft())
        except OSError:
            self.end()

    # From the viewer

    def fileno(self) -> int:
        """The socket's."""
        return int(self._raw.fileno())

    def wait(self) -> str | bytes | None:
        """The next message for the library; None where the line has ended."""
        message: str | bytes | None = self._inbox.get()
        return message

    def hear_on(self) -> float | None:
        """Take what has come, for the feed or for the library's `wait`. Called by the switchboard."""
        try:
            data = self._raw.recv(_READ)
            text = self._reader.whole(data)
            if text is not None and self.hear is not None and self.hear(text):
                return self._rest_s(len(data))
            self._reader.feed(data)
            if data and self._take():
                return self._rest_s(len(data))
        except BlockingIOError:
            return 0.0
        except websocket.FrameError as error:
            self._put(websocket.frame(error.code.to_bytes(2, "big"), websocket.CLOSE))
        except (OSError, UnicodeDecodeError):
            pass
        self._inbox.put(None)
        return None

    def _take(self) -> bool:
        """Every whole message that is there; False where the viewer says farewell."""
        while (message := self._reader.next()) is not None:
            opcode, payload = message
            if opcode == websocket.TEXT:
                if self.hear is None or not self.hear(payload):
                    self._leave_to_library(payload.decode())
            elif opcode == websocket.BINARY:
                self._leave_to_library(payload)
            elif opcode == websocket.PING:
                self._put(websocket.frame(payload, websocket.PONG))
            elif opcode == websocket.CLOSE:
                self._put(websocket.frame(payload[:2], websocket.CLOSE))
                return False
        return True

    def _leave_to_library(self, message: str | bytes) -> None:
        self._inbox.put(message)
        if self._inbox.qsize() > _UNREAD:
            self.end()

    def _rest_s(self, size: int) -> float:
        now = time.monotonic()
        if now - self._second >= 1.0:
            self._second, self._bytes, self._reads = now, 0, 0
        self._bytes += size
        self._reads += 1
        slower = self._bytes >= _BYTES_PER_S or self._reads >= _READS_PER_S
        return self._second + 1.0 - now if slower else 0.0

    # The end

    def close(self) -> None:
        """Say farewell; the library's way to end."""
        self._put(websocket.frame(b"\x03\xe8", websocket.CLOSE))
        self.end()

    def end(self) -> None:
        """End the connection at once, whoever waits on it."""
        if self._ended:
            return
        self._ended = True
        self._out.clear()
        self._out_bytes = 0
        try:
            self._raw.shutdown(socket.SHUT_RDWR)
        except OSError:  # it has ended already
            return


def pipe_of(environ: dict[str, Any] | None) -> Pipe | None:
    """The websocket of a request, if it is one."""
    found = (environ or {}).get(_KEY)
    return found if isinstance(found, Pipe) else None
