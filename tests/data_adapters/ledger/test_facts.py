"""Reported figures: stored once, revised, withdrawn; of a grid its own, else the sum of those below; by period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.fact_writer import key_of
from data_adapters.ledger.facts import Figure, Rule
from data_adapters.records.indicator import IndicatorFact
from tests.fixtures.town import NOW, Clock, grid, grids, open_town

TODAY = date(2026, 11, 22)
PARENT = {one.code: one.parent for one in grids()}
CODES = sorted(PARENT)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    found = open_town(ledger_url)
    yield found
    found.close()


def month(number: int, year: int = 2026) -> tuple[date, date]:
    return date(year, number, 1), date(year + number // 12, number % 12 + 1, 1)


def fact(code: str, n: int, whole: int | None = None, period: Any = None, **changes: Any) -> IndicatorFact:
    first, end = period or month(10)
    fields: dict[str, Any] = {"source": "sheet", "id": "A", "grid_code": code, "numerator": n}
    fields |= {"denominator": whole, "period_from": first, "period_to": end}
    return IndicatorFact(**(fields | changes))


def said(
    ledger: Ledger, code: str, rule: Rule = "latest", period: Any = None, id_: str = "A"
) -> Figure | None:
    first, end = period or (TODAY, TODAY + timedelta(days=1))
    with ledger.read(Scope.everything()) as snapshot:
        here = snapshot.grid(code)
        assert here is not None
        return snapshot.facts.figure(here.path, id_, first, end, TODAY, rule)


def numbers(figure: Figure | None) -> tuple[int, int, int | None] | None:
    return None if figure is None else (figure.count, figure.part, figure.whole)


def test_a_grid_says_what_it_reported_itself_and_else_what_those_below_reported(ledger: Ledger) -> None:
    told = [fact("620511", 3, 4), fact("620512", 5, 6), fact("62052", 7, 10), fact("620521", 1, 2)]
    assert [outcome.status for outcome in ledger.write_facts(told)] == ["accepted"] * 4
    assert numbers(said(ledger, "62051")) == (8, 8, 10)
    # The town's own figure stands for its villages.
    assert numbers(said(ledger, "62052")) == (7, 7, 10)
    assert numbers(said(ledger, "620521")) == (1, 1, 2)
    assert numbers(said(ledger, "6205")) == (15, 15, 20)
    assert said(ledger, "62053") is None
    assert said(ledger, "6205", id_="B") is None


def test_the_same_again_changes_nothing_a_correction_counts_and_an_older_one_does_not(
    ledger: Ledger,
) -> None:
    at = datetime(2026, 11, 5, tzinfo=UTC)
    assert ledger.write_facts([fact("62051", 116, 117, as_of=at)])[0].status == "accepted"
    top = ledger.position()[1]
    assert ledger.write_facts([fact("62051", 116, 117, as_of=at)])[0].status == "duplicate"
    assert ledger.write_facts([fact("62051", 1, 117, as_of=at - timedelta(days=1))])[0].status == "duplicate"
    assert ledger.position()[1] == top
    assert ledger.write_facts([fact("62051", 117, 117, as_of=at + timedelta(days=1))])[0].status == "updated"
    figure = said(ledger, "6205")
    assert figure is not None
    assert (numbers(figure), figure.revised) == ((117, 117, 117), True)
    assert figure.as_of == at + timedelta(days=1)


def test_a_figure_is_one_change_in_the_log_that_only_its_own_ground_sees(ledger: Ledger) -> None:
    ledger.write_facts([fact("62051", 3, 4)])
    ledger.write_facts([fact("620521", 9, 9)], bulk=True)
    path = ledger.atlas().by_code
    with ledger.read(Scope(path["62051"])) as snapshot:
        items = [change.item for change in snapshot.changes(0, 100)[0]]
    assert [(item["type"], item.get("kind")) for item in items] == [
        ("bulk", "grid"),
        ("indicator", None),
        ("bulk", "indicator"),
    ]
    assert {key: items[1][key] for key in ("id", "grid_code", "from", "to", "numerator", "denominator")} == {
        "id": "A",
        "grid_code": "62051",
        "from": "2026-10-01",
        "to": "2026-11-01",
        "numerator": 3,
        "denominator": 4,
    }
    with ledger.read(Scope(path["62052"])) as snapshot:
        types = [change.item["type"] for change in snapshot.changes(0, 100)[0]]
    assert types == ["bulk", "bulk"]


def test_an_unknown_grid_is_refused_with_the_nearest_one(ledger: Ledger) -> None:
    (outcome,) = ledger.write_facts([fact("6205111O", 1)])
    (fault,) = outcome.faults
    assert (outcome.status, fault.field, fault.code) == ("rejected", "grid_code", "unknown_grid")
    assert fault.reason == "网格编码 6205111O 不存在，最接近的是 6205111"


def test_the_latest_period_is_taken_and_the_past_is_asked_as_it_was(ledger: Ledger) -> None:
    ledger.write_facts(
        [fact("62051", 9, 9, month(9)), fact("62051", 7, 9, month(7)), fact("62052", 5, 5, month(10))]
    )
    figure = said(ledger, "6205")
    assert figure is not None
    assert (numbers(figure), figure.uneven, figure.grids) == ((14, 14, 14), True, 2)
    assert (figure.first, figure.end) == (date(2026, 9, 1), date(2026, 11, 1))
    assert numbers(said(ledger, "6205", period=month(8))) == (7, 7, 9)
    assert said(ledger, "6205", period=month(6)) is None
    # Told late, an earlier month does not become the latest.
    ledger.write_facts([fact("62051", 1, 9, month(8))])
    assert numbers(said(ledger, "62051")) == (9, 9, 9)
    assert numbers(said(ledger, "62051", period=month(8))) == (1, 1, 9)


def test_whole_periods_within_are_added_else_the_shortest_around_else_the_latest(ledger: Ledger) -> None:
    quarter = (date(2026, 7, 1), date(2026, 10, 1))
    months = [fact("62051", n, None, month(n)) for n in (7, 8, 10)]
    ledger.write_facts([*months, fact("62052", 100, None, quarter), fact("62052", 40, None, month(8))])
    assert numbers(said(ledger, "62051", "sum", quarter)) == (15, 0, None)
    # A quarter and one of its months are not added up.
    assert numbers(said(ledger, "62052", "sum", quarter)) == (100, 0, None)
    assert numbers(said(ledger, "6205", "sum", quarter)) == (115, 0, None)
    assert numbers(said(ledger, "62052", "sum", month(8))) == (40, 0, None)
    day = (date(2026, 8, 3), date(2026, 8, 4))
    assert numbers(said(ledger, "62052", "sum", day)) == (40, 0, None)
    assert numbers(said(ledger, "62052", "sum", (date(2026, 9, 3), date(2026, 9, 4)))) == (100, 0, None)
    assert numbers(said(ledger, "62051", "sum", (TODAY, TODAY + timedelta(days=1)))) == (10, 0, None)


def test_a_figure_without_a_denominator_is_in_no_share(ledger: Ledger) -> None:
    ledger.write_facts([fact("62051", 3, 4), fact("62052", 50)])
    figure = said(ledger, "6205")
    assert figure is not None
    assert (numbers(figure), figure.bare) == ((53, 3, 4), 1)


def test_what_a_source_no_longer_gives_is_withdrawn_and_the_month_before_is_the_latest_again(
    ledger: Ledger,
) -> None:
    kept = [fact("62051", 3, 4, month(9)), fact("62052", 1, 1)]
    ledger.write_facts([*kept, fact("62051", 4, 4), fact("62053", 9, 9, source="other")])
    assert ledger.withdraw_facts("sheet", {key_of(one) for one in kept}) == 1
    assert numbers(said(ledger, "6205")) == (13, 13, 14)
    assert ledger.withdraw_facts("sheet", {key_of(one) for one in kept}) == 0


def test_a_grid_that_is_gone_does_not_count_beside_the_one_after_it(ledger: Ledger) -> None:
    cut = date(2026, 9, 1)
    old = replace(grid("OLD", "旧组", 3, "620511", 0, 0, 0.5, 1), valid_to=cut)
    new = replace(grid("NEW", "新组", 3, "620511", 0, 0, 0.5, 1), valid_from=cut, predecessor="OLD")
    ledger.write_grids([old, new])
    ledger.write_facts([fact("OLD", 10, 10, month(8)), fact("NEW", 8, 10, month(10))])
    assert numbers(said(ledger, "620511")) == (8, 8, 10)
    assert numbers(said(ledger, "620511", period=month(8))) == (10, 10, 10)
    # Both months are of the year, each told by the grid that was there.
    assert numbers(said(ledger, "620511", "sum", (date(2026, 1, 1), date(2027, 1, 1)))) == (18, 18, 20)
    # Who still writes the old code means the new grid; once that one speaks for itself, it alone counts.
    ledger.write_facts([fact("OLD", 5, 10, month(11))])
    assert numbers(said(ledger, "NEW")) == (8, 8, 10)
    ledger.write_facts([fact("NEW", 6, 10, month(11))])
    assert numbers(said(ledger, "NEW")) == (6, 6, 10)


def test_figures_follow_their_grid_to_another_parent(ledger: Ledger) -> None:
    ledger.write_facts([fact("620511", 3, 4, month(11)), fact("620512", 5, 6, month(11))])
    assert numbers(said(ledger, "62052")) is None
    ledger.write_grids([grid("620511", "1村", 2, "62052", 0, 0, 1, 1)])
    assert numbers(said(ledger, "62051")) == (5, 5, 6)
    assert numbers(said(ledger, "62052")) == (3, 3, 4)
    assert numbers(said(ledger, "6205")) == (8, 8, 10)


def children(code: str) -> list[str]:
    return [one for one, parent in PARENT.items() if parent == code]


def recount(told: dict[Any, IndicatorFact], code: str, end: date) -> tuple[int, int, int | None] | None:
    """The same by walking the tree: a grid's own newest figure, else the sum over its children."""
    own = [one for one in told.values() if one.grid_code == code and one.period_from < end]
    if own:
        newest = max(own, key=lambda one: (one.period_to, one.period_from))
        part = newest.numerator if newest.denominator is not None else 0
        return newest.numerator, part, newest.denominator
    below = [found for child in children(code) if (found := recount(told, child, end)) is not None]
    if not below:
        return None
    wholes = [whole for _, _, whole in below if whole is not None]
    return sum(n for n, _, _ in below), sum(p for _, p, _ in below), sum(wholes) if wholes else None


