"""Writes that arrive at the same time share one transaction: one commit, one wait for the disk.

Each caller gets the outcomes of its own records, and only after the commit. If the shared transaction fails, each
write is tried on its own, so that one that cannot be stored costs no other. Sources take turns: whoever sends much
waits for himself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import gevent
from gevent.event import AsyncResult
from sqlalchemy.exc import OperationalError

from dashboard.lane import Busy, StoreSilent
from data_adapters.ledger import Outcome

#: Records of one shared transaction: as many as one request may bring.
MOST = 1_000
_T = TypeVar("_T")
Write = Callable[[Sequence[_T]], list[Outcome]]


class Intake(Generic[_T]):
    """``write`` stores records in one transaction, one outcome each, and returns when it is committed."""

    def __init__(self, write: Write[_T]) -> None:
        self._write = write
        #: Source -> its writes, oldest first. The source whose turn it is stands first.
        self._waiting: dict[str, deque[tuple[Sequence[_T], AsyncResult]]] = {}
        self._running = False

    def put(self, source: str, records: Sequence[_T]) -> list[Outcome]:
        """The outcomes of `records`, once they are durable. Raises what the write raised."""
        result = AsyncResult()
        self._waiting.setdefault(source, deque()).append((records, result))
        if not self._running:
            self._running = True
            gevent.spawn(self._drain)
        outcomes: list[Outcome] = result.get()
        return outcomes

    def _drain(self) -> None:
        try:
            while self._waiting:
                self._together(self._take())
        finally:
            self._running = False

    def _take(self) -> list[tuple[Sequence[_T], AsyncResult]]:
        """One write of each source in turn, for as long as they fit into one transaction."""
        taken: list[tuple[Sequence[_T], AsyncResult]] = []
        size = 0
        while self._waiting:
            source, queue = next(iter(self._waiting.items()))
            if taken and size + len(queue[0][0]) > MOST:
                break
            taken.append(queue.popleft())
            size += len(taken[-1][0])
            del self._waiting[source]
            if queue:
                self._waiting[source] = queue  # behind the others
        return taken

    def _together(self, taken: list[tuple[Sequence[_T], AsyncResult]]) -> None:
        try:
            outcomes = self._write([record for records, _ in taken for record in records])
        except Exception as error:
            # A store that is away would only be asked as often as there are writes.
            if len(taken) == 1 or isinstance(error, OperationalError | StoreSilent | Busy):
                for _, result in taken:
                    result.set_exception(error)
            else:
                for one in taken:
                    self._together([one])
            return
        start = 0
        for records, result in taken:
            result.set(outcomes[start : start + len(records)])
            start += len(records)
