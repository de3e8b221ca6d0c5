"""Each source pulled on its own schedule or followed, in a process of its own: a slow or broken one delays nobody."""

from __future__ import annotations

import random
import sys
import time
from datetime import datetime
from pathlib import Path

import gevent
from gevent import subprocess
from gevent.lock import BoundedSemaphore

from dashboard.services import Services
from data_adapters.ledger.sources import SourceState
from data_adapters.settings import SourceSettings

#: At once, whatever their number: reading is work, and the wall comes first.
_PARALLEL = 2
#: A read that takes longer goes on beside the others, so that two slow sources never stop the rest.
_SLOT_S = 60.0
#: The first read of all together may keep the single ones waiting for so long.
_FIRST_S = 300.0
#: A read that hangs is given up; nothing that was written is lost.
_HANGS_S = 4 * 3600.0
_RETRY_S, _LONGEST_RETRY_S = 30.0, 3600.0
#: A stream mends its own troubles; what ends its process is begun again soon, and ever later where it ends at once.
_FOLLOW_AGAIN_S, _LONGEST_FOLLOW_AGAIN_S, _STEADY_S = 1.0, 60.0, 60.0


class Schedule:
    """Starts `yiping sync` for every source when it is due. `start` returns at once; `stop` ends what runs."""

    def __init__(self, services: Services, config: Path) -> None:
        self._services = services
        self._config = config
        self._slots = BoundedSemaphore(_PARALLEL)
        self._running: set[subprocess.Popen] = set()
        self._greenlets: list[gevent.Greenlet] = []

    def start(self) -> None:
        """Begin. Where a source was never read all are read now, in the order they stand on each other."""
        self._spawn(self._begin)

    def stop(self) -> None:
        """End every schedule and every read; a read that is cut off is read again next time."""
        children = list(self._running)  # the greenlets forget theirs as they end
        gevent.killall(self._greenlets)
        for child in children:
            child.terminate()

    def _begin(self) -> None:
        every = self._services.settings.in_reading_order()
        sources = [source for source in every if not source.is_stream]
        if any((state := self._state(source)) is None or state.last_ok_at is None for source in sources):
            self._spawn(self._sync, None).join(_FIRST_S)
        for source in every:
            self._spawn(self._follow if source.is_stream else self._forever, source)

    def _follow(self, source: SourceSettings) -> None:
        """Keep one process that follows the stream. It takes no slot: it waits most of the time."""
        command = [sys.executable, "-m", "data_adapters.follow", "--config", str(self._config)]
        failures = 0
        while True:
            began = time.monotonic()
            # The pipe ends with us, however we end: nobody goes on following for a server that is gone.
            child = subprocess.Popen(
                [*command, "--source", source.name], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
            )
            self._running.add(child)
            try:
                code = child.wait()
            finally:
                self._running.discard(child)
            child.stdin.close()
            self._services.note_failure(f"follow {source.name}", RuntimeError(f"退出码 {code}"))
            failures = 1 if time.monotonic() - began > _STEADY_S else failures + 1
            pause_s = min(_LONGEST_FOLLOW_AGAIN_S, _FOLLOW_AGAIN_S * 2.0 ** min(failures, 30))
            gevent.sleep(random.uniform(pause_s / 2, pause_s))

    def _forever(self, source: SourceSettings) -> None:
        state = self._state(source)
        failures = int(state is not None and state.error is not None)
        tried_at = state.last_try_at if state is not None else None
        while True:
            state = self._state(source)
            ok_at = state.last_ok_at if state is not None else None
            gevent.sleep(max(1.0, wait_s(source.every, ok_at, tried_at, failures, self._services.now())))
            good = self._sync(source.name)
            # Our own clock: a read that was killed has told the ledger nothing.
            tried_at = self._services.now()
            failures = 0 if good else failures + 1

    def _state(self, source: SourceSettings) -> SourceState | None:
        while True:
            try:
                return self._services.read(self._services.ledger.source_state, source.name)
            except Exception as error:  # the store is away: the source keeps its turn
                self._services.note_failure(f"source {source.name}", error)
                gevent.sleep(_RETRY_S)

    def _spawn(self, work: object, *args: object) -> gevent.Greenlet:
        greenlet = gevent.spawn(work, *args)
        self._greenlets.append(greenlet)
        return greenlet

    def _command(self, name: str | None) -> list[str]:
        command = [sys.executable, "-m", "dashboard.cli", "sync", "--config", str(self._config)]
        return command if name is None else [*command, "--source", name]

    def _sync(self, name: str | None) -> bool:
        """Read the source, or all; returns whether it could be used."""
        self._slots.acquire()
        holding = True
        try:
            child = subprocess.Popen(
                self._command(name), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            self._running.add(child)
            try:
                code = _wait(child, _SLOT_S)
                if code is None:
                    self._slots.release()
                    holding = False
                    code = _wait(child, _HANGS_S)
                if code is None:
                    child.kill()
                    code = child.wait()
            finally:
                self._running.discard(child)
        finally:
            if holding:
                self._slots.release()
        if code not in {0, 1}:
            self._services.note_failure(f"sync {name or '全部'}", RuntimeError(f"退出码 {code}"))
        return code in {0, 1}


def wait_s(
    every: int,
    ok_at: datetime | None,
    tried_at: datetime | None,
    failures: int,
    now: datetime,
    chance: float | None = None,
) -> float:
    """Seconds until a source is due: a good one ``every`` after its last good read at ``ok_at``.

    One that failed ``failures`` times in a row, last at ``tried_at``, is only probed: each time after twice as
    long, in the end once an hour or ``every``, whichever is longer. ``chance`` (0..1) says where in the upper half
    of that, so that sources which fell together do not come back together.
    """
    if failures == 0:
        return 0.0 if ok_at is None else max(0.0, every - (now - ok_at).total_seconds())
    pause = min(_RETRY_S * 2.0 ** min(failures - 1, 30), max(_LONGEST_RETRY_S, every))
    pause *= 0.5 + 0.5 * (random.random() if chance is None else chance)
    return max(0.0, pause - ((now - tried_at).total_seconds() if tried_at is not None else 0.0))


def _wait(child: subprocess.Popen, limit_s: float) -> int | None:
    try:
        code: int = child.wait(limit_s)
    except subprocess.TimeoutExpired:
        return None
    return code
