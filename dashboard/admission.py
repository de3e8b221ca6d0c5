"""How many writes may be in flight: so many in all, and never so that one source keeps another out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from dashboard.lane import Busy


class Admission:
    """``most`` writes at once. A source that has none in flight is let in beyond that, up to as many again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of: Counter[str] = Counter()
        self.total = 0

    @contextmanager
    def of(self, source: str) -> Iterator[None]:
        """A place for one write of `source` during the block. Raises `Busy` where there is none."""
        if self.total >= self._most and (self._of[source] or self.total >= 2 * self._most):
            raise Busy
        self.total += 1
        self._of[source] += 1
        try:
            yield
        finally:
            self.total -= 1
            self._of[source] -= 1
            if not self._of[source]:
                del self._of[source]
