"""F2 and F3: PostgreSQL is killed, its backends are ended, it is away, it is read-only."""

from __future__ import annotations

import asyncio
import time

from tests.faults.centre import GRIDS, Centre, centre_on
from tests.faults.figure import Figure, at_most, exactly, told, verdict
from tests.faults.options import Options

RESUMES_S = 10.0
STALE_S = 10.0
GROWTH_MB = 50.0
TOKEN = f"display-{GRIDS[0]}-0123456789"


async def killed(options: Options) -> list[Figure]:
    """`options.kills` times SIGKILL to the whole tree, and as often all backends ended from within."""
    async with centre_on(options) as centre:
        postgres = centre.postgres
        assert postgres is not None
        await centre.open(options.walls)
        centre.produce()
        up_s, resumed_s = [], []
        for _ in range(options.kills):
            await asyncio.sleep(centre.dice.uniform(0.3, 1.5))
            postgres.kill()
            await asyncio.sleep(centre.dice.uniform(0.0, 1.0))
            up_s.append(await asyncio.to_thread(postgres.start))
            resumed_s.append(await resumes(centre))
        for _ in range(options.kills):
            await asyncio.sleep(centre.dice.uniform(0.2, 0.8))
            await asyncio.to_thread(_end_backends, centre)
            resumed_s.append(await resumes(centre))
        await centre.rest()
        caught_up = await centre.catch_up()
        lines = sum(wall.connections for wall in centre.crowd.walls) - options.walls
        return [
            exactly("kills of the tree", len(up_s), options.kills),
            exactly("times all backends ended", len(resumed_s) - len(up_s), options.kills),
            *verdict(await centre.judge(), centre.accepted()),
            exactly("false resets", centre.crowd.resets),
            told("walls", options.walls),
            told("lines of walls lost", lines),
            told("PostgreSQL up after, at most", max(up_s)),
            at_most("ingest resumes after it is up", max(resumed_s), RESUMES_S),
            at_most("all walls current after the end", caught_up, 5.0),
        ]


async def resumes(centre: Centre) -> float:
    """Wait until a post is answered with 200 again; seconds."""
    before, begun = centre.accepted(), time.monotonic()
    while centre.accepted() == before and time.monotonic() - begun < 60:
        await asyncio.sleep(0.01)
    return time.monotonic() - begun


def _end_backends(centre: Centre) -> None:
    assert centre.postgres is not None
    with centre.postgres.connect("postgres") as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'yiping'")


async def away(options: Options) -> list[Figure]:
    """PostgreSQL is stopped for `options.hold_s`, and then read-only for a fifth of it."""
    async with centre_on(options) as centre:
        postgres = centre.postgres
        assert postgres is not None
        await centre.open(options.walls)
        centre.produce()
        await asyncio.sleep(2)
        rss_mb = centre.server.rss_mb()
        await asyncio.to_thread(postgres.stop)
        stopped = time.monotonic()
        await asyncio.sleep(0.5)
        before = centre.accepted()
        stale_s = await all_stale(centre, stopped, options.hold_s)
        healthy = await centre.server.status("/healthz")
        ready = await centre.server.status("/readyz")
        await asyncio.sleep(max(0.0, stopped + options.hold_s - time.monotonic()))
        given = centre.accepted() - before
        grown_mb = centre.server.rss_mb() - rss_mb
        await asyncio.to_thread(postgres.start)
        resumed_s = await resumes(centre)
        caught_up_s = await centre.catch_up()
        readable = await _read_only(centre, options.hold_s / 5)
        await centre.rest()
        await centre.catch_up()
        return [
            told("away, s", options.hold_s),
            exactly("2xx while away", given),
            exactly("/healthz while away", healthy, 200),
            exactly("/readyz while away", ready, 503),
            *verdict(await centre.judge(), centre.accepted()),
            exactly("false resets", centre.crowd.resets),
            exactly("2xx while read-only", readable[0]),
            exactly("reads while read-only", readable[1], 200),
            *stale(stale_s, options.hold_s),
            at_most("memory grown", grown_mb, GROWTH_MB, "MB"),
            at_most("ingest resumes after it is up", resumed_s, RESUMES_S),
            at_most("all walls current after that", caught_up_s, 5.0),
        ]


async def all_stale(centre: Centre, since: float, hold_s: float) -> float:
    """How long after `since` every wall said that it is stale; infinite where the fault ends before."""
    while time.monotonic() - since < hold_s:
        if centre.crowd.stale() == len(centre.crowd.walls):
            return time.monotonic() - since
        await asyncio.sleep(0.05)
    return float("inf")


def stale(measured_s: float, hold_s: float) -> list[Figure]:
    """The figure of `all_stale`, where the fault lasted long enough. A wall looks at its watch twice a second."""
    if hold_s < 2 * STALE_S:
        return []
    return [at_most("every wall says stale after", measured_s, STALE_S + 0.5)]


async def _read_only(centre: Centre, hold_s: float) -> tuple[int, int]:
    """(posts answered with 200 while the database takes no writes, the status of a view meanwhile)."""
    await asyncio.to_thread(_set_read_only, centre, "on")
    await asyncio.sleep(0.5)
    before = centre.accepted()
    await asyncio.sleep(hold_s)
    given = centre.accepted() - before
    status = await centre.server.status("/api/v1/view", TOKEN)
    await asyncio.to_thread(_set_read_only, centre, "off")
    await resumes(centre)
    return given, status


def _set_read_only(centre: Centre, word: str) -> None:
    assert centre.postgres is not None
    with centre.postgres.connect("postgres") as connection:
        connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {word}")
        connection.execute("SELECT pg_reload_conf()")
