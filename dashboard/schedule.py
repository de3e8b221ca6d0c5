"""Each source pulled on its own schedule, in a process of its own: a slow or broken one delays nobody."""

from __future__ import annotations

import sys
from pathlib import Path

import gevent
from gevent import subprocess
from gevent.lock import BoundedSemaphore

from dashboard.services import Services, offload
from data_adapters.settings import SourceSettings

#: At once, whatever their number: reading is work, and the wall comes first.
_PARALLEL = 2


class Schedule:
    """Starts `yiping sync` for every source when it is due. `start` returns at once; `stop` ends what runs."""

    def __init__(self, services: Services, config: Path) -> None:
        self._services = services
        self._config = config
        self._slots = BoundedSemaphore(_PARALLEL)
        self._running: set[subprocess.Popen] = set()
        self._greenlets: list[gevent.Greenlet] = []

    def start(self) -> None:
        """Begin. A source that was never read is read now, all such in the order they stand on each other."""
        self._greenlets.append(gevent.spawn(self._begin))

    def stop(self) -> None:
        """End every schedule and every read; a read that is cut off is read again next time."""
        gevent.killall(self._greenlets)
        for child in list(self._running):
            child.terminate()

    def _begin(self) -> None:
        sources = self._services.settings.in_reading_order()
        waits = [self._wait_s(source) for source in sources]
        if 0 in waits:
            self._sync(None)
        for source in sources:
            self._greenlets.append(gevent.spawn(self._forever, source))

    def _forever(self, source: SourceSettings) -> None:
        while True:
            gevent.sleep(max(1.0, self._wait_s(source)))
            self._sync(source.name)
            # A read that failed has not moved `last_ok_at`: try again, but not at once.
            gevent.sleep(min(source.every, 60))

    def _wait_s(self, source: SourceSettings) -> float:
        state = offload(self._services.ledger.source_state, source.name)
        if state is None or state.last_ok_at is None:
            return 0
        return max(0.0, source.every - (self._services.now() - state.last_ok_at).total_seconds())

    def _sync(self, name: str | None) -> None:
        command = [sys.executable, "-m", "dashboard.cli", "sync", "--config", str(self._config)]
        if name is not None:
            command += ["--source", name]
        with self._slots:
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self._running.add(child)
            try:
                code = child.wait()
            finally:
                self._running.discard(child)
        if code not in {0, 1}:
            self._services.note_failure(f"sync {name or '全部'}", RuntimeError(f"退出码 {code}"))
