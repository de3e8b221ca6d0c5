"""A ground map below the grids, where a county has one: a file, or a service of its own network. None is needed.

Tiles in Web Mercator, z / x / y with y southward. A tile that is not there is None: the map then shows its own ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from layers.tiles import Tile

#: A tile larger than this is none.
MAX_BYTES = 2 * 1024 * 1024
VECTOR = "application/vnd.mapbox-vector-tile"
#: By the first bytes of a tile: its content type. A vector tile has no mark of its own.
_MARKS = ((b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"RIFF", "image/webp"))


@dataclass(frozen=True, slots=True)
class Ground:
    """What a style has to know of it. ``names`` are the layers of vector tiles."""

    kind: Literal["raster", "vector"]
    min_zoom: int
    max_zoom: int
    tile_px: int = 512
    opacity: float = 1.0
    attribution: str = ""
    names: Sequence[str] = ()


class Basemap(Protocol):
    """Where ground tiles come from. Safe for several threads."""

    @property
    def ground(self) -> Ground:
        """What it holds."""

    @property
    def fault(self) -> str | None:
        """What is wrong with it now, in words; None while nothing is."""

    def tile(self, tile: Tile) -> bytes | None:
        """One tile as it is kept (vector tiles may be gzipped), None where there is none."""


def content_type(data: bytes) -> str | None:
    """The content type of a tile by its first bytes; None for what is no picture and no protocol buffer."""
    for mark, mime in _MARKS:
        if data.startswith(mark):
            return mime
    # Layers are field 3: a packed tile begins so, a page or a message of an error does not.
    return VECTOR if data[:1] in {b"\x1a", b"\x1f"} else None
