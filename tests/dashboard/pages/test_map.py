"""The map in a real browser: drawn, drilled, coloured, walked by keys, and never moved by what arrives."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, expect

from layers.tiles import tile_at
from tests.dashboard.pages.test_wall import AT, CAMERA, click_at, show, shows_grid
from tests.fixtures.browser import OpenPage
from tests.fixtures.points import BLOCK, SINGLES, SOURCE, point_id, write_points
from tests.fixtures.port import free_port
from tests.fixtures.town import SOUTH, WEST
from tests.fixtures.wall import Wall, incident, serve_centre
from tests.layers.test_basemap import make_mbtiles

MOST_BYTES = 300_000
#: Mean red, green and blue of a square of pixels of a picture.
COLOUR = """([at, half, png]) => new Promise((done) => {
  const image = new Image();
  image.onload = () => {
    const canvas = new OffscreenCanvas(image.width, image.height), pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0);
    const { data } = pen.getImageData(at[0] - half, at[1] - half, 2 * half, 2 * half);
    const sums = [0, 0, 0];
    for (let n = 0; n < data.length; n += 4) for (let c = 0; c < 3; c += 1) sums[c] += data[n + c];
    done(sums.map((sum) => sum / (4 * half * half)));
  };
  image.src = `data:image/png;base64,${png}`;
})"""
LABELS = "() => [...document.querySelectorAll('.map-label')].map((one) => one.textContent).sort()"
HEAP = "Runtime.getHeapUsage"


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """Six levels, 43 video points, 40 cases in the first group, twelve of them closed in time."""
    folder = tmp_path_factory.mktemp("map")
    write_points(folder)
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", SOURCE, deepest=5)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    done = {"state": "CLOSED", "accepted_at": now, "closed_at": now, "due_at": "2036-01-01T00:00:00Z"}
    cases = [incident(n, 0.1, 0.5, **(done if n < 12 else {})) for n in range(40)]
    cases += [incident(100 + n, 1.25, 0.5, **done) for n in range(3)]
    cases += [incident(200, None)]
    status, told = wall.post("/api/v1/incidents", cases)
    assert status == 200
    assert {one["status"] for one in told["results"]} == {"accepted"}, told
    yield wall
    assert wall.stop() == 0


def colour(page: Page, lon: float, lat: float, half: int = 6) -> list[float]:
    """The colour of the screen at a place of the map."""
    shot = base64.b64encode(page.screenshot(scale="css")).decode()
    found: list[float] = page.evaluate(COLOUR, [page.evaluate(AT, [lon, lat]), half, shot])
    return found


def apart(one: list[float], other: list[float]) -> float:
    """How different two colours are."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def test_five_clicks_from_the_root_to_the_last_level_are_complete_and_small(mapped: Wall, page: Page) -> None:
    answers: list[Response] = []
    page.on("response", lambda one: answers.append(one) if "/api/v1/" in one.url else None)
    show(page, mapped.url)
    codes = ["62051", "620511", "6205111", "62051111", "620511111"]
    for level, code in enumerate(codes, 1):
        click_at(page, WEST + 0.06, SOUTH + 0.45)
        shows_grid(page, code)
        assert page.locator("#map").get_attribute("data-level") == str(level)
        expect(page.locator("[data-indicator][data-value]")).to_have_count(6)
        expect(page.locator("#feed-list [data-case-no]").first).to_be_visible()
        own = mapped.get(f"/api/v1/grids/{code}")[1]
        labels = page.evaluate(LABELS)
        assert len(labels) == max(1, own["children"]), code
        assert page.locator("nav#breadcrumb a").count() == level + 1
    for answer in answers:
        assert len(answer.body()) <= MOST_BYTES, answer.url
    assert not [one.url for one in answers if one.status >= 400]


