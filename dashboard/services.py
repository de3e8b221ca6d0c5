"""What the pages, the API and the live feed share: the ledger, the settings, the clock, and a place for slow work."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ParamSpec, Protocol, TypeVar

import gevent
from gevent.threadpool import ThreadPool

from dashboard.figure_cache import FigureCache
from dashboard.intake import Intake
from data_adapters.ledger import Ledger, Outcome
from data_adapters.records.case import Case
from data_adapters.settings import Settings
from layers.registry import Registry

_HEARD_EVERY_S = 5.0
#: Writes that may wait for their turn; there is one writer at a time, so more would only wait longer.
MAX_WRITES = 64
_log = logging.getLogger("yiping")
_P = ParamSpec("_P")
_R = TypeVar("_R")


class Busy(Exception):
    """Too many writes are in flight: nothing of this one was taken."""


class Feed(Protocol):
    """What others need to know of the live feed."""

    @property
    def ready(self) -> bool:
        """Whether the end of the log is known."""

    @property
    def viewers(self) -> int:
        """How many are connected."""

    def start(self) -> None:
        """Load the end of the log and begin."""


@dataclass(slots=True)
class Services:
    """One per process. ``speed`` multiplies the demo's feed and is None for a real centre."""

    settings: Settings
    ledger: Ledger
    speed: float | None = None
    figures: FigureCache = field(default_factory=FigureCache)
    tiles: Registry = field(init=False)
    failures: int = 0
    feed: Feed | None = None
    _heard: dict[str, float] = field(default_factory=dict)
    _writing: int = 0
    _intake: Intake[Case] = field(init=False, repr=False)
    # Of their own, so that writes which wait for their turn leave the threads of those who read alone.
    _writers: ThreadPool = field(default_factory=lambda: ThreadPool(2), repr=False)

    @property
    def demo(self) -> bool:
        """Whether everything on the screen is synthetic, which every page then says."""
        return self.settings.centre.demo

    def __post_init__(self) -> None:
        self.tiles = Registry(self.ledger)
        self._intake = Intake(lambda records: self._on_writer(self.ledger.write_cases, records))

    def feed_ready(self) -> bool:
        """Whether the end of the change log is loaded."""
        return self.feed is not None and self.feed.ready

    def viewer_count(self) -> int:
        """Connected viewers of the live feed."""
        return self.feed.viewers if self.feed is not None else 0

    def write_cases(self, records: Sequence[Case]) -> list[Outcome]:
        """Store cases, together with what others store at the same time. Raises `Busy` as `write` does."""
        with self._in_flight():
            return self._intake.put(records)

    def write(self, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run a write of the ledger on a native thread. Raises `Busy` where `MAX_WRITES` are in flight."""
        with self._in_flight():
            return self._on_writer(work, *args, **kwargs)

    @contextmanager
    def _in_flight(self) -> Iterator[None]:
        if self._writing >= MAX_WRITES:
            raise Busy
        self._writing += 1
        try:
            yield
        finally:
            self._writing -= 1

    def _on_writer(self, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return self._writers.apply(work, args, kwargs)  # type: ignore[no-any-return]

    def heard_from(self, kind: str, sources: set[str]) -> None:
        """Note that sources which push are alive; each at most once in `_HEARD_EVERY_S` seconds."""
        now = time.monotonic()
        for name in sources:
            if now - self._heard.get(name, float("-inf")) >= _HEARD_EVERY_S:
                self._heard[name] = now
                offload(self.ledger.source_heard, name, kind)

    def note_failure(self, where: str, error: Exception) -> None:
        """Count and log a failure of background work, in one line."""
        self.failures += 1
        _log.error("%s: %s: %s", where, type(error).__name__, error)

    def now(self) -> datetime:
        """The ledger's clock."""
        return self.ledger.clock()


def offload(work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Run `work` on a native thread, so that the loop which serves every socket goes on meanwhile."""
    pool = gevent.get_hub().threadpool
    result, error = pool.apply(_attempt, (work, args, kwargs))
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


def _attempt(work: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Exception | None]:
    """The pool prints the traceback of what a task raises; what is expected is handled, and told in one line."""
    try:
        return work(*args, **kwargs), None
    except Exception as error:  # raised again by `offload`
        return None, error
