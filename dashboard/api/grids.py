"""Grids: one of them, and its children as GeoJSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from flask import Blueprint, Response, request

from dashboard.api.cases import as_json as case_as_json
from dashboard.api.guard import day, grid_or_404, integer, reading, viewer_scope
from dashboard.api.problem import reply
from dashboard.api.tagged import tagged
from dashboard.kept import Kept
from dashboard.services import Services
from data_adapters.ledger import Snapshot
from data_adapters.ledger.snapshot import GridRow
from layers.grid import Feature, children_geojson, grid_geojson, outline_geojson

#: Answers with polygons kept at hand, 300 KB each at most.
KEPT = 96
#: Cases told where nobody says how many.
UNPLACED = 100


def routes(api: Blueprint, services: Services) -> None:
    """Reading grids."""
    kept: Kept[bytes] = Kept(KEPT)

    def shapes(snapshot: Snapshot, here: GridRow, make: Callable[[Snapshot, str], Feature]) -> Response:
        """Polygons, made once for everybody of a scope until a grid changes."""
        key = (
            snapshot.scope.path,
            here.path,
            snapshot.position()[0],
            snapshot.grid_revision(),
            day("on"),
            make,
        )
        body = kept.get(key)
        if body is None:
            body = orjson.dumps(make(snapshot, here.path))
            kept.put(key, body)
        return tagged(snapshot.scope, body, "application/json")

    @api.get("/grids/<code>")
    @services.off_loop
    def get_grid(code: str) -> Response:
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, code)
            above = snapshot.grid_at(here.parent_path) if here.parent_path else None
            body = as_json(here) | {"parent": above.code if above else None}
            # What its source told: where it comes from, from which day it holds, what was doubted.
            body |= {
                "source": here.source,
                "valid_from": here.valid_from.isoformat() if here.valid_from is not None else None,
                "quality": [flag for flag in here.quality.split(",") if flag],
            }
            body["children"] = len(snapshot.children(here.path))
            if wants_geometry():
                body = grid_geojson(snapshot, here.code) or body
        return reply(body)

    @api.get("/grids/<code>/children")
    @services.off_loop
    def get_children(code: str) -> Response:
        with services.ledger.read(viewer_scope(services), day("on")) as snapshot:
            here = _on_that_day(services, snapshot, code)
            if wants_geometry():
                return shapes(snapshot, here, children_geojson)
            return reply({"items": [as_json(child) for child in snapshot.children(here.path)], "next": None})

    @api.get("/grids/<code>/outline")
    @services.off_loop
    def get_outline(code: str) -> Response:
        with services.ledger.read(viewer_scope(services), day("on")) as snapshot:
            return shapes(snapshot, _on_that_day(services, snapshot, code), outline_geojson)

    @api.get("/grids/<code>/unplaced")
    @services.off_loop
    def get_unplaced(code: str) -> Response:
        limit = integer("limit", UNPLACED, 1, 1_000)
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, code)
            items = [case_as_json(row) for row in snapshot.unplaced_cases(here.path, limit)]
            total = snapshot.counts.gauges(here.path)["unplaced"]
        return reply({"grid": here.code, "total": total, "items": items, "next": None})


def _on_that_day(services: Services, snapshot: Snapshot, code: str) -> GridRow:
    """The grid of this code: its version of the snapshot's day, else the one of today, as a frame for that day."""
    found = snapshot.grid(code)
    if found is None:
        with reading(services) as today:
            found = grid_or_404(today, code)
    return found


def wants_geometry() -> bool:
    """Whether ``geometry=1`` was asked for."""
    return request.args.get("geometry") in {"1", "true"}


def as_json(row: GridRow) -> dict[str, Any]:
    """A grid without its polygon. Degrees in EPSG:4490, area in square kilometres."""
    return {
        "code": row.code,
        "name": row.name,
        "short_name": row.short_name,
        "level": row.level,
        "lon": row.lon,
        "lat": row.lat,
        "bbox": row.bbox,
        "area_km2": row.area_km2,
        "population": row.population,
    }
