"""The HTTP API under ``/api/v1``. Errors are ``application/problem+json``; every read goes through a scope."""

from __future__ import annotations

from flask import Blueprint, Flask

from dashboard.api import cases, changes, grids, health, incidents, indicators, openapi, tiles, video, view
from dashboard.api.problem import register_errors
from dashboard.services import Services


def register(server: Flask, services: Services) -> None:
    """Put every route of the API on `server`."""
    api = Blueprint("api", "dashboard.api", url_prefix="/api/v1")
    for module in (incidents, cases, video, changes, grids, indicators, tiles, view, openapi):
        module.routes(api, services)
    server.register_blueprint(api)
    health.routes(server, services)
    register_errors(server)
