"""Getis-Ord Gi* with conditional permutation and a false discovery rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.hotspot import discoveries, spots

SIDE = 10


def board(side: int = SIDE) -> list[list[int]]:
    """The neighbours of each square of a chess board, corners included."""
    near = []
    for at in range(side * side):
        row, column = divmod(at, side)
        near.append(
            [
                r * side + c
                for r in range(max(0, row - 1), min(side, row + 2))
                for c in range(max(0, column - 1), min(side, column + 2))
                if (r, c) != (row, column)
            ]
        )
    return near


def test_z_is_the_published_formula_with_binary_weights() -> None:
    values = np.array([1.0, 4.0, 2.0, 7.0, 3.0])
    near = [[1], [0, 2], [1, 3], [2, 4], [3]]
    n, mean = 5, values.mean()
    deviation = np.sqrt((values**2).mean() - mean**2)
    expected = []
    for at, others in enumerate(near):
        weights = np.zeros(n)
        weights[[at, *others]] = 1
        spread = deviation * np.sqrt((n * (weights**2).sum() - weights.sum() ** 2) / (n - 1))
        expected.append(((weights * values).sum() - mean * weights.sum()) / spread)
    assert spots(values, near, deals=99).z == pytest.approx(np.array(expected))


def test_a_planted_cluster_is_found_and_nothing_far_from_it() -> None:
    values = np.random.default_rng(7).poisson(2.0, SIDE * SIDE).astype(float)
    planted = [r * SIDE + c for r in range(2, 5) for c in range(2, 5)]
    values[planted] += 8
    found = spots(values, board())
    assert found.hot[3 * SIDE + 3]
    assert not found.hot[8 * SIDE :].any()
    assert not found.cold[planted].any()


def test_labels_dealt_at_random_give_no_significant_place_in_95_of_100_runs() -> None:
    near = board()
    values = np.random.default_rng(1).poisson(3.0, SIDE * SIDE).astype(float)
    quiet = 0
    for run in range(100):
        shuffled = np.random.default_rng(run).permutation(values)
        found = spots(shuffled, near, seed=run, deals=1_999)
        quiet += not (found.hot.any() or found.cold.any())
    assert quiet >= 95


def test_equal_values_and_places_without_neighbours_stand_out_nowhere() -> None:
    assert not spots(np.full(9, 3.0), board(3)).hot.any()
    lonely = spots(np.array([1.0, 1.0, 1.0, 9.0]), [[], [], [], []], deals=99)
    assert not lonely.hot.any()
    assert (lonely.p == 1).all()


@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=30))
def test_the_false_discovery_rule_is_the_one_of_benjamini_and_hochberg(p: list[float]) -> None:
    values = np.array(p)
    n = len(p)
    ranked = np.sort(values)
    limits = [ranked[k] for k in range(n) if ranked[k] <= 0.05 * (k + 1) / n]
    expected = values <= max(limits) if limits else np.zeros(n, dtype=bool)
    assert (discoveries(values) == expected).all()
