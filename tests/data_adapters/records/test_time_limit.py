"""Time limits and lights on the calendar's awkward days (domain dictionary, sections 4.4 and 4.5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from data_adapters.records import time_limit
from data_adapters.records.span import Span
from data_adapters.records.time_limit import Limits
from data_adapters.records.workdays import is_workday, workday_after, workday_before

ZONE = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
YEAR_2005 = datetime(2005, 1, 1, tzinfo=UTC)
DAYS = {"ORDINARY": 7, "COMPLEX": 20, "MAJOR": 30, "PETITION_BACKLOG": 60}
FRIDAY = datetime(2026, 11, 6, 10, 0, tzinfo=ZONE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


LIMITS = Limits(ZONE)


def due_of(grade: str, accepted: datetime) -> datetime:
    found = LIMITS.due(grade, accepted)
    assert found is not None
    return found


def lights(grade: str, accepted: datetime, *moments: datetime) -> list[str]:
    due = due_of(grade, accepted)
    yellow = LIMITS.yellow_from(grade, accepted, due)
    return [time_limit.light("IN_PROGRESS", due, yellow, None, now) for now in moments]


def test_accepted_on_friday_due_the_next_friday_yellow_before_it_red_at_midnight_after() -> None:
    due = due_of("ORDINARY", FRIDAY)
    assert due == at("2026-11-13 23:59:59")
    yellow = due - timedelta(days=1.75)
    assert LIMITS.yellow_from("ORDINARY", FRIDAY, due) == yellow
    second = timedelta(seconds=1)
    moments = (FRIDAY, yellow - second, yellow, due, due + second)
    assert lights("ORDINARY", FRIDAY, *moments) == ["GREEN", "GREEN", "YELLOW", "YELLOW", "RED"]
    assert due + second == at("2026-11-14 00:00:00")


@pytest.mark.parametrize(
    ("accepted", "due"),
    [
        ("2026-11-07 09:00:00", "2026-11-16"),  # ends on a Saturday: the Monday after
        ("2026-11-08 23:59:59", "2026-11-16"),  # ends on a Sunday
        ("2026-02-07 09:00:00", "2026-02-14"),  # ends on a Saturday that is worked for the Spring Festival
        ("2026-02-09 09:00:00", "2026-02-24"),  # ends within the Spring Festival, 15 to 23 February
        ("2026-02-21 09:00:00", "2026-02-28"),  # a Saturday that is worked, and the last day of February
        ("2026-09-13 09:00:00", "2026-09-20"),  # a Sunday that is worked for the National Day
        ("2026-09-26 09:00:00", "2026-10-08"),  # ends within the National Day's week
        ("2024-02-22 09:00:00", "2024-02-29"),  # a leap day
        ("2025-12-26 09:00:00", "2026-01-04"),  # the New Year; its Sunday is worked
        ("2031-12-25 09:00:00", "2032-01-01"),  # a year without a notice yet: Monday to Friday are worked
    ],
)
def test_seven_natural_days_end_on_a_workday(accepted: str, due: str) -> None:
    assert due_of("ORDINARY", at(accepted)) == at(f"{due} 23:59:59")


@pytest.mark.parametrize(("grade", "days"), [("ORDINARY", 7), ("COMPLEX", 20), ("MAJOR", 30)])
def test_the_day_of_acceptance_is_not_counted_whatever_the_hour(grade: str, days: int) -> None:
    early, late = at("2026-11-03 00:00:00"), at("2026-11-03 23:59:59")
    due = due_of(grade, early)
    assert due == due_of(grade, late)
    assert due.date() == workday_after(early.date() + timedelta(days=days), 0, ZONE)


@pytest.mark.parametrize(
    ("grade", "accepted", "yellow"),
    [
        # Five days of twenty; due on Monday 7 December after a weekend, so 22 days long.
        ("COMPLEX", "2026-11-15 10:00:00", "2026-12-02 11:59:59"),
        # Nine days of thirty are more than three workdays.
        ("MAJOR", "2026-11-03 10:00:00", "2026-11-24 23:59:59"),
        # Ten days of sixty.
        ("PETITION_BACKLOG", "2026-11-05 10:00:00", "2026-12-25 23:59:59"),
    ],
)
def test_yellow_is_a_share_of_the_limit(grade: str, accepted: str, yellow: str) -> None:
    start = at(accepted)
    assert LIMITS.yellow_from(grade, start, due_of(grade, start)) == at(yellow)


def test_yellow_is_at_least_a_workday_before_the_end() -> None:
    # Two days given by the source, ending on the Monday: a quarter is half a day, a workday reaches back to Friday.
    due = at("2026-11-16 23:59:59")
    assert LIMITS.yellow_from("ORDINARY", at("2026-11-14 10:00:00"), due) == at("2026-11-13 23:59:59")


def test_a_due_time_before_the_clock_starts_still_has_a_yellow_time_before_it() -> None:
    due = FRIDAY + timedelta(hours=2)
    assert LIMITS.yellow_from("MAJOR", FRIDAY, due) < due


def test_a_suspended_unlimited_unaccepted_or_departed_case_is_grey() -> None:
    due = at("2026-11-13 23:59:59")
    late = due + timedelta(days=9)
    for state in ("SUSPENDED", "REPORTED", "NOT_ACCEPTED", "TRANSFERRED", "MERGED", "CANCELLED"):
        assert time_limit.light(state, due, due, None, late) == "GREY"
    assert time_limit.light("IN_PROGRESS", None, None, None, late) == "GREY"


def test_a_concluded_case_keeps_its_light_for_ever() -> None:
    due = at("2026-11-13 23:59:59")
    later = due + timedelta(days=900)
    assert time_limit.light("CLOSED", due, due, due, later) == "GREEN"
    assert time_limit.light("ARCHIVED", due, due, due + timedelta(seconds=1), later) == "RED"


def test_deciding_on_the_same_workday_and_signing_on_the_next() -> None:
    saturday = at("2026-11-07 20:00:00")
    assert LIMITS.decide_by("ORDINARY", FRIDAY) == at("2026-11-06 23:59:59")
    assert LIMITS.decide_by("ORDINARY", saturday) == at("2026-11-09 23:59:59")
    assert LIMITS.decide_by("PETITION_BACKLOG", FRIDAY) is None
    assert LIMITS.sign_by("ORDINARY", FRIDAY) == at("2026-11-09 23:59:59")
    # The Sunday before the National Day's week is worked.
    assert LIMITS.sign_by("ORDINARY", at("2026-09-19 10:00:00")) == at("2026-09-20 23:59:59")


def test_a_major_case_is_decided_and_signed_for_within_hours_day_and_night() -> None:
    assert LIMITS.decide_by("MAJOR", saturday := at("2026-11-07 23:30:00")) == at("2026-11-08 01:30:00")
    assert LIMITS.sign_by("MAJOR", saturday) == at("2026-11-08 01:30:00")
    assert LIMITS.dispatch_by("MAJOR", saturday) == at("2026-11-08 00:30:00")


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        ("0.5wd", "2026-11-06 09:00:00", "2026-11-06 23:59:59"),  # a Friday morning: by the evening
        ("0.5wd", "2026-11-06 14:00:00", "2026-11-09 12:00:00"),  # a Friday afternoon: Monday noon
        ("0.5wd", "2026-11-07 09:00:00", "2026-11-09 12:00:00"),  # a Saturday counts as the end of Friday
        (
            "3wd",
            "2026-02-12 09:00:00",
            "2026-02-24 23:59:59",
        ),  # over a Saturday that is worked and a festival
        ("30m", "2026-11-06 23:45:00", "2026-11-07 00:15:00"),
        ("1d", "2024-02-28 12:00:00", "2024-02-29 23:59:59"),
    ],
)
def test_a_span_is_what_people_write(span: str, start: str, end: str) -> None:
    assert Span.of(span).after(at(start), ZONE) == at(end)
    assert str(Span.of(span)) == span


@pytest.mark.parametrize("text", ["", "7", "d", "1.3wd", "1.5d", "-1d", "2 weeks"])
def test_what_is_no_span_is_refused_with_what_would_be_one(text: str) -> None:
    with pytest.raises(ValueError, match="7d"):
        Span.of(text)


def test_a_policy_holds_from_its_day_on_and_the_old_one_before() -> None:
    shorter = replace(time_limit.DEFAULTS[0], handle=Span.of("3wd"), valid_from=date(2026, 11, 9))
    limits = Limits(ZONE, [shorter])
    assert limits.due("ORDINARY", at("2026-11-08 23:59:59")) == at("2026-11-16 23:59:59")
    assert limits.due("ORDINARY", at("2026-11-09 00:00:00")) == at("2026-11-12 23:59:59")
    assert limits.digest != LIMITS.digest
    assert Limits(ZONE, [shorter]).digest == limits.digest


def test_a_limit_of_hours_turns_yellow_by_its_share_alone() -> None:
    hours = Limits(ZONE, [replace(time_limit.DEFAULTS[2], handle=Span.of("4h"), valid_from=date(2026, 1, 1))])
    due = hours.due("MAJOR", FRIDAY)
    assert due == FRIDAY + timedelta(hours=4)
    assert hours.yellow_from("MAJOR", FRIDAY, due) == due - timedelta(hours=1.2)


def test_chinese_holidays_hold_in_chinese_zones_only() -> None:
    assert not is_workday(date(2026, 2, 17), ZONE)
    assert is_workday(date(2026, 2, 17), NEW_YORK)
    assert is_workday(date(2026, 2, 14), ZONE)
    assert not is_workday(date(2026, 2, 14), NEW_YORK)


@settings(max_examples=200, deadline=None, phases=[Phase.generate])
@given(
    accepted=st.integers(0, 21 * 365 * 24).map(lambda hours: YEAR_2005 + timedelta(hours=hours)),
    grade=st.sampled_from(sorted(DAYS)),
)
def test_a_due_time_is_the_last_second_of_a_workday_no_earlier_than_the_limit(
    accepted: datetime, grade: str
) -> None:
    due = due_of(grade, accepted).astimezone(ZONE)
    first = accepted.astimezone(ZONE).date() + timedelta(days=DAYS[grade])
    assert (due.hour, due.minute, due.second) == (23, 59, 59)
    assert is_workday(due.date(), ZONE)
    between = [first + timedelta(days=n) for n in range((due.date() - first).days)]
    assert not any(is_workday(day, ZONE) for day in between)
    assert LIMITS.yellow_from(grade, accepted, due) < due


@settings(max_examples=100, deadline=None, phases=[Phase.generate])
@given(day=st.dates(date(2005, 1, 1), date(2026, 11, 1)), n=st.integers(1, 15))
def test_going_forward_and_back_by_workdays_meet(day: date, n: int) -> None:
    later = workday_after(day, n, ZONE)
    assert is_workday(later, ZONE)
    assert workday_before(later, n, ZONE) == max(
        known for known in (day - timedelta(days=back) for back in range(30)) if is_workday(known, ZONE)
    )
