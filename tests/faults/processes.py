"""F8, F13 and F20: the server's clock jumps, the server is replaced under load, server or store stand still."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

from tests.faults.centre import Centre, Server, centre_on
from tests.faults.database import all_stale, resumes, stale
from tests.faults.figure import Figure, at_least, at_most, exactly, told, verdict
from tests.faults.options import Options
from tests.faults.proxy import Proxy

LIBRARIES = "*/faketime/libfaketimeMT.so.1"
HOUR_S, DAY_S = 3_600, 86_400
STEPS_S = (HOUR_S, 0, DAY_S, 0, -HOUR_S, 0, -DAY_S)


async def frozen(options: Options) -> list[Figure]:
    """SIGSTOP for `options.hold_s`: first to the server, then, if there is one, to the whole of PostgreSQL."""
    async with centre_on(options) as centre:
        await centre.open(options.walls)
        centre.produce()
        await asyncio.sleep(1)
        figures = [told("standing still, s", options.hold_s)]
        centre.server.send(signal.SIGSTOP)
        begun = time.monotonic()
        stale_s = await all_stale(centre, begun, options.hold_s)
        await asyncio.sleep(max(0.0, begun + options.hold_s - time.monotonic()))
        centre.server.send(signal.SIGCONT)
        figures += _named(
            "server: ",
            [
                *stale(stale_s, options.hold_s),
                at_most("all walls current after", await centre.catch_up(), 5.0),
            ],
        )
        if centre.postgres is not None:
            await asyncio.sleep(1)
            centre.postgres.freeze()
            begun = time.monotonic()
            stale_s = await all_stale(centre, begun, options.hold_s)
            healthy = await centre.server.status("/healthz", within_s=5)
            await asyncio.sleep(max(0.0, begun + options.hold_s - time.monotonic()))
            centre.postgres.thaw()
            resumed = at_most("ingest resumes after", await resumes(centre), 10.0)
            current = at_most("all walls current after", await centre.catch_up(), 5.0)
            found = [
                exactly("/healthz meanwhile", healthy, 200),
                *stale(stale_s, options.hold_s),
                resumed,
                current,
            ]
            figures += _named("PostgreSQL: ", found)
        await centre.rest()
        await centre.catch_up()
        figures += verdict(await centre.judge(), centre.accepted())
        return [*figures, exactly("false resets", centre.crowd.resets)]


def _named(prefix: str, figures: list[Figure]) -> list[Figure]:
    return [Figure(prefix + one.what, one.promised, one.measured, one.holds, one.timed) for one in figures]


async def clock(options: Options) -> list[Figure]:
    """The server's clock is set by an hour and by a day, there and back, and then shaken; its pulse is not."""
    library = next(iter(sorted(Path("/usr/lib").glob(LIBRARIES))), None)
    if library is None:
        raise RuntimeError("no libfaketime (Debian: apt-get install libfaketime); `make faults` installs it")
    async with centre_on(options) as centre:
        setting = centre.folder / "clock"
        setting.write_text("+0\n")
        centre.server = Server(centre.folder)
        faked = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(setting)}
        faked |= {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
        await centre.server.start(faked)
        await centre.open(options.walls, served=True)
        centre.produce()
        future, stale_walls = 0, 0
        for step_s in (DAY_S, -DAY_S) if options.hold_s < 5 else STEPS_S:
            setting.write_text(f"{step_s:+d}\n")
            await asyncio.sleep(2)  # the library looks at the setting once a second
            settled_s = asyncio.get_running_loop().time()
            await asyncio.sleep(options.hold_s)
            stale_walls = max(stale_walls, centre.crowd.stale())
            # To a clock that is behind, what happens now is in the future: refused, not stored. What was handed in
            # before the clock was set may be answered after it.
            if step_s < 0:
                posts = [post for producer in centre.producers for post in producer.posts]
                future += sum(post.outcome == "ok" and post.begun_s >= settled_s for post in posts)
        for _ in range(options.kills):
            setting.write_text(f"{centre.dice.randint(-120, 120):+d}\n")
            await asyncio.sleep(1)
        setting.write_text("+0\n")
        await resumes(centre)
        await centre.rest()
        await centre.catch_up()
        refused = sum(post.outcome == "refused" for producer in centre.producers for post in producer.posts)
        ages = [wall.least_age_s for wall in centre.crowd.walls]
        return [
            told("steps", "±1 h, ±1 d"),
            told("shakes of up to 2 min", options.kills),
            *verdict(await centre.judge(), centre.accepted()),
            exactly("of the future, yet accepted", future),
            at_least("refused as of the future", refused, 1),
            exactly("walls that said stale", stale_walls),
            exactly("ages below zero", sum(age < 0 for age in ages)),
            exactly("false resets", centre.crowd.resets),
        ]


async def replaced(options: Options) -> list[Figure]:
    """Behind a proxy a second server takes over, the first is ended with SIGTERM; `options.kills` times, under load."""
    async with centre_on(options) as centre:
        await centre.server.start()
        proxy = Proxy(centre.server.port)
        await proxy.open()
        try:
            return await _replaced(centre, proxy, options)
        finally:
            await proxy.close()


async def _replaced(centre: Centre, proxy: Proxy, options: Options) -> list[Figure]:
    await centre.open(options.walls, port=proxy.port, served=True)
    for producer in centre.producers:
        producer.move(proxy.port)
    centre.produce()
    ended = 0
    for _ in range(options.kills):
        await asyncio.sleep(1)
        old, centre.server = centre.server, Server(centre.folder, centre.nursery)
        await centre.server.start()
        proxy.target = centre.server.port
        ended += await old.stop()
        await centre.catch_up()
    pauses = [pause for wall in centre.crowd.walls for pause in wall.apart_s]
    await centre.rest()
    await centre.catch_up()
    return [
        exactly("servers that ended when told to", ended, options.kills),
        *verdict(await centre.judge(), centre.accepted()),
        exactly("false resets", centre.crowd.resets),
        at_most("longest time that a wall was without a server", max(pauses, default=0.0), 3.0),
    ]
