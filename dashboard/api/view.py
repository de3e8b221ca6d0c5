"""The page's own reads: its whole state, and the map's style."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from dashboard.api.guard import TooDear, moment, reading_at, standing, viewer_scope
from dashboard.api.problem import Problem, reply
from dashboard.day_view import day_view
from dashboard.kept import Kept
from dashboard.past_view import past_view, server_time
from dashboard.services import Services
from dashboard.view import view
from data_adapters.ledger import Snapshot
from layers.style import style

#: Answers of past moments that are kept.
KEPT = 32


def routes(api: Blueprint, services: Services) -> None:
    """State and style of the wall."""
    kept: Kept[dict[str, Any]] = Kept(KEPT)

    def _past(snapshot: Snapshot, at: datetime, code: str | None) -> dict[str, Any] | None:
        """The view of a moment."""
        key = standing(services, snapshot, at, snapshot.scope, code)
        if key is None:
            return past_view(services, snapshot, code)
        found = kept.get(key)
        if found is None:
            found = past_view(services, snapshot, code)
            if found is not None:
                kept.put(key, found)
        # Of the moment that is asked about all stays as it was, but not the time of the answer.
        return None if found is None else found | server_time(services)

    @api.get("/view")
    @services.off_loop
    def get_view() -> Response:
        code, at = request.args.get("grid") or None, moment(services)
        if at is None:
            found = view(services, viewer_scope(services), code)
        else:
            try:
                with reading_at(services, at) as snapshot:
                    found = _past(snapshot, at, code)
            except TooDear:
                # What the whole days say of it is better than nothing, and says that it is no more.
                with services.ledger.read_day(viewer_scope(services), at) as whole:
                    found = day_view(services, whole, code)
        if found is None:
            raise Problem(404, "没有这个网格")
        return reply(found)

    @api.get("/map/style.json")
    @services.off_loop
    def get_style() -> Response:
        viewer_scope(services)
        ground = services.basemap.ground if services.basemap is not None else None
        light = request.args.get("theme") == "light"
        return reply(style(request.host_url.rstrip("/"), light=light, basemap=ground))
