"""同比 and 环比, and the periods that may stand beside each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dashboard.indicators.catalogue import BY_ID
from dashboard.indicators.comparison import Comparison, of_counts, of_shares
from dashboard.indicators.explanation import explain
from dashboard.indicators.period import (
    FESTIVALS,
    Period,
    festival_aligned,
    period_before,
    spring_months,
    year_before,
)
from dashboard.indicators.reading import Reading
from data_adapters.ledger import Scope
from tests.fixtures.town import NOW, Clock, case, grid, open_town

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


@pytest.mark.parametrize(
    ("asked", "then"),
    [
        ("2026-02-10/2026-02-23", "2025-01-22/2025-02-04"),  # a week before the festival to a week after
        ("2026-02-17/2026-02-17", "2025-01-29/2025-01-29"),  # the first day of the lunar year itself
        ("2026-01-01/2026-02-28", "2024-12-13/2025-02-09"),
        ("2026-03-20/2026-03-31", None),  # a month after it nothing of it is left
        ("2026-07-01/2026-07-31", None),
    ],
)
def test_days_around_the_spring_festival_stand_beside_those_as_far_from_it(
    asked: str, then: str | None
) -> None:
    found = festival_aligned(span(asked))
    assert (None if found is None else found[:2]) == (None if then is None else (span(asked), span(then)))


def test_the_bundled_calendar_knows_the_same_first_days_of_the_lunar_year() -> None:
    known = [day for year, day in FESTIVALS.items() if year <= NOW.year]
    assert [chinese_calendar.get_holiday_detail(day)[1] for day in known] == ["Spring Festival"] * len(known)
    assert all(date(year, 1, 21) <= day <= date(year, 2, 21) for year, day in FESTIVALS.items())


def test_a_comparison_across_a_change_of_grids_says_so_and_one_after_it_does_not(sqlite_url: str) -> None:
    clock = Clock()
    ledger = open_town(sqlite_url, clock)
    cut = (NOW - timedelta(days=10)).date()
    ledger.write_grids([replace(grid("62061", "新村", 2, "62051", 0, 0, 1, 1), valid_from=cut)])

    def noted(path: str, days: int) -> list[bool]:
        with ledger.read(Scope.everything()) as snapshot:
            last = snapshot.today - 1
            told = explain(BY_ID["K08"], Reading(snapshot, path, last - days + 1, last))
        return ["口径变化" in one["note"] for one in told["comparisons"]]

    assert noted("000", 7) == [True, True]  # the seven days before them reach back beyond the change
    assert noted("000", 3) == [False, True]
    assert noted("000001", 7) == [False, False]  # another town is what it was
    ledger.close()


def test_the_reports_of_a_running_day_stand_beside_the_same_hours(ledger_url: str) -> None:
    ledger = open_town(ledger_url, Clock())
    hours_ago = [
        1,
        3,
        14,
        24 + 1,
        24 + 13,
        24 - 1,
        24 * 31 + 2,
        24 * 31 - 2,
        24 * 40,
        24 * 365 + 5,
        24 * 365 - 5,
    ]
    told = [NOW - timedelta(hours=hours) for hours in hours_ago]
    ledger.write_cases([case(n, reported_at=at, occurred_at=at) for n, at in enumerate(told)])
    with ledger.read(Scope.everything()) as snapshot:
        today = snapshot.today
        day = explain(BY_ID["K01"], Reading(snapshot, "000", today, today))["comparisons"]
        month = explain(BY_ID["K01"], Reading(snapshot, "000", today - 21, today + 8))["comparisons"]
        assert explain(BY_ID["K02"], Reading(snapshot, "000", today, today))["comparisons"] == []
    ledger.close()
    counted = {one["name"]: (one["now"]["numerator"], one["then"]["numerator"]) for one in day}
    assert counted == {"环比": (3, 2), "同比": (3, 1)}  # by 14:30 the day before, and a year before
    assert day[0]["then"]["text"] == "2026-11-21 14:30"
    assert month[0]["now"]["text"] == "2026-11-01 至 2026-11-22 14:30"
    assert month[0]["then"]["text"] == "2026-10-01 至 2026-10-22 14:30"
    assert (month[0]["now"]["numerator"], month[0]["then"]["numerator"]) == (6, 2)
