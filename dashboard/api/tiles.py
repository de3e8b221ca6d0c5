"""``GET /tiles/{layer}/{z}/{x}/{y}.mvt``: vector tiles of what the viewer may see."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, request

from dashboard.api.guard import viewer_scope
from dashboard.api.problem import Problem
from dashboard.services import Services, offload

MIME = "application/vnd.mapbox-vector-tile"


def routes(api: Blueprint, services: Services) -> None:
    """Vector tiles."""

    @api.get("/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt")
    def get_tile(layer: str, z: int, x: int, y: int) -> Response:
        scope = viewer_scope(services)
        found = services.tiles.layer(layer)
        if found is None:
            raise Problem(404, f"没有图层 {layer}，应为 {'、'.join(services.tiles.names)} 之一")
        try:
            data = offload(services.tiles.tile, found, scope, z, x, y)
        except ValueError as error:
            raise Problem(404, str(error)) from None
        if not data:
            return _private(Response(status=204))
        # The scope is part of the tag, so that no cache ever answers one viewer with another's tile.
        tag = hashlib.blake2b(scope.path.encode() + b"\0" + data, digest_size=12).hexdigest()
        unchanged = request.if_none_match.contains(tag)
        response = Response(status=304) if unchanged else Response(data, content_type=MIME)
        response.set_etag(tag)
        return _private(response)


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie, Authorization"
    return response
