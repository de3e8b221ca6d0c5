"""The card of a case in a real browser: opened from feed, map and address; live; closed by Escape."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.dashboard.pages.test_wall import LIVE, click_at, show
from tests.fixtures.wall import Wall, incident


def report(wall: Wall, number: int = 1, **changes: object) -> str:
    """Post an incident; its case number."""
    found: str = wall.post("/api/v1/incidents", incident(number, **changes))[1]["results"][0]["case_no"]
    return found


def test_a_feed_row_opens_the_card_and_escape_closes_it_before_it_goes_up(wall: Wall, page: Page) -> None:
    number = report(wall)
    show(page, f"{wall.url}/?grid=62051")
    page.locator(f"[data-case-no='{number}']").click()
    card = page.locator("#card")
    expect(card).to_have_attribute("data-case", number)
    expect(card).to_contain_text("邻里纠纷 · 普通")
    expect(card).to_contain_text("已上报")
    expect(card).to_contain_text("示范县›甲镇›1村›1组")
    expect(card).to_contain_text("下一步可为：登记")
    expect(card).to_contain_text("来源 hotline-12345")
    expect(page).to_have_url(re.compile(f"case={number}"))
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(page.locator("#map")).to_have_attribute("data-grid", "62051")
    expect(page).not_to_have_url(re.compile("case="))


def test_the_address_of_a_case_opens_its_card_on_its_own_ground(wall: Wall, page: Page) -> None:
    number = report(wall)
    show(page, f"{wall.url}/case/{number}")
    expect(page.locator("#card")).to_have_attribute("data-case", number)
    expect(page.locator("#map")).to_have_attribute("data-grid", "620511")
    page.reload()
    page.wait_for_selector(LIVE)
    expect(page.locator("#card")).to_contain_text(number)


def test_a_point_on_the_map_opens_its_case_and_a_change_fills_the_card_afresh(wall: Wall, page: Page) -> None:
    number = report(wall)
    show(page, wall.url)
    drawn = "(no) => Wall.cases.drawn().has(no)"
    page.wait_for_function(drawn, arg=number)
    page.wait_for_function("() => !document.querySelector('.pulse')", timeout=15_000)
    lon, lat = page.evaluate("(no) => Wall.cases.drawn().get(no)", number)
    click_at(page, lon, lat)
    card = page.locator("#card")
    expect(card).to_have_attribute("data-case", number)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    status, _ = wall.post(
        "/api/v1/incidents", incident(1) | {"state": "ACCEPTED", "accepted_at": now, "source_updated_at": now}
    )
    assert status == 200
    expect(card).to_have_attribute("data-state", "ACCEPTED")
    expect(card).to_contain_text("剩余")


def test_an_unknown_case_says_so_and_the_wall_goes_on(wall: Wall, page: Page) -> None:
    show(page, f"{wall.url}/case/6205-20200101-00001")
    expect(page.locator("#card")).to_contain_text("没有这个案件")
    expect(page.locator("#map")).to_have_attribute("data-grid", "6205")


def test_a_category_that_no_wall_shows_is_told_as_other(wall: Wall) -> None:
    number = report(wall, category="涉民族宗教")
    body = wall.get(f"/api/v1/cases/{number}")[1]
    assert (body["category"], body["location"]) == ("其它", None)
