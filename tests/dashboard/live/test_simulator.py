"""The live path in a world of faults, from the first seed to the last."""

from __future__ import annotations

import pytest

from tests.dashboard.live.simulator import World

#: `make faults`, and its short form in the tests, run a thousand more.
SEEDS = 100


@pytest.mark.parametrize("first", range(0, SEEDS, 50))
def test_every_wall_ends_with_exactly_the_log_whatever_breaks(first: int) -> None:
    for seed in range(first, first + 50):
        try:
            World(seed).run()
        except Exception as error:
            raise AssertionError(
                f"seed {seed}: {error}; replay: python -m tests.dashboard.live.simulator {seed}"
            ) from error


def test_where_nothing_breaks_nobody_loads_twice() -> None:
    for seed in range(30):
        world = World(seed, faults=False)
        world.run()
        assert [client.resets for client in world.clients] == [0] * len(world.clients), f"seed {seed}"


def test_the_same_seed_tells_the_same_story() -> None:
    def story(seed: int) -> list[str]:
        told: list[str] = []
        World(seed, told.append).run()
        return told

    assert story(7) == story(7) != story(8)
