"""Accepted to painted in a real browser among many walls, and what one incident costs the wire and the page."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page

from bench import centre, county
from bench.chromium import DRAWN, chromium, metrics, wait

#: [seq, when it was in the document, when the frame that shows it was drawn], by this machine's clock.
_RECORD = """() => {
  globalThis.record = [];
  new MutationObserver(() => {
    const row = [Number(document.body.dataset.seq), Date.now(), null];
    record.push(row);
    requestAnimationFrame(() => setTimeout(() => { row[2] = Date.now(); }));
  }).observe(document.body, {attributeFilter: ["data-seq"]});
}"""
#: What a change brings on the live line.
_NEWS = ('42/live,["frame"', '42/live,["figures"')


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one change to one page: bytes on the wire, milliseconds of processor on the page's main thread."""

    wire: list[float]
    main_ms: list[float]


def at(values: Sequence[float], share: float) -> float:
    """The percentile `share` (0 to 1) of some values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def painted(browser: Browser, port: int, walls: int, rate: float, seconds: float) -> dict[str, list[float]]:
    """Milliseconds from the commit of each incident to the document and to the drawn frame, among `walls` others."""
    crowd = subprocess.Popen(
        [sys.executable, "-m", "bench.walls", str(port), str(walls - 1)],
        cwd=centre.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert crowd.stdin is not None and crowd.stdout is not None  # noqa: S101, PT018 - for the types
    crowd.stdout.readline()
    page = _open(browser, f"http://127.0.0.1:{port}/", DRAWN)
    page.evaluate(_RECORD)
    sender = county.Sender(port, county.places(port))
    first = int(page.evaluate("document.body.dataset.seq"))
    due = time.monotonic()
    for _ in range(round(rate * seconds)):
        sender.changes(1)
        due += 1 / rate
        page.wait_for_timeout(max(0.0, due - time.monotonic()) * 1_000)
    wait(page, f"Number(document.body.dataset.seq) >= {sender.seq}")
    page.wait_for_timeout(2_000)
    record: list[list[float]] = page.evaluate("record")
    crowd.stdin.close()
    crowd.wait()
    page.context.close()
    accepted = _accepted(port, first, sender.seq)
    found: dict[str, list[float]] = {"document": [], "frame": []}
    for seq, moment in accepted.items():
        row = next(row for row in record if row[0] >= seq)
        found["document"].append(row[1] - moment)
        if row[2] is not None:
            found["frame"].append(row[2] - moment)
    return found


def _accepted(port: int, after: int, last: int) -> dict[int, float]:
    """seq -> when it was accepted, in milliseconds since 1970, of every case in the log."""
    found = {}
    while after < last:
        told = json.loads(county.get(port, f"/api/v1/changes?after={after}&limit=1000"))
        for item in told["items"]:
            if item["type"] == "case":
                found[item["seq"]] = datetime.fromisoformat(item["accepted_at"]).timestamp() * 1_000
        after = told["to"]
    return found


def _open(browser: Browser, address: str, drawn: str) -> Page:
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.goto(address)
    wait(page, drawn)
    page.wait_for_timeout(2_000)
    return page


def cost(page: Page, change: Callable[[], None], quiet_ms: float, times: int) -> Cost:
    """What `change` costs the page, over `times` changes; the page's own life meanwhile is taken off."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    session.send("Network.enable")
    wire = [0.0]

    def received(told: dict[str, Any]) -> None:
        text = told["response"]["payloadData"]
        if text.startswith(_NEWS):  # the beat comes every two seconds, with an incident or without
            wire[0] += len(text.encode())

    def loaded(told: dict[str, Any]) -> None:
        wire[0] += told["encodedDataLength"]

    session.on("Network.webSocketFrameReceived", received)
    session.on("Network.loadingFinished", loaded)
    idle = [_window(page, session, wire, lambda: None, quiet_ms) for _ in range(times // 2)]
    busy = [_window(page, session, wire, change, quiet_ms) for _ in range(times)]
    base_ms = statistics.median(main_ms for _, main_ms in idle)
    base_wire = statistics.median(size for size, _ in idle)
    session.detach()
    return Cost([size - base_wire for size, _ in busy], [main_ms - base_ms for _, main_ms in busy])


def _window(
    page: Page, session: CDPSession, wire: list[float], change: Callable[[], None], quiet_ms: float
) -> tuple[float, float]:
    """(bytes, milliseconds of the main thread) of one change and what follows it."""
    size, before = wire[0], metrics(session)["TaskDuration"]
    change()
    page.wait_for_timeout(quiet_ms)
    return wire[0] - size, (metrics(session)["TaskDuration"] - before) * 1_000


def ours(browser: Browser, port: int, times: int) -> Cost:
    """One new incident at a time, each painted well before the next."""
    page = _open(browser, f"http://127.0.0.1:{port}/", DRAWN)
    page.wait_for_timeout(6_000)
    sender = county.Sender(port, county.places(port))

    def change() -> None:
        sender.changes(
            1, open_most=10**6
        )  # and no more: a page that is asked whether it has painted works for that

    found = cost(page, change, 800, times)
    wait(page, f"Number(document.body.dataset.seq) >= {sender.seq}", timeout_s=5)
    page.context.close()
    return found


def main(arguments: list[str]) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="bench painted", description=__doc__)
    parser.add_argument("--walls", type=int, default=50)
    parser.add_argument("--rate", type=float, default=20, help="incidents a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--times", type=int, default=40, help="single incidents measured one by one")
    parser.add_argument("--folder", type=Path, help="a demo county made before; changed by this")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = given.folder or Path(name)
        with county.served(folder) as (port, _):
            one = ours(browser, port, given.times)
            times = painted(browser, port, given.walls, given.rate, given.seconds)
    print(f"accepted to painted, {given.walls} walls, {given.rate:g} incidents a second (aim: p99 250 ms)")
    for label, values in times.items():
        print(
            f"  in the {label:10} n {len(values):6}  p50 {at(values, 0.5):6.0f}  p99 {at(values, 0.99):6.0f} ms"
        )
    print(f"one incident costs{'p50':>10}{'p95':>10}   aim, p95")
    print(f"  the wire, B     {at(one.wire, 0.5):10.0f}{at(one.wire, 0.95):10.0f}   2,000")
    print(f"  main thread, ms {at(one.main_ms, 0.5):10.1f}{at(one.main_ms, 0.95):10.1f}   8")
    print(f"load average of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main(sys.argv[1:])
