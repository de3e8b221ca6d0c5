"""The way back in time in a real browser: a span filters, a moment replaces, and now is always one key away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from data_adapters.ledger import Ledger
from tests.dashboard.pages.test_wall import CAMERA, show
from tests.fixtures.browser import until
from tests.fixtures.town import grid
from tests.fixtures.wall import Wall, incident, serve_centre

FEED = "() => [...document.querySelectorAll('#feed-list li')].map((row) => row.dataset.caseNo)"
#: All that stands on the wall, but for what only the clock moves.
STANDING = """() => ({
  feed: [...document.querySelectorAll("#feed-list li")].map((row) => row.textContent),
  tiles: [...document.querySelectorAll("[data-indicator]")].map((tile) => [tile.dataset.value, tile.dataset.numerator]),
  alerts: [...document.querySelectorAll("#alert-list li")].map((row) => row.dataset.alertId),
  ranking: [...document.querySelectorAll("#ranking-list li")].map((row) => [row.dataset.code, row.dataset.n]),
  loop: [...document.querySelectorAll("[data-stage]")].map((node) => node.dataset.value),
  labels: document.getElementById("labels").textContent,
})"""
#: The cases on the map, by number.
POINTS = "() => [...Wall.cases.drawn().keys()].sort()"


def has_points(n: int) -> str:
    """That so many cases are on the map."""
    return f"() => ({POINTS})().length === {n}"


def at(moment: datetime) -> str:
    """A moment as the address has it."""
    return quote(moment.isoformat(timespec="milliseconds"))


def shown_value(page: Page, indicator: str = "K01") -> str | None:
    return page.locator(f"[data-indicator={indicator}]").get_attribute("data-value")


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[tuple[Wall, datetime]]:
    """A wall that got three cases, and four more after the moment that comes with it."""
    wall = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", '[replay]\nidle = "1h"\n')
    wall.post("/api/v1/incidents", [incident(n, lon=0.25 + n, state="ACCEPTED") for n in range(3)])
    moment = datetime.now(UTC) + timedelta(milliseconds=1)
    wall.post("/api/v1/incidents", [incident(n, lon=0.25 + n % 3) for n in range(3, 7)])
    yield wall, moment
    if wall.process is not None and wall.process.poll() is None:
        wall.kill()


def test_a_moment_replaces_map_tiles_and_feed_and_live_comes_back_as_it_is(
    lived: tuple[Wall, datetime], page: Page
) -> None:
    wall, moment = lived
    show(page, f"{wall.url}/?at={at(moment)}")
    until(page, "() => document.body.dataset.replay")
    expect(page.locator("#replay-frame")).to_be_visible()
    expect(page.locator("#replay-words")).to_contain_text("不是实时")
    until(page, "() => document.querySelector('[data-indicator=K01]').dataset.value === '3'")
    assert len(page.evaluate(FEED)) == 3
    until(page, has_points(3))
    assert "at=" in page.evaluate("() => location.search")
    camera = page.evaluate(CAMERA)
    # Live goes on behind it: what comes now is applied, and not shown.
    seq = int(page.evaluate("() => document.body.dataset.seq"))
    wall.post("/api/v1/incidents", [incident(7, lon=1.5)])
    until(page, f"() => Number(document.body.dataset.seq) > {seq}")
    assert page.evaluate("() => document.body.dataset.live") == "live"
    assert (shown_value(page), len(page.evaluate(FEED))) == ("3", 3)
    page.locator("#replay-live").click()
    until(page, "() => document.querySelector('[data-indicator=K01]').dataset.value === '8'")
    until(page, "() => document.querySelectorAll('#feed-list li').length === 8")
    expect(page.locator("#replay-frame")).to_be_hidden()
    assert page.evaluate("() => [document.body.dataset.replay ?? null, location.search.includes('at=')]") == [
        None,
        False,
    ]
    assert page.evaluate(CAMERA) == camera
    until(page, has_points(8))
    back, points = page.evaluate(STANDING), page.evaluate(POINTS)
    page.reload()
    show(page, wall.url)
    until(page, "() => document.querySelectorAll('#feed-list li').length === 8")
    until(page, has_points(8))
    assert (back, points) == (page.evaluate(STANDING), page.evaluate(POINTS))


def test_play_goes_on_by_itself_until_now(lived: tuple[Wall, datetime], page: Page) -> None:
    wall, moment = lived
    show(page, f"{wall.url}/?at={at(moment)}")
    until(page, "() => document.body.dataset.replay")
    page.locator("#replay-back").click()
    until(page, "() => document.querySelector('[data-indicator=K01]').dataset.value === '0'")
    assert page.evaluate(FEED) == []
    page.locator("#replay-play").click()
    until(page, "() => !document.body.dataset.replay", 60)
    until(page, "() => document.querySelector('[data-indicator=K01]').dataset.value === '7'")
    expect(page.locator("#replay-play")).to_have_text("播放")


def test_a_span_drawn_by_hand_filters_feed_and_map_says_so_and_escape_ends_it(wall: Wall, page: Page) -> None:
    day = datetime.now(UTC).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    old = (day - timedelta(days=3)).isoformat(timespec="seconds")
    wall.post("/api/v1/incidents", [incident(n, occurred_at=old, reported_at=old) for n in range(2)])
    wall.post("/api/v1/incidents", [incident(n, lon=1.5) for n in range(2, 5)])
    show(page, wall.url)
    camera = page.evaluate(CAMERA)
    page.locator("[data-span=week]").click()
    until(page, "() => document.querySelectorAll('#ribbon-bins i').length === 84")
    found: dict[str, Any] = page.evaluate(
        "() => { const box = document.getElementById('ribbon-bins').getBoundingClientRect();"
        " const of = [...document.querySelectorAll('#ribbon-bins i')].findIndex((bin) => bin.dataset.n === '2');"
        " return { x: box.left + (of + 0.5) * box.width / 84, y: box.top + box.height / 2, of }; }"
    )
    assert found["of"] >= 0
    page.mouse.move(found["x"] - 20, found["y"])
    page.mouse.down()
    page.mouse.move(found["x"], found["y"], steps=3)
    page.mouse.up()
    until(page, "() => document.querySelectorAll('#feed-list li').length === 2")
    expect(page.locator("#ribbon-words")).to_contain_text("上报 2 件")
    until(page, has_points(2))
    # Nor do tiles draw the others beside them, where a grid has too many cases for one list.
    here = "grid: { code: document.getElementById('map').dataset.grid }"
    assert page.evaluate(f"() => Wall.replay.shownOf({{ {here}, tiled: true }}).tiled") is False
    # What is reported now lies outside the span: counted, not listed.
    wall.post("/api/v1/incidents", [incident(9, lon=2.5)])
    until(page, "() => document.querySelector('[data-indicator=K01]').dataset.value === '4'")
    assert len(page.evaluate(FEED)) == 2
    page.keyboard.press("Escape")
    until(page, "() => document.querySelectorAll('#feed-list li').length === 6")
    until(page, has_points(6))
    assert page.evaluate(
        "() => [document.body.dataset.span ?? null, document.getElementById('map').dataset.grid]"
    ) == [
        None,
        "6205",
    ]
    assert page.evaluate(CAMERA) == camera


def test_the_ribbon_is_walked_and_drawn_on_by_keys_alone(wall: Wall, page: Page) -> None:
    wall.post("/api/v1/incidents", [incident(n) for n in range(2)])
    show(page, wall.url)
    page.locator("#ribbon-bins").focus()
    page.keyboard.press("Home")
    until(page, "() => document.body.dataset.span")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    start, end = page.evaluate(
        "() => document.body.dataset.span.split('/').map((one) => Date.parse(one) / 60000)"
    )
    assert end - start == 60
    page.keyboard.press("Shift+End")
    until(page, "() => document.querySelectorAll('#feed-list li').length === 2")
    page.keyboard.press("Escape")
    until(page, "() => !document.body.dataset.span")


def test_a_red_alert_of_now_is_told_while_another_time_is_shown(
    lived: tuple[Wall, datetime], page: Page
) -> None:
    wall, moment = lived
    show(page, f"{wall.url}/?at={at(moment)}")
    until(page, "() => document.body.dataset.replay")
    expect(page.locator("#replay-alert")).to_be_hidden()
    wall.post("/api/v1/incidents", [incident(20, grade="MAJOR", state="ACCEPTED")])
    expect(page.locator("#replay-alert")).to_be_visible(timeout=60_000)
    assert page.evaluate("() => document.querySelectorAll('#alert-list li').length") == 0
    page.locator("#replay-alert-ack").click()
    expect(page.locator("#replay-alert")).to_be_hidden(timeout=60_000)
    assert page.evaluate("() => Boolean(document.body.dataset.replay)")


def test_another_grid_is_opened_at_the_same_moment(lived: tuple[Wall, datetime], page: Page) -> None:
    wall, moment = lived
    show(page, f"{wall.url}/?at={at(moment)}")
    until(page, "() => document.body.dataset.replay", 60)
    replay = page.evaluate("() => document.body.dataset.replay")
    page.locator("#ranking-list a[data-open='62051']").click()
    until(page, "() => document.getElementById('map').dataset.grid === '62051'", 60)
    until(page, "() => document.querySelector('[data-indicator=K01]').dataset.value === '1'", 60)
    assert page.evaluate("() => document.body.dataset.replay") == replay


def test_a_wall_left_alone_is_live_again(tmp_path: Path, page: Page) -> None:
    wall = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", '[replay]\nidle = "10s"\n')
    try:
        show(page, wall.url)
        page.locator("#replay-back").click()
        until(page, "() => document.body.dataset.replay", 60)
        until(page, "() => !document.body.dataset.replay", 60)
    finally:
        wall.kill()


def test_what_is_of_now_goes_when_a_replay_begins(lived: tuple[Wall, datetime], page: Page) -> None:
    wall, moment = lived
    show(page, wall.url)
    page.locator("[data-indicator=K01]").click()
    expect(page.locator("#explain")).to_be_visible()
    # A source that is late now.
    page.evaluate(
        "() => { const one = {name: 'case-db', kind: 'case', age_s: 10_800, every_s: 900};"
        " globalThis.late = setInterval(() => { const now = Wall.lateness; now.first ??= now.show;"
        " now.show = (sources, figures) => now.first(sources.length ? [...sources, one] : sources, figures); }, 50); }"
    )
    until(page, "() => document.querySelector('[data-layer=case]').dataset.late")
    page.evaluate(f"() => Wall.replay.go({round(moment.timestamp() * 1000)})")
    until(page, "() => document.body.dataset.replay")
    expect(page.locator("#explain")).to_be_hidden()
    until(page, "() => !document.querySelector('[data-layer=case]').dataset.late")
    page.locator("#replay-live").click()
    until(page, "() => document.querySelector('[data-layer=case]').dataset.late")


def test_the_indicator_of_the_map_stays_in_the_address_of_a_moment(
    lived: tuple[Wall, datetime], page: Page
) -> None:
    wall, moment = lived
    show(page, f"{wall.url}/?indicator=K10~90d&at={at(moment)}")
    until(page, "() => document.body.dataset.replay")
    assert "indicator=K10" in page.url
    page.locator("#replay-live").click()
    expect(page.locator("#map")).to_have_attribute("data-paint", "K10")


def test_the_map_has_the_borders_of_the_day_it_shows(tmp_path: Path, page: Page) -> None:
    wall = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}")
    day = datetime.now(UTC).date() - timedelta(days=5)
    ledger = Ledger(wall.store, root="6205")
    old = [
        replace(grid(code, name, 1, "6205", west, 0, 1, 2), valid_to=day)
        for code, name, west in (("62051", "甲镇", 0), ("62052", "乙镇", 1))
    ]
    merged = replace(grid("62059", "并镇", 1, "6205", 0, 0, 2, 2), valid_from=day, predecessor="62051")
    ledger.write_grids([*old, merged])
    ledger.close()
    drawn = (
        "async () => (await Wall.map.get().getSource('grid').getData()).features"
        ".map((one) => one.properties.code).sort().join()"
    )
    try:
        show(page, wall.url)
        until(page, f"async () => (await ({drawn})()) === '62053,62059'")
        camera = page.evaluate(CAMERA)
        before = datetime.now(UTC) - timedelta(days=9)
        page.evaluate(f"() => Wall.replay.go({round(before.timestamp() * 1000)})")
        until(page, f"async () => (await ({drawn})()) === '62051,62052,62053'")
        expect(page.locator("#ranking-list [data-code]")).to_have_count(3)
        page.locator("#replay-live").click()
        until(page, f"async () => (await ({drawn})()) === '62053,62059'")
        assert page.evaluate(CAMERA) == camera
    finally:
        assert wall.stop() == 0


def test_the_line_of_now_moves_by_what_can_be_seen_and_not_with_every_second(wall: Wall, page: Page) -> None:
    show(page, wall.url)
    moves = """(seconds) => {
      const plot = document.querySelector('#ribbon-now').parentNode;
      const at = () => plot.style.getPropertyValue('--at');
      const seen = new Set();
      const { now } = Wall.clock;
      const noon = now().getTime() - (Wall.format.minuteOfDay(now()) - 720) * 60_000;
      for (let n = 0; n < seconds; n += 1) {
        Wall.clock.now = () => new Date(noon + n * 1000);
        Wall.ribbon.now();
        seen.add(at());
      }
      Wall.clock.now = now;
      return seen.size;
    }"""
    # A day is 4,000 places wide: 21.6 s each.
    assert page.evaluate(moves, 60) in {3, 4}
    assert page.evaluate(moves, 600) in {28, 29}