_facts = st.builds(
    fact,
    st.sampled_from(CODES),
    st.integers(0, 50),
    st.none() | st.integers(0, 60),
    st.integers(1, 11).map(month) | st.just((date(2026, 1, 1), date(2026, 4, 1))),
    as_of=st.sampled_from([NOW - timedelta(days=n) for n in range(3)]),
)


@settings(max_examples=40)
@given(batches=st.lists(st.lists(_facts, min_size=1, max_size=8), max_size=4), asked=st.integers(1, 11))
def test_any_figures_in_any_order_come_to_what_a_walk_through_the_tree_says(
    batches: list[list[IndicatorFact]], asked: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ledger = open_town(f"sqlite:///{tmp_path_factory.mktemp('facts') / 'facts.db'}", Clock())
    told: dict[Any, IndicatorFact] = {}
    for batch in batches:
        ledger.write_facts(batch)
        for one in batch:
            before = told.get(key_of(one))
            if before is None or (one.as_of or NOW) >= (before.as_of or NOW):
                told[key_of(one)] = one
    for code in CODES:
        assert numbers(said(ledger, code)) == recount(told, code, TODAY + timedelta(days=1)), code
        period = month(asked)
        assert numbers(said(ledger, code, period=period)) == recount(told, code, period[1]), code
    ledger.close()
