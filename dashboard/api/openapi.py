"""``GET /openapi.json``: the API described for other people's tools."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from dashboard.api.problem import reply
from dashboard.services import Services
from data_adapters.records import dictionary

_TIME = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string", "maxLength": 64}


_ORDER: dict[str, Any] = {
    "walls": {"type": "array", "items": _TEXT, "description": "屏的名称；不写是所有的屏"},
    "scene": {"type": "string"},
    "grid": {"type": "string"},
    "case_no": {"type": "string"},
    "lock": {"type": "boolean"},
    "minutes": {"type": "integer", "minimum": 1, "maximum": 720},
}


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
    heat = [
        _query("days", {"type": "integer", "minimum": 1, "maximum": 366}),
        _query("category", {"type": "string"}),
    ]
    code = _in_path("code")
    at = _query("at", _TIME)
    on = _query("on", {"type": "string", "format": "date"})
    part = _query("part", {"type": "string", "enum": ["numerator", "denominator", "rest"]})
    return {
        "/incidents": {"post": _write("提交事件，单个或一批（至多 1000）", "Incident")},
        "/cases/{case_no}/events": {
            "post": _write("办理一步", "CaseStep", batch=False) | {"parameters": [_in_path("case_no")]}
        },
        "/video-points/status": {"post": _write("视频点位状态变化", "VideoStatus")},
        "/changes": {
            "get": _read("某序号之后的变更", [_query("epoch", {"type": "string"}), *paging], also=(410,))
        },
        "/view": {"get": _read("一个网格的全部状态；at：当时所知的状态", [grid, at], also=(422,))},
        "/ribbon": {
            "get": _read(
                "一天、一周、一月的上报，按时段",
                [grid, at, _query("span", {"enum": ["day", "week", "month"]}), _query("last", on["schema"])],
                also=(422,),
            )
        },
        "/span": {
            "get": _read(
                "一段时间内上报的：件数、最新的案件、图上的案件",
                [grid, at, _query("from", _TIME, True), _query("to", _TIME, True)],
                also=(422,),
            )
        },
        "/grids/{code}": {"get": _read("一个网格", [code])},
        "/grids/{code}/children": {
            "get": _read("下级网格", [code, _query("geometry", {"type": "string", "enum": ["1"]}), on])
        },
        "/grids/{code}/unplaced": {"get": _read("没有落入任何网格的案件，最近的在前", [code, paging[1]])},
        "/video-points/{point_id}": {
            "get": _read("一个视频点位的元数据，及最近的在办案件", [_in_path("point_id")])
        },
        "/grids/{code}/paint": {
            "get": _read(
                "一个指标在每个下级网格的值、六级色阶和图例",
                [code, _query("indicator", {"type": "string"}), _query("window", {"type": "string"})],
            )
        },
        "/map/ground/{z}/{x}/{y}": {
            "get": _read("底图的瓦片；没有时答 204", [_in_path(name) for name in ("z", "x", "y")])
        },
        "/map/paints": {"get": _read("地图可以按哪些指标着色", [])},
        "/indicators": {"get": _read("全部指标", [grid, *period])},
        "/map/ground": {"get": _read("底图：是否配置了，服务出了什么问题", [])},
        "/indicators/{id}/rows": {
            "get": _read(
                "一个数背后的记录",
                [_in_path("id"), grid, part, *period, _query("after", {"type": "string"}), paging[1]],
            )
        },
        "/indicators/{id}/explain": {"get": _read("一个指标的由来", [_in_path("id"), grid, *period])},
        "/flow": {
            "get": _read(
                "案件的来路、办法和去向",
                [grid, _query("days", {"type": "integer", "minimum": 1, "maximum": 366})],
            )
        },
        "/loop": {
            "get": _read(
                "双循环的件数、断点和断点上的案件",
                [grid, _query("limit", {"type": "integer", "minimum": 1, "maximum": 200})],
            )
        },
        "/steps6": {
            "get": _read(
                "最近的案件走到六步走的哪一步",
                [grid, _query("limit", {"type": "integer", "minimum": 1, "maximum": 1000})],
            )
        },
        "/parts/{whole}": {"get": _read("一个总数的各部分：等级、化解层级、六联", [_in_path("whole"), grid])},
        "/boards/{board}": {
            "get": _read("一组指标：入驻、覆盖、平安创建、考核等", [_in_path("board"), grid])
        },
        "/orgs": {
            "get": _read(
                "单位及其承办的案件",
                [
                    grid,
                    _query("type", {"type": "string", "enum": list(dictionary.ORG_TYPE)}),
                    _query("under", {"type": "string"}),
                    _query("after", {"type": "string"}),
                    paging[1],
                ],
            )
        },
        "/cases": {
            "get": _read(
                "案件分页",
                [
                    grid,
                    _query("state", {"type": "string", "enum": list(dictionary.STATE)}),
                    _query("category", {"type": "string"}),
                    _query("org", {"type": "string"}),
                    _query("open", {"type": "string", "enum": ["1"]}),
                    *period,
                    *paging,
                ],
            )
        },
        "/cases/{case_no}": {"get": _read("一个案件", [_in_path("case_no")])},
        "/heat": {
            "get": _read("一段时间的案件热力", [grid, *heat, _query("mode", {"enum": ["count", "rate"]})])
        },
        "/heat/significance": {"get": _read("哪些网格高出或低于随机", [grid, *heat])},
        "/alerts": {"get": _read("一个网格现有的预警", [grid, paging[1]])},
        "/alerts/{id}/ack": {
            "post": {
                "summary": "确认一条预警",
                "security": [{"bearer": []}, {}],
                "parameters": [_in_path("id")],
                "responses": _read("", [])["responses"],
            }
        },
        "/walls": {"get": _read("每块大屏正在显示什么，只给值班的人", [])},
        "/walls/orders": {"post": _order("让一块、几块或所有大屏显示一个场景、网格或案件", _ORDER)},
        "/walls/release": {"post": _order("放开大屏", {"walls": _ORDER["walls"]})},
        "/visitors/leave": {"post": _order("用值班令牌退出接待模式", {"token": {"type": "string"}})},
        "/sources": {
            "get": _read(
                "每个来源的近况和未入库的行，只给看全中心的人",
                [_query("brief", {"type": "string", "enum": ["1"]})],
            )
        },
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


def _order(summary: str, properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return {
        "summary": summary,
        "security": [{"bearer": []}, {}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": _read("", [])["responses"],
    }


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
