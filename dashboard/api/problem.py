"""Errors of the API: one table from what went wrong to a status, always one clear line, never a 500 for bad input."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response, request
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError, TimeoutError
from werkzeug.exceptions import HTTPException

from dashboard.lane import Busy, StoreSilent

MIME = "application/problem+json"
_TITLES = {
    400: "请求无法理解",
    401: "需要令牌",
    404: "没有这个资源",
    405: "不支持这个方法",
    409: "状态不允许这一步",
    410: "日志已换代",
    413: "请求过大",
    415: "需要 application/json",
    422: "内容不合规则",
    429: "请求太多",
    503: "存储暂不可用",
}


class Problem(Exception):
    """Raised anywhere under a request; answered as a problem document."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.more = more


def answer(status: int, detail: str, **more: Any) -> Response:
    """A problem document."""
    body = {
        "type": "about:blank",
        "title": _TITLES.get(status, "错误"),
        "status": status,
        "detail": detail,
    } | more
    response = Response(orjson.dumps(body), status, content_type=MIME)
    if status == 503:
        response.headers["Retry-After"] = "2"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def reply(body: Any, status: int = 200) -> Response:
    """A JSON answer, not to be stored by anyone between."""
    response = Response(orjson.dumps(body), status, content_type="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def register_errors(server: Flask) -> None:
    """Answer every error of the API as a problem document."""

    @server.errorhandler(Problem)
    def _problem(problem: Problem) -> Response:
        return answer(problem.status, problem.detail, **problem.more)

    def _store_away(error: SQLAlchemyError) -> Response:
        server.logger.error("存储不可用：%s", str(error).partition("\n")[0])
        return answer(503, "存储暂不可用，请稍后重试；本请求未被确认")

    # Gone, refusing (read-only, full), or out of connections: all of them pass.
    for passing in (OperationalError, InternalError, InterfaceError, TimeoutError):
        server.register_error_handler(passing, _store_away)

    @server.errorhandler(StoreSilent)
    def _silent(_error: StoreSilent) -> Response:
        return answer(503, "存储没有应答，请稍后重试；本请求未被确认")

    @server.errorhandler(Busy)
    def _busy(_error: Busy) -> Response:
        return answer(503, "同时处理的请求过多，请稍后重试；本请求未被接收")

    @server.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response | HTTPException:
        if not request.path.startswith("/api/"):
            return error
        return answer(error.code or 500, error.description or error.name)
