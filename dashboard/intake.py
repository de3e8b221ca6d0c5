"""Writes that arrive at the same time share one transaction: one commit, one wait for the disk.

Each caller gets the outcomes of its own records, and only after the commit. If the shared transaction fails, each
write is tried on its own, so that one that cannot be stored costs no other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import gevent
from gevent.event import AsyncResult
from sqlalchemy.exc import OperationalError

from data_adapters.ledger import Outcome

#: Records of one shared transaction: as many as one request may bring.
MOST = 1_000
_T = TypeVar("_T")
Write = Callable[[Sequence[_T]], list[Outcome]]


class Intake(Generic[_T]):
    """``write`` stores records in one transaction, one outcome each, and returns when it is committed."""

    def __init__(self, write: Write[_T]) -> None:
        self._write = write
        self._waiting: deque[tuple[Sequence[_T], AsyncResult]] = deque()
        self._running = False

    def put(self, records: Sequence[_T]) -> list[Outcome]:
        """The outcomes of `records`, once they are durable. Raises what the write raised."""
        result = AsyncResult()
        self._waiting.append((records, result))
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
        taken = [self._waiting.popleft()]
        size = len(taken[0][0])
        while self._waiting and size + len(self._waiting[0][0]) <= MOST:
            size += len(self._waiting[0][0])
            taken.append(self._waiting.popleft())
        return taken

    def _together(self, taken: list[tuple[Sequence[_T], AsyncResult]]) -> None:
        try:
            outcomes = self._write([record for records, _ in taken for record in records])
        except Exception as error:
            # A store that is away would only be asked as often as there are writes.
            if len(taken) == 1 or isinstance(error, OperationalError):
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
