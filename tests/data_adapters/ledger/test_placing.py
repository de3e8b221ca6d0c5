"""What came before its grid is placed once the grid is there, and moves when the grids do; counts go with it."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data_adapters.ledger import Ledger, Scope, placing
from data_adapters.ledger.tables import cases, change, video_point
from data_adapters.records.grid import Grid
from data_adapters.records.video import VideoPoint
from tests.data_adapters.ledger.test_bulk import content, wild_cases
from tests.data_adapters.ledger.test_counts import both_ways
from tests.fixtures.town import SOUTH, WEST, Clock, case, grids, open_town

ALL = Scope.everything()


def empty(url: str) -> Ledger:
    return Ledger.open(url, root="6205", clock=Clock())


def camera(number: int, lon: float | None, lat: float | None, **more: Any) -> VideoPoint:
    place = (
        {"lon": None, "lat": None} if lon is None or lat is None else {"lon": WEST + lon, "lat": SOUTH + lat}
    )
    return VideoPoint(source="cameras", point_id=f"C{number}", **place, **more)


def kept(ledger: Ledger, table: sa.Table, *names: str) -> list[tuple[Any, ...]]:
    with ledger._reading.connect() as connection:
        key = next(iter(table.primary_key))
        chosen = sa.select(*(table.c[name] for name in names)).order_by(key)
        return [tuple(row) for row in connection.execute(chosen)]


def counts_are_right(ledger: Ledger) -> None:
    both_ways(ledger)
    before = content(ledger)
    ledger.rebuild_counts()
    assert content(ledger) == before


def test_what_was_posted_before_the_grids_is_placed_with_them(ledger_url: str) -> None:
    ledger = empty(ledger_url)
    ledger.write_grids(grids()[:1])
    given = [
        case(1),
        case(2, lon=None, lat=None, grid_code="620521"),
        case(3, lon=9.0, lat=9.0),
        case(4, lon=None, lat=None),
        case(5, lon=2.9, lat=1.9, grid_code="62051"),
    ]
    ledger.write_cases(given)
    ledger.write_points([camera(1, 0.1, 0.1), camera(2, None, None, grid_code="62052"), camera(3, 9, 9)])
    assert [row[1] for row in kept(ledger, cases, "path", "placed")] == [True, False, False, False, True]
    seq = ledger.position()[1]
    revision = _video_revision(ledger)
    ledger.write_grids(grids())
    assert ledger.position()[1] == seq + 1
    assert [row[0] for row in kept(ledger, change, "body")][-1] == '{"kind":"grid"}'
    assert kept(ledger, cases, "path", "placed", "quality") == [
        ("000000000000", True, ""),
        ("000001000", True, ""),
        ("000", False, ""),
        ("000", False, ""),
        ("000000", True, "outside_declared_grid"),
    ]
    assert kept(ledger, video_point, "path", "placed") == [
        ("000000000000", True),
        ("000001", True),
        ("000", False),
    ]
    assert _video_revision(ledger) > revision
    with ledger.read(ALL) as snapshot:
        assert snapshot.counts.gauges("000")["unplaced"] == 2
        assert snapshot.counts.gauges("000000")["video"] == 1
    counts_are_right(ledger)
    ledger.close()


def _video_revision(ledger: Ledger) -> int:
    with ledger.read(ALL) as snapshot:
        return snapshot.video_revision()


def test_a_border_that_moves_takes_its_cases_along_the_same_day(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    ledger.write_cases([case(1, lon=0.95, lat=0.5), case(2, lon=0.2, lat=0.5)])
    moved = []
    for known in grids():
        if known.code.startswith(("62051", "62052")) and known.geometry is not None:
            west, south, east, north = known.geometry.bounds
            edge = WEST + 1.0
            box = shapely.box(
                WEST + 0.9 if west == edge else west, south, WEST + 0.9 if east == edge else east, north
            )
            moved.append(replace(known, geometry=box))
        else:
            moved.append(known)
    ledger.write_grids(moved)
    assert [row[0][:6] for row in kept(ledger, cases, "path")] == ["000001", "000000"]
    counts_are_right(ledger)
    ledger.close()


def test_a_new_name_moves_nothing_and_costs_no_look_at_the_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_town(f"sqlite:///{tmp_path / 'store.db'}")
    ledger.write_cases([case(1)])

    def never(_: placing.PlaceAnew) -> int:
        raise AssertionError("looked at")

    monkeypatch.setattr(placing.PlaceAnew, "run", never)
    renamed = [replace(known, name=f"{known.name}甲") for known in grids()]
    assert {outcome.status for outcome in ledger.write_grids(renamed)} == {"updated"}
    ledger.close()


@settings(
    max_examples=20, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)
@given(
    told=st.lists(
        wild_cases(), min_size=1, max_size=25, unique_by=lambda told: (told.source, told.source_id)
    ),
    first=st.sampled_from([1, 4, 10]),
    page=st.sampled_from([1, 7, 20_000]),
)
def test_cases_before_their_grids_end_where_cases_after_them_do(
    told: list[Any], first: int, page: int
) -> None:
    """Whatever came first, the same cases lie in the same grids with the same counts."""
    size, placing._PAGE = placing._PAGE, page
    try:
        with tempfile.TemporaryDirectory() as folder:
            before, after = (empty(f"sqlite:///{Path(folder) / name}.db") for name in ("before", "after"))
            before.write_grids(grids()[:first])
            before.write_cases(told)
            before.write_grids(grids())
            after.write_grids(grids())
            after.write_cases(told)
            assert content(before) == content(after)
            counts_are_right(before)
            before.close()
            after.close()
    finally:
        placing._PAGE = size


def test_a_deeper_tally_counts_what_was_placed_anew(ledger_url: str) -> None:
    """The first grids change how deep the counts are kept as well."""
    ledger = empty(ledger_url)
    deep: list[Grid] = grids(5)
    ledger.write_grids(deep[:4])
    ledger.write_cases([case(n, lon=n / 10, lat=0.3) for n in range(30)], bulk=True)
    ledger.write_grids(deep)
    assert {len(path) for (path,) in kept(ledger, cases, "path")} == {18}
    counts_are_right(ledger)
    ledger.close()
