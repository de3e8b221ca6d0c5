"""Tiles of a map service in the county's own network (XYZ or WMTS), asked by the server so that the page asks nobody.

Only the host of the configured address is ever asked, and no redirect is followed. What it gave is kept in memory for
a while. A service that does not answer leaves the map its own ground: it is asked again a little later. That it does
not, and that it does again, is told once (`fault`, and the log); the address stays out of it, which may hold a key.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError

from data_adapters.map_settings import BasemapSettings
from layers.ground import MAX_BYTES, Ground, content_type
from layers.tiles import Tile

KEPT_BYTES = 64 * 1024 * 1024
FRESH_S = 86_400.0
#: How long a tile that the service does not have is not asked for again: a refused key says the same, and is mended.
EMPTY_S = 600.0
#: How long a service that failed is left alone.
REST_S = 15.0
_TIMEOUT = urllib3.Timeout(connect=2, read=4)


_REFUSALS = frozenset({401, 402, 403, 407, 429})
_log = logging.getLogger("yiping")


class _Failed(OSError):
    """The service answers that it cannot."""


class _Refused(Exception):
    """The service answers that it will not."""


class TileService:
    """One service. A tile that it does not have, or that is no tile, is remembered as none for `EMPTY_S`."""

    def __init__(self, settings: BasemapSettings) -> None:
        assert settings.url is not None  # noqa: S101  for the type checker
        self._url = settings.url
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False, maxsize=8, block=True)
        self._kept: OrderedDict[Tile, tuple[float, bytes | None]] = OrderedDict()
        self._bytes = 0
        self._rests_until = 0.0
        self._fault: str | None = None
        self._lock = threading.Lock()
        self.ground = Ground(
            settings.kind,
            settings.min_zoom,
            settings.max_zoom,
            settings.tile_px if settings.kind == "raster" else 512,
            settings.opacity,
            settings.attribution,
        )

    @property
    def fault(self) -> str | None:
        """What was wrong when it was last asked."""
        return self._fault

    def address(self, tile: Tile) -> str:
        """Where the service has a tile."""
        south = 2**tile.z - 1 - tile.y
        places = {
            "{z}": tile.z, "{x}": tile.x, "{y}": tile.y, "{-y}": south,
            "{TileMatrix}": tile.z, "{TileCol}": tile.x, "{TileRow}": tile.y,
        }  # fmt: skip
        url = self._url
        for name, value in places.items():
            url = url.replace(name, str(value))
        return url

    def tile(self, tile: Tile) -> bytes | None:
        """As `Basemap.tile`."""
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(tile)
            if kept is not None and now - kept[0] < (EMPTY_S if kept[1] is None else FRESH_S):
                self._kept.move_to_end(tile)
                return kept[1]
            if now < self._rests_until:
                return kept[1] if kept is not None else None
        try:
            data = self._asked(self.address(tile))
        except _Refused as refused:
            # Asked again only as seldom as for what it does not have: a key is not mended within seconds.
            self._told(str(refused))
            data = None
        except (HTTPError, OSError, LocationParseError) as error:
            self._told(str(error) if isinstance(error, _Failed) else "没有应答")
            with self._lock:
                self._rests_until = now + REST_S
            return kept[1] if kept is not None else None
        else:
            self._told(None)
        self._keep(tile, now, data)
        return data

    def _told(self, fault: str | None) -> None:
        with self._lock:
            before, self._fault = self._fault, fault
        if fault is not None and fault != before:
            _log.warning("底图服务：%s", fault)
        elif fault is None and before is not None:
            _log.warning("底图服务：恢复了")

    def _asked(self, url: str) -> bytes | None:
        answer = self._pool.request("GET", url, redirect=False, preload_content=False, decode_content=True)
        try:
            if answer.status in _REFUSALS:
                raise _Refused(f"拒绝了请求（{answer.status}），请检查地址里的密钥")
            if answer.status >= 500:
                raise _Failed(f"答 {answer.status}")
            data = answer.read(MAX_BYTES + 1) if answer.status == 200 else b""
        finally:
            answer.release_conn()
        return data if 0 < len(data) <= MAX_BYTES and content_type(data) is not None else None

    def _keep(self, tile: Tile, now: float, data: bytes | None) -> None:
        with self._lock:
            before = self._kept.pop(tile, None)
            self._bytes += len(data or b"") - (len(before[1] or b"") if before is not None else 0)
            self._kept[tile] = (now, data)
            while self._bytes > KEPT_BYTES or len(self._kept) > 50_000:
                self._bytes -= len(self._kept.popitem(last=False)[1][1] or b"")
