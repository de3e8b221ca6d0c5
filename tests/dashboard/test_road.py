"""The whole road: from another process's POST to the pixel, through kills, by scope, in a real browser."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page

from layers.tiles import tile_at
from tests.fixtures import patience
from tests.fixtures.browser import until
from tests.fixtures.wall import Wall, incident, serve_centre

LIVE = "document.body.dataset.live === 'live'"


def open_wall(page: Page, wall: Wall, path: str = "/") -> None:
    page.goto(wall.url + path)
    until(page, LIVE, 30)
    until(page, "document.querySelector('#map').dataset.grid !== undefined")


def reaches(page: Page, seq: int, timeout_s: float = 15) -> None:
    until(page, f"Number(document.body.dataset.seq) >= {seq}", timeout_s)


def tile(page: Page, id_: str) -> dict[str, str]:
    found: dict[str, str] = page.evaluate(
        f"({{...document.querySelector('[data-indicator=\"{id_}\"]').dataset}})"
    )
    return found


def top(wall: Wall) -> int:
    return int(wall.sql("SELECT top FROM stream"))


def map_of(page: Page) -> str:
    return "document.querySelector('#map .js-plotly-plot, #map.js-plotly-plot')._fullLayout.map._subplot.map"


def test_an_incident_posted_by_another_process_appears_in_feed_map_and_tile_once(
    page: Page, wall: Wall
) -> None:
    open_wall(page, wall)
    assert tile(page, "K01")["value"] == "0"
    view_before = page.evaluate(f"(m => [m.getCenter().lng, m.getCenter().lat, m.getZoom()])({map_of(page)})")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(f"{request.method} {request.url}"))
    body = incident(1, state="ACCEPTED")
    answer = wall.post("/api/v1/incidents", body)[1]["results"][0]
    wall.post("/api/v1/incidents", body)
    reaches(page, answer["seq"])
    rows = page.locator(f"[data-case-no='{answer['case_no']}']")
    assert rows.count() == 1
    assert rows.get_attribute("data-seq") == str(answer["seq"])
    assert (tile(page, "K01")["value"], tile(page, "K07")["value"]) == ("1", "1")
    painted = page.evaluate(f"{map_of(page)}.getFeatureState({{source: 'grid', id: '62051'}})")
    assert painted["step"] >= 0
    others = page.evaluate(f"{map_of(page)}.getFeatureState({{source: 'grid', id: '62052'}})")
    assert others["step"] < painted["step"] or painted["step"] == 5
    until(page, "Wall.cases.drawn().size >= 1")
    view_after = page.evaluate(f"(m => [m.getCenter().lng, m.getCenter().lat, m.getZoom()])({map_of(page)})")
    assert view_after == pytest.approx(view_before, abs=1e-9)
    # No server callback, nothing fetched again: what changed came with the frame.
    assert [request for request in requests if "/tiles/" not in request] == []


def test_figures_that_say_what_the_map_shows_colour_nothing_and_the_first_case_is_coloured_at_once(
    page: Page, wall: Wall
) -> None:
    open_wall(page, wall)
    # A wall is live as soon as it has a map; its first colours come with the paint after that.
    until(page, f"{map_of(page)}.getFeatureState({{source: 'grid', id: '62051'}}).step !== undefined")
    page.evaluate(
        """() => {
          window.coloured = [];
          const { colour } = Wall.map;
          Wall.map.restMs = () => 600_000; // what waits for its turn does not come
          Wall.map.colour = (code, step) => { coloured.push([code, step]); colour(code, step); };
        }"""
    )
    wall.kill()
    until(page, "document.body.dataset.live !== 'live'", 30)
    wall.start()
    until(page, LIVE, 60)
    first = wall.post("/api/v1/incidents", incident(1, lon=None))[1]["results"][0]
    reaches(page, first["seq"])  # after a new connection every figure comes again
    assert page.evaluate("coloured") == []
    second = wall.post("/api/v1/incidents", incident(2, state="ACCEPTED"))[1]["results"][0]
    reaches(page, second["seq"])
    assert [code for code, step in page.evaluate("coloured") if step] == ["62051"]


def test_a_burst_of_incidents_ends_with_the_page_at_the_end_of_the_log(page: Page, wall: Wall) -> None:
    open_wall(page, wall)
    for start in range(0, 300, 50):
        wall.post("/api/v1/incidents", [incident(n, lon=(n % 30) / 10) for n in range(start, start + 50)])
    reaches(page, top(wall))
    assert tile(page, "K01")["value"] == str(wall.sql("SELECT count(*) FROM cases")) == "300"
    assert page.locator("[data-case-no]").count() <= 40
    seen = page.evaluate("[...document.querySelectorAll('[data-case-no]')].map(row => row.dataset.caseNo)")
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("kind", ["wall", "wall_on_postgres"])
def test_a_killed_server_loses_nothing_and_the_open_page_catches_up_by_itself(
    kind: str, page: Page, request: pytest.FixtureRequest
) -> None:
    wall: Wall = request.getfixturevalue(kind)
    open_wall(page, wall)
    page.evaluate("window.notReloaded = true")
    accepted: set[str] = set()
    told: list[Any] = []

    def produce() -> None:
        for n in range(200):
            sent = incident(n)  # a retry sends the same again, as any sender should
            while True:
                try:
                    status, body = wall.post("/api/v1/incidents", sent)
                except OSError:
                    time.sleep(0.05)
                    continue
                if status == 200:
                    accepted.add(f"W{n}")
                    told.append(body["results"][0]["status"])
                    break

    producer = threading.Thread(target=produce, daemon=True)
    producer.start()
    patience.until(lambda: len(accepted) >= 60, "60 incidents are accepted")
    wall.kill()
    wall.start()
    producer.join(patience.PATIENCE_S)
    assert len(accepted) == 200
    assert wall.sql("SELECT count(*) FROM cases WHERE source = 'hotline-12345'") == 200
    # Once each: the log has one item a case, and its numbers have no hole.
    assert wall.sql("SELECT count(*) FROM change WHERE type = 'case'") == 200
    assert wall.sql("SELECT count(*) FROM change") == top(wall) == wall.sql("SELECT max(seq) FROM change")
    reaches(page, top(wall), 30)
    until(page, LIVE)
    assert tile(page, "K01")["value"] == "200"
    assert page.evaluate("window.notReloaded") is True


def test_a_page_whose_server_is_silent_says_so_within_ten_seconds_and_recovers(
    page: Page, wall: Wall
) -> None:
    open_wall(page, wall)
    wall.kill()
    until(page, "document.body.dataset.live === 'stale'", 12)
    wall.start()
    until(page, LIVE, 15)


def test_drilling_down_five_levels_and_up_again_keeps_the_numbers_of_the_raw_rows(
    page: Page, tmp_path: Any, request: pytest.FixtureRequest
) -> None:
    wall = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", deepest=5)
    request.addfinalizer(wall.kill)
    placed = [incident(n, lon=0.02 + (n % 29) / 10, lat=0.1 + (n % 19) / 10) for n in range(300)]
    odd = [incident(500, lon=None), incident(501, lon=None, grid_code="62051"), incident(502, lon=40.0)]
    wall.post("/api/v1/incidents", placed + odd)
    open_wall(page, wall)
    raw: dict[str, int] = {}
    for code in ("6205", "62051", "620511", "6205111", "62051111", "620511111"):
        path = wall.sql("SELECT path FROM grid WHERE code = :code AND current", code=code)
        raw[code] = wall.sql("SELECT count(*) FROM cases WHERE path LIKE :under", under=f"{path}%")
    assert raw["6205"] == 303
    assert raw["620511111"] > 0
    for level, code in enumerate(raw):
        shows(page, code, raw[code])
        assert page.get_attribute("#map", "data-level") == str(level)
        assert f"grid={code}" in page.url or level == 0
        if level < 5:
            click_on_map(page, 106.07, 34.55)  # between the cases: a click on one opens its card
    for code in reversed(list(raw)[:-1]):
        page.click(f"nav#breadcrumb a[href$='grid={code}']")
        shows(page, code, raw[code])
    for code in list(raw)[:-1]:
        figures = wall.get(f"/api/v1/view?grid={code}")[1]["figures"]
        inside = sum(figures[key]["n"] for key in figures if key.startswith("child."))
        assert inside + figures["unassigned"]["n"] == raw[code]


def shows(page: Page, code: str, reported: int) -> None:
    until(page, f"document.querySelector('#map').dataset.grid === '{code}'")
    until(page, f"document.querySelector('[data-indicator=K01]').dataset.value === '{reported}'")


def click_on_map(page: Page, lon: float, lat: float) -> None:
    until(page, f"{map_of(page)}.isStyleLoaded() && !{map_of(page)}.isMoving()")
    page.wait_for_timeout(600)  # the camera's short ease on drilling
    until(page, f"{map_of(page)}.areTilesLoaded() && !{map_of(page)}.isMoving()")
    where = page.evaluate(f"(m => m.project([{lon}, {lat}]))({map_of(page)})")
    canvas = page.evaluate(f"(m => m.getCanvas().getBoundingClientRect().toJSON())({map_of(page)})")
    page.mouse.click(canvas["x"] + where["x"], canvas["y"] + where["y"])


TOKENS = {
    "county": "county-token-0123456789",
    "62051": "hall-51-token-0123456789",
    "62052": "hall-52-token-012345678",
}
DISPLAYS = "".join(
    f'[[displays]]\nname = "{name}"\ntoken = "{token}"\ngrid = "{"6205" if name == "county" else name}"\n'
    for name, token in TOKENS.items()
)


def test_no_byte_of_one_township_reaches_another_on_any_path(
    page: Page, tmp_path: Any, request: pytest.FixtureRequest
) -> None:
    wall = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", DISPLAYS)
    request.addfinalizer(wall.kill)
    assert wall.get("/")[0] == 401
    assert wall.get("/api/v1/view")[0] == 401
    assert wall.get("/api/v1/view", token="wrong" * 5)[0] == 401
    mine = [incident(n, lon=0.3) for n in range(3)]
    theirs = [incident(100 + n, lon=1.3, category=f"机密类别{n}") for n in range(3)]
    found = wall.post("/api/v1/incidents", mine + theirs)[1]["results"]
    foreign = [result["case_no"] for result in found[3:]]
    secrets = [*foreign, "机密类别", "62052", "乙镇", "6205211"]
    # The page, and every answer and frame it receives, live ones included.
    received: list[str] = []
    page.on("response", lambda answer: received.append(_text(answer)))
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(str(data))))
    page.goto(f"{wall.url}/?display={TOKENS['62051']}")
    until(page, LIVE, 30)
    assert "display=" not in page.url
    for n in range(5):
        wall.post(
            "/api/v1/incidents", [incident(200 + n, lon=1.3, category="机密类别"), incident(300 + n, lon=0.3)]
        )
    wall.post("/api/v1/incidents", incident(100, lon=0.3, source_updated_at="2026-01-01T00:00:00Z"))
    reaches(page, top(wall))
    page.wait_for_timeout(500)
    assert tile(page, "K01")["value"] == "8"
    assert page.get_attribute("#map", "data-grid") == "62051"
    assert any("机密" not in text and '"items":[{' in text for text in received), "frames were seen"
    reads = [
        "/api/v1/view",
        "/api/v1/changes?after=0&limit=1000",
        "/api/v1/cases?limit=1000",
        "/api/v1/indicators",
        "/api/v1/grids/62051/children?geometry=1",
        "/api/v1/grids/62051/outline",
        "/api/v1/video-points/near?lon=107.3&lat=34.5",
    ]
    for read in reads:
        status, body = wall.get(read, token=TOKENS["62051"])
        assert status == 200, read
        received.append(json.dumps(body, ensure_ascii=False))
    leaks = [(word, text[:200]) for word in secrets for text in received if word in text]
    assert leaks == []
    for read in (
        "/api/v1/view?grid=62052",
        "/api/v1/grids/62052",
        "/api/v1/grids/6205",
        f"/api/v1/cases/{foreign[0]}",
    ):
        status, body = wall.get(read, token=TOKENS["62051"])
        assert status == 404, read
        assert body == {
            **wall.get("/api/v1/grids/nowhere", token=TOKENS["62051"])[1],
            "detail": body["detail"],
        }
    tiles = {name: _tiles(wall, token) for name, token in TOKENS.items()}
    assert tiles["62051"] != tiles["62052"]
    assert all(b"62052" not in tile for tile in tiles["62051"].values())
    assert any(b"62052" in tile for tile in tiles["62052"].values())


def _text(answer: Any) -> str:
    if "/api/" not in answer.url:
        return ""
    try:
        return str(answer.text())
    except Exception:  # a redirect or a body that was let go: it carried nothing
        return ""


def _tiles(wall: Wall, token: str) -> dict[str, bytes]:
    found = {}
    for layer in ("grid", "video", "case"):
        for zoom in (6, 8, 9, 10):
            for lon in (106.3, 107.3):
                at = tile_at(lon, 34.5, zoom)
                path = f"/api/v1/tiles/{layer}/{zoom}/{at.x}/{at.y}.mvt"
                request = urllib.request.Request(
                    wall.url + path, headers={"Authorization": f"Bearer {token}"}
                )
                with urllib.request.urlopen(request, timeout=10) as answer:
                    found[path] = answer.read()
    return found
