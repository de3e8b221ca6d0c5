"""Weeks on the wall, compressed: thousands of changes, broken lines and resets in one page that is never reloaded."""

from __future__ import annotations

import argparse
import asyncio
import base64
import sqlite3
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, CDPSession, Page

from bench import county
from bench.chromium import DRAWN, chromium, metrics, wait
from tests.faults.proxy import Proxy

#: No ring on the map, no notice over the feed, nothing owed: the page as it is when nothing happens.
_CALM = "!document.querySelector('.pulse') && document.getElementById('feed-notice').hidden"
_COUNT_PAINTS = """() => {
  globalThis.paints = 0;
  new MutationObserver(() => { paints += 1; }).observe(document.body, {attributeFilter: ["data-seq"]});
}"""
#: What a person sees, without the times of day that run on.
PICTURE = """() => {
  const seen = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.offsetParent);
  const texts = (selector) => seen(selector).map((one) => one.textContent);
  const map = Wall.map.get();
  const cells = [...document.querySelectorAll("#ranking-list [data-code]")].map((one) => one.dataset.code);
  return {
    tiles: texts(".tile-label, .tile-figure, .tile-comparison, .tile-parts"),
    lines: [...document.querySelectorAll("#tiles path, #trend path")].map((one) => one.getAttribute("d")),
    feed: texts("#feed-list > li"),
    alerts: texts("#alerts-list > li"),
    ranking: texts("#ranking-list > li"),
    composition: texts("#composition li"),
    loop: texts("#loop .loop-stage"),
    labels: texts(".map-label"),
    unassigned: texts("#unassigned"),
    steps: cells.map((id) => [id, map.getFeatureState({source: "grid", id}).step]),
    cases: [...Wall.cases.drawn().keys()].sort(),
  };
}"""
#: The share of pixels that differ between two pictures, in per cent.
_DIFFER = """async ([one, other]) => {
  const pixels = async (data) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
    const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    pen.drawImage(bitmap, 0, 0);
    return pen.getImageData(0, 0, bitmap.width, bitmap.height).data;
  };
  const [a, b] = [await pixels(one), await pixels(other)];
  let differing = 0;
  for (let at = 0; at < a.length; at += 4) {
    let off = 0;
    for (let colour = at; colour < at + 3; colour += 1) off += Math.abs(a[colour] - b[colour]);
    if (off > 24) differing += 1;
  }
  return (100 * differing) / (a.length / 4);
}"""
_RUNNING = "#clock, #date, #freshness, .tile-as-of, #ribbon-now, #feed-notice, .pulse"


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to the page. ``rate`` is changes a second, in requests of ``batch``; 0: as fast as taken."""

    updates: int
    disconnects: int
    resets: int
    samples: int
    rate: float = 0
    batch: int = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """The page after so many updates, its garbage collected."""

    updates: int
    heap_mb: float
    nodes: int
    listeners: int


@dataclass(slots=True)
class Told:
    """What came of it. ``differing`` is the share of pixels that are not those of a fresh page, in per cent."""

    samples: list[Sample] = field(default_factory=list)
    paints: int = 0
    errors: list[str] = field(default_factory=list)
    picture: dict[str, Any] = field(default_factory=dict)
    fresh: dict[str, Any] = field(default_factory=dict)
    differing: float = 0.0

    def settled(self) -> list[Sample]:
        """The samples after the first twentieth of the updates."""
        warm = self.samples[-1].updates / 20
        return [sample for sample in self.samples if sample.updates >= warm]

    @property
    def slope(self) -> float:
        """Megabytes of heap for 1,000 updates, a straight line through the settled samples."""
        rows = self.settled()
        return float(np.polyfit([row.updates for row in rows], [row.heap_mb for row in rows], 1)[0] * 1_000)

    def drift(self, name: str) -> float:
        """By how many per cent the last third of the settled samples lies over the first."""
        values = [getattr(row, name) for row in self.settled()]
        third = max(1, len(values) // 3)
        return float(100 * (np.median(values[-third:]) / np.median(values[:third]) - 1))


@contextmanager
def breakable(port: int) -> Iterator[tuple[Proxy, Callable[[], None]]]:
    """A proxy in front of a port in a thread of its own, and what cuts every line through it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    proxy = Proxy(port)
    asyncio.run_coroutine_threadsafe(proxy.open(), loop).result(10)
    try:
        yield proxy, lambda: loop.call_soon_threadsafe(proxy.cut)  # type: ignore[func-returns-value]
    finally:
        asyncio.run_coroutine_threadsafe(proxy.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def new_epoch(store: Path) -> None:
    """Give the log another life, as after a restored backup: every page has to load its state afresh."""
    with sqlite3.connect(store, timeout=30) as line:
        line.execute("UPDATE stream SET epoch = ?", (str(uuid.uuid4()),))
    line.close()


def soak(
    page: Page,
    plan: Plan,
    send: Callable[[int], int],
    cut: Callable[[], None],
    reset: Callable[[], None],
    say: Callable[[Sample], None] = lambda _: None,
) -> Told:
    """Do it to an open page. `send(n)` makes n changes and gives the number of the last one."""
    told = Told()
    page.on("pageerror", lambda error: told.errors.append(str(error)))
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.evaluate(_COUNT_PAINTS)
    cuts = {round(plan.updates * (n + 0.5) / plan.disconnects) for n in range(plan.disconnects)}
    resets = {round(plan.updates * (n + 0.7) / plan.resets) for n in range(plan.resets)}
    looks = {round(plan.updates * (n + 1) / plan.samples) for n in range(plan.samples)}
    done, top, due = 0, 0, time.monotonic()
    while done < plan.updates:
        many = min(plan.batch, plan.updates - done)
        top = send(many)
        passed = range(done + 1, done + many + 1)
        done += many
        if not cuts.isdisjoint(passed):
            cut()
        if not resets.isdisjoint(passed):
            reset()
        due = max(due + many / plan.rate, time.monotonic() - 5) if plan.rate else 0.0
        page.wait_for_timeout(max(0.0, due - time.monotonic()) * 1_000)
        if not looks.isdisjoint(passed):
            sample = look(page, session, done, top)
            told.samples.append(sample)
            say(sample)
            due = time.monotonic()
    told.paints = page.evaluate("paints")
    told.errors += ["counted by the page"] * page.evaluate("Wall.errors.count()")
    return told


def look(page: Page, session: CDPSession, updates: int, top: int) -> Sample:
    """Wait until the page is current and calm, collect its garbage, measure."""
    wait(page, f"Number(document.body.dataset.seq) >= {top} && {DRAWN} && {_CALM}", step_ms=250)
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    found = metrics(session)
    return Sample(
        updates, found["JSHeapUsedSize"] / 1e6, round(found["Nodes"]), round(found["JSEventListeners"])
    )


def compare(page: Page, fresh: Page, told: Told) -> None:
    """Put the page beside a fresh one of the same wall, both current and calm."""
    top = int(page.evaluate("document.body.dataset.seq"))
    for one in (page, fresh):
        wait(one, f"Number(document.body.dataset.seq) >= {top} && {DRAWN} && {_CALM}", step_ms=250)
    # The scale of the colours is measured anew once an hour; here the hour has come.
    page.evaluate("Wall.choropleth.renew()")
    told.picture, told.fresh = page.evaluate(PICTURE), fresh.evaluate(PICTURE)
    shots = []
    for one in (page, fresh):
        shot = one.screenshot(mask=[one.locator(_RUNNING)], animations="disabled")
        shots.append(base64.b64encode(shot).decode())
    told.differing = fresh.evaluate(_DIFFER, shots)


def run(browser: Browser, folder: Path, plan: Plan, say: Callable[[Sample], None]) -> Told:
    """The whole of it on the demo county."""
    with county.served(folder) as (port, _), breakable(port) as (proxy, cut):
        sender = county.Sender(port, county.places(port))
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{proxy.port}/", wait_until="commit")
        wait(page, DRAWN)
        told = soak(page, plan, sender.advance, cut, lambda: new_epoch(folder / "yiping.db"), say)
        fresh = context.new_page()
        fresh.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
        compare(page, fresh, told)
        context.close()
    return told


def main(arguments: list[str]) -> None:
    """Print a line a sample, then the result."""
    parser = argparse.ArgumentParser(prog="bench soak", description=__doc__)
    parser.add_argument("--updates", type=int, default=51_840, help="72 hours with one every 5 s")
    parser.add_argument("--disconnects", type=int, default=30)
    parser.add_argument("--resets", type=int, default=5)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--rate", type=float, default=20, help="updates a second")
    parser.add_argument("--folder", type=Path, help="a demo county made before; changed by this")
    given = parser.parse_args(arguments)
    plan = Plan(given.updates, given.disconnects, given.resets, given.samples, given.rate)
    print(f"{'updates':>9}{'heap MB':>9}{'nodes':>8}{'listeners':>11}", flush=True)

    def say(sample: Sample) -> None:
        print(f"{sample.updates:9}{sample.heap_mb:9.2f}{sample.nodes:8}{sample.listeners:11}", flush=True)

    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        told = run(browser, given.folder or Path(name), plan, say)
    parts = [key for key in told.picture if told.picture[key] != told.fresh[key]]
    print(
        f"{plan.disconnects} disconnects, {plan.resets} resets, {told.paints} paints, {len(told.errors)} errors"
    )
    print(f"heap {told.slope:+.3f} MB / 1,000 updates after the first twentieth (aim 0.2)")
    print(f"nodes {told.drift('nodes'):+.2f} %, listeners {told.drift('listeners'):+.2f} % (aim 1)")
    print(f"beside a fresh page: {'the same' if not parts else 'not the same: ' + ', '.join(parts)}", end="")
    print(f", {told.differing:.3f} % of the pixels differ (aim 0.1)")
    for part in parts:
        print(f"{part}: {told.picture[part]}\n  fresh: {told.fresh[part]}", file=sys.stderr)
    for error in told.errors[:5]:
        print(error, file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
