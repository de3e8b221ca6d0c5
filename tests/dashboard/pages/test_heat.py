"""Heat on the map of a real browser: drawn, explained, and out of the way when it is off."""

from __future__ import annotations

import base64
import re

from playwright.sync_api import Page, expect

from tests.dashboard.pages.test_wall import AT, show
from tests.fixtures.wall import Wall, incident

HOT, COLD = (106.25, 34.5), (108.75, 35.5)
#: Mean blue of 20 x 20 pixels of the drawn picture: the ramp of the heat runs from dark to light blue.
BLUE = """([at, png]) => new Promise((done) => {
  const image = new Image();
  image.onload = () => {
    const canvas = new OffscreenCanvas(image.width, image.height), pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0);
    const { data } = pen.getImageData(at[0] - 10, at[1] - 10, 20, 20);
    let sum = 0;
    for (let n = 2; n < data.length; n += 4) sum += data[n];
    done(sum / 400);
  };
  image.src = `data:image/png;base64,${png}`;
})"""


def blue(page: Page, lon: float, lat: float) -> float:
    """How blue the screen is at a place of the map."""
    shot = base64.b64encode(page.screenshot(scale="css")).decode()
    found: float = page.evaluate(BLUE, [page.evaluate(AT, [lon, lat]), shot])
    return found


def test_heat_is_drawn_where_the_cases_are_and_says_window_and_bandwidth(wall: Wall, page: Page) -> None:
    wall.post("/api/v1/incidents", [incident(n, 0.25, 0.5) for n in range(30)])
    show(page, f"{wall.url}/?layers=heat")
    expect(page.locator("#map")).to_have_attribute("data-heat", "count")
    page.wait_for_timeout(500)  # the next frames
    assert blue(page, *HOT) > blue(page, *COLD) + 60
    expect(page.locator("#heat-title")).to_have_text("件数（件/km²） · 近 30 日")
    expect(page.locator("#heat-note")).to_contain_text("30 / 30 件在图上")
    expect(page.locator("#heat-note")).to_contain_text("带宽 1")
    expect(page.locator("#heat-steps li")).to_have_count(6)


def test_mode_and_window_are_chosen_by_hand_and_kept_in_the_address(wall: Wall, page: Page) -> None:
    wall.post("/api/v1/incidents", [incident(n) for n in range(12)])
    show(page, wall.url)
    expect(page.locator("#heat-options")).to_be_hidden()
    page.locator("[data-layer=heat]").click()
    expect(page.locator("#map")).to_have_attribute("data-heat", "count")
    page.locator("[data-heat-days='90']").click()
    page.locator("[data-heat-mode=significance]").click()
    expect(page.locator("#map")).to_have_attribute("data-heat", "significance")
    expect(page).to_have_url(re.compile(r"layers=grid,heat,video,case&heat=significance&window=90d"))
    expect(page.locator("#heat-steps [data-spot]")).to_have_count(3)
    page.locator("[data-heat-mode=rate]").click()
    expect(page.locator("#heat-note")).to_contain_text("没有人口数")
    page.locator("[data-layer=heat]").click()
    expect(page.locator("#heat-options")).to_be_hidden()
    expect(page.locator("#map")).not_to_have_attribute("data-heat", re.compile("."))
    assert page.evaluate("() => Wall.map.get().getPaintProperty('grid-fill', 'fill-opacity')") == 1


def test_another_grid_has_a_picture_of_its_own(wall: Wall, page: Page) -> None:
    wall.post("/api/v1/incidents", [incident(n, 0.25, 0.5) for n in range(8)])
    show(page, f"{wall.url}/?grid=62051&layers=grid,heat")
    expect(page.locator("#heat-note")).to_contain_text("8 / 8 件在图上")
    page.keyboard.press("Escape")
    expect(page.locator("#map")).to_have_attribute("data-grid", "6205")
    page.wait_for_function("() => Wall.map.get().getSource('heat').coordinates[1][0] > 108.9")
