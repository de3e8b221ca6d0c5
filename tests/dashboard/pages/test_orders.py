"""The commander's phone and the walls, all in a real browser: what is sent is shown, held, and over in its time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.pages.test_wall import LIVE, show
from tests.fixtures.browser import OpenPage
from tests.fixtures.port import free_port
from tests.fixtures.wall import Wall, incident

#: An order passes through a store, two servers and the page, on a machine that does other things besides.
PATIENCE_MS = 60_000


@pytest.fixture
def second(wall: Wall) -> Iterator[Wall]:
    """Another server process on the same store."""
    other = Wall(wall.folder, wall.store, free_port())
    other.start()
    yield other
    assert other.stop() == 0


def scene(page: Page, id_: str) -> None:
    """Wait until the page shows a scene."""
    expect(page.locator("body")).to_have_attribute("data-scene", id_, timeout=PATIENCE_MS)


def test_the_phone_sends_to_one_wall_and_to_all_across_two_processes(
    wall: Wall, second: Wall, open_page: OpenPage
) -> None:
    left, right, phone = open_page(), open_page(), open_page(width=390, height=844)
    show(left, f"{wall.url}/?wall=左屏")
    show(right, f"{second.url}/?wall=右屏&scene=grids")
    phone.goto(f"{second.url}/remote")
    expect(phone.locator("[data-wall]")).to_have_count(2, timeout=PATIENCE_MS)
    expect(phone.locator("[data-wall='左屏']")).to_contain_text("态势总览")
    expect(phone.locator("[data-wall='右屏']")).to_contain_text("网格管理")
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390
    phone.locator("[data-wall='左屏']").click()
    phone.locator("[data-scene=command]").click()
    phone.locator("[data-part=send]").click()
    scene(left, "command")
    expect(phone.locator("[data-part=says]")).to_contain_text("已投送")
    expect(phone.locator("[data-wall='左屏']")).to_contain_text("应急指挥")
    scene(right, "grids")
    phone.locator("[data-part=walls] .row").first.click()
    phone.locator("[data-open='62051']").click()
    phone.locator("[data-grid='62051']").click()
    phone.locator("[data-part=send]").click()
    for page in (left, right):
        expect(page.locator("#map")).to_have_attribute("data-grid", "62051", timeout=PATIENCE_MS)
        scene(page, "command")
    phone.locator("[data-part=release]").click()
    scene(left, "overview")
    scene(right, "grids")
    for page in (left, right):
        expect(page.locator("#map")).to_have_attribute("data-grid", "6205")


def test_a_locked_wall_is_held_knows_it_after_a_reload_and_goes_back_to_its_own_view(
    wall: Wall, page: Page
) -> None:
    show(page, f"{wall.url}/?wall=厅&scene=grids&carousel=600s")
    body = {"scene": "analysis", "lock": True, "minutes": 5}
    assert wall.post("/api/v1/walls/orders", body)[0] == 200
    scene(page, "analysis")
    expect(page.locator("#order")).to_contain_text("锁定至")
    page.keyboard.press("1")
    page.locator("#scenes [data-scene=command]").click()
    page.locator("[data-layer=video]").click()
    page.mouse.click(600, 500)
    scene(page, "analysis")
    expect(page.locator("[data-layer=video]")).to_have_attribute("aria-pressed", "false")
    assert "scene=grids" in page.url
    page.reload()
    page.wait_for_selector(LIVE)
    scene(page, "analysis")
    expect(page.locator("body")).to_have_attribute("data-locked", "1")
    assert wall.post("/api/v1/walls/release", {})[0] == 200
    scene(page, "grids")
    expect(page.locator("#order")).to_be_hidden()
    page.keyboard.press("1")
    scene(page, "overview")


def test_what_was_sent_without_a_lock_gives_way_to_a_hand_and_a_case_opens_its_card(
    wall: Wall, page: Page
) -> None:
    number = wall.post("/api/v1/incidents", incident(1))[1]["results"][0]["case_no"]
    show(page, f"{wall.url}/?kiosk=1")
    assert wall.post("/api/v1/walls/orders", {"case_no": number, "scene": "disputes"})[0] == 200
    scene(page, "disputes")
    expect(page.locator("#card")).to_have_attribute("data-case", number)
    expect(page.locator("#card-body")).to_contain_text(number)
    page.keyboard.press("2")
    scene(page, "grids")
    expect(page.locator("body")).to_have_attribute("data-order", "")
    assert "scene=grids" in page.url


def test_a_wall_that_was_away_gets_what_stands_and_goes_back_when_its_time_is_over(
    wall: Wall, page: Page
) -> None:
    show(page, f"{wall.url}/?wall=厅")
    page.context.set_offline(True)
    page.evaluate("() => { globalThis.sameLife = true; }")
    wall.kill()
    page.context.set_offline(False)
    wall.start()
    assert (
        wall.post("/api/v1/walls/orders", {"walls": None, "scene": "command", "lock": True, "minutes": 1})[0]
        == 200
    )
    scene(page, "command")
    assert page.evaluate("() => globalThis.sameLife")
    # A minute later, by the wall's clock.
    page.evaluate("() => Wall.clock.set(new Date(Date.now() + 61_000).toISOString())")
    scene(page, "overview")


def test_the_phone_keeps_its_list_of_walls_until_something_in_it_changes(
    wall: Wall, open_page: OpenPage
) -> None:
    hall, phone = open_page(), open_page(width=390, height=844)
    show(hall, f"{wall.url}/?wall=厅")
    phone.goto(f"{wall.url}/remote")
    row = phone.locator("[data-wall='厅']")
    expect(row).to_contain_text("态势总览", timeout=PATIENCE_MS)
    phone.evaluate("() => { globalThis.row = document.querySelector('[data-wall]'); }")
    with phone.expect_response("**/api/v1/walls"), phone.expect_response("**/api/v1/walls"):
        pass
    phone.wait_for_timeout(200)
    assert phone.evaluate("() => globalThis.row.isConnected")
    hall.keyboard.press("2")
    expect(row).to_contain_text("网格管理", timeout=PATIENCE_MS)
