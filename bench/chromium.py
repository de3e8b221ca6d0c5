"""A real Chromium for the measurements, and what it tells of a page."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import Browser, CDPSession, Error, Page, sync_playwright

from tests.fixtures.browser import ARGUMENTS

LIVE = "document.body?.dataset.live === 'live'"
#: Everything that a first look needs is there: figures, polygons and tiles.
DRAWN = (
    LIVE + " && !document.body.dataset.loading && Wall.map.get()?.loaded() && Wall.map.get().areTilesLoaded()"
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, or the one that ``YIPING_CHROMIUM`` names; it draws in software, as in the tests."""
    path = os.environ.get("YIPING_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


def wait(page: Page, expression: str, timeout_s: float = 300, step_ms: float = 20) -> None:
    """Until an expression holds in the page. Raises TimeoutError."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        # A page that is on its way to another has nothing to say.
        with suppress(Error):
            if page.evaluate(expression):
                return
        page.wait_for_timeout(step_ms)
    raise TimeoutError(f"after {timeout_s} s still not: {expression}")


def metrics(session: CDPSession) -> dict[str, float]:
    """Chromium's own figures of a page: ``JSHeapUsedSize``, ``Nodes``, ``JSEventListeners``, ``TaskDuration`` …"""
    return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
