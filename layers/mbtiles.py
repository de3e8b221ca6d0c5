"""MBTiles 1.3 (https://github.com/mapbox/mbtiles-spec): a SQLite file of tiles, rows counted from the south."""

from __future__ import annotations

import sqlite3
import threading

import orjson

from data_adapters.map_settings import BasemapSettings
from layers.ground import MAX_BYTES, Ground
from layers.tiles import Tile

_PICTURES = frozenset({"png", "jpg", "jpeg", "webp"})


class MBTiles:
    """One file, opened for reading only; a connection a thread."""

    #: A file is read when the server starts: what is wrong with it is told then.
    fault: str | None = None

    def __init__(self, settings: BasemapSettings) -> None:
        assert settings.path is not None  # noqa: S101  for the type checker
        self._uri = f"{settings.path.resolve().as_uri()}?mode=ro&immutable=1"
        self._local = threading.local()
        self.ground = self._read(settings)

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = sqlite3.connect(self._uri, uri=True)
        connection: sqlite3.Connection = self._local.connection
        return connection

    def _read(self, settings: BasemapSettings) -> Ground:
        try:
            told = dict(self._connection().execute("SELECT name, value FROM metadata").fetchall())
            zooms = (
                self._connection().execute("SELECT min(zoom_level), max(zoom_level) FROM tiles").fetchone()
            )
        except sqlite3.DatabaseError as error:
            raise ValueError(f"map.basemap：{settings.path} 不是 MBTiles（{error}）") from None
        if zooms[0] is None:
            raise ValueError(f"map.basemap：{settings.path} 里没有瓦片")
        picture = str(told.get("format", "pbf")) in _PICTURES
        names = () if picture else _names(told.get("json"))
        return Ground(
            kind="raster" if picture else "vector",
            min_zoom=int(zooms[0]),
            max_zoom=int(zooms[1]),
            tile_px=settings.tile_px if picture else 512,
            opacity=settings.opacity,
            attribution=settings.attribution or str(told.get("attribution", "")),
            names=names,
        )

    def tile(self, tile: Tile) -> bytes | None:
        """As `Basemap.tile`."""
        row = (
            self._connection()
            .execute(
                "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
                (tile.z, tile.x, 2**tile.z - 1 - tile.y),
            )
            .fetchone()
        )
        return bytes(row[0]) if row is not None and row[0] and len(row[0]) <= MAX_BYTES else None


def _names(text: object) -> tuple[str, ...]:
    """The ids of ``vector_layers`` in the metadata's JSON."""
    try:
        found = orjson.loads(text) if isinstance(text, str) else {}
        return tuple(str(layer["id"]) for layer in found.get("vector_layers", []))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return ()
