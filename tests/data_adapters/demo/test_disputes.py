from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from random import Random

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from data_adapters.demo.disputes import deal, make_history
from data_adapters.demo.facts import CATEGORIES
from data_adapters.demo.grids import County
from data_adapters.demo.life import Life
from data_adapters.demo.site import Leaf, Place
from data_adapters.records import life as legal
from data_adapters.records.case import Case
from data_adapters.records.event import CaseEvent
from tests.data_adapters.demo.conftest import NOW, Records

LEAF = Leaf("62059910120101", "620599101201", "甲村", "620599101000", "甲镇", 0.2, 1.0)
DAY_S = 86_400


@pytest.fixture(scope="session")
def cases(records: Records) -> list[Case]:
    return [case for case in records("case") if isinstance(case, Case)]


def finished(case: Case) -> bool:
    return case.state in legal.CLOSED or case.state == "RESOLVED"


def on_file(case: Case) -> datetime:
    assert case.source_updated_at is not None
    return case.source_updated_at


def test_of_12432_disputes_exactly_12360_are_resolved(cases: list[Case]) -> None:
    assert len(cases) == len({case.source_id for case in cases}) == 12_432
    assert {case.kind for case in cases} == {"DISPUTE"}
    resolved = [case for case in cases if case.resolved_at is not None]
    assert len(resolved) == 12_360
    assert all(case.outcome == "SUCCESS" and finished(case) for case in resolved)
    rest = Counter(case.state for case in cases if case.resolved_at is None)
    assert rest.pop("TRANSFERRED") == 12
    assert sum(rest.values()) == 60
    assert not any(finished(case) for case in cases if case.resolved_at is None)


def test_nothing_happens_after_now_or_before_three_years_ago(cases: list[Case]) -> None:
    for case in cases:
        assert case.occurred_at <= case.reported_at <= on_file(case) <= NOW
        assert case.occurred_at >= NOW - timedelta(days=3 * 365 + 1)


def test_seven_are_overdue_and_some_are_nearly(cases: list[Case]) -> None:
    open_now = [case for case in cases if case.state in legal.OPEN and case.due_at is not None]
    late = [case for case in open_now if case.due_at is not None and case.due_at < NOW]
    assert len(late) == 7
    soon = [
        c for c in open_now if c.due_at is not None and timedelta(0) <= c.due_at - NOW < timedelta(days=2)
    ]
    assert len(soon) >= 2


def test_shares_are_the_published_ones(cases: list[Case]) -> None:
    categories = Counter(case.category for case in cases)
    for category in CATEGORIES:
        assert categories[category.name] / 12_432 == pytest.approx(category.share / 869, abs=0.0002)
    grades = Counter(case.grade for case in cases)
    for grade, share in {"ORDINARY": 0.85, "COMPLEX": 0.12, "MAJOR": 0.02, "PETITION_BACKLOG": 0.01}.items():
        assert grades[grade] / 12_432 == pytest.approx(share, abs=0.0002)
    answered = Counter(case.satisfaction for case in cases if case.satisfaction not in (None, "NO_ANSWER"))
    happy = (answered["VERY_SATISFIED"] + answered["SATISFIED"]) / sum(answered.values())
    assert 0.95 <= happy <= 0.98
    levels = Counter(case.resolved_level for case in cases if case.resolved_level)
    assert 0.18 <= (levels["grid"] + levels["village"]) / 12_360 <= 0.5
    assert 0.45 <= levels["township"] / 12_360 <= 0.67


def test_about_96_of_100_are_closed_in_time(cases: list[Case]) -> None:
    closed = [case for case in cases if case.closed_at is not None and case.due_at is not None]
    in_time = sum(
        1 for c in closed if c.closed_at is not None and c.due_at is not None and c.closed_at <= c.due_at
    )
    assert in_time / len(closed) == pytest.approx(0.96, abs=0.012)


def test_the_limit_ends_with_a_local_day(cases: list[Case]) -> None:
    limits = {"ORDINARY": 7, "COMPLEX": 20, "MAJOR": 30, "PETITION_BACKLOG": 60}
    for case in cases:
        if case.accepted_at is None:
            assert case.due_at is None
            continue
        assert case.due_at is not None
        accepted, due = case.accepted_at.astimezone(NOW.tzinfo), case.due_at.astimezone(NOW.tzinfo)
        assert (due.hour, due.minute, due.second) == (23, 59, 59)
        days = (due.date() - accepted.date()).days
        assert days == limits[case.grade] or (case.suspended_s and days > limits[case.grade])


