"""A secret video point (secrecy = 1) never leaves the ledger: every way out is tried."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from layers.tiles import tile_at
from tests.dashboard.live.listener import Listener
from tests.fixtures.points import SECRET, SOURCE, point_id, write_points
from tests.fixtures.town import SOUTH, WEST
from tests.fixtures.wall import Wall, incident, serve_centre


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """A wall with 43 points and a secret one, and a case beside that."""
    folder = tmp_path_factory.mktemp("secret")
    write_points(folder)
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", SOURCE)
    assert wall.post("/api/v1/incidents", incident(1, 0.76, 0.51))[0] == 200
    yield wall
    assert wall.stop() == 0


def status(wall: Wall, name: str, word: str) -> Any:
    body = {"source": "platform", "point_id": name, "status": word}
    return wall.post(
        "/api/v1/video-points/status", body | {"at": datetime.now(UTC).isoformat(timespec="milliseconds")}
    )


def tiles(wall: Wall) -> list[bytes]:
    """The vector tiles of every zoom that hold the secret point's place."""
    found = []
    for z in range(17):
        at = tile_at(WEST + 0.76, SOUTH + 0.51, z)
        with urllib.request.urlopen(
            f"{wall.url}/api/v1/tiles/video/{at.z}/{at.x}/{at.y}.mvt", timeout=30
        ) as answer:
            found.append(answer.read())
    return found


def test_it_is_known_and_nobody_is_told(watched: Wall) -> None:
    assert watched.sql("SELECT count(*) FROM video_point WHERE secrecy = 1") == 1
    number = watched.get("/api/v1/cases")[1]["items"][0]["case_no"]
    ways = [
        f"video-points/near?lon={WEST + 0.76}&lat={SOUTH + 0.51}&limit=100",
        "view", "view?grid=620511", f"cases/{number}", "indicators", "indicators/K60/explain",
        "grids/6205/paint?indicator=K60",        "sources", "alerts", "orgs", "heat", "map/paints", "openapi.json",
        "changes?after=0&limit=1000",
    ]  # fmt: skip
    for way in ways:
        code, told = watched.get(f"/api/v1/{way}")
        assert code in {200, 400, 410}, way
        assert SECRET not in orjson.dumps(told).decode(), way
    assert SECRET.encode() not in b"".join(tiles(watched))
    for page in ("/metrics", "/", "/sources", "/readyz"):
        assert SECRET not in str(watched.get(page)[1]), page


def test_the_nearest_points_say_who_told_of_them_and_as_of_when(watched: Wall) -> None:
    told = watched.get(f"/api/v1/video-points/near?lon={WEST + 0.76}&lat={SOUTH + 0.51}&limit=5")[1]
    assert [point["source"] for point in told["items"]] == ["points"] * 5
    assert told["sources"] == ["points"]
    assert datetime.fromisoformat(told["as_of"]) <= datetime.now(UTC)


def test_asked_for_by_name_it_is_as_if_it_did_not_exist(watched: Wall) -> None:
    secret = watched.get(f"/api/v1/video-points/{SECRET}")
    nothing = watched.get("/api/v1/video-points/62050000001321088888")
    assert secret == nothing
    assert secret[0] == 404


def test_it_is_counted_nowhere(watched: Wall) -> None:
    for code, points in {"6205": 43, "62051": 41, "620511": 41}.items():
        items = {one["id"]: one for one in watched.get(f"/api/v1/indicators?grid={code}")[1]["items"]}
        assert (items["K60"]["value"], items["K63a"]["numerator"]) == (points, points), code


def test_its_status_is_nobodys_news(watched: Wall) -> None:
    epoch = watched.get("/api/v1/view")[1]["epoch"]
    before = watched.get("/api/v1/view")[1]["seq"]
    with Listener(watched.url) as listener:
        listener.resume(before)
        assert status(watched, SECRET, "ON")[0] == 200
        assert status(watched, point_id(1), "OFF")[0] == 200
        listener.until(lambda: any(item["type"] == "video_status" for item in listener.items()), "a status")
        assert SECRET not in orjson.dumps([told for _, told in listener.messages]).decode()
    log = watched.get(f"/api/v1/changes?epoch={epoch}&after={before}&limit=100")[1]
    assert SECRET not in orjson.dumps(log).decode()
    assert [item["point_id"] for item in log["items"] if item["type"] == "video_status"] == [point_id(1)]
