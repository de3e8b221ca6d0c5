"""The walk through scenes in a real browser: each in order, none skipped, none stalled; hands and alerts come first."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from playwright.sync_api import CDPSession, Page, expect

from dashboard.scenes import SHIPPED
from tests.dashboard.pages.test_wall import show
from tests.fixtures.browser import OpenPage, until
from tests.fixtures.wall import Wall, incident, serve_centre

ORDER = [scene.id for scene in SHIPPED]
#: Every change of scene from now on, in order.
WATCH = """() => {
  globalThis.seen = [];
  globalThis.watch?.disconnect();
  globalThis.watch = new MutationObserver(() => seen.push(document.body.dataset.scene));
  watch.observe(document.body, { attributes: true, attributeFilter: ["data-scene"] });
}"""
STEP_MS = 40
CHANGES = 200
MOST_GROWTH = 1.1


def walks(seen: list[str]) -> bool:
    """Whether each scene is followed by the next of the six."""
    places = [ORDER.index(id_) for id_ in seen]
    return all((after - before) % len(ORDER) == 1 for before, after in pairwise(places))


def heap(page: Page, line: CDPSession) -> int:
    """Bytes that the page's scripts hold after everything else was thrown away."""
    line.send("HeapProfiler.collectGarbage")
    used: int = line.send("Runtime.getHeapUsage")["usedSize"]
    return used


def run(page: Page, changes: int) -> list[str]:
    """Let the carousel make so many changes; the scenes as they came."""
    page.evaluate(WATCH)
    until(page, f"seen.length >= {changes}", 120 + changes * STEP_MS * 10 / 1000)
    found: list[str] = page.evaluate("() => seen")
    return found


def test_two_hundred_changes_visit_every_scene_in_order_and_the_heap_stays(
    quiet_wall: Wall, page: Page
) -> None:
    show(page, quiet_wall.url)
    line = page.context.new_cdp_session(page)
    page.evaluate(f"() => Wall.carousel.set({{ everyMs: {STEP_MS}, idleMs: 0 }})")
    run(page, 50)
    before = heap(page, line)
    seen = run(page, CHANGES)
    assert walks(seen), seen
    assert set(seen) == set(ORDER)
    assert heap(page, line) < before * MOST_GROWTH
    expect(page.locator("body")).to_have_attribute("data-live", "live")


def test_the_walk_pauses_for_a_hand_and_goes_on_by_itself(quiet_wall: Wall, page: Page) -> None:
    show(page, f"{quiet_wall.url}/?carousel=1s")
    page.evaluate("() => Wall.carousel.set({ idleMs: 2_000 })")
    page.evaluate(WATCH)
    until(page, "seen.includes('grids')")
    page.mouse.move(600, 400)
    page.mouse.move(640, 420)
    expect(page.locator("body")).to_have_attribute("data-carousel", "paused")
    expect(page.locator("#carousel")).to_have_text("轮播 · 暂停")
    there = page.evaluate("() => document.body.dataset.scene")
    page.evaluate(WATCH)
    page.keyboard.press("4")
    until(page, "seen.length >= 2")
    assert there != "disputes"
    assert page.evaluate("() => seen.slice(0, 2)") == ["disputes", "analysis"]
    expect(page.locator("body")).to_have_attribute("data-carousel", "on")
    page.keyboard.press("c")
    expect(page.locator("body")).to_have_attribute("data-carousel", "off")
    assert "carousel=0s" in page.url


def test_a_scene_that_cannot_be_shown_is_skipped(tmp_path: Any, open_page: OpenPage) -> None:
    more = (
        '[[scenes]]\nid = "lost"\ntitle = "没有的网格"\nleft = ["feed"]\ngrid = "nowhere"\n'
        '[carousel]\nscenes = ["overview", "lost", "command"]\n'
    )
    wall = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", more)
    page = open_page()
    show(page, f"{wall.url}/?carousel=2s")
    page.evaluate(WATCH)
    until(page, "seen.length >= 6", 60)
    seen = page.evaluate("() => seen")
    assert [id_ for id_ in seen[:6] if id_ != "lost"] != []
    after = [seen[at + 1] for at, id_ in enumerate(seen[:-1]) if id_ == "lost"]
    assert set(after) == {"command"}
    expect(page.locator("#map")).to_have_attribute("data-grid", "6205")
    assert wall.stop() == 0


def test_a_scene_without_a_grid_goes_home_after_somebody_drilled(quiet_wall: Wall, page: Page) -> None:
    show(page, f"{quiet_wall.url}/?carousel=1s")
    page.evaluate("() => Wall.carousel.set({ idleMs: 1_500 })")
    page.locator("#ranking-list [data-open='62051']").click()
    expect(page.locator("#map")).to_have_attribute("data-grid", "62051")
    expect(page.locator("#map")).to_have_attribute("data-grid", "6205")


def test_a_red_alert_comes_to_the_front_and_the_wall_goes_back_when_it_is_acknowledged(
    wall: Wall, open_page: OpenPage
) -> None:
    hung, desk = open_page(), open_page()
    show(hung, f"{wall.url}/?scene=grids&kiosk=1")
    show(desk, f"{wall.url}/?scene=grids")
    wall.post("/api/v1/incidents", incident(1, grade="MAJOR"))
    expect(hung.locator("body")).to_have_attribute("data-scene", "command")
    expect(hung.locator("#alert-list [data-alert-id]")).to_be_visible()
    assert "scene=grids" in hung.url
    # Nobody is taken away from his desk.
    expect(desk.locator("body")).to_have_attribute("data-scene", "grids")
    desk.keyboard.press("6")
    desk.locator("#alert-list [data-alert-id]").get_by_role("button").click()
    expect(hung.locator("body")).to_have_attribute("data-scene", "grids")


def test_a_red_alert_that_nobody_acknowledges_gives_way_after_its_time(
    tmp_path: Any, open_page: OpenPage
) -> None:
    more = '[carousel]\nscenes = ["overview", "grids"]\nevery = "1h"\nalert_for = "10s"\n'
    wall = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", more)
    page = open_page()
    show(page, wall.url)
    wall.post("/api/v1/incidents", incident(1, grade="MAJOR"))
    expect(page.locator("body")).to_have_attribute("data-scene", "command")
    until(page, "document.body.dataset.scene === 'overview'", 40)
    assert page.evaluate("() => [...Wall.scenes.all()].length") == len(SHIPPED)
    assert wall.stop() == 0


def test_a_walk_that_has_died_ends_the_sign_of_life(quiet_wall: Wall, page: Page) -> None:
    show(page, f"{quiet_wall.url}/?carousel=5s")
    page.evaluate("() => Wall.carousel.set({ everyMs: 1, idleMs: 0 })")
    assert not page.evaluate("() => Wall.carousel.stuck()")
    # Its timer is gone, as after a fault of the browser: a clock that runs ahead shows what comes of it, asked in the
    # same turn, in which no timer runs.
    assert page.evaluate("""() => {
      Wall.carousel.set({ everyMs: 3_600_000 });
      const real = performance.now.bind(performance);
      performance.now = () => real() + 8_000_000;
      return Wall.carousel.stuck();
    }""")
