"""``GET /map/ground/{z}/{x}/{y}``: tiles of the configured ground map, so that the page asks nobody else."""

from __future__ import annotations

import logging

from flask import Blueprint, Response

from dashboard.api.guard import viewer_scope
from dashboard.api.problem import Problem, reply
from dashboard.lane import Busy, StoreSilent
from dashboard.services import Services
from layers.ground import VECTOR, content_type
from layers.tiles import Tile

#: A ground map is not data: a browser may keep it for a day.
_KEPT = "private, max-age=86400"
#: Threads of its own: a map service that hangs must not take those that read the ledger.
_THREADS, _QUEUE = 4, 256
_log = logging.getLogger("yiping")


def routes(api: Blueprint, services: Services) -> None:
    """Ground tiles; none is missed where no ground map is configured."""
    lane = services.lane(_THREADS, _QUEUE)

    @api.get("/map/ground")
    def get_ground_state() -> Response:
        viewer_scope(services)
        basemap = services.basemap
        return reply(
            {"configured": basemap is not None, "fault": basemap.fault if basemap is not None else None}
        )

    @api.get("/map/ground/<int:z>/<int:x>/<int:y>")
    def get_ground(z: int, x: int, y: int) -> Response:
        viewer_scope(services)
        basemap = services.basemap
        if basemap is None:
            raise Problem(404, "没有配置底图（[map.basemap]）")
        try:
            tile = Tile(z, x, y)
        except ValueError as error:
            raise Problem(404, str(error)) from None
        data = None
        if basemap.ground.min_zoom <= z <= basemap.ground.max_zoom:
            try:
                data = lane.run(basemap.tile, tile)
            except (Busy, StoreSilent):
                data = None  # the map goes on without this piece of ground
            except (OSError, ValueError) as error:
                _log.error("底图：%s", error)
        mime = content_type(data) if data else None
        if data is None or mime is None:
            # Not an error: an error during the first draw would cost the page its map.
            return Response(status=204, headers={"Cache-Control": "private, no-store"})
        response = Response(data, content_type=mime)
        if mime == VECTOR and data[:2] == b"\x1f\x8b":
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Cache-Control"] = _KEPT
        return response
