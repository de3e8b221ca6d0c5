"""An hour of live changes while somebody pans: the view moves by the hand alone, and the heap stays flat.

``make bench ARGS="panning --minutes 60"`` serves the demo county, posts incidents and their closings, and every few
seconds drags the map or turns the wheel over it in a real browser. Whatever moves the map while no hand is on it is
noted where it happens, in the page; the camera is compared as well, before each hand with after the one before. The
heap is looked at after its garbage has been collected.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from bench import county
from bench.chromium import DRAWN, chromium, wait
from bench.soak import Sample, Told, look

#: The aim of `soak` as well: megabytes of heap for 1,000 changes.
MOST_SLOPE = 0.2
#: A page grows while it warms up: in less time than this nothing is said of its heap.
LEAST_S = 1_200
#: The first so much of the time nobody touches the map: one that has never been touched must stand as well.
_UNTOUCHED = 0.05
#: Notes every move of the map that begins or goes on while no hand is on it.
_WATCH = """() => {
  globalThis.hand = false;
  globalThis.own = [];
  const map = Wall.map.get();
  for (const kind of ["movestart", "move", "zoom", "rotate", "pitch"]) {
    map.on(kind, (event) => !hand && own.length < 100 && own.push([kind, Date.now(), new Error().stack]));
  }
  globalThis.camera = () => [map.getCenter().lng, map.getCenter().lat, map.getZoom(), map.getBearing(), map.getPitch()];
}"""
_STILL = "!Wall.map.get().isMoving() && !Wall.map.get().isZooming()"
_BOX = """() => {
  const box = document.getElementById("map-plot").getBoundingClientRect();
  return [box.left, box.top, box.width, box.height];
}"""


@dataclass(slots=True)
class Panned:
    """What came of it. ``moved``: hands that moved the map; ``own``: moves that no hand made, in words."""

    seconds: float = 0
    changes: int = 0
    hands: int = 0
    moved: int = 0
    own: list[str] = field(default_factory=list)
    page: Told = field(default_factory=Told)

    @property
    def stands(self) -> bool:
        """Whether the view never moved by itself, though it was moved by hand, and no error came."""
        return not self.own and not self.page.errors and 0 < self.moved >= 0.9 * self.hands

    @property
    def flat(self) -> bool:
        """Whether the heap grows by no more than is aimed at, as far as the time allows to say."""
        return self.seconds < LEAST_S or self.page.slope <= MOST_SLOPE

    def verdict(self) -> Iterator[str]:
        """The lines of the report."""
        nodes, listeners = self.page.drift("nodes"), self.page.drift("listeners")
        yield f"{self.changes} changes, {self.hands} hands on the map, {self.moved} of which moved it"
        yield f"moves without a hand: {len(self.own)} (aim 0); errors: {len(self.page.errors)} (aim 0)"
        yield (
            f"heap {self.page.slope:+.3f} MB / 1,000 changes after the first twentieth (aim {MOST_SLOPE}); last third "
            f"over first: heap {self.page.drift('heap_mb'):+.2f} %, nodes {nodes:+.2f} %, listeners {listeners:+.2f} %"
        )
        yield f"the view moves by the hand alone: {'holds' if self.stands else 'DOES NOT HOLD'}"
        told = "holds" if self.flat else "DOES NOT HOLD"
        yield f"the heap is flat: {told if self.seconds >= LEAST_S else 'too short a time to tell'}"


class Hand:
    """Drags the map and turns the wheel, there and back again, so that the county stays in sight."""

    def __init__(self, page: Page, rng: random.Random) -> None:
        self._page = page
        self._rng = rng
        self._away: list[tuple[str, float, float]] = []

    def move(self) -> bool:
        """One movement, waited for until the map stands; whether the camera is another one then."""
        page = self._page
        before = page.evaluate("camera()")
        kind, x, y = self._next()
        left, top, width, height = page.evaluate(_BOX)
        at = (left + width / 2, top + height / 2)
        page.evaluate("() => { hand = true; }")
        if kind == "wheel":
            page.mouse.move(*at)
            page.mouse.wheel(0, y)
        else:
            page.mouse.move(*at)
            page.mouse.down()
            page.mouse.move(at[0] + x, at[1] + y, steps=8)
            page.mouse.up()
        page.wait_for_timeout(300)  # the wheel is gathered, a drag has a swing of its own
        wait(page, _STILL, 30)
        page.wait_for_timeout(100)
        page.evaluate("() => { hand = false; }")
        after: list[float] = page.evaluate("camera()")
        return after != before

    def _next(self) -> tuple[str, float, float]:
        """What was done last the other way round, or something new."""
        if self._away and (len(self._away) > 2 or self._rng.random() < 0.5):
            kind, x, y = self._away.pop()
            return kind, -x, -y
        step = (
            ("wheel", 0.0, self._rng.choice([-240.0, 240.0]))
            if self._rng.random() < 0.3
            else ("drag", self._rng.uniform(-250, 250), self._rng.uniform(-200, 200))
        )
        self._away.append(step)
        return step


def pan(
    page: Page,
    seconds: float,
    send: Callable[[int], int],
    say: Callable[[Sample], None] = lambda _: None,
    *,
    rate: float = 2.0,
    every_s: float = 4.0,
    samples: int = 20,
    seed: int = 1,
) -> Panned:
    """Pan an open page for so long. `send(n)` makes n changes and gives the number of the last one."""
    told = Panned(seconds)
    page.on("pageerror", lambda error: told.page.errors.append(str(error)))
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.evaluate(_WATCH)
    hand = Hand(page, random.Random(seed))
    begun = time.monotonic()
    stands: list[float] = page.evaluate("camera()")
    next_hand = begun + max(every_s, _UNTOUCHED * seconds)
    next_look, top = begun + seconds / samples, 0
    while (now := time.monotonic()) < begun + seconds:
        due = int((now - begun) * rate) - told.changes
        if due > 0:
            top = send(due)
            told.changes += due
        if now >= next_hand:
            stands = _same(page, stands, told)
            told.hands += 1
            told.moved += hand.move()
            stands = page.evaluate("camera()")
            next_hand = time.monotonic() + every_s
        if now >= next_look:
            sample = look(page, session, told.changes, top)
            told.page.samples.append(sample)
            say(sample)
            next_look += seconds / samples
        page.wait_for_timeout(100)
    _same(page, stands, told)
    told.page.samples.append(look(page, session, told.changes, top))
    say(told.page.samples[-1])
    told.own += [f"{kind} at {at}: {stack}" for kind, at, stack in page.evaluate("own")]
    told.page.errors += ["counted by the page"] * page.evaluate("Wall.errors.count()")
    return told


def _same(page: Page, before: list[float], told: Panned) -> list[float]:
    now: list[float] = page.evaluate("camera()")
    if now != before:
        told.own.append(f"the camera was {before} and is {now}")
    return now


def run(browser: Browser, folder: Path, seconds: float, say: Callable[[Sample], None], **how: Any) -> Panned:
    """The whole of it on the demo county."""
    with county.served(folder) as (port, _):
        sender = county.Sender(port, county.places(port))
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
        wait(page, DRAWN)
        told = pan(page, seconds, sender.advance, say, **how)
        sender.close()
        context.close()
    return told


def main(arguments: list[str]) -> None:
    """Print a line a look, then the verdict; the exit code is 1 where it does not hold."""
    parser = argparse.ArgumentParser(prog="bench panning", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=2, help="changes a second")
    parser.add_argument("--every", type=float, default=4, help="seconds between two hands on the map")
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="a demo county made before; changed by this")
    given = parser.parse_args(arguments)
    print(f"{'minute':>7}{'changes':>9}{'heap MB':>9}{'nodes':>8}{'listeners':>11}", flush=True)
    begun: list[float] = []

    def say(one: Sample) -> None:
        begun.append(time.monotonic())
        minute = len(begun) * given.minutes / given.samples
        print(
            f"{minute:7.1f}{one.updates:9}{one.heap_mb:9.2f}{one.nodes:8}{one.listeners:11}",
            flush=True,
        )

    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        told = run(
            browser,
            given.folder or Path(name),
            given.minutes * 60,
            say,
            rate=given.rate,
            every_s=given.every,
            samples=given.samples,
            seed=given.seed,
        )
    for line in told.verdict():
        print(line)
    for line in (told.own + told.page.errors)[:5]:
        print(line, file=sys.stderr)
    if not (told.stands and told.flat):
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
