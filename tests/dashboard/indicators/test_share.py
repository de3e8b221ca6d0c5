"""Rounding, the Wilson interval and small numbers."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dashboard.indicators.share import few, percent, wilson

_quick = settings(max_examples=200, deadline=None, phases=[Phase.generate])
_shares = st.integers(1, 20_000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


@pytest.mark.parametrize(
    ("n", "whole", "value"),
    [
        (1, 2_000, 0.1),
        (1, 2_001, 0.0),
        (3, 2_000, 0.2),
        (1, 8, 12.5),
        (5, 8, 62.5),
        (1_999, 2_000, 100.0),
        (2, 3, 66.7),
    ],
)
def test_a_share_is_rounded_half_up_from_the_integers(n: int, whole: int, value: float) -> None:
    assert percent(n, whole) == value


def test_over_nothing_there_is_no_share() -> None:
    assert percent(0, 0) is None
    assert wilson(0, 0) is None


@pytest.mark.parametrize(
    ("n", "whole", "interval"),
    [(2, 3, (20.8, 93.9)), (0, 4, (0.0, 49.0)), (4, 4, (51.0, 100.0)), (695, 1_207, (54.8, 60.3))],
)
def test_the_interval_is_stable_at_both_ends(n: int, whole: int, interval: tuple[float, float]) -> None:
    assert wilson(n, whole) == interval


def test_what_is_no_part_of_the_whole_has_no_interval() -> None:
    assert wilson(5, 4) is None


@_quick
@given(_shares)
def test_the_interval_is_the_formula_to_forty_digits(share: tuple[int, int]) -> None:
    n, whole = share
    with localcontext() as context:
        context.prec = 40
        z, p = Decimal("1.959963984540054"), Decimal(n) / whole
        half = z * ((p * (1 - p) + z * z / (4 * whole)) / whole).sqrt()
        middle, size = p + z * z / (2 * whole), 1 + z * z / whole
        exact = [(middle - half) / size * 100, (middle + half) / size * 100]
    found = wilson(n, whole)
    assert found is not None
    for bound, true in zip(found, exact, strict=True):
        assert abs(Decimal(bound) - true) <= Decimal("0.0500001")
    value = percent(n, whole)
    assert value is not None
    assert found[0] <= value <= found[1]


def test_nine_are_few_and_ten_are_not() -> None:
    assert few(9)
    assert not few(10)
