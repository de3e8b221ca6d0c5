"""Work done ahead in a process of its own: what maps the rows of a large read runs beside what stores them.

The process is forked, so it has whatever its maker had and nothing has to be handed over; a sync is a process that does
nothing else (`dashboard.schedule`). What it makes comes back pickled, one piece ahead of whoever takes it.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any, Generic, NoReturn, TypeVar

from data_adapters.readers.confined import ended
from data_adapters.readers.reader import SourceError

_T = TypeVar("_T")
_R = TypeVar("_R")


class Apart(Generic[_T, _R]):
    """Iterate over it once, to the end, then ask for `ending`.

    What `pieces` raises, or `ending`, is raised in the iteration. Raises `SourceError` where the process dies.
    """

    def __init__(self, pieces: Iterable[_T], ending: Callable[[], _R]) -> None:
        self._pieces = pieces
        self._make_ending = ending
        self._ending: list[_R] = []

    @property
    def ending(self) -> _R:
        """What came after the last piece."""
        return self._ending[0]

    def __iter__(self) -> Iterator[_T]:
        """The pieces, each made while the one before is in use."""
        mine, theirs = Pipe(duplex=False)
        pid = os.fork()
        if pid == 0:
            mine.close()
            self._make(theirs)
        theirs.close()
        try:
            while True:
                kind, told = _received(mine, pid)
                if kind == "piece":
                    yield told
                    continue
                if kind == "error":
                    raise told
                self._ending.append(told)
                return
        finally:
            mine.close()
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)

    def _make(self, to: Connection) -> NoReturn:
        """The forked process."""
        code = 1
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            told: tuple[str, Any]
            try:
                for piece in self._pieces:
                    _send(to, ("piece", piece))
                told = ("ending", self._make_ending())
            except BrokenPipeError:
                raise
            except Exception as error:
                told = ("error", error.with_traceback(None))
            _send(to, told)
            code = 0
        finally:
            # Not as the maker would end: what that has open and registered is not ours.
            os._exit(code)


def _send(to: Connection, told: object) -> None:
    to.send_bytes(pickle.dumps(told, pickle.HIGHEST_PROTOCOL))


def _received(connection: Connection, pid: int) -> tuple[str, Any]:
    try:
        told: tuple[str, Any] = pickle.loads(connection.recv_bytes())  # noqa: S301  from a process of our own
    except EOFError:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        raise SourceError(
            f"读取并映射它的进程{ended(code)}，已写入的部分保留，请再同步一次", "reader_died"
        ) from None
    return told
