"""What a map layer is."""

from __future__ import annotations

from typing import Protocol

from data_adapters.ledger.snapshot import Snapshot
from layers.tiles import Tile


class Layer(Protocol):
    """One layer of the map: the same `id` in Python, address, style and test.

    A layer keeps only what it can make anew from a snapshot, and never tells more than the snapshot's scope.
    """

    @property
    def id(self) -> str:
        """Its name in the address."""

    @property
    def title(self) -> str:
        """Its name for people."""

    @property
    def unit(self) -> str:
        """What is counted: 个, 路, 件."""

    @property
    def min_zoom(self) -> int:
        """First zoom that has tiles; below it a tile is empty."""

    @property
    def max_zoom(self) -> int:
        """Last zoom the map should ask for; closer views enlarge its tiles."""

    def revision(self, snapshot: Snapshot) -> str:
        """Changes whenever a tile may: with scope, layer and place it names a tile's content."""

    def tile(self, snapshot: Snapshot, tile: Tile) -> bytes:
        """A Mapbox Vector Tile with one layer named `id`; empty bytes where there is nothing."""
