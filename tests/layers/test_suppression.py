"""Small numbers that are not told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from layers.suppression import LEAST, suppressed


@given(st.dictionaries(st.integers(0, 30), st.integers(0, 40), max_size=20))
def test_what_is_left_out_cannot_be_worked_out_from_the_total(counts: dict[int, int]) -> None:
    told = suppressed(counts)
    hidden = {key for key, n in told.items() if n is None}
    assert all(told[key] == counts[key] for key in counts if key not in hidden)
    assert all(n is None or n == 0 or n >= LEAST for n in told.values())
    if hidden:
        # Either the missing part of the total belongs to several and is not small, or nothing but zeros is told.
        several = len(hidden) > 1 and sum(counts[key] for key in hidden) >= LEAST
        assert several or not any(told.values())


def test_a_single_small_number_takes_the_next_smallest_with_it() -> None:
    assert suppressed({"甲": 3, "乙": 9, "丙": 20, "丁": 0}) == {"甲": None, "乙": None, "丙": 20, "丁": 0}


def test_nothing_is_left_out_where_nothing_is_small() -> None:
    assert suppressed({"甲": 5, "乙": 0}) == {"甲": 5, "乙": 0}
