"""Visitor mode in a real browser: single cases and small counts are nowhere on the page, and only the duty ends it."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.dashboard.api.test_alerts import DISPLAYS, DUTY
from tests.dashboard.pages.test_wall import LIVE, show
from tests.fixtures.browser import OpenPage
from tests.fixtures.wall import Wall, incident, serve_centre

#: Whatever stands on the page, seen or told by a title, in the panels and on the map; not the legend's classes.
TEXT = """() => [...document.querySelectorAll("#wall *")]
  .filter((node) => node.checkVisibility({ checkVisibilityCSS: true }) && !node.closest("#header, #legend"))
  .flatMap((node) => [node.title || "", ...[...node.childNodes].filter((one) => one.nodeType === 3)
    .map((one) => one.data)])
  .filter((text) => text.trim())"""


def enter(page: Page) -> None:
    """Visitors come."""
    page.keyboard.press("v")
    expect(page.locator("#visitor")).to_have_attribute("aria-pressed", "true")


def test_single_cases_and_small_counts_leave_the_screen_and_stay_away_after_a_reload(
    wall: Wall, open_page: OpenPage
) -> None:
    made = [incident(n, grade="MAJOR" if n == 0 else "ORDINARY") for n in range(3)]
    made += [incident(n, lon=0.75, category="征地") for n in range(10, 27)]
    numbers = [result["case_no"] for result in wall.post("/api/v1/incidents", made)[1]["results"]]
    page = open_page()
    show(page, f"{wall.url}/?case={numbers[0]}")
    expect(page.locator("[data-indicator=K01]")).to_have_attribute("data-value", "20")
    expect(page.locator("#card")).to_be_visible()
    enter(page)
    expect(page.locator("#card")).to_be_hidden()
    expect(page.locator("#feed-list [data-case-no]")).to_have_count(0)
    expect(page.locator("#alert-list [data-alert-id]")).to_have_count(0)
    for again in range(2):
        if again:
            page.reload()
            page.wait_for_selector(LIVE)
            page.wait_for_function("() => Wall.map.get()?.getSource('grid')")
        expect(page.locator("#ranking-list [data-code='62051'] .bar-value")).to_have_text("20")
        text = "\n".join(page.evaluate(TEXT))
        for number in numbers:
            assert number not in text
        # A count, not the hour: 17:07 is the time as of which a figure stands.
        assert not re.search(r"(?m)^(3|17|20\s/)(?!\d*:)", text), text
        assert page.evaluate("() => Wall.cases.drawn().size") == 0
        expect(page.locator("#case-points")).to_be_hidden()
        expect(page.locator("[data-layer=case]")).to_have_attribute("aria-pressed", "false")
        expect(page.locator("#feed")).to_have_attribute("data-cover", "接待模式，不展示")
    # What comes now is not shown either, by no panel and no ring on the map; a case cannot be opened.
    wall.post("/api/v1/incidents", incident(50, category="邻里"))
    page.wait_for_timeout(1_500)
    expect(page.locator("#pulses .pulse")).to_have_count(0)
    expect(page.locator("#feed-list [data-case-no]")).to_have_count(0)
    page.evaluate(f"() => Wall.card.open('{numbers[0]}')")
    expect(page.locator("#card")).to_be_hidden()
    # Without displays this machine is the duty.
    page.keyboard.press("v")
    expect(page.locator("#visitor")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#feed-list [data-case-no]")).to_have_count(21)


def test_a_drill_shows_less_than_five_as_such_and_no_rate(wall: Wall, page: Page) -> None:
    wall.post("/api/v1/incidents", [incident(n) for n in range(3)])
    show(page, f"{wall.url}/?grid=62051")
    expect(page.locator("[data-indicator=K01]")).to_have_attribute("data-value", "3")
    enter(page)
    expect(page.locator("[data-indicator=K01] .tile-value")).to_have_text("<5")
    assert page.locator("[data-indicator=K01]").get_attribute("data-numerator") == ""
    assert "3" not in page.locator("[data-indicator=K01]").get_attribute("title").split("\n")[0]  # type: ignore[union-attr]
    expect(page.locator("#ranking-list .bar-value").first).to_have_text("<5")
    labels = page.locator(".map-label span").all_text_contents()
    assert set(labels) <= {"<5"}


def test_only_the_token_of_the_duty_lets_a_wall_out(tmp_path: Any, open_page: OpenPage) -> None:
    wall = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", DISPLAYS)
    page = open_page()
    show(page, f"{wall.url}/?display=token-of-the-hall-screen")
    enter(page)
    page.keyboard.press("v")
    field = page.get_by_label("值班令牌")
    expect(field).to_be_visible()
    field.fill("token-of-the-hall-screen")
    page.keyboard.press("Enter")
    expect(page.get_by_text("不是值班令牌")).to_be_visible()
    expect(page.locator("#visitor")).to_have_attribute("aria-pressed", "true")
    field.fill(DUTY)
    page.keyboard.press("Enter")
    expect(page.locator("#visitor")).to_have_attribute("aria-pressed", "false")
    expect(field).to_be_hidden()
    assert wall.stop() == 0


def test_a_covered_panel_asks_for_nothing_until_the_visitors_have_gone(wall: Wall, page: Page) -> None:
    wall.post("/api/v1/incidents", incident(1, state="ACCEPTED"))
    show(page, f"{wall.url}/?scene=disputes")
    expect(page.locator("#flow")).to_have_attribute("data-asked", "ready")
    enter(page)
    expect(page.locator("#flow")).to_have_attribute("data-asked", "empty")
    asked = list[str]()
    page.on("request", lambda one: asked.append(one.url) if "/api/v1/flow" in one.url else None)
    page.evaluate("() => Wall.flow.soon(0)")
    page.wait_for_timeout(2_500)
    assert asked == []
    page.keyboard.press("v")
    expect(page.locator("#flow")).to_have_attribute("data-asked", "ready")


def test_the_indicator_of_the_map_comes_back_when_the_visitors_have_gone_also_after_a_reload(
    wall: Wall, page: Page
) -> None:
    show(page, f"{wall.url}/?indicator=K10~90d")
    expect(page.locator("#map")).to_have_attribute("data-paint", "K10")
    enter(page)
    expect(page.locator("#map")).to_have_attribute("data-paint", "")
    page.locator("[data-layer=video]").click()  # the address is written anew
    expect(page.locator("[data-layer=video]")).to_have_attribute("aria-pressed", "false")
    assert "indicator=K10" in page.url
    page.reload()
    page.wait_for_selector(LIVE)
    page.wait_for_function("() => Wall.map.get()")
    assert "indicator=K10" in page.url
    page.keyboard.press("v")
    expect(page.locator("#map")).to_have_attribute("data-paint", "K10")
