"""``GET /openapi.json``: the API described for other people's tools."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from dashboard.api.problem import reply
from dashboard.services import Services
from data_adapters.records import dictionary

_TIME = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string", "maxLength": 64}


def routes(api: Blueprint, services: Services) -> None:
    """The description of the API."""
    document = describe()

    @api.get("/openapi.json")
    def get_openapi() -> Response:
        return reply(document)


def describe() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "一屏 yiping", "version": "v1", "license": {"name": "Apache-2.0"}},
        "servers": [{"url": "/api/v1"}],
        "paths": _paths(),
        "components": {
            "schemas": {
                "Incident": _incident(),
                "VideoStatus": _status(),
                "CaseStep": _step(),
                "Problem": _problem(),
            },
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> dict[str, Any]:
    grid = _query("grid", {"type": "string"})
    period = [_query("from", {"type": "string"}), _query("to", {"type": "string"})]
    paging = [
        _query("after", {"type": "integer", "minimum": 0}),
        _query("limit", {"type": "integer", "minimum": 1}),
    ]
    code = _in_path("code")
    return {
        "/incidents": {"post": _write("提交事件，单个或一批（至多 1000）", "Incident")},
        "/cases/{case_no}/events": {
            "post": _write("办理一步", "CaseStep", batch=False) | {"parameters": [_in_path("case_no")]}
        },
        "/video-points/status": {"post": _write("视频点位状态变化", "VideoStatus")},
        "/changes": {
            "get": _read("某序号之后的变更", [_query("epoch", {"type": "string"}), *paging], also=(410,))
        },
        "/grids/{code}": {"get": _read("一个网格", [code])},
        "/grids/{code}/children": {
            "get": _read("下级网格", [code, _query("geometry", {"type": "string", "enum": ["1"]})])
        },
        "/indicators": {"get": _read("全部指标", [grid, *period])},
        "/indicators/{id}/explain": {"get": _read("一个指标的由来", [_in_path("id"), grid, *period])},
        "/cases": {
            "get": _read(
                "案件分页",
                [
                    grid,
                    _query("state", {"type": "string", "enum": list(dictionary.STATE)}),
                    _query("category", {"type": "string"}),
                    *period,
                    *paging,
                ],
            )
        },
        "/cases/{case_no}": {"get": _read("一个案件", [_in_path("case_no")])},
        "/sources": {"get": _read("每个来源的近况和未入库的行，只给看全中心的人", [])},
        "/video-points/near": {
            "get": _read(
                "最近的视频点位",
                [_query("lon", {"type": "number"}, True), _query("lat", {"type": "number"}, True), paging[1]],
            )
        },
        "/tiles/{layer}/{z}/{x}/{y}.mvt": {
            "get": {
                "summary": "矢量瓦片",
                "parameters": [_in_path(name) for name in ("layer", "z", "x", "y")],
                "responses": {
                    "200": {
                        "description": "瓦片",
                        "content": {"application/vnd.mapbox-vector-tile": {"schema": {"type": "string"}}},
                    },
                    "204": {"description": "空瓦片"},
                    "304": {"description": "未变"},
                }
                | _errors(401, 404),
            }
        },
    }


def _errors(*statuses: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(status): {"description": "错误", "content": content} for status in statuses}


def _read(summary: str, parameters: list[Any], also: tuple[int, ...] = ()) -> dict[str, Any]:
    answer = {"200": {"description": "成功", "content": {"application/json": {"schema": {"type": "object"}}}}}
    return {
        "summary": summary,
        "parameters": parameters,
        "responses": answer | _errors(400, 401, 404, 503, *also),
    }


def _write(summary: str, schema: str, batch: bool = True) -> dict[str, Any]:
    one: dict[str, Any] = {"$ref": f"#/components/schemas/{schema}"}
    body = (
        {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": 1000}]} if batch else one
    )
    return {
        "summary": summary,
        "security": [{"bearer": []}, {}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {
                "description": "已提交存储",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        }
        | _errors(400, 401, 404, 409, 413, 422, 503),
    }


def _query(name: str, schema: dict[str, Any], required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _enum(values: dict[str, str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _incident() -> dict[str, Any]:
    place = {
        "type": ["object", "null"],
        "properties": {"lon": {"type": "number"}, "lat": {"type": "number"}, "crs": {"type": "string"}},
    }
    return {
        "type": "object",
        "required": ["source", "source_id"],
        "properties": {
            "source": _TEXT,
            "source_id": _TEXT,
            "source_updated_at": _TIME,
            "kind": _enum(dictionary.KIND),
            "category": {"type": "string", "maxLength": 64},
            "grade": _enum(dictionary.GRADE),
            "state": _enum(dictionary.STATE),
            "source_channel": _enum(dictionary.SOURCE_CHANNEL),
            "occurred_at": _TIME,
            "reported_at": _TIME,
            "location": place,
            "grid_code": {"type": ["string", "null"], "maxLength": 32},
        },
    }


def _status() -> dict[str, Any]:
    properties = {"source": _TEXT, "point_id": _TEXT, "status": _enum(dictionary.VIDEO_STATUS), "at": _TIME}
    return {"type": "object", "required": list(properties), "properties": properties}


def _step() -> dict[str, Any]:
    properties = {"type": _enum(dictionary.EVENT_TYPE), "at": _TIME, "org": _TEXT, "reason": _TEXT}
    return {"type": "object", "required": ["type", "at"], "properties": properties}


def _problem() -> dict[str, Any]:
    error = {
        "type": "object",
        "properties": {
            "index": {"type": "integer"},
            "field": {"type": "string"},
            "reason": {"type": "string"},
        },
    }
    return {
        "type": "object",
        "required": ["title", "detail"],
        "properties": {
            "title": {"type": "string"},
            "detail": {"type": "string"},
            "errors": {"type": "array", "items": error},
        },
    }
