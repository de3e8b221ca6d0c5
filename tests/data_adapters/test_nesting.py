"""Which grid lies in which."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from data_adapters.ground import Plot
from data_adapters.nesting import Told, nest
from data_adapters.records.grid import Grid
from data_adapters.settings import Centre
from tests.fixtures.town import grid, grids

CENTRE = Centre(name="示范县综治中心", root="6205")


def told(*given_grids: Grid, within: int | None = None) -> list[Told]:
    return [Told(one, str(row), within) for row, one in enumerate(given_grids, start=1)]


def orphans() -> list[Told]:
    """The small county without a word about parents: everyone must be found by place."""
    return [
        Told(replace(one, parent=None), str(row), one.level - 1 if one.level else None)
        for row, one in enumerate(grids(), start=1)
    ]


@given(st.permutations(orphans()))
def test_parents_by_place_are_the_drawn_ones_in_whatever_order_rows_come(rows: list[Told]) -> None:
    nesting = nest(rows, CENTRE, {}, make_root=True)
    assert nesting.refused == []
    assert {one.code: one.parent for one, _ in nesting.grids} == {one.code: one.parent for one in grids()}


def test_parents_come_before_their_children() -> None:
    nesting = nest(told(*reversed(grids())), CENTRE, {}, make_root=True)
    seen: set[str | None] = {None}
    for one, _ in nesting.grids:
        assert one.parent in seen
        seen.add(one.code)


def test_a_root_that_no_source_gives_is_the_union_of_the_level_below() -> None:
    without = [one for one in grids() if one.level > 0]
    nesting = nest(told(*without), CENTRE, {}, make_root=True)
    root = nesting.grids[0][0]
    assert nesting.root_made
    assert (root.code, root.level, root.parent, root.name) == ("6205", 0, None, "示范县综治中心")
    assert root.geometry is not None
    assert root.geometry.equals(grids()[0].geometry)


def test_a_level_one_grid_without_a_parent_lies_in_the_root() -> None:
    nesting = nest(told(grids()[0], replace(grids()[1], parent=None)), CENTRE, {}, make_root=True)
    assert nesting.grids[1][0].parent == "6205"


def test_a_grid_across_two_parents_belongs_to_the_one_that_holds_most_of_it() -> None:
    across = replace(grid("X", "x", 2, None, 0.8, 0.0, 1.0, 1.0))
    towns = [one for one in grids() if one.level < 2]
    nesting = nest([*told(*towns), Told(across, "9", 1)], CENTRE, {}, make_root=True)
    assert {one.code: one.parent for one, _ in nesting.grids}["X"] == "62052"


def fault(*rows: Told) -> tuple[str, str, str]:
    (refused,) = nest(rows, CENTRE, {}, make_root=True).refused
    return refused.field, refused.code, refused.reason


def test_an_unknown_parent_is_refused_with_the_nearest_code() -> None:
    lost = replace(grids()[4], parent="62O51")
    field, code, reason = fault(*told(*grids()[:4], lost))
    assert (field, code) == ("parent", "unknown_parent")
    assert "62051" in reason


def test_a_grid_that_lies_in_no_parent_is_refused() -> None:
    far = grid("X", "x", 2, None, 50, 0, 1, 1)
    assert fault(*told(*grids()[:4]), Told(far, "9", 1))[1] == "no_parent"
    assert fault(*told(*grids()[:4]), Told(replace(far, geometry=None), "9", 1))[1] == "no_parent"
    touching = grid("X", "x", 2, None, 3, 0, 1, 1)
    assert fault(*told(*grids()[:4]), Told(touching, "9", 1))[1] == "no_parent"


def test_the_children_of_a_refused_grid_are_refused_as_well() -> None:
    rows = told(grids()[0], replace(grids()[1], parent="?"), replace(grids()[4], parent="62051"))
    assert [refused.row for refused in nest(rows, CENTRE, {}, make_root=True).refused] == ["2", "3"]


def test_a_parent_of_the_same_level_is_refused() -> None:
    assert fault(*told(*grids()[:3], replace(grids()[3], parent="62051")))[1] == "parent_level"
    deeper = {"Y": Plot("Y", 1, None)}
    (refused,) = nest(
        told(grids()[0], replace(grids()[1], parent="Y")), CENTRE, deeper, make_root=True
    ).refused
    assert refused.code == "parent_level"


def test_a_code_that_comes_twice_is_refused_with_the_row_of_the_first() -> None:
    _, code, reason = fault(*told(*grids()[:2], grids()[1]))
    assert code == "repeated_code"
    assert "第 2 行" in reason


def test_grids_of_earlier_reads_may_be_parents() -> None:
    known = {
        one.code: Plot(one.code, one.level, one.geometry, one.parent) for one in grids() if one.level < 2
    }
    village = replace(grids()[4], parent=None)
    nesting = nest([Told(village, "1", 1)], CENTRE, known, make_root=False)
    assert [(one.code, one.parent) for one, _ in nesting.grids] == [(village.code, grids()[4].parent)]


def test_no_grid_at_all_is_no_error() -> None:
    nesting = nest([], CENTRE, {}, make_root=True)
    assert nesting.refused == []
    assert nesting.grids == []
