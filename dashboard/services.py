"""What the pages, the API and the live feed share: the ledger, the settings, the clock, and lanes for slow work."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ParamSpec, Protocol, TypeVar

import gevent

from dashboard.admission import Admission
from dashboard.figure_cache import FigureCache
from dashboard.indicators.catalogue import Catalogue
from dashboard.intake import Intake
from dashboard.kept import Kept
from dashboard.lane import Lane, attempt
from dashboard.live.walls import Canary, WallFigures
from dashboard.places import Places
from dashboard.pulse import Pulse
from dashboard.scenes import Scenes
from data_adapters.ledger import Ledger, Outcome
from data_adapters.records.case import Case
from data_adapters.settings import Settings
from layers.basemap import open_basemap
from layers.ground import Basemap
from layers.registry import Registry

_HEARD_EVERY_S = 5.0
#: Writes that may wait for their turn; there is one writer at a time, so more would only wait longer.
MAX_WRITES = 64
#: Threads that read, reads that may wait for one, and how long anybody waits for what he asked.
_READERS, _READS, _PATIENCE_S = 8, 256, 25.0
KEPT_LEVELS = 4_096
#: A thousand cases each at the most: some megabytes.
KEPT_VIEWS = 16
_log = logging.getLogger("yiping")
_P = ParamSpec("_P")
_R = TypeVar("_R")


class Feed(Protocol):
    """What others need to know of the live feed."""

    @property
    def ready(self) -> bool:
        """Whether the end of the log is known."""

    @property
    def viewers(self) -> int:
        """How many are connected."""

    @property
    def canary(self) -> Canary:
        """Whether the walls paint what is sent to them."""

    def wall_figures(self) -> WallFigures:
        """What the walls say of themselves."""

    def start(self) -> None:
        """Load the end of the log and begin."""


@dataclass(slots=True)
class Services:
    """One per process. ``speed`` multiplies the demo's feed and is None for a real centre."""

    settings: Settings
    ledger: Ledger
    speed: float | None = None
    catalogue: Catalogue = field(init=False)
    scenes: Scenes = field(init=False)
    figures: FigureCache = field(init=False)
    tiles: Registry = field(init=False)
    basemap: Basemap | None = field(init=False)
    #: level -> how many grids, by scope, grid and version of the grids: of a province a quarter of a second to count.
    levels: Kept[dict[int, int]] = field(default_factory=lambda: Kept(KEPT_LEVELS), repr=False)
    #: The part of a view that only the log changes, by scope, grid, end of the log and version of the grids.
    views: Kept[dict[str, Any]] = field(default_factory=lambda: Kept(KEPT_VIEWS), repr=False)
    failures: int = 0
    feed: Feed | None = None
    _heard: dict[str, float] = field(default_factory=dict)
    _admission: Admission = field(default_factory=lambda: Admission(MAX_WRITES), repr=False)
    _intake: Intake[Case] = field(init=False, repr=False)
    pulse: Pulse = field(init=False, repr=False)
    places: Places = field(init=False, repr=False)
    _readers: Lane = field(init=False, repr=False)
    _writers: Lane = field(init=False, repr=False)

    @property
    def demo(self) -> bool:
        """Whether everything on the screen is synthetic, which every page then says."""
        return self.settings.centre.demo

    def __post_init__(self) -> None:
        self.ledger.past_kept = timedelta(seconds=self.settings.replay.keep)
        self.catalogue = Catalogue.of(self.settings)
        self.scenes = Scenes.of(self.settings, self.catalogue)
        self.figures = FigureCache(self.catalogue)
        self.tiles = Registry(self.ledger)
        ground = self.settings.map.basemap
        self.basemap = open_basemap(ground) if ground is not None else None
        self.pulse = Pulse(self.ledger.position)
        self._readers = self.lane(_READERS, _READS)
        self.places = Places(lambda: self.read(self.ledger.atlas))
        # Of their own, so that writes which wait for their turn leave the threads of those who read alone.
        self._writers = self.lane(2, 2 * MAX_WRITES)
        self._intake = Intake(lambda records: self._writers.run(self.ledger.write_cases, records))

    def warm(self) -> None:
        """Make what the first visitors would otherwise wait for. On a thread of its own: a province takes seconds."""
        try:
            self.tiles.warm()
        except Exception as error:  # whoever asks makes it then
            self.note_failure("warming up", error)

    def feed_ready(self) -> bool:
        """Whether the end of the change log is loaded."""
        return self.feed is not None and self.feed.ready

    def viewer_count(self) -> int:
        """Connected viewers of the live feed."""
        return self.feed.viewers if self.feed is not None else 0

    def lane(self, threads: int, queue: int) -> Lane:
        """Threads of one's own, which nobody waits for while the store is silent."""
        return Lane(threads, queue, _PATIENCE_S, self.pulse.silent)

    def read(self, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run what looks at the store off the loop. Raises `StoreSilent` or `Busy` where it cannot."""
        return self._readers.run(work, *args, **kwargs)

    def off_loop(self, handler: Callable[_P, _R]) -> Callable[_P, _R]:
        """A handler of requests that reads the store: all of it runs on a reading thread."""

        @functools.wraps(handler)
        def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            request = copy_context()
            return self.read(lambda: request.run(handler, *args, **kwargs))

        return run

    def write_cases(self, records: Sequence[Case]) -> list[Outcome]:
        """Store cases, together with what others store at the same time. Raises `Busy` as `write` does."""
        source = records[0].source
        with self._admission.of(source):
            return self._intake.put(source, records)

    def write(self, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run a write of our own on a native thread."""
        return self.write_of("", work, *args, **kwargs)

    def write_of(self, source: str, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run a write of `source` on a native thread. Raises `Busy` where too many are in flight."""
        with self._admission.of(source):
            return self._writers.run(work, *args, **kwargs)

    def heard_from(self, kind: str, sources: set[str]) -> None:
        """Note that sources which push are alive; each at most once in `_HEARD_EVERY_S` seconds."""
        now = time.monotonic()
        for name in sources:
            if now - self._heard.get(name, float("-inf")) >= _HEARD_EVERY_S:
                self._heard[name] = now
                gevent.spawn(self._note_source, name, kind)

    def _note_source(self, name: str, kind: str) -> None:
        try:
            self._writers.run(self.ledger.source_heard, name, kind)
        except Exception as error:  # what was posted is stored; that it was heard of is told the next time
            del self._heard[name]
            self.note_failure(f"source {name}", error)

    def note_failure(self, where: str, error: Exception) -> None:
        """Count and log a failure of background work, in one line."""
        self.failures += 1
        _log.error("%s: %s: %s", where, type(error).__name__, error)

    def now(self) -> datetime:
        """The ledger's clock."""
        return self.ledger.clock()


def offload(work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Run on a native thread what takes long and does not touch the store; what does goes to `Services.read`."""
    value, error = gevent.get_hub().threadpool.apply(attempt, (work, args, kwargs))
    if error is not None:
        raise error
    return value  # type: ignore[no-any-return]
