"""A real Chromium for the measurements, and what it tells of a page."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

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


class Visit:
    """A page as a visitor opens it, in a profile of its own: the driver neither listens to it nor has anything in it.

    A driver that listens (as to every page it opens itself) has the browser look up the place of each error that is
    thrown and caught; for that it parses a large script again, which no visitor pays for.
    """

    def __init__(self, browser: Browser, address: str) -> None:
        self._session = browser.new_browser_cdp_session()
        self._answers: dict[int, Any] = {}
        self._asked = 0
        self._session.on("Target.receivedMessageFromTarget", self._received)
        context = self._session.send("Target.createBrowserContext")
        self._context: str = context["browserContextId"]
        asked = {"url": address, "width": 1920, "height": 1080, "browserContextId": self._context}
        target = self._session.send("Target.createTarget", asked)
        attached = self._session.send(
            "Target.attachToTarget", {"targetId": target["targetId"], "flatten": False}
        )
        self._id: str = attached["sessionId"]

    def _received(self, told: dict[str, Any]) -> None:
        message = json.loads(told["message"])
        if "id" in message:
            self._answers[message["id"]] = message

    def evaluate(self, expression: str) -> Any:
        """What an expression comes to. Raises RuntimeError where it throws, or no answer comes within a minute."""
        self._asked += 1
        number = self._asked
        asked = {"expression": expression, "returnByValue": True}
        message = json.dumps({"id": number, "method": "Runtime.evaluate", "params": asked})
        self._session.send("Target.sendMessageToTarget", {"sessionId": self._id, "message": message})
        end = time.monotonic() + 60
        while number not in self._answers and time.monotonic() < end:
            self._session.send("Browser.getVersion")  # lets the driver hand over what has come
            time.sleep(0.005)
        answer = self._answers.get(number, {"error": "no answer"})
        if "result" not in answer or "exceptionDetails" in answer["result"]:
            raise RuntimeError(f"{expression}: {answer}")
        return answer["result"]["result"].get("value")

    def wait_for_timeout(self, timeout: float) -> None:
        """Milliseconds, as a page of the driver has it."""
        time.sleep(timeout / 1_000)

    def close(self) -> None:
        """Close it and forget its profile."""
        self._session.send("Target.disposeBrowserContext", {"browserContextId": self._context})
        self._session.detach()


def wait(page: Page | Visit, expression: str, timeout_s: float = 300, step_ms: float = 20) -> None:
    """Until an expression holds in the page. Raises TimeoutError."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        # A page that is on its way to another has nothing to say.
        with suppress(Error, RuntimeError):
            if page.evaluate(expression):
                return
        page.wait_for_timeout(step_ms)
    raise TimeoutError(f"after {timeout_s} s still not: {expression}")


def metrics(session: CDPSession) -> dict[str, float]:
    """Chromium's own figures of a page: ``JSHeapUsedSize``, ``Nodes``, ``JSEventListeners``, ``TaskDuration`` …"""
    return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
