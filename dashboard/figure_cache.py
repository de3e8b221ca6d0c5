"""Figures of a grid are computed once for a change and a minute, however many walls look at it."""

from __future__ import annotations

import threading
from collections import OrderedDict

from dashboard.indicators.catalogue import Catalogue
from dashboard.indicators.figures import Figures, figures
from data_adapters.ledger import Ledger, Scope

_KEPT = 64


class FigureCache:
    """path -> (seq, minute, figures), the most recent grids only."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._tiles = catalogue.tiles
        self._found: OrderedDict[tuple[str, str], tuple[int, int, Figures]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, ledger: Ledger, path: str) -> tuple[int, Figures]:
        """(seq they hold at, figures) of the grid at `path`, which the caller found through its own scope.

        The numbers of a grid are the same for all who may see it, so the grid itself is the scope and the key.
        """
        with ledger.read(Scope(path)) as snapshot:
            epoch, seq = snapshot.position()
            minute = int(snapshot.now.timestamp() // 60)
            with self._lock:
                known = self._found.get((epoch, path))
                if known is not None and known[:2] == (seq, minute):
                    self._found.move_to_end((epoch, path))
                    return seq, known[2]
            fresh = figures(snapshot, path, self._tiles)
        with self._lock:
            self._found[epoch, path] = (seq, minute, fresh)
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return seq, fresh
