"""F5 to F7: lines that break, hang or crawl, and five hundred walls that come back at once."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from datetime import datetime
from typing import Any

from tests.faults.centre import GRIDS, Centre, centre_on
from tests.faults.database import all_stale, resumes, stale
from tests.faults.figure import Figure, at_most, exactly, told, verdict
from tests.faults.history import Post, read_position
from tests.faults.options import Options
from tests.faults.producers import Line
from tests.faults.proxy import Proxy
from tests.faults.walls import Crowd
from tests.fixtures.wall import incident

CAUGHT_UP_S = 5.0
TOKEN = f"display-{GRIDS[0]}-0123456789"


async def partitioned(options: Options) -> list[Figure]:
    """Walls behind a proxy that swallows everything, resets, slices, delays, goes away; then the store behind one."""
    async with centre_on(options) as centre:
        await centre.server.start()
        proxy = Proxy(centre.server.port)
        await proxy.open()
        try:
            return await _partitioned(centre, proxy, options)
        finally:
            await proxy.close()


async def _partitioned(centre: Centre, proxy: Proxy, options: Options) -> list[Figure]:
    await centre.open(options.walls, port=proxy.port, served=True)
    centre.produce()
    await asyncio.sleep(3)
    base = centre.server.held()
    proxy.hole = True
    begun = time.monotonic()
    stale_s = await all_stale(centre, begun, options.hold_s)
    await asyncio.sleep(max(0.0, begun + options.hold_s - time.monotonic()))
    proxy.heal()
    caught_up = [await centre.catch_up()]
    for _ in range(options.kills):
        proxy.cut(reset=centre.dice.random() < 0.5)
        proxy.slice_bytes = centre.dice.choice((0, 7, 100))
        proxy.latency_s = centre.dice.choice((0.0, 0.05, 0.2))
        proxy.limit_bytes = centre.dice.choice((0, 3_000))
        await asyncio.sleep(centre.dice.uniform(0.5, 2.0))
        await proxy.down()
        await asyncio.sleep(centre.dice.uniform(0.0, 2.0))
        proxy.heal()
        await proxy.open()
        caught_up.append(await centre.catch_up())
    await centre.rest()
    await centre.catch_up()
    files, threads = await _settled(centre, base)
    return [
        told("partition, s", options.hold_s),
        told("lines cut, reset, sliced, refused", options.kills),
        *verdict(await centre.judge(), centre.accepted()),
        told("resets of who was too far behind", centre.crowd.far_resets),
        exactly("false resets", centre.crowd.resets - centre.crowd.far_resets),
        exactly("threads left over, more than 2", max(0, threads - 2)),
        exactly("files left over, more than 2", max(0, files - 2)),
        *stale(stale_s, options.hold_s),
        at_most("all walls current after it healed", max(caught_up), CAUGHT_UP_S),
    ]


async def _settled(centre: Centre, base: tuple[int, int]) -> tuple[int, int]:
    """(open files, threads) that the server holds beyond its base, once no more of them go."""
    end = time.monotonic() + 20
    while True:
        files, threads = centre.server.held()
        if (files <= base[0] + 2 and threads <= base[1] + 2) or time.monotonic() > end:
            return files - base[0], threads - base[1]
        await asyncio.sleep(0.2)


async def store_unreachable(options: Options) -> list[Figure]:
    """The line between server and PostgreSQL swallows everything: no answer, no error."""
    proxy = Proxy(0)
    async with centre_on(options, through=proxy.port) as centre:
        assert centre.postgres is not None
        proxy.target = centre.postgres.port
        await proxy.open()
        try:
            await centre.open(options.walls)
            centre.produce()
            await asyncio.sleep(2)
            proxy.hole = True
            begun, before = time.monotonic(), centre.accepted()
            stale_s = await all_stale(centre, begun, options.hold_s)
            healthy = await centre.server.status("/healthz", within_s=5)
            await asyncio.sleep(max(0.0, begun + options.hold_s - time.monotonic()))
            given = centre.accepted() - before
            proxy.heal()
            resumed_s = await resumes(centre)
            caught_up_s = await centre.catch_up()
            await centre.rest()
            await centre.catch_up()
            return [
                told("partition, s", options.hold_s),
                # An answer may have been on its way when the line was cut: one for each producer.
                exactly("2xx meanwhile, beyond those on their way", max(0, given - 12 * 4)),
                exactly("/healthz meanwhile", healthy, 200),
                *verdict(await centre.judge(), centre.accepted()),
                exactly("false resets", centre.crowd.resets),
                *stale(stale_s, options.hold_s),
                at_most("ingest resumes after it healed", resumed_s, 10.0),
                at_most("all walls current after that", caught_up_s, CAUGHT_UP_S),
            ]
        finally:
            await proxy.close()


async def storm(options: Options) -> list[Figure]:
    """All walls lose their server at once and come back at once, `options.kills` times."""
    async with centre_on(options) as centre:
        await centre.open(options.walls)
        centre.produce()
        current_s, cpu_s = [], 0.0
        for _ in range(options.kills):
            await asyncio.sleep(1)
            centre.server.kill()
            await centre.server.start()
            before_s = centre.server.cpu_s()
            current_s.append(await centre.catch_up())
            cpu_s += centre.server.cpu_s() - before_s
        await centre.rest()
        await centre.catch_up()
        greeted = sorted(age for wall in centre.crowd.walls for age in wall.greeted_s[1:])
        return [
            told("walls", options.walls),
            told("times", options.kills),
            *verdict(await centre.judge(), centre.accepted()),
            exactly("false resets", centre.crowd.resets),
            told("server CPU for each that came back, ms", cpu_s * 1_000 / options.walls / options.kills),
            at_most("greeted, p99", greeted[len(greeted) * 99 // 100] if greeted else 0.0, 2.0),
            at_most("all walls current after listening", max(current_s), CAUGHT_UP_S),
        ]


async def slow(options: Options) -> list[Figure]:
    """One wall that takes nothing, some that crawl, the others well; `options.seeds` changes in batches of 100."""
    async with centre_on(options) as centre:
        await centre.open(options.walls, producers=0)
        proxy = Proxy(centre.server.port)
        proxy.rate_bytes_s = 8_000
        await proxy.open()
        crawlers = Crowd(max(2, options.walls // 10), proxy.port, centre.scopes, random.Random(options.seed))
        await crawlers.enter()
        good_p99 = await _age_p99(centre, options.seeds // 4, "before")
        rss_mb = centre.server.rss_mb()
        stalled = _Stalled(centre.server.port)
        await stalled.enter()
        before = await _viewers(centre)
        begun = time.monotonic()
        aged_p99 = await _age_p99(centre, options.seeds, "with")
        while await _viewers(centre) >= before and time.monotonic() - begun < 60:
            await asyncio.sleep(0.2)
        cut_s = time.monotonic() - begun
        grown_mb = centre.server.rss_mb() - rss_mb
        await centre.catch_up()
        proxy.heal()
        await crawlers.reach(*await asyncio.to_thread(read_position, centre.true_url), 60)
        centre.crowd.walls += crawlers.walls
        stalled.leave()
        await proxy.close()
        return [
            told("walls, good and slow", f"{options.walls} + {len(crawlers.walls)} + 1"),
            told("changes", options.seeds),
            *verdict(await centre.judge(), len(centre.posts)),
            exactly(
                "false resets of good walls", sum(wall.resets for wall in centre.crowd.walls[: options.walls])
            ),
            at_most("the stalled one is cut after", cut_s, 15.0),
            at_most("memory grown", grown_mb, 10.0, "MB"),
            at_most("age at good walls, p99, beside without", aged_p99 / max(good_p99, 0.05), 1.2, "×"),
        ]


class _Stalled:
    """A wall that says hello and then never reads again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._line = socket.socket()

    async def enter(self) -> None:
        loop = asyncio.get_running_loop()
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self._line.setblocking(False)
        await loop.sock_connect(self._line, ("127.0.0.1", self._port))
        head = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        token = f"Authorization: Bearer {TOKEN}\r\nHost: 127.0.0.1:{self._port}\r\n\r\n"
        await loop.sock_sendall(self._line, (head + key + token).encode())
        await loop.sock_recv(self._line, 2_000)
        text = b"40/live,"
        await loop.sock_sendall(self._line, bytes([0x81, 0x80 | len(text)]) + b"\x00" * 4 + text)
        await asyncio.sleep(0.5)

    def leave(self) -> None:
        self._line.close()


