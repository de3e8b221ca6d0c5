"""PostgreSQL tells every process that something was committed, so that its tail looks at once and not by and by.

A notice is sent after the commit, on a connection of its own: inside the transaction it would cost every commit a
lock, and a full queue of notices would make it fail. So a notice may be lost, and nothing depends on it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import psycopg
from sqlalchemy.engine import URL

CHANNEL = "yiping_change"
_AGAIN_S = 2.0
_STEP_S = 1.0
_LINE = {"connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3}


class Notices:
    """Notices of one database. Two threads at the most, begun when they are first needed."""

    def __init__(self, url: URL) -> None:
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._due = threading.Event()
        self._ends = threading.Event()
        self._sender: threading.Thread | None = None
        self._own_pid = 0
        #: Notices of others that were heard.
        self.heard = 0

    def send(self) -> None:
        """Tell the others that something was committed. Returns at once; many calls may become one notice."""
        self._due.set()
        if self._sender is None:
            self._sender = threading.Thread(target=self._until_the_end, args=(self._send_all,), daemon=True)
            self._sender.start()

    def listen(self, told: Callable[[], None]) -> None:
        """Call `told` on a thread of our own for each notice of another process."""

        def listen(connection: psycopg.Connection) -> None:
            connection.execute(f"LISTEN {CHANNEL}".encode())
            told()  # what came while nobody listened
            while not self._ends.is_set():
                for notice in connection.notifies(timeout=_STEP_S):
                    if notice.pid != self._own_pid:
                        self.heard += 1
                        told()

        threading.Thread(target=self._until_the_end, args=(listen,), daemon=True).start()

    def close(self) -> None:
        """End the threads; what is due is still sent where the database is there."""
        self._ends.set()
        if self._sender is not None:
            self._sender.join(_STEP_S)

    def _send_all(self, connection: psycopg.Connection) -> None:
        self._own_pid = connection.info.backend_pid
        while True:
            self._due.wait(_STEP_S)
            if self._due.is_set():
                self._due.clear()
                connection.execute(f"NOTIFY {CHANNEL}".encode())
            elif self._ends.is_set():
                return

    def _until_the_end(self, work: Callable[[psycopg.Connection], None]) -> None:
        while not self._ends.is_set():
            # Lost: the tails look by themselves meanwhile.
            with suppress(psycopg.Error), psycopg.connect(self._address, autocommit=True, **_LINE) as line:  # type: ignore[arg-type]
                work(line)
            self._ends.wait(_AGAIN_S)
