"""Native threads for work that may take long or hang, bounded in number, in queue and in time.

The loop that serves every socket only waits here, and not for ever: who waits is told `StoreSilent` when the store
does not answer or his time is over. The thread itself ends when the database connection gives up
(`data_adapters.ledger.engine`); until then its place counts as taken.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from gevent.lock import BoundedSemaphore
from gevent.threadpool import ThreadPool

_STEP_S = 0.25
_inside = threading.local()
_P = ParamSpec("_P")
_R = TypeVar("_R")


class Busy(Exception):
    """Too much is in flight: nothing of this was begun."""


class StoreSilent(Exception):
    """The store does not answer. What was begun may still be done: whoever wrote asks again."""


class Lane:
    """``threads`` at work, up to ``queue`` waiting; nobody waits longer than ``patience_s`` or for a silent store."""

    def __init__(self, threads: int, queue: int, patience_s: float, silent: Callable[[], bool]) -> None:
        self._threads = ThreadPool(threads)
        self._free = BoundedSemaphore(threads)
        self._queue = queue
        self._patience_s = patience_s
        self._silent = silent
        self.waiting = 0

    @classmethod
    def alone(cls) -> Lane:
        """One thread, waited for to the end: for what must not be begun anew beside itself."""
        return cls(1, 1, math.inf, lambda: False)

    def run(self, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """What `work` returns or raises. On one of these threads already, it is simply called."""
        if getattr(_inside, "lane", False):
            return work(*args, **kwargs)
        end = time.monotonic() + self._patience_s
        self._take_place(end)
        result = self._threads.spawn(attempt, work, args, kwargs)
        result.rawlink(lambda _: self._free.release())
        while not result.wait(_STEP_S):
            self._look(end)
        value, error = result.get()
        if error is not None:
            raise error
        return value  # type: ignore[no-any-return]

    def _take_place(self, end: float) -> None:
        if self._silent():
            raise StoreSilent
        if self._free.acquire(blocking=False):
            return
        if self.waiting >= self._queue:
            raise Busy
        self.waiting += 1
        try:
            while not self._free.acquire(timeout=_STEP_S):
                self._look(end)
        finally:
            self.waiting -= 1

    def _look(self, end: float) -> None:
        if self._silent() or time.monotonic() > end:
            raise StoreSilent


def attempt(work: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Exception | None]:
    """What `work` returns, or raises. A pool would print the traceback of what is expected and handled."""
    _inside.lane = True
    try:
        return work(*args, **kwargs), None
    except Exception as error:  # raised again by who waits
        return None, error
