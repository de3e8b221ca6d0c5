"""Heat of a window's cases, as a count and as a rate."""

from __future__ import annotations

import itertools
from datetime import timedelta

import numpy as np
import pytest

from data_adapters.ledger import Scope
from data_adapters.records.case import Case
from data_adapters.records.grid import Grid
from layers.heat import Heat, heat
from layers.tiles import to_mercator
from tests.layers import county as counties
from tests.layers.county import NOW, County


def a_case(number: int, place: tuple[float, float] | None, **other: object) -> Case:
    """Reported an hour ago: a window ends before now."""
    reported = NOW - timedelta(hours=1)
    return counties.a_case(number, place, **({"occurred_at": reported, "reported_at": reported} | other))


def made(county: County, code: str = "R", **asked: object) -> Heat:
    with county.ledger.read(Scope.everything()) as snapshot:
        here = snapshot.grid(code)
        assert here is not None
        found = heat(snapshot, here, **({"mode": "count", "days": 30} | asked))  # type: ignore[arg-type]
    assert found is not None
    return found


def value_at(found: Heat, place: tuple[float, float]) -> float:
    west, south, east, north = found.box
    x, y = to_mercator(np.array([west, east, place[0]]), np.array([north, south, place[1]]))
    rows, columns = found.values.shape
    return float(
        found.values[int((y[2] - y[0]) / (y[1] - y[0]) * rows), int((x[2] - x[0]) / (x[1] - x[0]) * columns)]
    )


def test_heat_is_highest_where_the_cases_are_and_its_window_and_bandwidth_are_stated(county: County) -> None:
    there = county.inside("T0V0")
    county.ledger.write_cases([a_case(n, there) for n in range(12)] + [a_case(99, county.inside("T3V3"))])
    found = made(county)
    assert np.nanmax(found.values) == pytest.approx(value_at(found, there), rel=0.05)
    assert value_at(found, there) > value_at(found, county.inside("T3V3")) > 0
    assert (found.until - found.since, found.until) == (timedelta(days=30), NOW)
    # 0.4 degrees are about 44 km: a fortieth of that.
    assert found.bandwidth_m == pytest.approx(1_110, rel=0.02)
    assert found.unit == "件/km²"
    assert (found.total, found.drawn) == (13, 13)


def test_the_picture_adds_up_to_the_cases_that_are_drawn(county: County) -> None:
    county.ledger.write_cases([a_case(n, county.inside(f"T{n % 4}V{n % 3}")) for n in range(40)])
    found = made(county)
    rows, columns = found.values.shape
    west, south, east, north = found.box
    height_km = (north - south) * 110.9
    width_km = (east - west) * 111.32 * np.cos(np.radians((south + north) / 2))
    total = np.nansum(found.values) * (height_km / rows) * (width_km / columns)
    assert total == pytest.approx(40, rel=0.03)


def test_what_lies_outside_the_window_or_was_cancelled_is_not_counted(county: County) -> None:
    there = county.inside("T1V1")
    county.ledger.write_cases(
        [
            a_case(1, there),
            a_case(2, there, occurred_at=NOW - timedelta(days=40), reported_at=NOW - timedelta(days=40)),
            a_case(3, there, state="CANCELLED"),
            a_case(4, None),
        ]
    )
    found = made(county)
    assert (found.total, found.drawn, found.unplaced) == (2, 1, 1)
    assert made(county, days=60).drawn == 2


def test_nothing_is_drawn_outside_the_grid(county: County) -> None:
    county.ledger.write_cases([a_case(n, county.inside("T0V3")) for n in range(5)])
    found = made(county, "T1")
    assert found.drawn == 0
    assert found.lows == ()
    assert np.nanmax(found.values) == 0
    assert np.isnan(made(county, "T0").values).any()


def test_a_sensitive_category_is_never_a_point_and_small_numbers_of_it_are_withheld(county: County) -> None:
    there = county.inside("T2V2")
    county.ledger.write_cases([a_case(n, there, category="婚姻家庭") for n in range(4)])
    found = made(county)
    assert (found.total, found.drawn, found.withheld) == (4, 0, 4)
    assert np.nanmax(found.values) == 0
    county.ledger.write_cases([a_case(9, there, category="医疗")])
    # Five in the village: spread over all of it, not on the place.
    found = made(county)
    assert (found.drawn, found.withheld) == (5, 0)
    corner = county.shapes["T2V2"].buffer(-0.02).exterior.coords[0]
    assert value_at(found, corner) == pytest.approx(value_at(found, there), rel=0.1)


def test_small_numbers_in_two_villages_are_spread_over_the_township_that_has_enough(county: County) -> None:
    for village, n in (("T1V0", 3), ("T1V3", 3)):
        cases = [a_case(n + ord(village[-1]) * 10, county.inside(village), category="医疗") for n in range(n)]
        county.ledger.write_cases(cases)
    found = made(county)
    assert (found.drawn, found.withheld) == (6, 0)
    assert value_at(found, county.inside("T1V1")) == pytest.approx(
        value_at(found, county.inside("T1V0")), rel=0.1
    )
    assert value_at(found, county.inside("T2V2")) == pytest.approx(0, abs=1e-9)


def test_a_category_that_no_map_shows_is_counted_but_not_drawn(county: County) -> None:
    county.ledger.write_cases([a_case(n, county.inside("T0V0"), category="涉民族宗教") for n in range(9)])
    found = made(county)
    assert (found.total, found.drawn, found.withheld) == (9, 0, 9)


def test_a_rate_is_cases_over_people_and_unknown_without_them(county: County) -> None:
    for place in ("T0V0", "T3V3"):
        start = 100 if place == "T0V0" else 200
        county.ledger.write_cases([a_case(start + n, county.inside(place)) for n in range(6)])
    bare = made(county, mode="rate")
    assert np.isnan(bare.values).all()
    assert bare.note
    assert bare.lows == ()
    villages = [f"T{t}V{v}" for t in range(4) for v in range(4)]
    people = [
        Grid(
            code=code, name=code, level=2, parent=code[:2], geometry=county.shapes[code],
            population=10_000 if code == "T0V0" else 1_000,
        )
        for code in villages
    ]  # fmt: skip
    county.ledger.write_grids(people)
    found = made(county, mode="rate")
    crowded, empty = value_at(found, county.inside("T0V0")), value_at(found, county.inside("T3V3"))
    assert empty / crowded == pytest.approx(10, rel=0.25)
    assert found.unit == "件/万人"
    assert not found.note


def test_classes_double_from_step_to_step(county: County) -> None:
    county.ledger.write_cases([a_case(n, county.inside("T0V0")) for n in range(8)])
    lows = made(county).lows
    assert len(lows) == 6
    assert all(high / low == pytest.approx(2, rel=0.06) for low, high in itertools.pairwise(lows))
