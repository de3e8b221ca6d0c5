"""The end of the change log in memory: one per process, correct without any wake-up."""

from __future__ import annotations

from collections import deque
from typing import Any

from data_adapters.ledger import Ledger

KEPT = 5_000
_BATCH = 1_000


class Tail:
    """The last changes, oldest first, without holes. ``top`` is the last one seen."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.epoch, self.top = ledger.position()
        self._rows: deque[Any] = deque(maxlen=KEPT)

    def poll(self) -> bool:
        """Read what was committed since; True if there was anything, or the store began another life."""
        epoch, top = self._ledger.position()
        if epoch != self.epoch or top < self.top:
            self.epoch, self.top = epoch, top
            self._rows.clear()
            return True
        moved = False
        while self.top < top:
            rows = self._ledger.log_after(self.top, _BATCH)
            if not rows:
                break
            for row in rows:
                if row.seq != self.top + 1:
                    raise RuntimeError(f"变更日志有缺口：{self.top} 之后是 {row.seq}")
                self._rows.append(row)
                self.top = row.seq
            moved = True
        return moved

    def after(self, seq: int, limit: int) -> list[Any] | None:
        """Up to `limit` changes after `seq`, from memory or from the log; None if `seq` is not of this log."""
        if seq > self.top or seq < 0:
            return None
        if seq == self.top:
            return []
        first = self._rows[0].seq if self._rows else self.top + 1
        if seq + 1 >= first:
            start = seq + 1 - first
            return [self._rows[n] for n in range(start, min(start + limit, len(self._rows)))]
        return [row for row in self._ledger.log_after(seq, limit) if row.seq <= self.top]