async def _viewers(centre: Centre) -> int:
    _, body = await centre.server.get("/metrics", TOKEN)
    found = [line for line in body.decode().splitlines() if line.startswith("yiping_viewers ")]
    return int(float(found[0].split()[1])) if found else -1


async def _age_p99(centre: Centre, changes: int, name: str) -> float:
    """Hand in so many changes in batches of 100; how old they were at the good walls, 99th percentile, s."""
    ages: list[float] = []

    def heard(frame: dict[str, Any]) -> None:
        if frame["items"]:
            ages.append(time.time() - datetime.fromisoformat(frame["items"][-1]["accepted_at"]).timestamp())

    for wall in centre.crowd.walls:
        wall.on_frame = heard
    line = Line(centre.server.port)
    for start in range(0, changes, 100):
        numbers = range(start, min(changes, start + 100))
        bodies = [incident(n, source=name, source_id=f"{name}-{n}", lon=n % 298 / 100) for n in numbers]
        told = await line.insist("/api/v1/incidents", bodies)
        centre.posts += [Post(body["source_id"], "REPORTED", "ok", told["epoch"]) for body in bodies]
        await asyncio.sleep(0.15)
    line.close()
    await centre.catch_up()
    for wall in centre.crowd.walls:
        wall.on_frame = None
    ages.sort()
    return ages[len(ages) * 99 // 100] if ages else 0.0
