"""Hears every viewer's line from one place: what hundreds of walls say in one turn costs one turn of the loop, not
hundreds.

A wall says one thing for each frame, within milliseconds of the others. A greenlet that waits on each line would wake
hundreds of times for them; here the first to speak wakes one, which lets the others catch up and then reads whoever has
spoken.
"""

from __future__ import annotations

import logging
import selectors
from typing import Protocol

import gevent

#: What is said within so long after a first word is heard in one go; an answer waits for a round of the feed anyhow.
GATHER_S = 0.025
_READ = 1
_log = logging.getLogger("yiping")


class Line(Protocol):
    """What can be heard."""

    def fileno(self) -> int:
        """Its file descriptor; the line takes care that it stays open until it is left."""

    def hear_on(self) -> float | None:
        """Read what is there. Seconds until it may be read again (0: at once); None where it has ended."""


class Switchboard:
    """The lines of one process. It begins to listen with the first one."""

    def __init__(self) -> None:
        self._lines = selectors.DefaultSelector()
        self._resting: set[Line] = set()
        self._greenlet: gevent.Greenlet | None = None

    def join(self, line: Line) -> None:
        """Listen to a line."""
        self._lines.register(line.fileno(), selectors.EVENT_READ, line)
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._listen)

    def leave(self, line: Line) -> None:
        """Listen to it no more; before its descriptor is closed."""
        self._resting.discard(line)
        if line.fileno() in self._lines.get_map():
            self._lines.unregister(line.fileno())

    def _listen(self) -> None:
        hub = gevent.get_hub()
        # The descriptor of the selector can itself be waited on: it is ready while any line is.
        somebody = hub.loop.io(self._lines.fileno(), _READ)
        while True:
            hub.wait(somebody)
            gevent.sleep(GATHER_S)
            self.hear_all()

    def hear_all(self) -> None:
        """Hear everybody who has spoken. Waits for nothing."""
        for key, _ in self._lines.select(0):
            self._hear(key.data)

    def _hear(self, line: Line) -> None:
        try:
            rest_s = line.hear_on()
        except Exception as error:  # one line's trouble is not the others'
            _log.warning("%s: %s", type(error).__name__, error)
            rest_s = None
        if rest_s is None:
            self.leave(line)
        elif rest_s:
            self._lines.unregister(line.fileno())
            self._resting.add(line)
            gevent.spawn_later(rest_s, self._wake, line)

    def _wake(self, line: Line) -> None:
        if line in self._resting:
            self._resting.discard(line)
            self._lines.register(line.fileno(), selectors.EVENT_READ, line)
