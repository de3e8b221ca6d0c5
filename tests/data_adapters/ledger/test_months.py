"""Whole months beside days: every period is made of stretches that hold each of its days once."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data_adapters.ledger.contributions import DAY_0
from data_adapters.ledger.months import month_of, months_of, stretches

_days = st.integers(-30_000, 60_000)


@given(_days, st.integers(0, 1_500))
def test_the_stretches_of_a_period_hold_each_of_its_days_once(first: int, length: int) -> None:
    last = first + length
    held = []
    for low, high in stretches(first, last):
        if low > -1_000_000:
            held += range(low, high + 1)
        else:
            held += [day for day in range(first - 40, last + 41) if low <= month_of(day) <= high]
    assert sorted(held) == list(range(first, last + 1))
    assert len(stretches(first, last)) <= 3


@given(st.lists(_days, min_size=1))
def test_an_array_of_days_has_the_months_of_each(days: list[int]) -> None:
    assert months_of(np.array(days)).tolist() == [month_of(day) for day in days]


def test_a_whole_year_is_twelve_months() -> None:
    first, last = ((day - DAY_0).days for day in (date(2024, 1, 1), date(2024, 12, 31)))
    ((low, high),) = stretches(first, last)
    assert (low, high) == (month_of(last), month_of(first))
    assert high - low == 11
