"""Many walls in one asyncio loop, each by the rules of `docs/live-feed.md` and of the page (`assets/20_link.js`).

A wall speaks just enough of websocket and Engine.IO to be five hundred of them beside the server on two cores.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import socket
import time
from collections.abc import Callable
from typing import Any

import orjson

from dashboard.live.viewer import FAR_BEHIND
from tests.faults.history import Life, Watch

#: The page's own: 20_link.js.
SILENCE_S = 10.0
RETRY_LEAST_S = 0.5
RETRY_MOST_S = 4.0
_EVENT = b"42/live,"
_TEXT = 0x81
_MASK = b"\x00\x00\x00\x00"  # a mask of zeros leaves the bytes as they are
_parsed: dict[bytes, Any] = {}


def parsed(text: bytes) -> Any:
    """The JSON of a message; most walls get the same bytes."""
    found = _parsed.get(text)
    if found is None:
        if len(_parsed) >= 64:
            _parsed.clear()
        found = _parsed[text] = orjson.loads(text)
    return found


class Wall(asyncio.Protocol):
    """``watch`` is its history. It reconnects for good until it is told to `leave`."""

    def __init__(self, name: str, port: int, path: str, token: str | None, dice: random.Random) -> None:
        self.watch = Watch(name, path)
        self.port, self._token, self._dice = port, token, dice
        self.connections = self.resets = self.far_resets = self.holes = self.repeats = self.refusals = 0
        #: Whether the server has accepted this line for the live feed.
        self.lets_in = False
        #: `heard_at` is when the feed last proved that it lives, `lives_at` when the line last carried anything.
        self.heard_at = self.lives_at = time.monotonic()
        self.stale_s: list[float] = []
        #: How long each greeting took, from the connection on; the least age that a beat told of a source.
        self.greeted_s: list[float] = []
        #: How long it was without a server, each time.
        self.apart_s: list[float] = []
        self._lost_at: float | None = None
        self.least_age_s = 0.0
        #: Called with every frame that told something new.
        self.on_frame: Callable[[dict[str, Any]], None] | None = None
        self._line: asyncio.Transport | None = None
        self._rest = b""
        self._opened = False
        self._tries = 0
        self._beat_seq: int | None = None
        self._gone = False
        self._called_at = 0.0
        self._connecting: asyncio.Task[None] | None = None

    # Where it is

    @property
    def life(self) -> Life | None:
        """The current life."""
        return self.watch.lives[-1] if self.watch.lives else None

    def is_at(self, epoch: str, seq: int) -> bool:
        """Whether it has everything up to there, and a line."""
        life = self.life
        return self._opened and life is not None and life.epoch == epoch and life.end >= seq

    @property
    def connected(self) -> bool:
        """Whether the server greeted it on a line that holds."""
        return self._opened

    def judge(self, now: float) -> bool:
        """Whether it shows itself as stale; a line that is silent for so long is given up, as the library does."""
        if now - self.lives_at > SILENCE_S and self._line is not None:
            self._line.abort()
        return now - self.heard_at > SILENCE_S

    # The line

    def open(self) -> None:
        """Connect, now."""
        if self._line is None and not self._gone and (self._connecting is None or self._connecting.done()):
            self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await asyncio.wait_for(loop.create_connection(lambda: self, "127.0.0.1", self.port), 20)
        except (OSError, TimeoutError):
            self._retry()

    def leave(self) -> None:
        """Hang up for good."""
        self._gone = True
        if self._line is not None:
            self._line.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._line = transport
        line = transport.get_extra_info("socket")
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest, self._opened = b"", False
        self.lives_at = self._called_at = time.monotonic()
        key = base64.b64encode(os.urandom(16)).decode()
        token = "" if self._token is None else f"Authorization: Bearer {self._token}\r\n"
        transport.write(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n{token}\r\n".encode()
        )
        self._take = self._handshake

    def connection_lost(self, _error: Exception | None) -> None:
        self.refusals += not self.lets_in
        if self._opened:
            self._lost_at = time.monotonic()
        self._line, self._opened, self.lets_in = None, False, False
        self._retry()

    def _retry(self) -> None:
        if self._gone:
            return
        most = min(RETRY_MOST_S, 2 * RETRY_LEAST_S * 2**self._tries)
        self._tries = min(self._tries + 1, 10)
        pause = RETRY_LEAST_S + self._dice.random() * (most - RETRY_LEAST_S)
        asyncio.get_running_loop().call_later(pause, self.open)

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while self._take():
            pass

    def _handshake(self) -> bool:
        head, end, rest = self._rest.partition(b"\r\n\r\n")
        if not end:
            return False
        if b" 101 " not in head.partition(b"\r\n")[0]:
            self._abort()
            return False
        self._rest = rest
        self._take = self._message
        self._write(b"40/live,")
        return bool(rest)

    def _message(self) -> bool:
        data = self._rest
        if len(data) < 2:
            return False
        size, start = data[1], 2
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(data[2:10], "big"), 10
        end = start + size
        if len(data) < start or len(data) < end:
            return False
        self._rest = data[end:]
        if data[0] == _TEXT:
            self._hear(data[start:end])
        elif data[0] & 0x0F == 8:
            self._abort()
        return bool(self._rest)

    def _write(self, text: bytes) -> None:
        if self._line is None or self._line.is_closing():
            return
        size = len(text)
        head = bytes([_TEXT, 0x80 | size]) if size < 126 else bytes([_TEXT, 0xFE]) + size.to_bytes(2, "big")
        self._line.write(head + _MASK + text)

    def _abort(self) -> None:
        if self._line is not None:
            self._line.abort()

    def _say(self, event: str, life: Life) -> None:
        self._write(_EVENT + orjson.dumps([event, {"epoch": life.epoch, "seq": life.end}]))

    # The rules

    def _hear(self, text: bytes) -> None:
        self.lives_at = time.monotonic()
        if text == b"2":
            self._write(b"3")
        elif text.startswith(_EVENT):
            event, message = parsed(text[len(_EVENT) :])
            # What else it says proves nothing of what is shown here: it may not see the log.
            if event in {"beat", "frame"}:
                self.heard_at = self.lives_at
            if event != "blind":
                getattr(self, f"_on_{event}")(message)
        elif text.startswith(b"40/live"):
            self.lets_in = True
        elif text.startswith((b"41", b"44", b"1")):
            self._abort()

    def _begin(self, epoch: str, seq: int) -> Life:
        self.watch.lives.append(Life(epoch, seq, seq))
        return self.watch.lives[-1]

    def _on_hello(self, hello: dict[str, Any]) -> None:
        self.connections += 1
        self.greeted_s.append(time.monotonic() - self._called_at)
        if self._lost_at is not None:
            self.apart_s.append(time.monotonic() - self._lost_at)
            self._lost_at = None
        self._opened = True
        self._tries = 0
        self._beat_seq = None
        life = self.life
        if life is None or life.epoch != hello["epoch"]:
            life = self._begin(hello["epoch"], hello["seq"])
        self._say("resume", life)

    def _on_frame(self, frame: dict[str, Any]) -> None:
        life = self.life
        if life is None:
            return
        if frame["epoch"] != life.epoch:
            self._say("resume", self._begin(frame["epoch"], frame["to"]))
        elif frame["from"] > life.end + 1:
            self.holes += 1
            self._say("resume", life)
        else:
            if frame["to"] <= life.end:
                self.repeats += 1
            else:
                life.items += [item for item in frame["items"] if item["seq"] > life.end]
                life.end = frame["to"]
                if self.on_frame is not None:
                    self.on_frame(frame)
            self._say("ack", life)

    def _on_reset(self, reset: dict[str, Any]) -> None:
        self.resets += 1
        life = self.life
        if life is not None and life.epoch == reset["epoch"] and reset["seq"] - life.end > FAR_BEHIND:
            self.far_resets += 1
        self._begin(reset["epoch"], reset["seq"])

    def _on_figures(self, _message: dict[str, Any]) -> None:
        return

    def _on_beat(self, beat: dict[str, Any]) -> None:
        self.least_age_s = min(self.least_age_s, *(one["age_s"] or 0 for one in beat["sources"]), 0)
        life = self.life
        if life is None:
            return
        if beat["epoch"] != life.epoch:
            life = self._begin(beat["epoch"], beat["seq"])
            self._say("resume", life)
        elif beat["seq"] > life.end and self._beat_seq == life.end:
            self._say("resume", life)
        self._beat_seq = life.end


class Crowd:
    """All walls of a run. ``scopes``: (path, token) that they take in turn."""

    def __init__(
        self, count: int, port: int, scopes: list[tuple[str, str | None]], dice: random.Random
    ) -> None:
        self.walls = []
        for number in range(count):
            path, token = scopes[number % len(scopes)]
            self.walls.append(Wall(f"wall {number}", port, path, token, random.Random(dice.random())))
        self._watching: asyncio.Task[None] | None = None

    async def enter(self, within_s: float = 60) -> None:
        """Connect all and wait until each was greeted."""
        self._watching = asyncio.get_running_loop().create_task(self._judge())
        for wall in self.walls:
            wall.open()
        await self._until(lambda wall: wall.connected, within_s, "connected")

    async def reach(self, epoch: str, seq: int, within_s: float = 60) -> float:
        """Wait until every wall is there; how long it took, in seconds."""
        return await self._until(lambda wall: wall.is_at(epoch, seq), within_s, f"{epoch} {seq}")

    async def _until(self, holds: Callable[[Wall], bool], within_s: float, what: str) -> float:
        begun = time.monotonic()
        missing = self.walls
        while missing:
            missing = [wall for wall in missing if not holds(wall)]
            if missing and time.monotonic() - begun > within_s:
                first = missing[0]
                where = first.life and (first.life.epoch, first.life.end)
                raise AssertionError(
                    f"after {within_s} s {len(missing)} walls are not there ({what}); {first.watch.name} "
                    f"connected: {first.connected}, at {where}"
                )
            await asyncio.sleep(0.02)
        return time.monotonic() - begun

    async def _judge(self) -> None:
        stale_since: dict[str, float] = {}
        while True:
            now = time.monotonic()
            for wall in self.walls:
                if wall.judge(now):
                    stale_since.setdefault(wall.watch.name, now)
                elif wall.watch.name in stale_since:
                    wall.stale_s.append(now - stale_since.pop(wall.watch.name))
            await asyncio.sleep(0.25)

    def stale(self) -> int:
        """How many walls say now that what they show is old."""
        now = time.monotonic()
        return sum(now - wall.heard_at > SILENCE_S for wall in self.walls)

    async def leave(self) -> None:
        """Everybody hangs up."""
        if self._watching is not None:
            self._watching.cancel()
        for wall in self.walls:
            wall.leave()
        await asyncio.sleep(0.05)

    @property
    def resets(self) -> int:
        """How often a wall was told to load its state afresh."""
        return sum(wall.resets for wall in self.walls)

    @property
    def far_resets(self) -> int:
        """How many of them were due: the wall was further behind than is told one by one."""
        return sum(wall.far_resets for wall in self.walls)
