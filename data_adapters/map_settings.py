"""``[map]``: how the map is coloured, and what lies under it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from data_adapters.indicator_settings import Name

#: What a template of a tile service may name, and those of which it must have one of each pair.
_PLACES = (("{z}", "{TileMatrix}"), ("{x}", "{TileCol}"), ("{y}", "{-y}", "{TileRow}"))
Opacity = Annotated[float, Field(gt=0, le=1)]
Zoom = Annotated[int, Field(ge=0, le=22)]
Breaks = Annotated[list[float], Field(min_length=1, max_length=5)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BasemapSettings(_Table):
    """A ground map: a file (``path``: MBTiles or PMTiles) or a service of the county's network (``url``).

    A template takes ``{z}/{x}/{y}`` (``{-y}`` where rows count from the south), or WMTS's ``{TileMatrix}``,
    ``{TileCol}`` and ``{TileRow}``. The server asks it, never the page. ``opacity`` is that of pictures.
    """

    path: Path | None = None
    url: str | None = None
    kind: Literal["raster", "vector"] = "raster"  # of a service; a file says it itself
    tile_px: Literal[256, 512] = 256
    min_zoom: Zoom = 0
    max_zoom: Zoom = 18
    opacity: Opacity = 0.55
    attribution: Annotated[str, Field(max_length=120)] = ""

    @model_validator(mode="after")
    def _one_origin(self) -> BasemapSettings:
        if (self.path is None) == (self.url is None):
            raise ValueError("basemap：应有 path（.mbtiles、.pmtiles）或 url 之一")
        if self.path is not None and self.path.suffix.lower() not in {".mbtiles", ".pmtiles"}:
            raise ValueError(f"basemap：path {str(self.path)!r} 应为 .mbtiles 或 .pmtiles 文件")
        if self.url is not None:
            parts = urlsplit(self.url)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("basemap：url 应为 http 或 https 地址")
            if any(not any(name in self.url for name in names) for names in _PLACES):
                raise ValueError(
                    "basemap：url 里应有 {z} {x} {y}，或 {TileMatrix} {TileCol} {TileRow}，如 http://map.local/{z}/{x}/{y}.png"
                )
        if self.min_zoom > self.max_zoom:
            raise ValueError("basemap：min_zoom 应不大于 max_zoom")
        return self


class MapSettings(_Table):
    """``breaks``: by indicator the least value of each class above the first, rising; without, six equal parts."""

    breaks: dict[Name, Breaks] = {}
    basemap: BasemapSettings | None = None

    @model_validator(mode="after")
    def _rising(self) -> MapSettings:
        for name, lows in self.breaks.items():
            if any(low >= after for low, after in pairwise(lows)):
                raise ValueError(f"breaks.{name}：{lows} 应逐级增大")
        return self
