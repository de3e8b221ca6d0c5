"""Walls are told what to show by the duty only, within both scopes, from any process; one that comes back knows."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.dashboard.api.test_alerts import DISPLAYS, DUTY, HALL, OTHER
from tests.dashboard.live.listener import Listener
from tests.fixtures.port import free_port
from tests.fixtures.wall import Wall, incident, serve_centre

PATIENCE_S = 30


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """A centre with a hall of the first town, the county's duty and the other town's duty, and one case."""
    folder = tmp_path_factory.mktemp("walls")
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", DISPLAYS)
    assert wall.post("/api/v1/incidents", incident(1))[0] == 200
    yield wall
    assert wall.stop() == 0


@pytest.fixture(scope="module")
def second(wall: Wall) -> Iterator[Wall]:
    """Another server process on the same store."""
    other = Wall(wall.folder, wall.store, free_port())
    other.start()
    yield other
    assert other.stop() == 0


def tell(listener: Listener, name: str | None, **shows: str) -> None:
    """What a page says of itself every ten seconds."""
    hello = listener.hello
    told = {"epoch": hello["epoch"], "seq": hello["seq"], "wall": name, "shows": shows}
    listener.say("wall", told)


def listed(wall: Wall, token: str) -> dict[str, Any]:
    """The walls that `token` may tell, by name."""
    status, body = wall.get("/api/v1/walls", token=token)
    assert status == 200, body
    return {item["name"]: item for item in body["items"]}


def until(holds: Callable[[], Any]) -> Any:
    """What `holds` answers, once it is true."""
    end = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


def orders(listener: Listener) -> list[dict[str, Any]]:
    """The orders in the frames that came so far."""
    frames = [message for event, message in listener.messages if event == "frame"]
    return [item for frame in frames for item in frame["items"] if item["type"] == "wall"]


def to_all(listener: Listener) -> list[dict[str, Any]]:
    """Those to every wall: the release of a wall by an earlier test may come just after the greeting."""
    return [order for order in orders(listener) if not order["wall"]]


def test_walls_of_every_process_are_listed_with_what_they_show_to_whom_their_scope_belongs(
    wall: Wall, second: Wall
) -> None:
    with (
        Listener(wall.url, HALL) as hall,
        Listener(second.url, DUTY) as county,
        Listener(second.url, HALL) as desk,
    ):
        tell(hall, "甲镇大厅", scene="grids", grid="62051", case=7)  # type: ignore[arg-type]
        tell(county, "县指挥厅", scene="overview", grid="6205")
        tell(desk, None, scene="overview", grid="62051")
        both = until(lambda: found if len(found := listed(wall, DUTY)) == 2 else None)
        assert set(both) == {"甲镇大厅", "县指挥厅"}
        assert both["甲镇大厅"]["shows"] == {"scene": "grids", "grid": "62051", "grid_name": "甲镇"}
        assert both["甲镇大厅"]["grid"] == "62051"
        assert both["县指挥厅"]["here"]
        tell(hall, "甲镇大厅", scene="command", grid="62051")
        until(lambda: listed(second, DUTY)["甲镇大厅"]["shows"]["scene"] == "command")
        assert listed(wall, OTHER) == {}, "the other town sees neither"


def test_an_order_reaches_the_walls_of_another_process_and_one_that_comes_back(
    wall: Wall, second: Wall
) -> None:
    with Listener(wall.url, HALL) as hall, Listener(second.url, DUTY) as county:
        tell(hall, "甲镇大厅", scene="grids")
        until(lambda: "甲镇大厅" in listed(second, DUTY))
        body = {"walls": ["甲镇大厅"], "scene": "command", "grid": "62051", "lock": True, "minutes": 5}
        status, answer = second.post("/api/v1/walls/orders", body, token=DUTY)
        assert status == 200, answer
        (sent,) = answer["items"]
        for listener in (hall, county):
            (got,) = until(lambda one=listener: orders(one))
            assert {name: got[name] for name in sent} == sent
        assert (sent["by"], sent["scene"], sent["grid"], sent["lock"]) == ("值班台", "command", "62051", True)
    status, view = wall.get("/api/v1/view", token=HALL)
    assert [order["seq"] for order in view["orders"]] == [sent["seq"]]
    status, answer = wall.post("/api/v1/walls/release", {"walls": ["甲镇大厅"]}, token=DUTY)
    assert status == 200
    (freed,) = wall.get("/api/v1/view", token=HALL)[1]["orders"]
    assert freed["until"] == freed["at"] == answer["items"][0]["at"]


def test_nothing_goes_beyond_a_scope_in_either_direction(wall: Wall) -> None:
    with Listener(wall.url, HALL) as hall, Listener(wall.url, OTHER) as other:
        tell(hall, "甲镇大厅")
        tell(other, "乙镇大厅")
        until(lambda: {"甲镇大厅", "乙镇大厅"} <= set(listed(wall, DUTY)))
        assert set(listed(wall, OTHER)) == {"乙镇大厅"}
        for token, body, status in (
            (DUTY, {"walls": ["甲镇大厅"], "grid": "62052"}, 409),
            (OTHER, {"walls": ["甲镇大厅"], "scene": "command"}, 404),
            (OTHER, {"grid": "62051"}, 404),
            (OTHER, {"case_no": case_of(wall)}, 404),
            (HALL, {"scene": "command"}, 401),
            (None, {"scene": "command"}, 401),
        ):
            assert wall.post("/api/v1/walls/orders", body, token=token)[0] == status, body
        assert wall.get("/api/v1/walls", token=HALL)[0] == 401
        assert wall.post("/api/v1/walls/release", {}, token=HALL)[0] == 401
        assert wall.post("/api/v1/walls/orders", {"grid": "62052"}, token=DUTY)[0] == 200
        until(lambda: to_all(other))
        last = wall.post("/api/v1/walls/orders", {"case_no": case_of(wall)}, token=DUTY)[1]["items"][0]
        until(lambda: to_all(hall))
        # To all walls, but each sees only what lies in its scope.
        assert [order["grid"] for order in to_all(other)] == ["62052"]
        assert [order["seq"] for order in to_all(hall)] == [last["seq"]]
        wall.post("/api/v1/walls/release", {}, token=DUTY)


def case_of(wall: Wall) -> str:
    """The number of the one case, which lies in the first town."""
    return str(wall.get("/api/v1/cases", token=DUTY)[1]["items"][0]["case_no"])


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({}, 422, "scene、grid、case_no 至少写一个"),
        ({"scene": "comand"}, 422, "是否想写 command"),
        ({"scene": "command", "minutes": 0}, 422, "1 到 720"),
        ({"scene": "command", "minutes": True}, 422, "1 到 720"),
        ({"scene": "command", "lock": "yes"}, 422, "true 或 false"),
        ({"scene": "command", "walls": []}, 422, "1 到 100"),
        ({"scene": "command", "walls": [7]}, 422, "名称的列表"),
        ({"scene": "command", "walls": ["无"]}, 404, "没有名为"),
        ({"scene": "command", "wall": "厅"}, 422, "是否想写 walls"),
        ({"scene": 7}, 422, "文本"),
        ({"grid": "nowhere"}, 404, "没有这个网格"),
        ({"case_no": "nowhere"}, 404, "没有这个案件"),
        ({"grid": "62051", "case_no": "x"}, 422, "只写一个"),
        ([], 400, "JSON 对象"),
    ],
)
def test_an_order_that_cannot_be_is_one_clear_line(wall: Wall, body: Any, status: int, says: str) -> None:
    answer = wall.post("/api/v1/walls/orders", body, token=DUTY)
    assert answer[0] == status
    assert says in answer[1]["detail"]


def test_the_page_of_the_commander_is_for_the_duty_only(wall: Wall) -> None:
    assert wall.get("/remote", token=HALL)[0] == 401
    assert wall.get("/remote")[0] == 401
    status, page = wall.get("/remote", token=DUTY)
    assert status == 200
    assert "remote-" in page


def test_only_the_dutys_token_ends_the_visitor_mode_and_guessing_is_slow(wall: Wall) -> None:
    def leave(token: str) -> int:
        return wall.post("/api/v1/visitors/leave", {"token": token}, token=HALL)[0]

    # Whether one is needed at all may be asked as often as one likes.
    assert {leave("") for _ in range(8)} == {401}
    assert [leave(HALL), leave("wrong"), leave(DUTY)] == [401, 401, 204]
    assert [leave("wrong") for _ in range(4)] == [401, 401, 429, 429]
    assert leave(DUTY) == 429
    request = urllib.request.Request(
        wall.url + "/api/v1/visitors/leave", json.dumps({"token": DUTY}).encode()
    )
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request)  # who may not even look is not heard
