"""A TCP proxy that ruins lines: our own small copy of what toxiproxy does, in one asyncio loop.

Each fault is an attribute, set while lines are open or before: it holds for all of them, both ways.
"""

from __future__ import annotations

import asyncio
import socket
import struct

from tests.fixtures.port import free_port

_PIECE = 65_536
_TICK_S = 0.02


class Proxy:
    """Stands on ``port`` in front of ``target``. `heal` takes every fault away; open lines go on.

    ``latency_s``: each piece arrives later by so much. ``rate_bytes_s``: no faster than this towards the client.
    ``slice_bytes``: pieces no larger than this. ``hole``: nothing passes, nobody is told (a cable was pulled).
    ``down``: nobody answers on the port. ``limit_bytes``: a line ends after so many.
    """

    def __init__(self, target: int, port: int | None = None) -> None:
        self.target, self.port = target, port or free_port()
        self._server: asyncio.Server | None = None
        self._lines: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.accepted = 0
        self.heal()

    def heal(self) -> None:
        """No fault any more."""
        self.latency_s = 0.0
        self.rate_bytes_s = 0
        self.slice_bytes = 0
        self.limit_bytes = 0
        self.hole = False

    async def open(self) -> None:
        """Answer on the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1_024)

    async def shut(self) -> None:
        """Refuse new lines; those that are open stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def down(self) -> None:
        """Refuse new lines and end those that are open."""
        await self.shut()
        self.cut()

    def cut(self, *, reset: bool = False) -> None:
        """End every open line, politely or with an RST."""
        for pair in list(self._lines):
            for writer in pair:
                if reset:
                    linger = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()

    @property
    def lines(self) -> int:
        """How many lines are open."""
        return len(self._lines)

    async def close(self) -> None:
        """End it."""
        await self.down()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        while self.hole:  # the client's kernel was answered by ours; what stands behind never hears of it
            await asyncio.sleep(_TICK_S)
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, there_writer)
        self._lines.add(pair)
        ways = [
            asyncio.create_task(self._carry(reader, there_writer, to_client=False)),
            asyncio.create_task(self._carry(there_reader, writer, to_client=True)),
        ]
        self._tasks.update(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        self._tasks.difference_update(ways)
        for one in pair:
            one.transport.abort()
        self._lines.discard(pair)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_client: bool
    ) -> None:
        carried = 0
        loop = asyncio.get_running_loop()
        free_at = loop.time()
        while data := await reader.read(_PIECE):
            if self.latency_s:
                await asyncio.sleep(self.latency_s)
            for piece in self._pieces(data):
                while self.hole:
                    await asyncio.sleep(_TICK_S)
                if self.rate_bytes_s and to_client:
                    free_at = max(free_at, loop.time()) + len(piece) / self.rate_bytes_s
                    await asyncio.sleep(max(0.0, free_at - loop.time()))
                writer.write(piece)
                await writer.drain()
                carried += len(piece)
                if self.limit_bytes and carried >= self.limit_bytes:
                    return

    def _pieces(self, data: bytes) -> list[bytes]:
        size = self.slice_bytes or (max(1, self.rate_bytes_s // 10) if self.rate_bytes_s else len(data))
        return [data[start : start + size] for start in range(0, len(data), size)]
