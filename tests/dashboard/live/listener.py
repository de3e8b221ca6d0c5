"""A client of the live feed for the tests, on the real python-socketio client. Does nothing that it is not told."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

import socketio

PATIENCE_S = 30.0


class Listener:
    """Keeps every message in order. ``acks``: acknowledge each frame that joins on, as a well-behaved client."""

    def __init__(self, url: str, token: str | None = None, *, acks: bool = True) -> None:
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.acks = acks
        self.connected = False
        self._news = threading.Condition()
        self._client = socketio.Client(reconnection=False)
        for event in ("hello", "frame", "beat", "reset", "figures", "blind"):
            self._client.on(event, self._handler(event), namespace="/live")
        self._client.on("disconnect", self._lost, namespace="/live")
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        try:
            self._client.connect(url, headers, transports=["websocket"], namespaces=["/live"], wait_timeout=5)
        except socketio.exceptions.ConnectionError:
            self.close()
            raise
        self.connected = True
        self.hello = self.wait("hello")

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self, _kind: type | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. The library's own way waits three seconds for a farewell that its other thread takes."""
        line = self._client.eio
        if line.ws is not None and line.ws.sock is not None:
            with suppress(OSError):
                line.ws.sock.shutdown(socket.SHUT_RDWR)
            line.read_loop_task.join(5)
            line.ws.shutdown()

    def say(self, event: str, *told: Any) -> None:
        """Send whatever to the server."""
        self._client.emit(event, told, namespace="/live")

    def resume(self, seq: Any = None, **more: Any) -> None:
        """Ask to go on after `seq` (default: the position that `hello` told)."""
        self.say(
            "resume", {"epoch": self.hello["epoch"], "seq": self.hello["seq"] if seq is None else seq} | more
        )

    def all(self, event: str) -> list[dict[str, Any]]:
        """What came of one kind, oldest first."""
        return [message for name, message in list(self.messages) if name == event]

    def items(self) -> list[dict[str, Any]]:
        """The items of all frames."""
        return [item for frame in self.all("frame") for item in frame["items"]]

    def wait(self, event: str, count: int = 1) -> dict[str, Any]:
        """The `count`-th message of a kind, once it is there."""
        self.until(lambda: len(self.all(event)) >= count, f"{event} {count}")
        return self.all(event)[count - 1]

    def reaches(self, seq: int) -> None:
        """Wait until frames have covered `seq`."""
        self.until(lambda: any(frame["to"] >= seq for frame in self.all("frame")), f"seq {seq}")

    def hears_beats(self, count: int = 1) -> dict[str, Any]:
        """Wait for `count` more beats; the last of them."""
        return self.wait("beat", len(self.all("beat")) + count)

    def is_cut(self) -> None:
        """Wait until the server has ended the connection."""
        self.until(lambda: not self.connected, "the end")

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for something that comes with a message."""
        end = time.monotonic() + PATIENCE_S
        with self._news:
            while not holds():
                if not self._news.wait(end - time.monotonic()):
                    raise AssertionError(f"{what} did not come; came: {str(self.messages)[-2_000:]}")

    def _handler(self, event: str) -> Callable[[dict[str, Any]], None]:
        def handle(message: dict[str, Any]) -> None:
            if event == "frame" and self.acks:
                self.say("ack", {"epoch": message["epoch"], "seq": message["to"]})
            with self._news:
                self.messages.append((event, message))
                self._news.notify_all()

        return handle

    def _lost(self, *_reason: Any) -> None:
        with self._news:
            self.connected = False
            self._news.notify_all()


def covered(frames: list[dict[str, Any]], after: int) -> int:
    """Where `frames` end that begin after `after`. AssertionError where they do not join."""
    for frame in frames:
        assert frame["from"] == after + 1, f"{frame['from']} follows {after}"
        assert frame["to"] >= frame["from"]
        assert all(frame["from"] <= item["seq"] <= frame["to"] for item in frame["items"])
        after = int(frame["to"])
    return after
