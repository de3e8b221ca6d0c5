from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.scale import STEPS, Scale

COUNTS = st.lists(st.integers(0, 10**7), max_size=200)


@given(COUNTS)
def test_lower_bounds_begin_at_nought_and_strictly_increase(values: list[int]) -> None:
    lows = Scale.quantile(values).lows
    assert lows[0] == 0
    assert len(lows) <= STEPS
    assert all(low < after for low, after in pairwise(lows))


@given(COUNTS)
def test_the_counts_of_a_legend_add_up_and_its_classes_leave_no_gap(values: list[int]) -> None:
    legend = Scale.quantile(values).legend(values)
    assert sum(entry.count for entry in legend) == len(values)
    assert legend[-1].high is None
    for entry, after in pairwise(legend):
        assert entry.high == after.low - 1


@given(COUNTS, st.integers(0, 10**7))
def test_a_larger_value_never_has_a_lower_step(values: list[int], value: int) -> None:
    scale = Scale.quantile(values)
    step, after = scale.step(value), scale.step(value + 1)
    assert step is not None
    assert after is not None
    assert 0 <= step <= after < STEPS


def test_eighteen_townships_fall_into_six_classes_of_about_three() -> None:
    values = [5, 14, 48, 29, 29, 10, 23, 3, 37, 22, 5, 34, 32, 19, 22, 63, 21, 22]
    scale = Scale.quantile(values)
    assert scale.lows == (0, 10, 21, 22, 29, 37)
    assert [entry.count for entry in scale.legend(values)] == [3, 3, 1, 4, 4, 3]
    assert [scale.step(value) for value in (0, 9, 10, 63, 10**9)] == [0, 0, 1, 5, 5]


def test_equal_values_make_one_class_and_few_values_few() -> None:
    assert Scale.quantile([]).lows == (0,)
    assert Scale.quantile([7, 7, 7]).lows == (0,)
    assert Scale.quantile([0, 1]).lows == (0, 1)
    assert Scale.quantile([0, 1]).step(1) == 2


def test_nothing_counted_has_no_step() -> None:
    assert Scale((0, 5)).step(None) is None


@pytest.mark.parametrize("lows", [(), (1, 2), (0, 2, 2), (0, 1, 2, 3, 4, 5, 6)])
def test_fixed_bounds_that_are_no_scale_are_refused(lows: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="色阶"):
        Scale(lows)
