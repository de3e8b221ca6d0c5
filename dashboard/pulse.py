"""Whether the store answers: asked once a second, on a thread and a connection of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import gevent
from gevent.threadpool import ThreadPool

EVERY_S = 1.0
#: No answer for so long, and nobody is kept waiting for one any more.
SILENT_S = 4.0
_log = logging.getLogger("yiping")


class Pulse:
    """``ask`` puts a small question to the store. Until `start` it counts as answering."""

    def __init__(self, ask: Callable[[], object]) -> None:
        self._ask = ask
        self._thread = ThreadPool(1)
        self._answered_at: float | None = None
        self._told = False

    def start(self) -> None:
        """Begin to ask."""
        self._answered_at = time.monotonic()
        gevent.spawn(self._forever)

    @property
    def silent_s(self) -> float:
        """Seconds since the last answer."""
        return 0.0 if self._answered_at is None else time.monotonic() - self._answered_at

    def silent(self) -> bool:
        """Whether it does not answer."""
        return self.silent_s > SILENT_S

    def _forever(self) -> None:
        while True:
            error = self._thread.apply(self._once)
            if error is None:
                if self._told:
                    _log.warning("存储又有应答，此前 %.0f 秒没有", self.silent_s)
                self._answered_at = time.monotonic()
                self._told = False
            elif self.silent() and not self._told:
                self._told = True
                _log.error("存储没有应答：%s", str(error).partition("\n")[0])
            gevent.sleep(EVERY_S)

    def _once(self) -> Exception | None:
        try:
            self._ask()
        except Exception as error:  # any reason counts
            return error
        return None
