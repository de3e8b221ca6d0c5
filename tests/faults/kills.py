"""F1: the server is killed in mid-ingest, at random moments and in the worst places, again and again."""

from __future__ import annotations

import asyncio

from data_adapters import failpoint
from tests.faults.centre import Centre, centre_on
from tests.faults.figure import Figure, at_most, exactly, told, verdict
from tests.faults.history import read_position
from tests.faults.options import Options

CAUGHT_UP_S = 5.0


async def run(options: Options) -> list[Figure]:
    """`options.kills` of them on the store that `options.store` names."""
    async with centre_on(options) as centre:
        dice, places = centre.dice, dict.fromkeys(("random", *failpoint.PLACES), 0)
        caught_up: list[float] = []
        await centre.open(options.walls)
        centre.server.kill()
        centre.produce()
        for number in range(options.kills):
            # Each place in turn, and as often a moment that nobody chose.
            place = failpoint.PLACES[number // 2 % len(failpoint.PLACES)] if number % 2 == 0 else "random"
            places[await _kill(centre, place, dice.randint(1, 12))] += 1
            if number % options.look_every == options.look_every - 1:
                caught_up.append(await _caught_up(centre))
        await centre.server.start()
        await asyncio.sleep(1)
        await centre.rest()
        last = await centre.catch_up()
        return [
            exactly("kills", sum(places.values()), options.kills),
            *(told(f"of them {place}", n) for place, n in places.items()),
            *verdict(await centre.judge(), centre.accepted()),
            exactly("false resets", centre.crowd.resets),
            told("walls", options.walls),
            told("changes in the log", read_position(centre.true_url)[1]),
            at_most("all walls current after listening", max([*caught_up, last]), CAUGHT_UP_S),
        ]


async def _kill(centre: Centre, place: str, times: int) -> str:
    """Start, and end it at the named place; where it does not come by in time, at that moment. Which it was."""
    if place == "random":
        await centre.server.start()
        await asyncio.sleep(centre.dice.uniform(0.0, 1.5))
    else:
        await centre.server.start({failpoint.VARIABLE: f"{place}:{times}"}, wait=False)
        if not await centre.server.dies(20.0):
            place = "random"
    centre.server.kill()
    return place


async def _caught_up(centre: Centre) -> float:
    """Start, with the producers at work; how long after that the last wall had what was committed by then."""
    await centre.server.start()
    took = await centre.catch_up()
    centre.server.kill()
    return took
