"""The grids by code and path for everyone who comes in: looked up once a second, not once a visitor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from data_adapters.ledger.atlas import Atlas

#: A grid that has just come is known after this long. After a restart every wall comes back at once.
FRESH_S = 1.0


class Places:
    """`load` asks the store. Safe for several threads and greenlets; while one asks, the others take what is known.

    So they do while the store does not answer: who comes then is let in, and is told that nothing can be proved.
    """

    def __init__(self, load: Callable[[], Atlas]) -> None:
        self._load = load
        self._known: Atlas | None = None
        self._loaded_at = float("-inf")
        self._loading = False
        self._lock = threading.Lock()

    def atlas(self) -> Atlas:
        """The grids, at most `FRESH_S` old where the store answers at once. Raises what `load` raises where none are
        known yet."""
        with self._lock:
            fresh = self._loading or time.monotonic() - self._loaded_at < FRESH_S
            if self._known is not None and fresh:
                return self._known
            self._loading = True
        try:
            found = self._load()
        except Exception:
            if self._known is None:
                raise
            return self._known
        else:
            with self._lock:
                self._known, self._loaded_at = found, time.monotonic()
            return found
        finally:
            self._loading = False
