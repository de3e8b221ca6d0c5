"""Every number over HTTP, and every number laid open, within the viewer's scope."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboard.indicators.catalogue import CATALOGUE
from tests.fixtures.wall import Wall, incident, serve_centre

TOKEN = "token-of-the-first-town"
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def town_wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """A wall with a display for the first town: twelve cases in it, one cancelled, and one in the second town."""
    folder = tmp_path_factory.mktemp("indicators")
    display = f'[[displays]]\nname = "甲镇"\ntoken = "{TOKEN}"\ngrid = "62051"\n'
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", display)
    cases = [incident(n, state="ACCEPTED" if n < 4 else "REPORTED") for n in range(11)]
    cases += [incident(11, state="CANCELLED"), incident(12, 1.5)]
    assert wall.post("/api/v1/incidents", cases)[0] == 200
    yield wall
    assert wall.stop() == 0


def read(wall: Wall, path: str) -> Any:
    status, body = wall.get(f"/api/v1/{path}", token=TOKEN)
    assert status == 200, body
    return body


def dates() -> tuple[str, str]:
    """Today and tomorrow as the query has them."""
    now = datetime.now(ZONE)
    return f"{now:%Y-%m-%d}", f"{now + timedelta(days=1):%Y-%m-%d}"


def test_every_indicator_of_the_catalogue_is_there_with_its_integers(town_wall: Wall) -> None:
    body = read(town_wall, "indicators")
    assert [item["id"] for item in body["items"]] == [indicator.id for indicator in CATALOGUE]
    found = {item["id"]: item for item in body["items"]}
    assert found["K01"]["value"] == found["K01"]["numerator"] == 12
    assert (found["K01"]["denominator"], found["K01"]["interval"], found["K01"]["small"]) == (
        None,
        None,
        False,
    )
    # Four still stand of the five accepted; four are few.
    assert (found["K09b"]["numerator"], found["K09b"]["denominator"]) == (0, 4)
    assert (found["K09b"]["small"], found["K09b"]["note"]) == (True, "样本不足")
    assert found["K09b"]["interval"] == [0.0, 49.0]
    assert (found["K60"]["value"], found["K61"]["value"], found["K61"]["note"]) == (0, None, "分母为 0")
    assert found["K91b"]["interval"] == [75.8, 100.0]
    assert {key for item in body["items"] for key in item} >= {
        *("id", "label", "label_en", "value", "numerator", "denominator", "unit", "formula", "better"),
        *("period_rule", "interval", "small", "as_of", "sources", "note"),
    }


def test_a_number_is_laid_open(town_wall: Wall) -> None:
    today, tomorrow = dates()
    body = read(town_wall, f"indicators/K13c/explain?from={today}&to={tomorrow}")
    assert body["grid"] == {"code": "62051", "name": "甲镇"}
    assert body["formula"] == "期内上报的案件中至今化解成功的 ÷ 期内上报"
    assert (body["numerator"], body["denominator"], body["of"]) == (0, 11, "成功 / 排查")
    assert body["left_out"] == [{"reason": "并案或作废", "n": 1}]
    assert [source["kind"] for source in body["sources"]] == ["case"]
    assert (body["period"]["from"], body["period"]["to"], body["period"]["complete"]) == (
        today,
        tomorrow,
        False,
    )
    assert body["period"]["note"].startswith("截至 ")
    # Today is not over: there is nothing yet that could stand beside a whole day.
    assert body["comparisons"] == []
    assert body["cases"] == body["rows"]["numerator"]
    listed = {part: read(town_wall, path.removeprefix("/api/v1/")) for part, path in body["rows"].items()}
    assert {part: len(told["items"]) for part, told in listed.items()} == {
        "numerator": 0,
        "denominator": 11,
        "rest": 11,
    }
    assert {one["kind"] for one in listed.values()} == {"case"}
    assert all(row["times"] == 1 and row["case_no"] for row in listed["rest"]["items"])


def test_the_rows_behind_a_number_come_in_pages_and_stay_within_the_scope(town_wall: Wall) -> None:
    first = read(town_wall, "indicators/K01/rows?limit=7")
    second = read(town_wall, f"indicators/K01/rows?limit=7&after={first['next']}")
    assert (len(first["items"]), len(second["items"]), second["next"]) == (7, 5, None)
    assert town_wall.get("/api/v1/indicators/K01/rows?grid=6205", token=TOKEN)[0] == 404
    assert town_wall.get("/api/v1/indicators/K01/rows?part=all", token=TOKEN)[0] == 400
    # Seconds are added up, not counted: no list stands for them.
    assert town_wall.get("/api/v1/indicators/K63b/rows", token=TOKEN)[0] == 404
    grids = read(town_wall, "indicators/K40/rows?part=denominator")
    assert (grids["kind"], len(grids["items"])) == ("grid", 4)


def test_a_period_that_is_over_stands_beside_the_ones_before(town_wall: Wall) -> None:
    body = read(town_wall, "indicators/K01/explain?from=2026-02-01&to=2026-03-01")
    told = {one["name"]: one["then"]["text"] for one in body["comparisons"]}
    assert told == {
        "环比": "2026-01-01 至 2026-01-31",
        "同比": "2025-02-01 至 2025-02-28",
        "春节对齐同比": "2025-01-13 至 2025-02-09",
        "1–2月合并同比": "2025-01-01 至 2025-02-28",
    }
    assert {one["text"] for one in body["comparisons"]} == {"—（基期为0）"}


def test_a_stock_of_now_has_no_period_and_its_rows_are_not_cases(
    town_wall: Wall,
) -> None:
    body = read(town_wall, "indicators/K63a/explain")
    assert (body["period"]["text"], body["comparisons"], body["cases"]) == ("此刻", [], None)


def test_an_unknown_indicator_and_a_foreign_grid_do_not_exist(town_wall: Wall) -> None:
    for path in ("indicators/K999/explain", "indicators/K01/explain?grid=62052", "indicators?grid=6205"):
        assert town_wall.get(f"/api/v1/{path}", token=TOKEN)[0] == 404, path
    wrong = "indicators/K01/explain?from=2026-02-02&to=2026-02-01"
    assert town_wall.get(f"/api/v1/{wrong}", token=TOKEN)[0] == 400
    assert town_wall.get("/api/v1/indicators/K01/explain")[0] == 401
