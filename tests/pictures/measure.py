"""Showing one scene of a wall at one size, in one language and theme, and measuring what is wrong with it."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page

_MEASURE = (Path(__file__).parent / "measure.js").read_text("utf-8")
#: Width and height of screens: the usual wall, the same in 4K, three in a row, one on its side, a phone.
SIZES = ((1920, 1080), (3840, 2160), (7680, 1440), (1080, 1920), (390, 844))
LANGUAGES, THEMES = ("zh", "en"), ("dark", "light")
_READY = """document.body?.dataset.live === 'live' && !document.body.dataset.loading && Wall.map.get()?.isStyleLoaded()
  && Wall.map.get().queryRenderedFeatures({layers: ['grid-fill']}).length > 0 && document.fonts.status === 'loaded'"""
_SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60))))"

#: No panel of the scene waits for an answer, nor the heat, where it is switched on.
_ANSWERED = """!document.querySelector('.group [data-asked="loading"]')
  && Wall.layers.isOn("heat") === Boolean(document.getElementById("map").dataset.heat)"""


def _until(page: Page, expression: str, timeout_s: float) -> None:
    end = time.monotonic() + timeout_s
    while not page.evaluate(expression):
        if time.monotonic() > end:
            raise TimeoutError(f"after {timeout_s:.0f} s still not: {expression}")
        page.wait_for_timeout(100)


def open_wall(page: Page, url: str, timeout_s: float = 120, **view: str) -> None:
    """Open a wall and wait until it is live and drawn. ``view``: what the address says, ``lang`` and ``theme`` too."""
    page.goto(f"{url}/?{urlencode(view)}", wait_until="commit", timeout=timeout_s * 1_000)
    _until(page, _READY, timeout_s)


def show_scene(page: Page, scene: str) -> None:
    """Another scene on the same page, and the map drawn again."""
    page.evaluate("(id) => Wall.scenes.show(id, { push: false })", scene)
    settle(page)


def turn_to(page: Page, theme: str) -> None:
    """The theme, as its switch does it; the map has changed its colours as well."""
    if page.evaluate("Wall.theme.now()") != theme:
        page.evaluate("Wall.theme.turn()")
        ground = "JSON.stringify(Wall.theme.rgb('--ground'))"
        painted = "(Wall.map.get().getPaintProperty('ground', 'background-color').match(/\\w\\w/g) || [])"
        _until(page, f"{ground} === JSON.stringify({painted}.map((one) => parseInt(one, 16)))", 60)


def resize(page: Page, size: tuple[int, int]) -> None:
    """Another screen."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    settle(page)


def settle(page: Page, timeout_s: float = 60) -> None:
    """Wait until every panel has its answer, the map stands still and the observers that fit lists have run."""
    page.evaluate(_SETTLED)
    _until(page, "!document.body.dataset.loading && !Wall.map.get().isMoving()", timeout_s)
    _until(page, _ANSWERED, timeout_s)
    page.evaluate(_SETTLED)


def faults(page: Page) -> list[str]:
    """What is cut, overlaps, lies outside its panel or the page, scrolls or is too faint: one sentence each."""
    size = page.viewport_size
    assert size is not None
    found: list[str] = page.evaluate(_MEASURE, {"wall": is_wall(size["width"], size["height"])})
    return found


def is_wall(width: int, height: int) -> bool:
    """Whether a screen of this size hangs on a wall: a tablet and a phone are to be scrolled (assets/20_page.css)."""
    return (width >= 1_100 and width > height) or (width >= 700 and width / height <= 13 / 20)
