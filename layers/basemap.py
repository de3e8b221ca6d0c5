"""The ground map that a configuration names: a file or a service."""

from __future__ import annotations

from data_adapters.map_settings import BasemapSettings
from layers.ground import Basemap
from layers.mbtiles import MBTiles
from layers.pmtiles import PMTiles
from layers.tile_service import TileService


def open_basemap(settings: BasemapSettings) -> Basemap:
    """The ground map that a configuration names.

    Raises ValueError, one line, where the file is not there or is none; a service is first asked when a tile is.
    """
    if settings.path is None:
        return TileService(settings)
    if not settings.path.is_file():
        raise ValueError(f"map.basemap：找不到文件 {settings.path}")
    kind = PMTiles if settings.path.suffix.lower() == ".pmtiles" else MBTiles
    return kind(settings)
