"""Scenes in a real browser: each shows its panels and only these, and a switch leaves map, line and state alone."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from dashboard.scenes import AREAS, SHIPPED
from tests.dashboard.pages.test_wall import CAMERA, show
from tests.fixtures.wall import Wall, incident

PLACED = """() => Object.fromEntries(["left", "right", "footer"].map((area) =>
  [area, [...document.querySelectorAll(`#area-${area} > *`)].map((node) => node.dataset.panel)]))"""
VISIBLE = """() => [...document.querySelectorAll("[data-panel]")].filter((node) => node.checkVisibility())
  .map((node) => node.dataset.panel).sort()"""
COUNT_PAINTS = """() => {
  globalThis.paints = {};
  for (const node of document.querySelectorAll("[data-panel]")) {
    const noun = Wall[node.dataset.script], paint = noun.paint;
    noun.paint = (...given) => {
      paints[node.dataset.panel] = (paints[node.dataset.panel] || 0) + 1;
      return paint(...given);
    };
  }
}"""


def test_each_scene_shows_its_panels_and_only_these_and_is_one_key_or_one_click_away(
    wall: Wall, page: Page
) -> None:
    show(page, wall.url)
    for number, scene in enumerate(SHIPPED, 1):
        if number % 2:
            page.keyboard.press(str(number))
        else:
            page.locator(f"#scenes [data-scene={scene.id}]").click()
        expect(page.locator("body")).to_have_attribute("data-scene", scene.id)
        assert page.evaluate(PLACED) == {area: getattr(scene, area) for area in AREAS}
        assert page.evaluate(VISIBLE) == sorted(name for area in AREAS for name in getattr(scene, area))
        expect(page.locator("#scene-title")).to_have_text(scene.title)
        expect(page.locator("#scenes [aria-current=page]")).to_have_text(scene.title)
        pressed = page.locator("[data-layer][aria-pressed=true]").evaluate_all(
            "(all) => all.map((one) => one.dataset.layer)"
        )
        assert pressed == scene.layers


def test_a_switch_of_scenes_keeps_page_map_camera_line_and_feed(wall: Wall, page: Page) -> None:
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    show(page, wall.url)
    wall.post("/api/v1/incidents", incident(1))
    expect(page.locator("#feed-list [data-case-no]")).to_have_count(1)
    page.evaluate("() => { globalThis.before = Wall.map.get(); }")
    # Somebody looks closer: a map that nobody has moved is fitted anew where a scene leaves it more room.
    page.mouse.move(900, 500)
    page.mouse.wheel(0, -300)
    page.wait_for_function(
        "(before) => Wall.map.get().getZoom() > before && !Wall.map.get().isMoving()",
        arg=page.evaluate(CAMERA)[2],
    )
    camera, asked, lines = page.evaluate(CAMERA), [], len(sockets)
    page.on("request", lambda request: asked.append(request.url))
    for key in "265413":
        page.keyboard.press(key)
    expect(page.locator("body")).to_have_attribute("data-scene", "appeals")
    assert page.evaluate("() => globalThis.before === Wall.map.get()")
    assert page.evaluate(CAMERA) == camera
    assert len(sockets) == lines
    assert [url for url in asked if "/view" in url or "/children" in url] == []
    expect(page.locator("#feed-list [data-case-no]")).to_have_count(1)


def test_a_hidden_panel_is_not_painted_and_is_painted_when_it_is_shown(wall: Wall, page: Page) -> None:
    show(page, wall.url)
    page.keyboard.press("5")
    expect(page.locator("body")).to_have_attribute("data-scene", "analysis")
    page.evaluate(COUNT_PAINTS)
    seq = wall.post("/api/v1/incidents", incident(1))[1]["results"][0]["seq"]
    expect(page.locator("body")).to_have_attribute("data-seq", str(seq))
    shown = {name for area in AREAS for name in getattr(SHIPPED[4], area)}
    assert set(page.evaluate("() => paints")) == shown
    assert "feed" not in shown
    assert page.locator("#feed-list [data-case-no]").count() == 0
    page.keyboard.press("1")
    # At once, without a change that would bring a paint.
    assert page.locator("#feed-list [data-case-no]").count() == 1


def test_the_address_holds_the_scene_and_what_differs_from_it_and_back_leads_back(
    wall: Wall, page: Page
) -> None:
    show(page, f"{wall.url}/?scene=command&grid=62052&kiosk=1")
    expect(page.locator("body")).to_have_attribute("data-scene", "command")
    expect(page.locator("#map")).to_have_attribute("data-grid", "62052")
    page.keyboard.press("2")
    expect(page).to_have_url(f"{wall.url}/?scene=grids&grid=62052&kiosk=1")
    page.locator("[data-layer=video]").click()
    expect(page).to_have_url(re.compile(r"scene=grids&grid=62052&layers=grid,video&kiosk=1"))
    page.keyboard.press("5")
    expect(page.locator("[data-layer=video]")).to_have_attribute("aria-pressed", "false")
    page.go_back()
    expect(page.locator("body")).to_have_attribute("data-scene", "grids")
    expect(page.locator("[data-layer=video]")).to_have_attribute("aria-pressed", "true")
    page.go_back()
    expect(page.locator("body")).to_have_attribute("data-scene", "command")
    page.keyboard.press("1")
    expect(page).to_have_url(f"{wall.url}/?grid=62052&kiosk=1")


def test_a_scene_that_there_is_not_is_the_first_one(wall: Wall, page: Page) -> None:
    show(page, f"{wall.url}/?scene=nowhere")
    expect(page.locator("body")).to_have_attribute("data-scene", "overview")
