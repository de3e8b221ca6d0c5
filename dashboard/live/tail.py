"""The end of the change log in memory: one per process, correct without any wake-up."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from dashboard.live.viewer import FRAME_CHANGES
from data_adapters.ledger import Ledger

KEPT = 5_000
_BATCH = 1_000


class Tail:
    """The last changes, oldest first, without holes. ``top`` is the last one seen."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rows: deque[Any] = deque(maxlen=KEPT)
        self._older: dict[int, Sequence[Any]] = {}
        self.epoch, end = ledger.position()
        # After a restart every wall comes back at once and asks for the same few last changes.
        self.top = max(0, end - KEPT)
        self._read_to(end)

    def poll(self) -> None:
        """Read what was committed since. Another life of the store is read from its end, as at the start."""
        epoch, end = self._ledger.position()
        if epoch == self.epoch and end < self.top:
            # A restored backup under our feet. Its numbers will be given again, to other changes.
            epoch, end = self._ledger.renew_epoch(epoch)
        if epoch != self.epoch:
            self._rows.clear()
            self._older.clear()
            self.epoch, self.top = epoch, max(0, end - KEPT)
        self._read_to(end)

    def after(self, seq: int, limit: int) -> Sequence[Any] | None:
        """Up to `limit` changes after `seq`; None where they are older than memory and were not fetched."""
        if seq >= self.top:
            return ()
        first = self.top - len(self._rows) + 1
        if seq + 1 < first:
            return self._older.get(seq)
        start = seq + 1 - first
        return [self._rows[n] for n in range(start, min(start + limit, len(self._rows)))]

    def fetch_older(self, cursors: Iterable[int]) -> None:
        """Read for the next round what viewers at these places need and memory no longer has."""
        self._older = {
            seq: [row for row in self._ledger.log_after(seq, FRAME_CHANGES) if row.seq <= self.top]
            for seq in set(cursors)
            if self.after(seq, 1) is None
        }

    def _read_to(self, end: int) -> None:
        while self.top < end:
            rows = self._ledger.log_after(self.top, min(_BATCH, end - self.top))
            if not rows:
                raise RuntimeError(f"变更日志不完整：末尾是 {end}，{self.top} 之后没有记录")
            for row in rows:
                if row.seq != self.top + 1 and self._rows:
                    raise RuntimeError(f"变更日志有缺口：{self.top} 之后是 {row.seq}")
                self._rows.append(row)
                self.top = row.seq
