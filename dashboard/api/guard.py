"""What a request may see and do, as an error where it may not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from flask import request

from dashboard.access import may_write, scope_of_request
from dashboard.api.problem import Problem
from dashboard.services import Services
from data_adapters.ledger import Scope, Snapshot
from data_adapters.ledger.snapshot import GridRow


def viewer_scope(services: Services) -> Scope:
    """The scope of the current request, or 401."""
    scope = scope_of_request(services)
    if scope is None:
        raise Problem(
            401,
            "需要显示令牌：/?display=TOKEN 或 Authorization: Bearer TOKEN；未配置 [[displays]] 时只限本机",
        )
    return scope


def must_write(services: Services) -> None:
    """401 unless the current request may write."""
    if not may_write(services):
        raise Problem(401, "写入需要 Authorization: Bearer TOKEN（[api] tokens）；未配置时只限本机")


@contextmanager
def reading(services: Services) -> Iterator[Snapshot]:
    """A snapshot of what the current request may see."""
    with services.ledger.read(viewer_scope(services)) as snapshot:
        yield snapshot


def grid_or_404(snapshot: Snapshot, code: str | None) -> GridRow:
    """The grid of this code, or the scope's own for None. Outside the scope it does not exist."""
    found = snapshot.top_grid() if not code else snapshot.grid(code)
    if found is None:
        raise Problem(404, "没有这个网格")
    return found


def integer(name: str, default: int, low: int, high: int) -> int:
    """A whole number of the query string within bounds."""
    raw = request.args.get(name)
    if raw is None:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise Problem(400, f"参数 {name} 应为 {low} 到 {high} 的整数") from None
    if not low <= value <= high:
        raise Problem(400, f"参数 {name} 应为 {low} 到 {high} 的整数")
    return value


def number(name: str, low: float, high: float) -> float:
    """A required number of the query string within bounds."""
    try:
        value = float(request.args.get(name, ""))
    except ValueError:
        raise Problem(400, f"参数 {name} 应为 {low:g} 到 {high:g} 的数") from None
    if not low <= value <= high:
        raise Problem(400, f"参数 {name} 应为 {low:g} 到 {high:g} 的数")
    return value


def day(name: str) -> date | None:
    """A date of the query string; a time is cut to its date."""
    raw = request.args.get(name)
    if not raw:
        return None
    try:
        return datetime.fromisoformat(raw.replace(" ", "+")).date()
    except ValueError:
        raise Problem(400, f"参数 {name} 应为日期，如 2026-11-22") from None