def test_polygons_clusters_points_and_cases_are_really_drawn(mapped: Wall, page: Page) -> None:
    show(page, f"{mapped.url}/?layers=grid")
    busy, calm, outside = (
        (WEST + 0.4, SOUTH + 1.0),
        (WEST + 2.4, SOUTH + 1.0),
        (WEST - 0.2, SOUTH + 1.0),
    )
    assert apart(colour(page, *busy), colour(page, *calm)) > 20
    assert apart(colour(page, *calm), colour(page, *outside)) > 4
    cluster, case = (WEST + BLOCK[0], SOUTH + BLOCK[1]), (WEST + 0.1, SOUTH + 0.5)
    bare = [colour(page, *cluster), colour(page, *case, 3)]
    page.locator("[data-layer=video]").click()
    page.locator("[data-layer=case]").click()
    page.wait_for_function("() => Wall.map.get().areTilesLoaded() && Wall.map.get().loaded()")
    page.wait_for_timeout(500)  # the next frames
    assert apart(colour(page, *cluster), bare[0]) > 8
    assert apart(colour(page, *case, 3), bare[1]) > 20


def test_a_chosen_indicator_colours_hatches_and_stays_in_the_address(mapped: Wall, page: Page) -> None:
    show(page, mapped.url)
    assert page.evaluate(LABELS) == ["丙镇0", "乙镇3", "甲镇40"]
    page.locator("#paint-choice").hover()
    page.wait_for_function("() => document.querySelectorAll('#paint-choice option').length > 20")
    page.locator("#paint-choice").select_option("K10")
    expect(page.locator("#map")).to_have_attribute("data-painted", "6205 K10 30")
    # Twelve of twelve, three of three (too few), none.
    assert page.evaluate(LABELS) == ["丙镇—", "乙镇3/3", "甲镇100"]
    expect(page.locator("#legend-title")).to_have_text("按期办结率 · 近30日（%）")
    expect(page.locator("#legend-steps [data-other=small] .swatch")).to_have_text("1")
    expect(page.locator("#legend-steps [data-other=unknown] .swatch")).to_have_text("1")
    hatched = page.evaluate("() => JSON.stringify(Wall.map.get().getFilter('grid-hatch'))")
    assert '"62052"' in hatched
    assert '"62051"' not in hatched
    expect(page).to_have_url(re.compile(r"indicator=K10\b"))
    click_at(page, WEST + 0.5, SOUTH + 1.4)
    shows_grid(page, "62051")
    expect(page.locator("#map")).to_have_attribute("data-painted", "62051 K10 30")
    expect(page).to_have_url(re.compile(r"grid=62051&indicator=K10\b"))
    page.evaluate("() => Wall.paint.choose({ id: 'K60' })")  # as a scene does
    expect(page.locator("#map")).to_have_attribute("data-painted", "62051 K60 30")
    expect(page.locator("#legend-title")).to_contain_text("视频总数 · 此刻")
    page.wait_for_timeout(500)  # the next frames
    assert (
        apart(colour(page, WEST + 0.8, SOUTH + 0.8), colour(page, WEST + 0.8, SOUTH + 1.8)) > 20
    )  # 41 and none
    page.evaluate("() => Wall.paint.choose(null)")
    expect(page).not_to_have_url(re.compile("indicator="))
    expect(page.locator("#legend-title")).to_have_text("近7日上报（件）")


def test_an_indicator_of_the_address_that_is_none_falls_back_to_the_usual(mapped: Wall, page: Page) -> None:
    show(page, f"{mapped.url}/?indicator=K999")
    expect(page.locator("#legend-title")).to_have_text("近7日上报（件）")
    expect(page).not_to_have_url(re.compile("indicator="))


def test_arrows_walk_from_grid_to_grid_and_enter_opens_one(mapped: Wall, page: Page) -> None:
    show(page, mapped.url)
    page.locator("#map .maplibregl-canvas").focus()
    tip = page.locator("#map-tip")
    camera = page.evaluate(CAMERA)
    page.keyboard.press("ArrowRight")
    expect(tip).to_contain_text("乙镇")
    page.keyboard.press("ArrowRight")
    expect(tip).to_contain_text("丙镇")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(tip).to_contain_text("甲镇")
    page.keyboard.press("ArrowUp")
    expect(tip).to_contain_text("甲镇")  # none above
    assert page.evaluate(CAMERA) == camera
    page.keyboard.press("Enter")
    shows_grid(page, "62051")
    page.keyboard.press("Escape")
    shows_grid(page, "6205")


