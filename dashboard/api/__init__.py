"""The HTTP API under ``/api/v1``. Errors are ``application/problem+json``; every read goes through a scope."""

from __future__ import annotations

from flask import Blueprint, Flask, Response

from dashboard.api import (
    alerts,
    boards,
    cases,
    changes,
    flow,
    grids,
    ground,
    health,
    heat,
    incidents,
    indicators,
    loop,
    openapi,
    orgs,
    paint,
    parts,
    ribbon,
    sources,
    steps6,
    tiles,
    video,
    view,
    visitors,
    walls,
)
from dashboard.api.problem import Problem, register_errors
from dashboard.services import Services


def register(server: Flask, services: Services) -> None:
    """Put every route of the API on `server`."""
    api = Blueprint("api", "dashboard.api", url_prefix="/api/v1")
    for module in (
        incidents,
        alerts,
        cases,
        video,
        changes,
        grids,
        indicators,
        boards,
        flow,
        loop,
        parts,
        steps6,
        orgs,
        paint,
        tiles,
        ground,
        heat,
        view,
        ribbon,
        walls,
        visitors,
        sources,
        openapi,
    ):
        module.routes(api, services)
    api.add_url_rule("/<path:_rest>", "nothing", _nothing)
    server.register_blueprint(api)
    health.routes(server, services)
    register_errors(server)


def _nothing(_rest: str) -> Response:
    # Without this, Dash's own catch-all would answer 200 with a page.
    raise Problem(404, "没有这个接口，见 /api/v1/openapi.json")
