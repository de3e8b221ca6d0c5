"""Grid codes by their day: versions, codes that were given up, and those that mean nothing any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from data_adapters.ledger import Ledger
from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.columns import day_number
from data_adapters.ledger.tables import cases
from data_adapters.records.grid import Grid
from tests.fixtures.town import case, grid, open_town

MERGED = date(2026, 7, 1)
BEFORE, AFTER = MERGED - timedelta(days=1), MERGED


def group(code: str, west: float, **changes: object) -> Grid:
    return replace(grid(code, f"{code}组", 3, "620511", west, 0, 0.5, 1), **changes)  # type: ignore[arg-type]


@pytest.fixture
def town(sqlite_url: str) -> Ledger:
    """OLD became NEW in July; SPLIT became two; GONE became MID for one day and NEW after it."""
    ledger = open_town(sqlite_url)
    outcomes = ledger.write_grids(
        [
            group("OLD", 0.0, valid_to=MERGED),
            group("NEW", 0.0, valid_from=MERGED, predecessor="OLD"),
            group("SPLIT", 0.1, valid_to=MERGED),
            group("HALF1", 0.1, valid_from=MERGED, predecessor="SPLIT"),
            group("HALF2", 0.2, valid_from=MERGED, predecessor="SPLIT"),
            group("GONE", 0.3, valid_to=BEFORE),
            group("MID", 0.3, valid_from=BEFORE, valid_to=MERGED, predecessor="GONE"),
            group("END", 0.3, valid_from=MERGED, predecessor="MID"),
        ]
    )
    assert {outcome.status for outcome in outcomes} == {"accepted"}
    return ledger


def code_at(atlas: Atlas, code: str, day: date) -> str | None:
    path = atlas.resolve(code, day)
    return None if path is None else next(v.code for v in atlas._versions if v.path == path)


@pytest.mark.parametrize(
    ("code", "day", "means"),
    [
        ("OLD", BEFORE, "OLD"),
        ("OLD", AFTER, "NEW"),
        ("NEW", AFTER, "NEW"),
        ("NEW", BEFORE, "NEW"),  # told under its later name: it is known, if not yet then
        ("SPLIT", BEFORE, "SPLIT"),
        ("SPLIT", AFTER, None),  # which half is for the location to say
        ("GONE", BEFORE - timedelta(days=1), "GONE"),
        ("GONE", BEFORE, "MID"),
        ("GONE", AFTER, "END"),
        ("6205112", BEFORE, "6205112"),
        ("NOWHERE", AFTER, None),
    ],
)
def test_a_code_means_the_grid_that_had_it_on_the_day_or_the_one_that_came_after(
    town: Ledger, code: str, day: date, means: str | None
) -> None:
    atlas = town.atlas()
    assert code_at(atlas, code, day) == means
    # Many at once say the same as one.
    codes = np.array([code, None, code], dtype=object)
    paths = atlas.resolve_columns(codes, np.array([day_number(day)] * 3))
    assert list(paths) == [atlas.resolve(code, day), None, atlas.resolve(code, day)]


def test_a_circle_of_predecessors_ends(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_grids(
        [
            group("A", 0.0, predecessor="B", valid_to=BEFORE),
            group("B", 0.1, predecessor="A", valid_to=BEFORE),
        ]
    )
    assert ledger.atlas().resolve("A", AFTER) is None


def test_an_old_case_stays_in_the_grid_of_its_day_and_a_new_one_comes_into_the_grid_after(
    town: Ledger,
) -> None:
    noon = case(1).occurred_at
    then = noon.replace(month=6, day=15)
    told = [
        case(1, lon=None, lat=None, grid_code="OLD", occurred_at=then, reported_at=then),
        case(2, lon=None, lat=None, grid_code="OLD"),
        case(3, lon=None, lat=None, grid_code="SPLIT"),
    ]
    outcomes = town.write_cases(told)
    atlas = town.atlas()
    with town._reading.connect() as connection:
        rows = {row.source_id: row for row in connection.execute(cases.select())}
    assert [outcome.status for outcome in outcomes] == ["accepted"] * 3
    assert rows["W1"].path == atlas.resolve("OLD", BEFORE)
    assert rows["W2"].path == atlas.by_code["NEW"]
    assert (rows["W3"].placed, rows["W3"].quality) == (False, "unknown_grid")
