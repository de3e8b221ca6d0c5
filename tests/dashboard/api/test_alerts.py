"""Alerts over HTTP: seen within the scope, acknowledged by those on duty."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.wall import Wall, incident, serve_centre

HALL, DUTY, OTHER = "token-of-the-hall-screen", "token-of-the-duty-desk", "token-of-the-other-town"
DISPLAYS = f"""
[[displays]]
name = "甲镇大厅"
token = "{HALL}"
grid = "62051"

[[displays]]
name = "值班台"
token = "{DUTY}"
grid = "6205"
duty = true

[[displays]]
name = "乙镇值班台"
token = "{OTHER}"
grid = "62052"
duty = true
"""


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """A wall with three displays and two major cases in the first town."""
    folder = tmp_path_factory.mktemp("alerts")
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", DISPLAYS)
    assert wall.post("/api/v1/incidents", [incident(n, grade="MAJOR") for n in range(2)])[0] == 200
    yield wall
    assert wall.stop() == 0


def standing(wall: Wall, token: str, wanted: int) -> list[dict[str, Any]]:
    """The alerts of a display, once there are as many as are wanted."""
    end = time.monotonic() + 30
    while True:
        status, body = wall.get("/api/v1/alerts", token=token)
        assert status == 200
        if len(body["items"]) == wanted or time.monotonic() > end:
            assert len(body["items"]) == wanted
            items: list[dict[str, Any]] = body["items"]
            return items
        time.sleep(0.1)


def test_alerts_are_seen_within_the_scope_and_grids_above_it_are_not_named(wall: Wall) -> None:
    mine = standing(wall, HALL, 2)
    assert all(item["rule"] == "R7a" and item["state"] == "OPEN" for item in mine)
    assert all(item["paths"][0] == "62051" for item in mine)
    assert standing(wall, DUTY, 2)[0]["paths"][:2] == ["6205", "62051"]
    assert standing(wall, OTHER, 0) == []
    assert wall.get("/api/v1/alerts?grid=62051", token=OTHER)[0] == 404
    assert wall.get("/api/v1/alerts")[0] == 401


def test_only_those_on_duty_acknowledge_and_only_what_lies_in_their_scope(wall: Wall) -> None:
    id_ = standing(wall, DUTY, 2)[0]["alert_id"]
    assert wall.post(f"/api/v1/alerts/{id_}/ack", {}, token=HALL)[0] == 401
    assert wall.post(f"/api/v1/alerts/{id_}/ack", {}, token=OTHER)[0] == 404
    assert wall.post("/api/v1/alerts/999999/ack", {}, token=DUTY)[0] == 404
    status, body = wall.post(f"/api/v1/alerts/{id_}/ack", {}, token=DUTY)
    assert (status, body["state"], body["acked_by"]) == (200, "ACKED", "值班台")
    assert wall.post(f"/api/v1/alerts/{id_}/ack", {}, token=DUTY)[1]["acked_at"] == body["acked_at"]
    states = {item["alert_id"]: item["state"] for item in standing(wall, HALL, 2)}
    assert states[id_] == "ACKED"