def test_workdays_and_office_hours_are_busier(cases: list[Case]) -> None:
    local = [case.reported_at.astimezone(NOW.tzinfo) for case in cases]
    workdays = sum(1 for at in local if at.weekday() < 5) / 5
    weekend = sum(1 for at in local if at.weekday() >= 5) / 2
    assert weekend / workdays == pytest.approx(0.7 / 1.15, abs=0.06)
    assert sum(8 <= at.hour < 18 for at in local) > 0.7 * len(local)
    assert sum(at.hour < 6 for at in local) < 0.05 * len(local)
    winter = sum(1 for at in local if date(2026, 1, 24) <= at.date() <= date(2026, 2, 13))
    assert winter / 21 > 1.25 * 12_432 / 1_093  # the weeks before Spring Festival 2026


def test_today_has_its_usual_share_so_far(cases: list[Case]) -> None:
    today = [case for case in cases if case.reported_at.astimezone(NOW.tzinfo).date() == NOW.date()]
    assert 7 <= len(today) <= 10  # 11.4 x 1.15 x 0.926 x 67 % by 15:20 on a Tuesday


def test_each_dispute_lies_in_the_leaf_that_it_names(cases: list[Case], county: County) -> None:
    leaves = {leaf.code: leaf.shape for leaf in county.leaves}
    named = [case for case in cases if case.grid_code in leaves]
    assert len(named) / 12_432 == pytest.approx(0.70, abs=0.001)
    for case in named:
        assert shapely.contains_xy(leaves[case.grid_code or ""], case.lon, case.lat)


def test_few_disputes_have_no_usable_place(cases: list[Case], county: County) -> None:
    outline = county.levels[0][0].shape
    shapely.prepare(outline)
    placed = [case for case in cases if case.lon is not None]
    outside = [case for case in placed if not shapely.contains_xy(outline, case.lon, case.lat)]
    nowhere = [case for case in cases if case.lon is None and case.grid_code is None]
    coarse = [case for case in cases if case.lon is None and case.grid_code is not None]
    assert len(outside) + len(nowhere) == pytest.approx(37, abs=1)
    assert min(len(outside), len(nowhere)) > 10
    assert len(coarse) == pytest.approx(0.012 * 12_432, abs=1)
    upper = {unit.code for level in county.levels[1:4] for unit in level}
    assert {case.grid_code for case in coarse} <= upper


def test_every_timeline_is_legal_and_leads_to_the_state_on_file(records: Records, cases: list[Case]) -> None:
    steps: dict[str, list[CaseEvent]] = {}
    for event in records("case_event"):
        assert isinstance(event, CaseEvent)
        assert event.case_source == "dispute-platform"
        steps.setdefault(event.case_source_id or "", []).append(event)
    for case in cases:
        first, *rest = steps.pop(case.source_id)
        assert first.type == "REPORT"
        assert first.at == case.reported_at
        state, last = "REPORTED", first.at
        for event in rest:
            following = legal.next_state(state, event.type)
            assert following is not None, (case.source_id, state, event.type)
            assert last <= event.at <= NOW
            state, last = following, event.at
        assert (state, last) == (case.state, on_file(case))
    assert not steps


def history(now: datetime) -> list[Life]:
    places = [Place(106.1, 34.7, LEAF)] * 12_432
    return make_history(places, now.timestamp(), 5, (107.0, 35.0))


@pytest.mark.parametrize("when", ["2027-02-06T00:00:30+08:00", "2028-02-29T23:59:59+08:00"])
def test_the_numbers_hold_whenever_the_demo_is_made(when: str) -> None:
    now = datetime.fromisoformat(when)
    lives = history(now)
    at = now.timestamp()
    assert sum((life.at("RESOLVE") or at + 1) <= at for life in lives) == 12_360
    assert sum(life.at("TRANSFER") is not None for life in lives) == 12
    unfinished = [life for life in lives if not life.at("TRANSFER") and (life.at("RESOLVE") or 0) > at]
    assert sum(life.due_at < at for life in unfinished) == 7
    assert all(life.steps[0].at <= at for life in lives)


@given(
    st.dictionaries(st.text(min_size=1, max_size=3), st.integers(1, 50), min_size=1, max_size=6),
    st.integers(0, 60),
    st.integers(0, 1_000),
)
def test_dealing_gives_each_key_its_exact_share(shares: dict[str, int], count: int, seed: int) -> None:
    dealt = Counter(deal(shares, lambda item, key: 1.0 + item, count, Random(seed)))
    assert sum(dealt.values()) == count
    for key, share in shares.items():
        assert abs(dealt[key] - share * count / sum(shares.values())) < 1
