"""A carousel over the six scenes, driven fast: is each visited in its turn, and what stays behind in the page."""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Page

from bench import county
from bench.chromium import DRAWN, chromium, metrics, wait

#: Counts changes of scene, and those that do not lead to the next of the list.
_WATCH = """() => {
  const ids = Wall.scenes.all().map((scene) => scene.id);
  globalThis.walk = { changes: 0, wrong: 0, last: document.body.dataset.scene };
  new MutationObserver(() => {
    const now = document.body.dataset.scene;
    if (ids.indexOf(now) !== (ids.indexOf(walk.last) + 1) % ids.length) walk.wrong += 1;
    Object.assign(walk, { changes: walk.changes + 1, last: now });
  }).observe(document.body, { attributes: true, attributeFilter: ["data-scene"] });
}"""


@dataclass(frozen=True, slots=True)
class Sample:
    """The page after so many changes, its garbage collected; ``task_s`` is the main thread's work since its start."""

    changes: int
    heap_mb: float
    nodes: int
    listeners: int
    task_s: float


def walk(page: Page, changes: int, every_ms: int, samples: int) -> tuple[list[Sample], int]:
    """Let the carousel run over every scene; the samples, and how many changes did not lead to the next scene."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.evaluate(_WATCH)
    page.evaluate(f"() => Wall.carousel.set({{ everyMs: {every_ms}, idleMs: 0 }})")
    told = []
    for number in range(1, samples + 1):
        target = changes * number // samples
        wait(page, f"walk.changes >= {target}", timeout_s=60 + changes * every_ms / 20, step_ms=100)
        for _ in range(2):
            session.send("HeapProfiler.collectGarbage")
        found = metrics(session)
        done = page.evaluate("walk.changes")
        told.append(
            Sample(
                done,
                found["JSHeapUsedSize"] / 1e6,
                round(found["Nodes"]),
                round(found["JSEventListeners"]),
                found["TaskDuration"],
            )
        )
        print(
            f"{done:6} changes  {told[-1].heap_mb:6.1f} MB  {told[-1].nodes:6} nodes  {told[-1].listeners:5} listeners",
            flush=True,
        )
    return told, int(page.evaluate("walk.wrong"))


def main(arguments: list[str]) -> None:
    """Print the samples and what they come to."""
    parser = argparse.ArgumentParser(prog="python -m bench carousel")
    parser.add_argument("--changes", type=int, default=2_000)
    parser.add_argument("--every-ms", type=int, default=50)
    parser.add_argument("--folder", type=Path, help="a demo county that is there already")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as made:
        folder = options.folder or Path(made)
        with county.served(folder) as (port, _), chromium() as browser:
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            page.goto(f"http://127.0.0.1:{port}/", timeout=120_000)
            wait(page, DRAWN)
            before = page.evaluate("() => { globalThis.map0 = Wall.map.get(); return performance.now(); }")
            told, wrong = walk(page, options.changes, options.every_ms, 10)
            same = page.evaluate("() => map0 === Wall.map.get() && document.body.dataset.live")
            took_s = (page.evaluate("performance.now()") - before) / 1_000
    first, last = told[0], told[-1]
    done = last.changes - first.changes
    print(f"load {os.getloadavg()[0]:.1f}; same map, and the line: {same}")
    print(f"{last.changes} changes in {took_s:.0f} s, not to the next scene: {wrong}")
    print(f"main thread a change: {1_000 * (last.task_s - first.task_s) / max(1, done):.1f} ms")
    print(f"heap {first.heap_mb:.1f} -> {last.heap_mb:.1f} MB, nodes {first.nodes} -> {last.nodes}", end=", ")
    print(f"listeners {first.listeners} -> {last.listeners}")
    steps = [after.heap_mb - before.heap_mb for before, after in pairwise(told)]
    print("heap from sample to sample (MB): " + ", ".join(f"{step:+.2f}" for step in steps))
