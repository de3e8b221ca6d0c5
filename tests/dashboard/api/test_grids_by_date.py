"""Borders by date over HTTP: ``on`` gives the grids that were valid on a day, in the viewer's scope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask
from shapely.geometry import shape

from dashboard.api import grids
from dashboard.api.problem import register_errors
from tests.dashboard.test_past_view import centre
from tests.fixtures.town import NOW, Clock, grid

DAY = date(2026, 11, 12)


@pytest.fixture
def client(sqlite_url: str, tmp_path: Path) -> Iterator[Any]:
    """The first two towns became one on `DAY`."""
    clock = Clock(NOW - timedelta(days=20))
    services = centre(sqlite_url, clock, tmp_path)
    clock.now = NOW
    old = [
        replace(grid(code, name, 1, "6205", west, 0, 1, 2), valid_to=DAY)
        for code, name, west in (("62051", "甲镇", 0), ("62052", "乙镇", 1))
    ]
    merged = replace(grid("62059", "并镇", 1, "6205", 0, 0, 2, 2), valid_from=DAY, predecessor="62051")
    services.ledger.write_grids([*old, merged])
    api = Blueprint("api", __name__)
    grids.routes(api, services)
    app = Flask(__name__)
    app.register_blueprint(api)
    register_errors(app)
    yield app.test_client()
    services.ledger.close()


def codes(client: Any, path: str) -> list[str]:
    told = client.get(path).get_json()
    return sorted(one["properties"]["code"] for one in told["features"])


def test_the_children_are_those_of_the_day_the_day_itself_being_the_first_of_the_new(client: Any) -> None:
    then, now = ["62051", "62052", "62053"], ["62053", "62059"]
    path = "/grids/6205/children?geometry=1"
    assert codes(client, f"{path}&on={DAY - timedelta(days=1)}") == then
    assert codes(client, f"{path}&on={DAY}") == now
    assert codes(client, path) == now
    plain = client.get(f"/grids/6205/children?on={DAY - timedelta(days=1)}").get_json()
    assert [one["code"] for one in plain["items"]] == then


def test_the_borders_of_both_days_cover_the_same_ground_and_have_tags_of_their_own(client: Any) -> None:
    answers = [
        client.get(f"/grids/6205/children?geometry=1&on={day}") for day in (DAY - timedelta(days=1), DAY)
    ]
    areas = [sum(shape(one["geometry"]).area for one in answer.get_json()["features"]) for answer in answers]
    assert areas[0] == pytest.approx(areas[1]) == pytest.approx(6)
    tags = [answer.headers["ETag"] for answer in answers]
    assert tags[0] != tags[1]
    path = f"/grids/6205/children?geometry=1&on={DAY}"
    assert client.get(path, headers={"If-None-Match": tags[1]}).status_code == 304
    assert client.get(path, headers={"If-None-Match": tags[0]}).status_code == 200


def test_an_outline_has_the_siblings_of_the_day_and_a_grid_of_today_is_a_frame_for_any(client: Any) -> None:
    assert codes(client, f"/grids/62053/outline?on={DAY - timedelta(days=1)}") == [
        "62051",
        "62052",
        "62053",
    ]
    assert codes(client, f"/grids/62053/outline?on={DAY}") == ["62053", "62059"]
    assert client.get(f"/grids/62059/children?on={DAY - timedelta(days=1)}").status_code == 200
    assert client.get("/grids/62051/children").status_code == 404
    assert client.get(f"/grids/6205/children?on={DAY}x").status_code == 400
