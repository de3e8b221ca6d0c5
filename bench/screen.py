"""The whole screen beside the same by plain Dash, in one run: the first look, a township drill, a new case, the server.

``make bench ARGS="screen --data FOLDER --data OTHER"`` opens both over the store of each demo centre (without one, of a
demo county made for the occasion), one page at a time. A page is quiet when for half a second nothing came over
the wire and no task of its main thread was long; what is told is when that half second began.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page

from bench import centre, county
from bench.chromium import DRAWN, Visit, chromium, wait
from data_adapters.settings import load

#: When something last came over the wire or a task of the main thread (50 ms or more) last ended, by the page's clock.
_LISTEN = """(() => {
  globalThis.busyUntil = 0;
  const note = (at) => { globalThis.busyUntil = Math.max(globalThis.busyUntil, at); };
  new PerformanceObserver((list) => list.getEntries().forEach((one) => note(one.responseEnd)))
    .observe({ type: "resource", buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((one) => note(one.startTime + one.duration)))
    .observe({ type: "longtask", buffered: true });
})()"""
_QUIET_MS = 500
_REST_S = 10
#: The peer's map is there and has drawn what it has.
_PLAIN_DRAWN = """(() => {
  const map = document.querySelector('.js-plotly-plot')?._fullLayout?.map?._subplot?.map;
  return Boolean(map && map.loaded() && document.querySelector('#feed li'));
})()"""


@dataclass(slots=True)
class Figures:
    """Of one way to make the screen; seconds, and milliseconds of the server's processor for one whole screen and for
    each second at rest.
    """

    first: list[float] = field(default_factory=list)
    drill: list[float] = field(default_factory=list)
    case: list[float] = field(default_factory=list)
    server_ms: float = 0.0
    rest_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Way:
    """How a page is opened and used. ``drill`` goes down one level from the top, another each time, and says when its
    last key or click was, in milliseconds of the page's clock.
    """

    name: str
    command: list[str]
    drawn: str
    drill: Callable[[Page, int], float]
    #: What is in the page once it shows the case of this number.
    shows: str


@dataclass(frozen=True, slots=True)
class Served:
    """A way and the process that serves it."""

    way: Way
    port: int
    pid: int


def _opened(browser: Browser) -> Page:
    """An empty page with a cache of its own that notes when it is busy."""
    page = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
    page.add_init_script(_LISTEN)
    return page


def until_quiet(page: Page | Visit, drawn: str) -> float:
    """When the page became quiet after all was there, in milliseconds of its own clock."""
    wait(page, drawn)
    if isinstance(page, Visit):
        page.evaluate(_LISTEN)  # what there was before is told then, since the page has kept it
    wait(page, f"busyUntil > 0 && performance.now() - busyUntil > {_QUIET_MS}")
    return float(page.evaluate("busyUntil"))


def _first_look(browser: Browser, way: Way, address: str) -> float:
    """Seconds until a page that nobody listens to is quiet."""
    visit = Visit(browser, address)
    told = until_quiet(visit, way.drawn)
    visit.close()
    return told / 1_000


def measure(browser: Browser, served: Served, intake: int, times: int) -> Figures:
    """All figures of one way; cases are posted at the port `intake`."""
    found, way = Figures(), served.way
    address = f"http://127.0.0.1:{served.port}/"
    for _ in range(times + 1):
        found.first.append(_first_look(browser, way, address))
    # The first opens the server's caches; a wall is opened every morning by a server that is up.
    del found.first[0]
    page = _opened(browser)
    page.goto(address)
    until_quiet(page, way.drawn)
    for number in range(times):
        begun = way.drill(page, number)
        page.wait_for_timeout(100)
        found.drill.append(max(0.0, until_quiet(page, way.drawn) - begun) / 1_000)
        page.goto(address)
        until_quiet(page, way.drawn)
    sender = county.Sender(intake, county.places(intake))
    for number in range(times):
        # Anywhere in the interval of a page that asks.
        page.wait_for_timeout(900 + 700 * (number % 7))
        begun = time.monotonic()
        case_no = sender.changes(1, open_most=10**6)[0]["case_no"]
        wait(page, way.shows.format(case_no), step_ms=5)
        found.case.append(time.monotonic() - begun)
    sender.close()
    page.context.close()
    found.server_ms, found.rest_ms = _server_ms(browser, way, address, served.pid)
    return found


def _server_ms(browser: Browser, way: Way, address: str, pid: int, times: int = 20) -> tuple[float, float]:
    """Processor milliseconds of the server for one page from empty to quiet, and for each second without a page, which
    are taken off; many, as its clock counts in 10 ms.
    """
    time.sleep(2)
    before = centre.cpu_s(pid)
    time.sleep(_REST_S)
    rest = (centre.cpu_s(pid) - before) / _REST_S
    used = 0.0
    for _ in range(times):
        begun, before = time.monotonic(), centre.cpu_s(pid)
        _first_look(browser, way, address)
        used += centre.cpu_s(pid) - before - rest * (time.monotonic() - begun)
    return used / times * 1_000, rest * 1_000


def _drill_ours(page: Page, number: int) -> float:
    page.locator("#map .maplibregl-canvas").focus()
    for _ in range(number % 3 + 1):
        page.keyboard.press("ArrowRight")
    here = page.evaluate("document.getElementById('map').dataset.grid")
    begun = float(page.evaluate("performance.now()"))
    page.keyboard.press("Enter")
    wait(page, f"document.getElementById('map').dataset.grid !== {here!r}", step_ms=5)
    return begun


def _drill_plain(page: Page, number: int) -> float:
    here = page.evaluate("document.getElementById('tiles').textContent")
    begun = float(page.evaluate("performance.now()"))
    page.locator("button").nth(number % 3).click()
    wait(page, f"document.getElementById('tiles').textContent !== {here!r}", step_ms=5)
    return begun


@contextmanager
def _served(settings: Path) -> Iterator[list[Served]]:
    """Both ways over one store, ours last."""
    mine, theirs = centre.free_port(), centre.free_port()
    ours = Way(
        "yiping",
        ["dashboard.cli", "serve", "--config", str(settings), "--port", str(mine)],
        DRAWN,
        _drill_ours,
        "Boolean(document.querySelector('[data-case-no=\"{}\"]'))",
    )
    plain = Way(
        "plain Dash",
        ["bench.plain_wall", str(theirs), load(settings).store.url],
        _PLAIN_DRAWN,
        _drill_plain,
        "document.getElementById('feed').textContent.includes('{}')",
    )
    with centre.running(plain.command, theirs) as one, centre.running(ours.command, mine) as other:
        yield [Served(plain, theirs, one.pid), Served(ours, mine, other.pid)]


def report(browser: Browser, settings: Path, times: int) -> Iterator[str]:
    """The lines of the report on one centre."""
    with _served(settings) as served:
        yield f"{settings.parent}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; medians (worst) of {times}"
        yield (
            f"{'':12}{'first look, s':>18}{'township drill, s':>20}{'new case, s':>18}{'server, ms':>12}"
            f"{'at rest, ms/s':>15}"
        )
        for one in served:
            found = measure(browser, one, served[-1].port, times)
            columns = (
                f"{statistics.median(values):.2f} ({max(values):.2f})"
                for values in (found.first, found.drill, found.case)
            )
            first, drill, case = columns
            yield f"{one.way.name:12}{first:>18}{drill:>20}{case:>18}{found.server_ms:12.0f}{found.rest_ms:15.1f}"
        yield f"{'aim':12}{'2.20':>18}{'0.40':>20}{'0.25':>18}{'40':>12}"


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench screen", description=__doc__)
    parser.add_argument(
        "--data", type=Path, action="append", default=[], help="folder of a demo centre; changed by this"
    )
    parser.add_argument("--times", type=int, default=7)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folders = given.data or [Path(name)]
        for folder in folders:
            settings = folder / "yiping.toml"
            if not settings.exists():
                county.make(folder)
            for line in report(browser, settings, given.times):
                print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
