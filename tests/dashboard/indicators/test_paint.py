"""What the polygons are coloured by: the same numbers as everywhere, in six steps, few hatched."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
import sqlalchemy as sa

from dashboard.indicators.catalogue import BY_ID, CATALOGUE
from dashboard.indicators.paint import paint
from dashboard.indicators.reading import Reading
from data_adapters.demo.province import write_province
from data_adapters.demo.province_grids import Scale
from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.snapshot import GridRow
from tests.data_adapters.demo.conftest import NOW

SMALL = Scale(counties=3, townships=7, villages=40, groups=120, blocks=90, points=900, cases=9_000, days=60)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    folder = tmp_path_factory.mktemp("province")
    write_province(folder, seed=12, now=NOW, scale=SMALL)
    opened = Ledger(f"sqlite:///{folder / 'yiping.db'}", root="990000", clock=lambda: NOW)
    yield opened
    opened.close()


def parents(ledger: Ledger) -> list[GridRow]:
    """Two grids of every level that has one below, chosen by chance."""
    rng = Random(3)
    with ledger.read(Scope.everything()) as snapshot:
        found = []
        for level in range(5):
            rows = [row for row in snapshot.grids_of_level(level) if snapshot.children(row.path)]
            found += rng.sample(rows, min(2, len(rows)))
    assert {row.level for row in found} == {0, 1, 2, 3, 4}
    return found


@pytest.mark.parametrize("days", [1, 30])
def test_every_indicator_of_every_child_is_what_the_child_says_of_itself(ledger: Ledger, days: int) -> None:
    for here in parents(ledger):
        for indicator in CATALOGUE:
            with ledger.read(Scope.everything()) as snapshot:
                told = paint(snapshot, here, indicator, days)
            for item in told["items"]:
                with ledger.read(Scope.everything()) as snapshot:
                    child = snapshot.grid(item["code"])
                    assert child is not None
                    own = Reading(snapshot, child.path, snapshot.today - days + 1, snapshot.today)
                    n, whole = indicator.measure(own)
                    if not indicator.denominator:
                        whole = None
                    where = (here.code, child.code, indicator.id)
                    assert (item["numerator"], item["denominator"]) == (n, whole), where
                    assert item["value"] == indicator.value(own, n, whole), where


def test_the_legend_counts_every_child_once(ledger: Ledger) -> None:
    for here in parents(ledger):
        for name in ("K01", "K10", "K63a", "K12.p50"):
            with ledger.read(Scope.everything()) as snapshot:
                told = paint(snapshot, here, BY_ID[name], 30)
                children = len(snapshot.children(here.path))
            assert sum(one["count"] for one in told["classes"]) + told["small"] + told["unknown"] == children
            steps = [item["step"] for item in told["items"] if item["step"] is not None]
            for entry in told["classes"]:
                assert steps.count(entry["step"]) == entry["count"]


def test_fewer_than_ten_are_hatched_and_never_coloured(ledger: Ledger) -> None:
    seen = 0
    for here in parents(ledger):
        with ledger.read(Scope.everything()) as snapshot:
            told = paint(snapshot, here, BY_ID["K10"], 30)
        for item in told["items"]:
            few = 0 < (item["denominator"] or 0) < 10
            assert item["small"] == few
            seen += few
            if few or not item["denominator"]:
                assert item["step"] is None
    assert seen


def test_fixed_breaks_hold_whatever_the_values_are(ledger: Ledger) -> None:
    with ledger.read(Scope.everything()) as snapshot:
        here = snapshot.top_grid()
        assert here is not None
        told = paint(snapshot, here, BY_ID["K63a"], 30, [50, 80, 90, 95.5, 99])
    assert [one["low"] for one in told["classes"]] == [0, 50, 80, 90, 95.5, 99]
    assert [one["high"] for one in told["classes"]] == [49.9, 79.9, 89.9, 95.4, 98.9, None]
    for item in told["items"]:
        inside = [one for one in told["classes"] if one["low"] <= item["value"] <= (one["high"] or 100)]
        assert [one["step"] for one in inside] == [item["step"]]


def test_children_of_a_province_cost_no_more_questions_than_one_of_them(ledger: Ledger) -> None:
    asked: list[str] = []

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        asked.append(statement)

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
    try:
        for name in ("K01", "K07", "K10", "K11", "K12.p50", "K13a", "K16", "K50", "K63a", "K63b", "K80"):
            with ledger.read(Scope.everything()) as snapshot:
                here = snapshot.top_grid()
                assert here is not None
                asked.clear()
                paint(snapshot, here, BY_ID[name], 30)
                assert len(asked) <= 8, (name, asked)
    finally:
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)
