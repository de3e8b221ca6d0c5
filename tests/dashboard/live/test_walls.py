"""What walls say of themselves, and the canary that tells whether they paint."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live.walls import FRESH_S, PAINTED_S, Canary, Walls

TOLD = {"epoch": "e", "seq": 7, "lag_ms": 20, "heap_mb": 41.5, "nodes": 900, "errors": 1, "paint_age_s": 0.4}


def test_the_worst_wall_is_told_and_errors_are_summed() -> None:
    walls = Walls()
    assert walls.report("a", TOLD, "e", 10, 0.0)
    assert walls.report("b", TOLD | {"seq": 9, "heap_mb": 60, "errors": 2, "nodes": None}, "e", 10, 1.0)
    told = walls.figures(2.0)
    assert (told.walls, told.lag, told.heap_mb, told.nodes, told.errors) == (2, 3, 60.0, 900.0, 3.0)
    walls.gone("a")
    assert walls.figures(2.0).lag == 1
    assert walls.figures(1.0 + FRESH_S + 0.1).walls == 0


def test_a_wall_that_knows_another_life_of_the_store_lacks_everything() -> None:
    walls = Walls()
    walls.report("a", TOLD | {"epoch": "before"}, "e", 10, 0.0)
    assert walls.figures(0.0).lag == 10


@given(
    st.one_of(
        st.none(),
        st.integers(),
        st.dictionaries(
            st.sampled_from(sorted(TOLD)),
            st.one_of(
                st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())
            ),
        ),
    )
)
def test_whatever_is_told_is_refused_or_gives_figures_that_are_numbers(told: Any) -> None:
    walls = Walls()
    if walls.report("a", told, "e", 10, 0.0):
        figures = walls.figures(0.0)
        assert 0 <= figures.lag <= 10
        for name in ("lag_ms", "heap_mb", "nodes", "errors", "paint_age_s"):
            assert 0 <= getattr(figures, name) <= 1e9
    else:
        assert walls.figures(0.0).walls == 0


def test_who_does_not_paint_the_canary_in_time_is_counted_once() -> None:
    canary = Canary()
    canary.seen(5, 100.0, ["quick", "slow", "gone"])
    canary.applied("quick", 4, 100.1)
    canary.applied("quick", 5, 100.3)
    canary.gone("gone")
    assert canary.decide(100.0 + PAINTED_S) == 0
    assert canary.decide(100.1 + PAINTED_S) == 1
    assert canary.decide(200.0) == 0
    assert (canary.missed, canary.missed_ever) == (1, 1)
    assert canary.slowest_s == pytest.approx(0.3)
    canary.seen(9, 160.0, ["quick", "slow"])
    assert canary.missed == 1, "the last one that is decided"
    canary.applied("quick", 12, 161.0)
    canary.applied("slow", 9, 161.0)
    assert canary.decide(180.0) == 0
    assert (canary.missed, canary.missed_ever) == (0, 1)


def test_a_canary_for_nobody_is_missed_by_nobody() -> None:
    canary = Canary()
    canary.seen(5, 0.0, [])
    assert canary.decide(100.0) == 0
