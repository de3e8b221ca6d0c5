"""The life of a page on a wall: it says when it is not current, survives what befalls it, and tells how it fares."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.dashboard.pages.test_wall import LIVE, MAP_READY, show
from tests.faults.proxy import Proxy
from tests.fixtures.browser import OpenPage, until
from tests.fixtures.wall import Wall, incident

ASSETS = Path(__file__).parents[3] / "assets"
#: Socket.IO for a page without a server: what the page says is kept in `said`, what it hears comes by `hear`.
STUB = """
globalThis.said = [];
const handlers = {};
globalThis.hear = (event, message) => handlers[event]?.(message);
globalThis.io = () => ({
  connected: true,
  on: (event, handler) => { handlers[event] = handler; },
  connect: () => said.push(["connect", performance.now()]),
  emit: (event, message) => said.push([event, message]),
});
"""
BEGIN = """() => {
  globalThis.state = Wall.state.fromView({
    epoch: "e", seq: 0, centre: {}, grid: {code: "0"}, breadcrumb: [], levels: [], children: [], sources: [],
    feed: [], cases: [], figures: {},
  });
  globalThis.words = [];
  globalThis.link = new Wall.Link({
    state: () => state, drawn: () => true, changed: () => {}, reload: () => words.push("reload"), clock: () => {},
    mode: (word, late) => words.push(late ? word + " late" : word), report: () => ({epoch: "e", seq: state.seq}),
  });
  link.open();
}"""


@pytest.fixture
def line(page: Page) -> Page:
    """A page with the link alone, and time that passes only when the test says so."""
    page.clock.install(time=0)
    page.goto("about:blank")
    page.add_script_tag(content=STUB)
    for name in ("00_namespace.js", "10_state.js", "20_link.js"):
        page.add_script_tag(path=ASSETS / name)
    page.evaluate(BEGIN)
    page.evaluate("hear('hello', {epoch: 'e', seq: 0})")
    return page


def hear(page: Page, event: str, **message: Any) -> None:
    page.evaluate("([event, message]) => hear(event, message)", [event, {"epoch": "e", "seq": 0} | message])


def frame(page: Page, first: int, last: int) -> None:
    hear(page, "frame", **{"from": first, "to": last, "items": []})


def test_only_the_beat_keeps_a_page_live(line: Page) -> None:
    for at in range(1, 13):
        line.clock.run_for(1_000)
        frame(line, at, at)  # frames, figures and greetings to nobody prove nothing of the store
        hear(line, "figures", grid="0", figures={"k": at})
        hear(line, "blind", blind_s=at)
        hear(line, "hello", seq=at)
    assert line.evaluate("words") == ["live", "live late", "stale late"]
    assert line.evaluate("link.blind")
    hear(line, "beat", seq=12)
    assert line.evaluate("[words.at(-1), link.blind]") == ["live", False]


def test_a_beat_that_lay_on_a_silent_line_proves_nothing(line: Page) -> None:
    hear(line, "beat")
    line.clock.run_for(11_000)
    hear(line, "beat")
    hear(line, "beat")
    frame(line, 1, 3)
    line.clock.run_for(1_000)
    assert line.evaluate("words.at(-1)") == "stale late"
    asked = line.evaluate("said.filter(([event, told]) => event === 'resume' && told.echo)")
    assert [told["echo"] for _, told in asked] == [1]
    hear(line, "beat", seq=4, echo=1)
    assert line.evaluate("words.at(-1)") == "catching-up"
    frame(line, 4, 4)
    hear(line, "beat", seq=4)
    assert line.evaluate("words.at(-1)") == "live"


def test_a_page_that_is_behind_says_that_it_catches_up(line: Page) -> None:
    hear(line, "disconnect")
    hear(line, "hello", seq=3)
    assert line.evaluate("words.at(-1)") == "catching-up"
    frame(line, 1, 3)
    hear(line, "beat", seq=3)
    assert line.evaluate("words.at(-1)") == "live"


def test_retries_are_spread_and_never_end(line: Page) -> None:
    for _ in range(40):
        hear(line, "connect_error")
        line.clock.run_for(6_000)
    at = line.evaluate("said.filter(([event]) => event === 'connect').map(([, at]) => at)")
    assert len(at) == 41
    pauses = {round(later - earlier) for earlier, later in pairwise(at[8:])}
    assert len(pauses) > 20


def test_a_wall_tells_how_it_fares_every_ten_seconds(line: Page) -> None:
    for _ in range(30):
        line.clock.run_for(1_000)
        hear(line, "beat")
    assert len(line.evaluate("said.filter(([event]) => event === 'wall')")) == 3


STEP = "const real = Date; globalThis.stepMs = 0; globalThis.Date = class extends real {" + (
    " constructor(...given) { if (given.length) super(...given); else super(real.now() + stepMs); }"
    " static now() { return real.now() + stepMs; } };"
)


def test_a_clock_that_is_set_by_a_day_changes_nothing(wall: Wall, page: Page) -> None:
    page.add_init_script(STEP)
    show(page, wall.url)
    page.evaluate("""() => {
      globalThis.seen = new Set();
      setInterval(() => {
        seen.add(document.body.dataset.live);
        if (/-\\d/.test(document.getElementById("freshness").textContent)) seen.add("negative");
      }, 20);
    }""")
    hour = 3_600_000
    for step in (hour, -hour, 24 * hour, -24 * hour):
        page.evaluate(f"stepMs = {step}")
        result = wall.post("/api/v1/incidents", incident(step))[1]["results"][0]
        expect(page.locator("body")).to_have_attribute("data-seq", str(result["seq"]))
        expect(page.locator(f"[data-case-no='{result['case_no']}']")).to_have_count(1)
        page.wait_for_timeout(1_500)
        off = page.evaluate("Math.abs(Wall.clock.now() - (Date.now() - stepMs))")
        assert off < hour / 2
    # Engine.IO compares dates: a step forward may cost it its line, which comes back. Nothing of ours does.
    assert set(page.evaluate("[...seen]")) <= {"live", "catching-up"}
    until(page, "document.body.dataset.live === 'live'")


@contextmanager
def through_proxy(wall: Wall) -> Iterator[Proxy]:
    """A line to the wall that can be broken, in a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    proxy = Proxy(wall.port)
    asyncio.run_coroutine_threadsafe(proxy.open(), loop).result(10)
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(proxy.down(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def test_a_line_into_nowhere_is_noticed_told_and_mended(wall: Wall, page: Page) -> None:
    with through_proxy(wall) as proxy:
        show(page, f"http://127.0.0.1:{proxy.port}")
        page.evaluate("() => { globalThis.sameLife = true; }")
        proxy.hole = True
        until(page, "document.body.dataset.live === 'stale'", 30)
        expect(page.locator("#freshness")).to_contain_text("数据可能过期 · 最后更新")
        assert page.evaluate("getComputedStyle(document.getElementById('feed'), '::after').content") != '""'
        wall.post("/api/v1/incidents", [incident(number) for number in range(3)])
        proxy.heal()
        until(page, "document.body.dataset.live === 'live'", 60)
        expect(page.locator("[data-indicator=K01]")).to_have_attribute("data-value", "3")
        expect(page.locator("#feed-notice")).to_contain_text("断线期间补收 3 条")
        assert page.evaluate("sameLife")


def test_a_reload_goes_on_from_where_the_page_was(wall: Wall, page: Page) -> None:
    show(page, wall.url)
    wall.post("/api/v1/incidents", incident(1))
    expect(page.locator("[data-indicator=K01]")).to_have_attribute("data-value", "1")
    page.goto("about:blank")
    wall.post("/api/v1/incidents", [incident(number) for number in range(2, 6)])
    show(page, wall.url)
    expect(page.locator("#feed-notice")).to_contain_text("断线期间补收 4 条")
    show(page, wall.url)
    expect(page.locator("#feed-notice")).to_be_hidden()


def hasten(context: BrowserContext) -> None:
    """The watch beside the page as it is, with a shorter patience."""
    shorter = {"EVERY_MS = 5_000": "EVERY_MS = 200", "PATIENCE_MS = 30_000": "PATIENCE_MS = 4_000"}

    def serve(route: Route) -> None:
        text = (ASSETS / "watch/watch.js").read_text("utf-8")
        for slow, quick in shorter.items():
            assert slow in text
            text = text.replace(slow, quick)
        route.fulfill(body=text, content_type="text/javascript")

    context.route("**/bundle/watch-*.js", serve)


def test_a_page_whose_script_has_died_loads_itself_again_and_keeps_its_cursor(wall: Wall, page: Page) -> None:
    hasten(page.context)
    wall.post("/api/v1/incidents", incident(1))
    show(page, wall.url)
    # A start slower than the shortened patience is no death: what it may have left is forgotten.
    page.evaluate("sessionStorage.removeItem('yiping.watch')")
    with page.expect_event("domcontentloaded", timeout=60_000):
        page.evaluate("""() => {
          for (let id = setTimeout(() => {}); id > 0; id -= 1) clearInterval(id);
        }""")
    page.wait_for_selector(LIVE, timeout=60_000)
    assert page.evaluate("Wall.memory.before.seq") >= 1
    assert json.loads(page.evaluate("sessionStorage['yiping.watch']"))["times"] == 1


def test_a_page_that_cannot_start_does_not_reload_in_a_circle(
    wall: Wall, page: Page, page_errors: list[str]
) -> None:
    hasten(page.context)
    page.context.route("**/bundle/wall-*.js", lambda route: route.fulfill(body="throw new Error('broken')"))
    loads: list[str] = []
    page.on("domcontentloaded", lambda tab: loads.append(tab.url))
    page.goto(wall.url)
    page.wait_for_timeout(15_000)
    assert len(loads) == 2
    page_errors.clear()


def test_a_map_that_lost_its_graphics_is_made_again_without_a_reload(wall: Wall, page: Page) -> None:
    wall.post("/api/v1/incidents", incident(1))
    show(page, wall.url)
    page.evaluate("""() => {
      globalThis.first = Wall.map.get();
      first.getCanvas().getContext("webgl2").getExtension("WEBGL_lose_context").loseContext();
    }""")
    until(page, "Wall.map.get() && Wall.map.get() !== first", 60)
    page.wait_for_function(MAP_READY)
    assert page.evaluate("document.querySelectorAll('#map-plot canvas.maplibregl-canvas').length") == 1
    result = wall.post("/api/v1/incidents", incident(2, lon=1.5))[1]["results"][0]
    drawn = "(no) => Wall.cases.drawn().has(no)"
    page.wait_for_function(drawn, arg=result["case_no"])
    until(page, "Wall.map.get().getFeatureState({source: 'grid', id: '62052'}).step > 0")
    assert page.evaluate("Wall.errors.count()") == 0


def test_a_wall_is_in_the_metrics_with_its_errors(wall: Wall, page: Page, page_errors: list[str]) -> None:
    show(page, wall.url)
    page.evaluate(
        "() => { setTimeout(() => { throw new Error('one'); }); Promise.reject(new Error('two')); }"
    )

    def metric(name: str) -> float:
        lines = str(wall.get("/metrics")[1]).splitlines()
        return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])

    for _ in range(300):
        if metric("yiping_wall_errors") == 2:
            break
        page.wait_for_timeout(100)
    assert metric("yiping_walls") == 1
    assert metric("yiping_wall_errors") == 2
    assert metric("yiping_wall_nodes") > 100
    assert metric("yiping_wall_heap_megabytes") > 1
    page_errors.clear()


