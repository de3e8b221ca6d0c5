"""The layers of a centre by name, and their tiles."""

from __future__ import annotations

import threading
from collections import OrderedDict

from data_adapters.ledger import Ledger, Scope
from layers.case import CaseLayer
from layers.grid import GridLayer
from layers.layer import Layer
from layers.tiles import Tile
from layers.video import VideoLayer

#: Bytes of tiles kept at hand.
KEPT_BYTES = 32 * 1024 * 1024

_Key = tuple[str, str, str, Tile]


class Registry:
    """One per process. Safe for several threads; call it off the loop that serves sockets."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.video = VideoLayer()
        self._grids = GridLayer()
        layers: tuple[Layer, ...] = (self._grids, self.video, CaseLayer())
        self._layers = {layer.id: layer for layer in layers}
        self._kept: OrderedDict[_Key, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """The layers' ids, as in the address of a tile."""
        return tuple(self._layers)

    def layer(self, name: str) -> Layer | None:
        """The layer of this id."""
        return self._layers.get(name)

    def warm(self) -> None:
        """Index the grids and the video points of the whole centre, so that nobody has to wait for them."""
        with self._ledger.read(Scope.everything()) as snapshot:
            self._grids.warm(snapshot)
            self.video.index(snapshot)

    def tile(self, layer: Layer, scope: Scope, z: int, x: int, y: int) -> bytes:
        """One vector tile of what `scope` may see; empty bytes where there is nothing.

        Raises ValueError where the tile does not exist.
        """
        tile = Tile(z, x, y)
        if z < layer.min_zoom:
            return b""
        with self._ledger.read(scope) as snapshot:
            # The scope is part of the key: one viewer's tile is never another's.
            key = (layer.id, scope.path, layer.revision(snapshot), tile)
            with self._lock:
                kept = self._kept.get(key)
                if kept is not None:
                    self._kept.move_to_end(key)
                    return kept
            data = layer.tile(snapshot, tile)
        self._keep(key, data)
        return data

    def _keep(self, key: _Key, data: bytes) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = data
                self._bytes += len(data)
            while self._bytes > KEPT_BYTES:
                self._bytes -= len(self._kept.popitem(last=False)[1])