def test_what_lies_in_no_grid_is_a_list_that_opens_its_cases(mapped: Wall, page: Page) -> None:
    show(page, mapped.url)
    page.locator("#unassigned").click()
    expect(page.locator("#unplaced-title")).to_have_text("待定位 1 件")
    # However often the number changes, it is one question; and beside a wall of then there is no list of now.
    asked = list[str]()
    page.on("request", lambda one: asked.append(one.url) if "/unplaced" in one.url else None)
    page.evaluate(
        "() => { const state = { grid: { code: document.getElementById('map').dataset.grid } };"
        " for (let n = 0; n < 20; n += 1) Wall.unplaced.paint(state, { figures: new Set(['unassigned']) }, false); }"
    )
    page.evaluate("() => Wall.replay.go(Date.now() - 1_000)")
    expect(page.locator("#unplaced-note")).to_have_text("回放中：本面板没有当时的数")
    expect(page.locator("#unplaced-list button")).to_have_count(0)
    page.evaluate("() => Wall.replay.leave()")
    expect(page.locator("#unplaced-title")).to_have_text("待定位 1 件")
    assert len(asked) <= 2
    page.locator("#unplaced-list button").click()
    expect(page.locator("#card")).to_contain_text("待定位")
    page.keyboard.press("Escape")
    expect(page.locator("#card")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#unplaced")).to_be_hidden()


def test_a_point_tells_its_metadata_and_a_change_repaints_its_tile_alone(mapped: Wall, page: Page) -> None:
    show(page, f"{mapped.url}/?grid=6205112&layers=grid,video")
    page.wait_for_function("() => Wall.map.get().loaded()")
    page.wait_for_timeout(500)  # once it has loaded it fits its grid once more
    page.evaluate(
        "([lon, lat]) => Wall.map.get().jumpTo({ center: [lon, lat], zoom: 13.4 })",
        [WEST + SINGLES[0][0], SOUTH + SINGLES[0][1]],
    )
    page.wait_for_function("() => Wall.map.get().areTilesLoaded()")
    page.wait_for_function(
        "() => Wall.map.get().queryRenderedFeatures({ layers: ['video-point'] }).length > 0"
    )
    click_at(page, WEST + SINGLES[0][0], SOUTH + SINGLES[0][1])
    card = page.locator("#point")
    expect(card).to_contain_text("在线")
    expect(page.locator("#point-title")).to_have_text(f"{point_id(41)[:-6]}······")
    expect(card).to_contain_text("一类点")
    expect(card).to_contain_text("邻里纠纷")
    expect(card).to_contain_text(re.compile(r"[\d\u2009]+ m"))
    camera, asked = page.evaluate(CAMERA), list[str]()
    page.on("request", lambda one: asked.append(one.url) if "/tiles/video/" in one.url else None)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    body = {"source": "platform", "point_id": point_id(41), "status": "OFF", "at": now, "cause": "POWER"}
    assert mapped.post("/api/v1/video-points/status", body)[0] == 200
    expect(card).to_contain_text("离线")
    expect(card).to_contain_text("供电")
    off = (
        "() => Wall.map.get().querySourceFeatures('video', { sourceLayer: 'video' })"
        ".some((one) => one.properties.status === 'OFF')"
    )
    page.wait_for_function(off)
    at = tile_at(WEST + SINGLES[0][0], SOUTH + SINGLES[0][1], 13)
    assert {url.rpartition("/tiles/")[2] for url in asked} == {f"video/13/{at.x}/{at.y}.mvt"}
    assert page.evaluate(CAMERA) == camera
    # The tiles of other zooms are made anew when they come into view.
    page.evaluate("() => Wall.map.get().jumpTo({ zoom: 12.2 })")
    page.wait_for_function(off)
    # The card tells of a case near by: it goes when visitors come.
    expect(card).to_be_visible()
    page.keyboard.press("v")
    expect(card).to_be_hidden()


def test_of_a_layer_that_is_not_shown_no_list_of_old_tiles_grows_for_weeks(mapped: Wall, page: Page) -> None:
    show(page, f"{mapped.url}/?layers=grid")
    page.evaluate(
        "() => { const map = Wall.map.get(); window.asked = []; map.refreshTiles = (...all) => asked.push(all);"
        " const video = Array.from({ length: 1_500 }, (_, n) => ({ point_id: `p${n}`, lon: 100 + n / 50, lat: 30 }));"
        " Wall.video.paint(null, { video }); }"
    )
    page.wait_for_function("() => asked.length")
    assert page.evaluate("() => asked") == [["video"]]


def test_the_view_never_moves_by_itself_while_someone_pans_and_changes_arrive(
    mapped: Wall, page: Page
) -> None:
    show(page, f"{mapped.url}/?grid=62051")
    line = page.context.new_cdp_session(page)
    line.send("HeapProfiler.collectGarbage")
    before = line.send(HEAP)["usedSize"]
    x, y = page.evaluate(AT, [WEST + 0.5, SOUTH + 1.0])
    for turn in range(6):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + (60 if turn % 2 else -60), y + 20, steps=4)
        page.mouse.up()
        page.wait_for_function("() => !Wall.map.get().isMoving()")
        page.wait_for_timeout(400)  # what a released drag still glides
        page.wait_for_function("() => !Wall.map.get().isMoving()")
        camera = page.evaluate(CAMERA)
        number = 1_000 + 10 * turn
        told = mapped.post("/api/v1/incidents", [incident(number + n, 0.3, 1.2) for n in range(10)])[1]
        seq = max(one["seq"] for one in told["results"])
        page.wait_for_function("(seq) => Number(document.body.dataset.seq) >= seq", arg=seq)
        page.wait_for_timeout(600)
        assert page.evaluate(CAMERA) == camera
    line.send("HeapProfiler.collectGarbage")
    assert line.send(HEAP)["usedSize"] < before + 12_000_000


