"""The end of the change log in memory: one per process, correct without any wake-up."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from dashboard.live.viewer import FRAME_CHANGES
from data_adapters.ledger import Ledger

KEPT = 5_000
#: Of all rows kept, and of the rows of one frame, at the most; a row counts by its body and so much more.
KEPT_BYTES = 64 * 1024 * 1024
FRAME_BYTES = 192 * 1024
_HEAD = 128
_BATCH = 1_000


class Tail:
    """The last changes, oldest first, without holes. ``top`` is the last one seen."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rows: deque[Any] = deque()
        self._bytes = 0
        self._older: dict[int, Sequence[Any]] = {}
        #: The last canary that was seen.
        self.canary = 0
        self.epoch, end = ledger.position()
        # After a restart every wall comes back at once and asks for the same few last changes.
        self.top = max(0, end - KEPT)
        self.poll()

    def poll(self) -> None:
        """Read what was committed since. Another life of the store is read from its end, as at the start.

        A store that went back under our feet (a restored backup) begins another life, for its numbers are given
        again, to other changes: its log is shorter than what we know, or goes on from something that we do not know.
        """
        while True:
            epoch, end, rows = self._ledger.look(self.top, _BATCH)
            if epoch == self.epoch and (end < self.top or not self._goes_on(end, rows)):
                epoch, end = self._ledger.renew_epoch(epoch)
            if epoch != self.epoch:
                self._rows.clear()
                self._bytes = 0
                self._older.clear()
                self.canary = 0
                self.epoch, self.top = epoch, max(0, end - KEPT)
            elif end > self.top:
                self._take(end, rows)
            if self.top >= end:
                return

    @property
    def last(self) -> Any | None:
        """The last change seen; None for an empty log."""
        return self._rows[-1] if self._rows else None

    def after(self, seq: int, limit: int) -> Sequence[Any] | None:
        """Up to `limit` changes after `seq`, as many as go into one frame; None where they are older than memory
        and were not fetched."""
        if seq >= self.top:
            return ()
        first = self.top - len(self._rows) + 1
        if seq + 1 < first:
            return self._older.get(seq)
        start = seq + 1 - first
        return _frameful([self._rows[n] for n in range(start, min(start + limit, len(self._rows)))])

    def fetch_older(self, cursors: Iterable[int]) -> None:
        """Read for the next round what viewers at these places need and memory no longer has."""
        self._older = {
            seq: _frameful([row for row in self._ledger.log_after(seq, FRAME_CHANGES) if row.seq <= self.top])
            for seq in set(cursors)
            if self.after(seq, 1) is None
        }

    def _goes_on(self, end: int, rows: Sequence[Any]) -> bool:
        """Whether the log still holds the last change that we know: nothing else tells that one went back and has grown
        again."""
        return end == self.top or not self._rows or (bool(rows) and rows[0] == self._rows[-1])

    def _take(self, end: int, rows: Sequence[Any]) -> None:
        known = len(self._rows) > 0
        before = self.top
        for row in rows:
            if row.seq <= before:
                continue
            if row.seq != self.top + 1 and known:
                raise RuntimeError(f"变更日志有缺口：{self.top} 之后是 {row.seq}")
            self._rows.append(row)
            known = True
            self._bytes += _size(row)
            if row.type == "canary":
                self.canary = row.seq
            self.top = row.seq
        if self.top == before:
            raise RuntimeError(f"变更日志不完整：末尾是 {end}，{self.top} 之后没有记录")
        while len(self._rows) > KEPT or self._bytes > KEPT_BYTES:
            self._bytes -= _size(self._rows.popleft())


def _size(row: Any) -> int:
    return len(row.body) + _HEAD


def _frameful(rows: list[Any]) -> list[Any]:
    """The first of `rows` that go into one frame: at least one."""
    left = FRAME_BYTES
    for n, row in enumerate(rows):
        left -= _size(row)
        if left < 0 and n:
            return rows[:n]
    return rows
