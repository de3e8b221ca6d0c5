"""同比 and 环比, and the periods that may stand beside each other."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dashboard.indicators.comparison import Comparison, of_counts, of_shares
from dashboard.indicators.period import Period, period_before, spring_months, year_before

_days = st.dates(date(2000, 1, 1), date(2040, 12, 31))


def span(text: str) -> Period:
    first, last = text.split("/")
    return Period(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("now", "then", "told"),
    [
        (869, 1_028, Comparison("−15.5%", -15.5, "%")),
        (869, 840, Comparison("+3.5%", 3.5, "%")),
        (10, 10, Comparison("持平", 0.0, "%")),
        (12, 9, Comparison("+3（基期 9）", 3)),
        (0, 3, Comparison("−3（基期 3）", -3)),
        (5, 0, Comparison("—（基期为0）")),
        (0, 40, Comparison("−100.0%", -100.0, "%")),
    ],
)
def test_a_count_changes_in_percent_of_a_base_that_bears_it(now: int, then: int, told: Comparison) -> None:
    assert of_counts(now, then) == told


def test_a_rate_changes_in_percentage_points_rounded_once() -> None:
    assert of_shares((695, 1_207), (842, 869)) == Comparison("−39.3 pp", -39.3, "pp")
    # 33.35 % and 33.25 %: rounded first, the difference would be 0.1 or 0.2 by luck.
    assert of_shares((667, 2_000), (665, 2_000)) == Comparison("+0.1 pp", 0.1, "pp")
    assert of_shares((1, 2), (0, 0)) == Comparison("—（基期为0）")
    assert of_shares((0, 0), (1, 2)) == Comparison("—")


@pytest.mark.parametrize(
    ("period", "now", "then", "note"),
    [
        ("2026-11-01/2026-11-22", "2026-11-01/2026-11-22", "2026-10-01/2026-10-22", ""),
        (
            "2026-03-01/2026-03-30",
            "2026-03-01/2026-03-28",
            "2026-02-01/2026-02-28",
            "上月只有 28 日，均计到 28 日",
        ),
        (
            "2024-03-01/2024-03-30",
            "2024-03-01/2024-03-29",
            "2024-02-01/2024-02-29",
            "上月只有 29 日，均计到 29 日",
        ),
        ("2026-03-01/2026-03-31", "2026-03-01/2026-03-31", "2026-02-01/2026-02-28", ""),
        ("2026-01-01/2026-01-10", "2026-01-01/2026-01-10", "2025-12-01/2025-12-10", ""),
        ("2026-11-16/2026-11-22", "2026-11-16/2026-11-22", "2026-11-09/2026-11-15", ""),
        ("2026-11-22/2026-11-22", "2026-11-22/2026-11-22", "2026-11-21/2026-11-21", ""),
    ],
)
def test_a_period_stands_beside_the_same_elapsed_span_before_it(
    period: str, now: str, then: str, note: str
) -> None:
    assert period_before(span(period)) == (span(now), span(then), note)


def test_the_leap_day_stands_beside_the_28th_and_says_so() -> None:
    leap = span("2024-02-29/2024-02-29")
    assert year_before(leap) == (leap, span("2023-02-28/2023-02-28"), "2月29日与上年2月28日相比")
    month = span("2025-02-01/2025-02-28")
    assert year_before(month) == (month, span("2024-02-01/2024-02-28"), "")


def test_january_and_february_are_offered_together() -> None:
    found = spring_months(span("2026-02-01/2026-02-20"))
    assert found == (span("2026-01-01/2026-02-20"), span("2025-01-01/2025-02-20"), "")
    assert spring_months(span("2026-03-01/2026-03-20")) is None
    assert spring_months(span("2025-12-01/2026-01-20")) is None


def test_today_is_not_compared_because_it_is_not_over() -> None:
    month = span("2026-11-01/2026-11-30")
    assert month.over(date(2026, 11, 22)) == span("2026-11-01/2026-11-21")
    assert month.over(date(2026, 11, 1)) is None
    assert month.over(date(2027, 1, 1)) == month


@settings(max_examples=300, deadline=None, phases=[Phase.generate])
@given(first=_days, days=st.integers(1, 400))
def test_compared_periods_never_overlap_and_a_span_to_date_is_as_long_as_its_fellow(
    first: date, days: int
) -> None:
    period = Period(first, first + timedelta(days=days - 1))
    now, then, note = period_before(period)
    assert then.last < now.first
    whole_month = first.day == 1 and (period.last + timedelta(days=1)).day == 1 and days <= 31
    assert now.days == then.days or whole_month
    assert now == period or note
    a_year = year_before(period)
    assert (a_year[1].first.month, a_year[1].last.month) == (period.first.month, period.last.month)
    assert abs(a_year[1].days - period.days) <= 1
