"""A reported figure: whole numbers, a period told in one of four ways, a code that is no number."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_adapters.records.field import Context
from data_adapters.records.indicator import FIELDS, IndicatorFact, parse

CONTEXT = Context(ZoneInfo("Asia/Shanghai"), datetime(2026, 11, 22, 6, 30, tzinfo=UTC))
GOOD: dict[str, Any] = {"id": "SD6", "grid_code": "620725", "numerator": "116", "denominator": 117}


def told(**changes: Any) -> Any:
    return parse(GOOD | changes, CONTEXT, "sheet")


@pytest.mark.parametrize(
    ("period", "first", "end"),
    [
        ({"day": "2026-11-22"}, date(2026, 11, 22), date(2026, 11, 23)),
        ({"day": datetime(2026, 2, 28, 9, 0, tzinfo=UTC)}, date(2026, 2, 28), date(2026, 3, 1)),
        ({"month": "2026-02"}, date(2026, 2, 1), date(2026, 3, 1)),
        ({"month": "2025年12月"}, date(2025, 12, 1), date(2026, 1, 1)),
        ({"month": 202611}, date(2026, 11, 1), date(2026, 12, 1)),
        ({"month": 202611.0}, date(2026, 11, 1), date(2026, 12, 1)),
        ({"month": date(2026, 1, 31)}, date(2026, 1, 1), date(2026, 2, 1)),
        ({"year": "2026"}, date(2026, 1, 1), date(2027, 1, 1)),
        ({"period_from": "2026-07-01", "period_to": "2026-10-01"}, date(2026, 7, 1), date(2026, 10, 1)),
    ],
)
def test_a_period_is_a_day_a_month_a_year_or_from_to(period: dict[str, Any], first: date, end: date) -> None:
    fact = told(**period)
    assert isinstance(fact, IndicatorFact), fact
    assert (fact.period_from, fact.period_to) == (first, end)
    assert (fact.numerator, fact.denominator, fact.grid_code) == (116, 117, "620725")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({}, "period_from", "no_period"),
        ({"day": "2026-11-22", "month": "2026-11"}, "period_from", "no_period"),
        ({"period_from": "2026-07-01"}, "period_from", "no_period"),
        ({"month": "2026-07", "period_to": "2026-10-01"}, "period_from", "no_period"),
        ({"period_from": "2026-07-01", "period_to": "2026-07-01"}, "period_to", "empty_period"),
        ({"month": "2026-13"}, "month", "bad_date"),
        ({"month": "二〇二六年"}, "month", "bad_date"),
        ({"day": "2027-01-01"}, "period_from", "in_future"),
        ({"day": "1911-01-01"}, "period_from", "too_early"),
        ({"day": "9999-12-31"}, "day", "out_of_range"),
        ({"month": "2026-11", "numerator": "95.2"}, "numerator", "not_whole"),
        ({"month": "2026-11", "numerator": -1}, "numerator", "out_of_range"),
        ({"month": "2026-11", "numerator": None}, "numerator", "missing"),
        ({"month": "2026-11", "denominator": "全部"}, "denominator", "not_a_number"),
        ({"month": "2026-11", "grid_code": 620725}, "grid_code", "type"),
        ({"month": "2026-11", "as_of": "2026-11-23T00:00:00+08:00"}, "as_of", "in_future"),
    ],
)
def test_what_is_wrong_is_told_by_field_and_code(changes: dict[str, Any], field: str, code: str) -> None:
    faults = told(**changes)
    assert [(fault.field, fault.code) for fault in faults] == [(field, code)]


@given(
    st.dictionaries(
        st.sampled_from([field.name for field in FIELDS]),
        st.none() | st.text(max_size=12) | st.integers() | st.floats() | st.dates() | st.booleans(),
    )
)
def test_whatever_is_told_is_a_figure_or_faults_that_name_their_field(raw: dict[str, Any]) -> None:
    found = parse(raw, CONTEXT, "sheet")
    if isinstance(found, IndicatorFact):
        assert found.period_from < found.period_to
        assert found.numerator >= 0
    else:
        assert found
        assert {fault.field for fault in found} <= {field.name for field in FIELDS}
        assert all("\n" not in fault.reason for fault in found)
