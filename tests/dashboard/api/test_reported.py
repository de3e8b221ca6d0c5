"""Reported figures over HTTP: with their period and time, and a township's for nobody but itself and those above it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from data_adapters.ledger import Ledger
from data_adapters.records.indicator import IndicatorFact
from tests.fixtures.wall import Wall, serve_centre

COUNTY, TOWN = "token-of-the-whole-county", "token-of-the-first-town"
CONFIGURED = """[[indicators]]
id = "SD6"
label = "工作室覆盖率"
formula = "已建 ÷ 应建"
fact = "SD6"
of = ["已建", "应建"]
"""


def fact(grid_code: str, n: int, whole: int) -> IndicatorFact:
    period = {"period_from": date(2026, 1, 1), "period_to": date(2027, 1, 1)}
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return IndicatorFact(
        source="sheet", id="SD6", grid_code=grid_code, numerator=n, denominator=whole, as_of=at, **period
    )


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """Two towns with their figures; one display for the county, one for the first town."""
    folder = tmp_path_factory.mktemp("reported")
    more = CONFIGURED + "".join(
        f'[[displays]]\nname = "{name}"\ntoken = "{token}"\ngrid = "{grid}"\n'
        for name, token, grid in (("县", COUNTY, "6205"), ("甲镇", TOWN, "62051"))
    )
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", more)
    ledger = Ledger.open(wall.store, root="6205")
    ledger.write_facts([fact("62051", 16, 17), fact("62052", 99, 100)])
    ledger.close()
    yield wall
    assert wall.stop() == 0


def found(wall: Wall, token: str, query: str = "") -> Any:
    status, body = wall.get(f"/api/v1/indicators{query}", token=token)
    assert status == 200, body
    return next(item for item in body["items"] if item["id"] == "SD6")


def test_a_reported_figure_stands_among_the_indicators_with_its_period_and_time(wall: Wall) -> None:
    item = found(wall, COUNTY)
    assert (item["numerator"], item["denominator"], item["value"], item["interval"]) == (
        115,
        117,
        98.3,
        [94.0, 99.5],
    )
    assert item["as_of"] == "2026-11-01T00:00:00+00:00"
    assert item["note"] == "2026 的报数，截至 2026-11-01"
    assert item["period_rule"] == "所问期间结束前最近一期的报数"
    body = wall.get("/api/v1/indicators/SD6/explain", token=COUNTY)[1]
    assert body["reported"] == {
        "from": "2026-01-01",
        "to": "2027-01-01",
        "text": "2026",
        "as_of": "2026-11-01T00:00:00+00:00",
        "grids": 2,
        "uneven": False,
        "revised": False,
    }


def test_a_township_sees_its_own_figure_alone(wall: Wall) -> None:
    assert (found(wall, TOWN)["numerator"], found(wall, TOWN)["denominator"]) == (16, 17)
    assert wall.get("/api/v1/indicators?grid=62052", token=TOWN)[0] == 404
    assert wall.get("/api/v1/indicators/SD6/explain?grid=62052", token=TOWN)[0] == 404


def test_a_figure_that_comes_is_in_the_log_of_those_who_may_see_it(wall: Wall) -> None:
    epoch = wall.get("/api/v1/view", token=COUNTY)[1]["epoch"]
    seen = {
        token: [
            item["grid_code"]
            for item in wall.get(f"/api/v1/changes?epoch={epoch}&after=0", token=token)[1]["items"]
            if item["type"] == "indicator"
        ]
        for token in (COUNTY, TOWN)
    }
    assert seen == {COUNTY: ["62051", "62052"], TOWN: ["62051"]}
