"""``GET /tiles/{layer}/{z}/{x}/{y}.mvt``: vector tiles of what the viewer may see."""

from __future__ import annotations

from flask import Blueprint, Response

from dashboard.api.guard import viewer_scope
from dashboard.api.problem import Problem
from dashboard.api.tagged import tagged
from dashboard.services import Services

MIME = "application/vnd.mapbox-vector-tile"


def routes(api: Blueprint, services: Services) -> None:
    """Vector tiles."""

    @api.get("/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt")
    @services.off_loop
    def get_tile(layer: str, z: int, x: int, y: int) -> Response:
        scope = viewer_scope(services)
        found = services.tiles.layer(layer)
        if found is None:
            raise Problem(404, f"没有图层 {layer}，应为 {'、'.join(services.tiles.names)} 之一")
        try:
            data = services.tiles.tile(found, scope, z, x, y)
        except ValueError as error:
            raise Problem(404, str(error)) from None
        return tagged(scope, data, MIME)
