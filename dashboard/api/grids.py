"""Grids: one of them, and its children as GeoJSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from dashboard.api.guard import grid_or_404, reading
from dashboard.api.problem import reply
from dashboard.services import Services
from data_adapters.ledger.snapshot import GridRow
from layers.grid import children_geojson, grid_geojson, outline_geojson


def routes(api: Blueprint, services: Services) -> None:
    """Reading grids."""

    @api.get("/grids/<code>")
    def get_grid(code: str) -> Response:
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, code)
            above = snapshot.grid_at(here.parent_path) if here.parent_path else None
            body = as_json(here) | {"parent": above.code if above else None}
            body["children"] = len(snapshot.children(here.path))
            if wants_geometry():
                body = grid_geojson(snapshot, here.code) or body
        return reply(body)

    @api.get("/grids/<code>/children")
    def get_children(code: str) -> Response:
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, code)
            if wants_geometry():
                return reply(children_geojson(snapshot, here.path))
            return reply({"items": [as_json(child) for child in snapshot.children(here.path)], "next": None})

    @api.get("/grids/<code>/outline")
    def get_outline(code: str) -> Response:
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, code)
            return reply(outline_geojson(snapshot, here.path))


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
