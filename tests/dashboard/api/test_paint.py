"""Colours of the map over HTTP: one indicator of every child, in the viewer's scope."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from dashboard.indicators.catalogue import CATALOGUE
from tests.fixtures.wall import Wall, incident, serve_centre

TOKEN = "token-of-the-first-town"
MORE = f'[[displays]]\nname = "甲镇"\ntoken = "{TOKEN}"\ngrid = "62051"\n[map.breaks]\nK01 = [2, 5]\n'


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """A wall with fixed breaks for K01: three cases in the first village of the first town, one in the second town."""
    folder = tmp_path_factory.mktemp("paint")
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", MORE)
    assert wall.post("/api/v1/incidents", [*(incident(n) for n in range(3)), incident(9, 1.5)])[0] == 200
    yield wall
    assert wall.stop() == 0


def test_each_child_has_its_number_and_its_step(painted: Wall) -> None:
    status, told = painted.get("/api/v1/grids/62051/paint?indicator=K01&window=7d", token=TOKEN)
    assert status == 200
    found = {item["code"]: (item["value"], item["step"]) for item in told["items"]}
    assert found == {"620511": (3, 2), "620512": (0, 0)}
    assert [(one["low"], one["high"], one["count"]) for one in told["classes"]] == [
        (0, 1, 1),
        (2, 4, 1),
        (5, None, 0),
    ]
    assert (told["unit"], told["days"], told["fixed"], told["of"]) == ("件", 7, True, None)
    assert told["as_of"]
    assert told["period"]["from"] < told["period"]["to"]


def test_few_are_hatched_and_told_as_n_of_n(painted: Wall) -> None:
    told = painted.get("/api/v1/grids/62051/paint?indicator=K91b", token=TOKEN)[1]
    first = next(item for item in told["items"] if item["code"] == "620511")
    assert (first["numerator"], first["denominator"], first["small"], first["step"]) == (3, 3, True, None)
    assert (told["small"], told["unknown"], told["classes"]) == (1, 1, [])


def test_what_lies_outside_the_scope_is_not_there(painted: Wall) -> None:
    assert painted.get("/api/v1/grids/62052/paint", token=TOKEN)[0] == 404
    assert painted.get("/api/v1/grids/6205/paint", token=TOKEN)[0] == 404
    assert painted.get("/api/v1/grids/62051/paint")[0] == 401


def test_a_wrong_question_is_told_what_would_be_right(painted: Wall) -> None:
    status, told = painted.get("/api/v1/grids/62051/paint?indicator=K63", token=TOKEN)
    assert status == 404
    assert "K63a" in told["detail"] or "K63b" in told["detail"]
    for window in ("0d", "400d", "x", "-1d", "１d", "00000199999999d"):
        status, told = painted.get(f"/api/v1/grids/62051/paint?window={quote(window)}", token=TOKEN)
        assert status == 400
        assert "30d" in told["detail"]


def test_any_indicator_of_the_catalogue_can_be_chosen(painted: Wall) -> None:
    told = painted.get("/api/v1/map/paints", token=TOKEN)[1]
    assert [item["id"] for item in told["items"]] == [indicator.id for indicator in CATALOGUE]