def picture(red: int, green: int, blue: int, side: int = 256) -> bytes:
    """A PNG of one colour."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress((b"\0" + bytes([red, green, blue]) * side) * side)
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_ground_map_of_a_file_is_drawn_below_the_grids_and_nobody_else_is_asked(
    tmp_path: Path, open_page: OpenPage
) -> None:
    red = picture(200, 30, 30)
    tiles = {
        tile_at(WEST + x / 3, SOUTH + y / 3, z): red
        for z in range(10)
        for x in range(-18, 30)
        for y in range(-12, 21)
    }
    make_mbtiles(tmp_path / "ground.mbtiles", tiles, "png")
    more = '[map.basemap]\npath = "ground.mbtiles"\nopacity = 0.8\n'
    wall = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", more)
    try:
        page = open_page()
        show(page, wall.url)
        page.wait_for_function("() => Wall.map.get().areTilesLoaded()")
        page.wait_for_timeout(500)
        beside = colour(page, WEST - 0.25, SOUTH + 1.0)
        assert beside[0] > beside[2] + 60
        inside = colour(page, WEST + 2.5, SOUTH + 1.0)
        assert beside[0] > inside[0] > 60  # a face alone has no more than 30 of red
        status, _ = wall.get("/api/v1/map/ground/9/0/0")
        assert status == 204
        assert wall.get("/api/v1/map/ground/99/0/0")[0] == 404
    finally:
        assert wall.stop() == 0


def test_a_ground_map_whose_service_does_not_answer_is_told_beside_the_map(
    tmp_path: Path, open_page: OpenPage
) -> None:
    more = f'[map.basemap]\nurl = "http://127.0.0.1:{free_port()}/{{z}}/{{x}}/{{y}}"\nmax_zoom = 14\n'
    wall = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", more)
    try:
        page = open_page()
        show(page, wall.url)
        expect(page.locator("#ground-fault")).to_contain_text("底图服务没有应答")
        assert wall.get("/readyz") == (200, {**wall.get("/readyz")[1], "ground": "没有应答"})
        assert "yiping_ground_map_fault 1.0" in wall.get("/metrics")[1]
        assert page.evaluate("() => Boolean(Wall.map.get())")
    finally:
        assert wall.stop() == 0