def test_a_late_source_marks_its_layer_and_its_tiles(quiet_wall: Wall, page: Page) -> None:
    show(page, quiet_wall.url)
    told = page.evaluate("""() => {
      const late = {name: "case-db", kind: "case", age_s: 10_800, every_s: 900};
      const fresh = {name: "grids", kind: "grid", age_s: 60, every_s: 900};
      const figures = new Map([["tile.K01", {sources: ["case-db"]}], ["tile.K07", {sources: ["grids"]}]]);
      Wall.lateness.show([late, fresh], figures);
      const tile = (id) => document.querySelector(`[data-indicator=${id}] .tile-as-of`).dataset.late;
      const layer = (name) => document.querySelector(`[data-layer=${name}]`).dataset.late;
      return [tile("K01"), tile("K07"), layer("case"), layer("grid"),
        getComputedStyle(document.getElementById("map"), "::after").backgroundImage.includes("gradient")];
    }""")
    assert told == ["已 3 小时未更新", "", "已 3 小时未更新", "", True]


def test_a_kiosk_hides_its_pointer_and_wanders_by_a_pixel_or_two(
    quiet_wall: Wall, open_page: OpenPage
) -> None:
    page = open_page()
    show(page, f"{quiet_wall.url}/?kiosk=1")
    until(page, "document.body.classList.contains('idle')")
    assert page.evaluate("getComputedStyle(document.getElementById('feed')).cursor") == "none"
    page.mouse.move(300, 300)
    until(page, "!document.body.classList.contains('idle')")
    places = page.evaluate("""() => Wall.kiosk.SHIFTS.map(() => {
      Wall.kiosk.shift();
      const {x, y} = document.getElementById("wall").getBoundingClientRect();
      return [x, y];
    })""")
    assert len({(x, y) for x, y in places}) == len(places)
    steps = [max(abs(a[0] - b[0]), abs(a[1] - b[1])) for a, b in pairwise(places)]
    assert set(steps) <= {1, 2}
    page.mouse.wheel(0, 500)
    assert page.evaluate("[scrollX, scrollY]") == [0, 0]
