"""The soak in its short form: in the end a wall shows what a fresh one shows. Times and heap are for `make bench`."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from bench import county, soak
from bench.chromium import DRAWN, wait
from tests.fixtures.wall import Wall

PLAN = soak.Plan(updates=1_000, disconnects=3, resets=1, samples=3)


def test_a_page_that_went_through_it_all_shows_what_a_fresh_one_shows(
    wall: Wall, browser: Browser, tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, service_workers="block")
    with soak.breakable(wall.port) as (proxy, cut):
        sender = county.Sender(wall.port, county.places(wall.port))
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{proxy.port}/")
        wait(page, DRAWN)
        page.evaluate("() => { globalThis.sameLife = true; }")

        def send(many: int) -> int:
            sender.changes(many)
            return sender.seq

        told = soak.soak(page, PLAN, send, cut, lambda: soak.new_epoch(tmp_path / "yiping.db"))
        fresh = context.new_page()
        fresh.goto(wall.url)
        soak.compare(page, fresh, told)
        assert page.evaluate("sameLife")
        sender.close()
    context.close()
    assert told.errors == []
    assert told.picture == told.fresh
    assert told.picture["feed"]
    assert told.picture["cases"]
    assert told.differing <= 0.1
    # A page that kept what it no longer shows would have hundreds more of each.
    assert abs(told.drift("nodes")) <= 10
    assert abs(told.drift("listeners")) <= 1


def test_a_slope_is_a_straight_line_through_what_comes_after_the_warming_up() -> None:
    rows = [(100, 30.0), (1_000, 10.0), (2_000, 10.5), (3_000, 11.0), (4_000, 11.5)]
    told = soak.Told(samples=[soak.Sample(at, heap, 100, 10) for at, heap in rows])
    assert round(told.slope, 6) == 0.5
    assert told.drift("nodes") == 0
