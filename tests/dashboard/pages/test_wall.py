"""The wall in a real browser on a real server: what arrives is painted, what is clicked opens, nothing jumps."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.fixtures.browser import OpenPage
from tests.fixtures.wall import Wall, incident

LIVE = "body[data-live=live][data-seq]"
MAP_READY = "() => globalThis.Wall?.map.get()?.queryRenderedFeatures({layers: ['grid-fill']}).length > 0"
#: The polygons that are drawn are those of the grid, none of the one before: its children, or itself where it has none.
DRAWN = """(code) => {
  const drawn = Wall.map.get().queryRenderedFeatures({ layers: ["grid-fill"] }).map((one) => one.properties.code);
  const own = (one) => one === code || (one.startsWith(code) && one.length === code.length + 1);
  return drawn.length > 0 && drawn.every(own);
}"""
CAMERA = "() => { const m = Wall.map.get(); return [m.getCenter().lng, m.getCenter().lat, m.getZoom()]; }"
AT = """([lon, lat]) => {
  const map = Wall.map.get(), box = map.getCanvas().getBoundingClientRect();
  const ratio = box.width / map.getContainer().offsetWidth, at = map.project([lon, lat]);
  return [box.left + at.x * ratio, box.top + at.y * ratio];
}"""
SHAPES = [(1920, 1080), (3840, 2160), (5120, 1440), (3440, 1440), (1366, 768), (1080, 1920)]
SPILLING = """() => {
  const spilling = [];
  for (const node of document.querySelectorAll("#wall *")) {
    const box = node.getBoundingClientRect(), style = getComputedStyle(node);
    if (!box.width || node.closest("#map-canvas")) continue;
    const name = `${node.tagName} ${node.id || node.className} ${node.textContent.slice(0, 20)}`;
    if (box.right > innerWidth + 1 || box.bottom > innerHeight + 1) spilling.push(`outside: ${name}`);
    if (style.overflowX !== "visible" && node.scrollWidth > node.clientWidth + 1) spilling.push(`cut: ${name}`);
  }
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) spilling.push("the page scrolls");
  return spilling;
}"""


def show(page: Page, address: str) -> None:
    """Open a wall and wait until it is live and its polygons are drawn."""
    page.goto(address)
    page.wait_for_selector(LIVE)
    page.wait_for_function(MAP_READY)
    page.wait_for_function("() => !document.body.dataset.loading && !Wall.map.get().isMoving()")


def click_at(page: Page, lon: float, lat: float) -> None:
    """Click the map at a place."""
    page.mouse.click(*page.evaluate(AT, [lon, lat]))


def shows_grid(page: Page, code: str) -> None:
    """Wait until the grid is open and drawn."""
    expect(page.locator("#map")).to_have_attribute("data-grid", code)
    page.wait_for_function("() => !document.body.dataset.loading && !Wall.map.get().isMoving()")
    page.wait_for_function(DRAWN, arg=code)


def test_an_incident_from_another_system_appears_in_feed_tile_and_polygon_once(
    wall: Wall, page: Page
) -> None:
    show(page, wall.url)
    camera = page.evaluate(CAMERA)
    body = incident(1)
    status, answer = wall.post("/api/v1/incidents", body)
    assert status == 200
    (result,) = answer["results"]
    row = page.locator(f"[data-case-no='{result['case_no']}']")
    expect(page.locator("#pulses .pulse")).to_have_count(1)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("邻里纠纷 · 普通")
    expect(page.locator("body")).to_have_attribute("data-seq", str(result["seq"]))
    expect(page.locator("[data-indicator=K01]")).to_have_attribute("data-value", "1")
    expect(page.locator("#ranking-list [data-code='62051']")).to_have_attribute("data-n", "1")
    assert page.evaluate("() => Wall.map.get().getFeatureState({source: 'grid', id: '62051'}).step") > 0
    drawn = "(no) => Wall.cases.drawn().has(no)"
    page.wait_for_function(drawn, arg=result["case_no"])
    assert page.evaluate(CAMERA) == camera
    assert wall.post("/api/v1/incidents", body)[1]["results"][0]["status"] == "duplicate"
    expect(row).to_have_count(1)


def test_a_click_drills_and_breadcrumb_escape_and_back_lead_up_again(wall: Wall, page: Page) -> None:
    show(page, wall.url)
    expect(page.locator("#map")).to_have_attribute("data-level", "0")
    click_at(page, 106.5, 35.0)
    shows_grid(page, "62051")
    expect(page).to_have_url(re.compile(r"grid=62051\b"))
    click_at(page, 106.5, 34.5)
    shows_grid(page, "620511")
    click_at(page, 106.25, 34.5)
    shows_grid(page, "6205111")
    expect(page.locator("#map")).to_have_attribute("data-level", "3")
    expect(page.locator("nav#breadcrumb a")).to_have_count(4)
    page.keyboard.press("Escape")
    shows_grid(page, "620511")
    page.locator("nav#breadcrumb a").first.click()
    shows_grid(page, "6205")
    page.go_back()
    shows_grid(page, "620511")


def test_the_address_holds_the_grid_and_the_layers(wall: Wall, page: Page) -> None:
    show(page, f"{wall.url}/?grid=62052&layers=grid,case")
    expect(page.locator("#map")).to_have_attribute("data-grid", "62052")
    expect(page.locator("[data-layer=video]")).to_have_attribute("aria-pressed", "false")
    page.locator("[data-layer=video]").click()
    page.locator("[data-layer=case]").click()
    expect(page).to_have_url(re.compile(r"layers=grid,video"))
    expect(page.locator("#case-points")).to_be_hidden()


def test_a_grid_that_is_not_there_leaves_the_screen_at_the_top(wall: Wall, page: Page) -> None:
    show(page, f"{wall.url}/?grid=nowhere")
    expect(page.locator("#map")).to_have_attribute("data-grid", "6205")


def test_a_case_without_a_place_is_told_beside_the_map(wall: Wall, page: Page) -> None:
    show(page, wall.url)
    wall.post("/api/v1/incidents", incident(1, lon=None))
    expect(page.locator("#unassigned")).to_contain_text("待定位 1")
    # The source itself is noted a moment after its first case: the tile names it with its next change.
    title = re.compile("待定位 1\u2009/\u20091 件")
    expect(page.locator("[data-indicator=K01]")).to_have_attribute("title", title)
    expect(page.locator("#feed-list [data-case-no]").first).to_contain_text("待定位")


def test_a_burst_is_folded_into_one_line_and_forty_rows(wall: Wall, page: Page) -> None:
    show(page, wall.url)
    status, answer = wall.post("/api/v1/incidents", [incident(number) for number in range(60)])
    assert status == 200
    last = max(result["seq"] for result in answer["results"])
    expect(page.locator("body")).to_have_attribute("data-seq", str(last))
    expect(page.locator("#feed-notice")).to_be_visible()
    expect(page.locator("#feed-list [data-case-no]")).to_have_count(40)
    expect(page.locator("[data-indicator=K01]")).to_have_attribute("data-value", "60")


def test_a_killed_server_is_told_and_what_was_missed_comes_by_itself(wall: Wall, page: Page) -> None:
    show(page, wall.url)
    page.evaluate("() => { globalThis.sameLife = true; }")
    wall.kill()
    expect(page.locator("body")).to_have_attribute("data-live", "catching-up")
    expect(page.locator("body")).to_have_attribute("data-live", "stale", timeout=20_000)
    expect(page.locator("#freshness")).to_contain_text("数据可能过期")
    wall.start()
    wall.post("/api/v1/incidents", incident(1))
    expect(page.locator("body")).to_have_attribute("data-live", "live", timeout=20_000)
    expect(page.locator("[data-indicator=K01]")).to_have_attribute("data-value", "1", timeout=20_000)
    assert page.evaluate("() => globalThis.sameLife")


def test_nothing_is_cut_or_scrolls_on_a_wall_of_any_shape(wall: Wall, open_page: OpenPage) -> None:
    wall.post("/api/v1/incidents", [incident(number, lon=0.1 * (number % 25)) for number in range(60)])
    page = open_page()
    page.goto(wall.url)
    page.wait_for_selector(LIVE)
    expect(page.locator("#feed-list [data-case-no]")).to_have_count(40)
    page.wait_for_function("() => document.fonts.status === 'loaded'")
    for width, height in SHAPES:
        page.set_viewport_size({"width": width, "height": height})
        # The observers that fit the lists run with the next frames.
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate(SPILLING) == [], f"{width} x {height}"


def test_a_tile_is_marked_as_doubted_only_where_its_counts_do_not_agree(quiet_wall: Wall, page: Page) -> None:
    show(page, quiet_wall.url)
    signs = "() => [...document.querySelectorAll('.tile-label')].map((one) => getComputedStyle(one, '::after').content)"
    assert set(page.evaluate(signs)) == {"none"}
    page.evaluate("() => { document.querySelector('.tile').dataset.doubt = '1'; }")
    assert "⚠" in page.evaluate(signs)[0]


def test_a_tile_whose_days_were_told_otherwise_after_they_were_final_says_so(
    quiet_wall: Wall, page: Page
) -> None:
    show(page, quiet_wall.url)
    as_of = "() => document.querySelector('.tile[data-indicator=K10] .tile-as-of').textContent"
    assert "已修订" not in page.evaluate(as_of)
    # In one go: the page's own figures are painted again at any time.
    told, title = page.evaluate(
        """() => {
          const tile = { id: "K10", label: "按期办结率", value: 96, text: "96", unit: "%", restated: true,
            numerator: 24, denominator: 25, comparison: { text: "" }, spark: [] };
          const state = { figures: new Map([["tile.K10", tile], ["as_of", "2026-11-22T06:30:00Z"]]) };
          Wall.tiles.paint(state, { figures: new Map() }, true);
          const painted = document.querySelector('.tile[data-indicator=K10]');
          return [painted.querySelector('.tile-as-of').textContent, painted.title];
        }"""
    )
    assert told.startswith("已修订 · ")
    assert "定数以后" in title
