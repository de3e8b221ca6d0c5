"""The page's own reads: its whole state, and the map's style."""

from __future__ import annotations

from flask import Blueprint, Response, request

from dashboard.api.guard import viewer_scope
from dashboard.api.problem import Problem, reply
from dashboard.services import Services, offload
from dashboard.view import view
from layers.style import style


def routes(api: Blueprint, services: Services) -> None:
    """State and style of the wall."""

    @api.get("/view")
    def get_view() -> Response:
        found = offload(view, services, viewer_scope(services), request.args.get("grid") or None)
        if found is None:
            raise Problem(404, "没有这个网格")
        return reply(found)

    @api.get("/map/style.json")
    def get_style() -> Response:
        viewer_scope(services)
        return reply(style(request.host_url.rstrip("/")))
