"""Heat over HTTP, within the viewer's scope."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.wall import Wall, incident, serve_centre

TOKEN = "token-of-the-first-town"


@pytest.fixture(scope="module")
def town_wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """A wall with a display for the first town: nine disputes in it, four of a sensitive category, one elsewhere."""
    folder = tmp_path_factory.mktemp("heat")
    display = f'[[displays]]\nname = "甲镇"\ntoken = "{TOKEN}"\ngrid = "62051"\n'
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", display)
    cases = [incident(n, 0.2, 0.3) for n in range(9)] + [incident(20, 1.5, 0.5)]
    cases += [incident(30 + n, 0.2, 0.3, category="医疗") for n in range(4)]
    assert wall.post("/api/v1/incidents", cases)[0] == 200
    yield wall
    assert wall.stop() == 0


def read(wall: Wall, path: str) -> Any:
    status, body = wall.get(f"/api/v1/{path}", token=TOKEN)
    assert status == 200, body
    return body


def test_the_picture_has_a_byte_a_cell_and_says_window_bandwidth_and_what_is_left_out(
    town_wall: Wall,
) -> None:
    body = read(town_wall, "heat?days=7")
    steps = base64.b64decode(body["steps"])
    assert len(steps) == body["rows"] * body["columns"]
    assert 250 in steps
    assert max(step for step in steps if step != 255) == 250
    assert (body["grid"], body["total"], body["drawn"], body["withheld"]) == ("62051", 13, 9, 4)
    assert body["unit"] == "件/km²"
    assert body["bandwidth_m"] >= 200
    assert body["since"] < body["until"]
    assert len(body["lows"]) == 6


def test_a_display_sees_the_heat_of_its_own_cases_only(town_wall: Wall) -> None:
    assert town_wall.get("/api/v1/heat?grid=62052", token=TOKEN)[0] == 404
    assert town_wall.get("/api/v1/heat?grid=6205", token=TOKEN)[0] == 404
    assert town_wall.get("/api/v1/heat/significance?grid=62052", token=TOKEN)[0] == 404
    assert town_wall.get("/api/v1/heat")[0] == 401


def test_a_new_case_is_in_the_next_picture(town_wall: Wall) -> None:
    before = read(town_wall, "heat?days=9")["total"]
    assert town_wall.post("/api/v1/incidents", [incident(40, 0.25, 0.3)])[0] == 200
    assert read(town_wall, "heat?days=9")["total"] == before + 1


def test_small_numbers_of_a_sensitive_category_are_not_told(town_wall: Wall) -> None:
    body = read(town_wall, "heat?days=8&category=%E5%8C%BB%E7%96%97")
    assert (body["total"], body["drawn"], body["withheld"]) == (None, 0, None)


def test_what_cannot_be_asked_is_refused_with_what_would_be_right(town_wall: Wall) -> None:
    for path in (
        "heat?mode=glow",
        "heat?days=0",
        "heat?days=400",
        "heat?days=x",
        "heat/significance?days=-1",
    ):
        status, body = town_wall.get(f"/api/v1/{path}", token=TOKEN)
        assert status == 400, path
        assert "应为" in body["detail"], path


def test_too_few_grids_are_not_judged(town_wall: Wall) -> None:
    body = read(town_wall, "heat/significance")
    assert body["features"] == []
    assert "不足" in body["note"]
    assert body["false_discoveries"] == 0.05


def test_a_rate_without_population_says_why_there_is_none(town_wall: Wall) -> None:
    body = read(town_wall, "heat?mode=rate")
    assert body["lows"] == []
    assert "人口" in body["note"]
