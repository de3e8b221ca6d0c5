from __future__ import annotations

from datetime import date, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_adapters.demo import rhythm

MOMENTS = st.floats(1.5e9, 2.2e9)


def test_a_year_has_11_4_reports_a_day_on_average() -> None:
    first = rhythm.day_of(datetime.fromisoformat("2024-01-01T12:00:00+08:00").timestamp())
    factors = [rhythm.day_factor(day) for day in range(first, first + 3 * 365)]
    assert sum(factors) / len(factors) == pytest.approx(1.0, abs=0.02)


def test_arrivals_keep_the_rate_and_the_shape_of_the_day() -> None:
    rng, at = Random(3), datetime.fromisoformat("2026-03-02T00:00:00+08:00").timestamp()
    times = []
    for _ in range(4_000):
        at = rhythm.next_arrival(at, rng)
        times.append(at)
    days = (times[-1] - times[0]) / rhythm.DAY_S
    assert 4_000 / days == pytest.approx(rhythm.MEAN_A_DAY, rel=0.05)
    office = sum(8 <= int(rhythm.local_text(at)[11:13]) < 18 for at in times)
    assert office / 4_000 == pytest.approx(0.75, abs=0.03)


@given(MOMENTS)
def test_the_time_of_a_share_is_the_inverse_of_the_share_of_a_time(at: float) -> None:
    share = rhythm.share_of_day_before(at)
    assert rhythm.start_of(rhythm.day_of(at)) + rhythm.time_in_day(share) == pytest.approx(at, abs=0.01)


@given(MOMENTS, st.integers(0, 10_000))
def test_the_next_report_lies_ahead(at: float, seed: int) -> None:
    assert rhythm.next_arrival(at, Random(seed)) >= at - 1e-3


@given(MOMENTS)
def test_local_text_agrees_with_the_time_zone(at: float) -> None:
    local = datetime.fromisoformat(rhythm.local_text(at) + "+08:00")
    assert local.timestamp() == int(at)
    assert (local.date() - date(1970, 1, 1)).days == rhythm.day_of(at)
