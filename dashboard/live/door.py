"""How often one address may knock at the live feed: so many connections a second, the rest is told to come again."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KNOCKS_PER_S = 20.0
KNOCKS_AT_ONCE = 40.0
#: Addresses remembered; the ones that have been quiet long enough are forgotten first.
_KEPT = 10_000
_PATH = "/socket.io/"


class Door:
    """In front of the application: answers 429 to an address that opens connections too fast.

    This machine itself is not counted, except through a proxy on it, which says for whom it knocks.
    """

    def __init__(self, app: WSGIApplication, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._knocks: dict[str, tuple[float, float]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if str(environ.get("PATH_INFO", "")).startswith(_PATH):
            address = _address(environ)
            if address is not None and not self._lets_in(address):
                start_response("429 Too Many Requests", [("Retry-After", "1"), ("Content-Length", "0")])
                return []
        return self._app(environ, start_response)

    def _lets_in(self, address: str) -> bool:
        now = self._clock()
        left, at = self._knocks.pop(address, (KNOCKS_AT_ONCE, now))
        left = min(KNOCKS_AT_ONCE, left + (now - at) * KNOCKS_PER_S)
        self._knocks[address] = (max(0.0, left - 1.0), now)
        while len(self._knocks) > _KEPT:
            del self._knocks[next(iter(self._knocks))]
        return left >= 1.0


def _address(environ: WSGIEnvironment) -> str | None:
    """Who knocks; None for this machine itself."""
    direct = str(environ.get("REMOTE_ADDR", ""))
    if not _is_local(direct):
        return direct
    told = str(environ.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
    return told[:64] or None


def _is_local(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
