"""F18: a thousand small worlds in virtual time, each from its seed, on all processors."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.dashboard.live.simulator import World
from tests.faults.figure import Figure, exactly, told
from tests.faults.options import Options

_AT_ONCE = 25


async def run(options: Options) -> list[Figure]:
    """`options.seeds` of them; a failing one says how to see it again."""
    return await asyncio.to_thread(_run, options)


def _run(options: Options) -> list[Figure]:
    starts = range(options.seed, options.seed + options.seeds, _AT_ONCE)
    # The libraries below start threads, which a fork would lose.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        failures = [one for some in pool.map(failing, starts) for one in some]
    figures = [told("seeds", options.seeds), exactly("broken promises", len(failures))]
    return figures + [Figure("replay", "", words, False) for words in failures[:3]]


def failing(start: int) -> list[str]:
    """Of `_AT_ONCE` seeds from `start` on: what went wrong, and how to replay it."""
    found = []
    for seed in range(start, start + _AT_ONCE):
        try:
            World(seed).run()
        except Exception as error:
            found.append(f"python -m tests.dashboard.live.simulator {seed}  # {error}")
    return found
