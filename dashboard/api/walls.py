"""``GET /walls``: what walls show; ``POST /walls/orders`` and ``/walls/release``: tell them what to show, for a while.

For the duty only: a display with ``duty = true``, or this machine where no display is configured. Whoever sees a part
of the centre tells only the walls of that part, and never anything that they may not see.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response

from dashboard.access import commander
from dashboard.api.body import RepeatedKeys, raw_body, read_json
from dashboard.api.guard import viewer_scope
from dashboard.api.problem import Problem, reply
from dashboard.services import Services
from data_adapters.ledger import Scope, Snapshot
from data_adapters.ledger.item import stamp
from data_adapters.ledger.walls import ALL, Order, Sighting
from data_adapters.suggestion import did_you_mean

#: A wall not heard of for longer is told as away.
HERE_S = 40
MOST_MINUTES = 720
USUAL_MINUTES = 10
_MOST_WALLS = 100
_KEYS = {"walls", "scene", "grid", "case_no", "lock", "minutes"}


def routes(api: Blueprint, services: Services) -> None:
    """Walls and what they are told."""

    @api.get("/walls")
    @services.off_loop
    def get_walls() -> Response:
        _by(services)
        with services.ledger.read(viewer_scope(services)) as snapshot:
            items = [_told(snapshot, one) for one in snapshot.walls.seen()]
            orders = snapshot.walls.orders()
        scenes = [{"id": one.id, "title": one.title, "title_en": one.title_en} for one in services.scenes]
        return reply({"items": items, "next": None, "orders": orders, "scenes": scenes})

    @api.post("/walls/orders")
    def post_order() -> Response:
        by, told = _by(services), _body(_KEYS)
        scope = viewer_scope(services)
        orders = services.read(lambda: _orders(services, scope, by, told))
        return reply({"items": services.write(services.ledger.order_walls, orders)})

    @api.post("/walls/release")
    def post_release() -> Response:
        by, told = _by(services), _body({"walls"})
        scope = viewer_scope(services)

        def orders() -> list[Order]:
            with services.ledger.read(scope) as snapshot:
                names = _names(told, snapshot.walls.seen())
                return [Order(name, scope.path, by, snapshot.now) for name in names]

        return reply({"items": services.write(services.ledger.order_walls, services.read(orders))})


def _by(services: Services) -> str:
    viewer_scope(services)
    by = commander(services)
    if by is None:
        raise Problem(
            401, "指挥大屏需要值班的屏（[[displays]] 里 duty = true）；未配置 [[displays]] 时只限本机"
        )
    return by


def _body(keys: set[str]) -> dict[str, Any]:
    told = read_json(raw_body())
    if not isinstance(told, dict) or isinstance(told, RepeatedKeys):
        raise Problem(400, "应为一个 JSON 对象，每个键写一次")
    for key in told:
        if key not in keys:
            raise Problem(422, f"未知的键 {key[:64]}{did_you_mean(key, keys)}")
    return told


def _orders(services: Services, scope: Scope, by: str, told: dict[str, Any]) -> list[Order]:
    scene, grid, case_no = (_text(told, name) for name in ("scene", "grid", "case_no"))
    if scene is None and grid is None and case_no is None:
        raise Problem(422, "scene、grid、case_no 至少写一个")
    if grid is not None and case_no is not None:
        raise Problem(422, "grid 和 case_no 只写一个：案件自己有网格")
    if scene is not None and scene not in services.scenes.by_id:
        raise Problem(422, f"scene：没有场景 {scene}{did_you_mean(scene, services.scenes.by_id)}")
    lock, minutes = told.get("lock", False), told.get("minutes", USUAL_MINUTES)
    if not isinstance(lock, bool):
        raise Problem(422, "lock 应为 true 或 false")
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= MOST_MINUTES:
        raise Problem(422, f"minutes 应为 1 到 {MOST_MINUTES} 的整数")
    with services.ledger.read(scope) as snapshot:
        path = _path(snapshot, grid, case_no)
        walls = snapshot.walls.seen()
        names = _names(told, walls)
        if path is not None and ALL not in names:
            _can_see(names, walls, path)
        until = snapshot.now + timedelta(minutes=minutes)
        return [Order(name, scope.path, by, until, path, scene, grid, case_no, lock) for name in names]


def _path(snapshot: Snapshot, grid: str | None, case_no: str | None) -> str | None:
    """Where the grid or the case lies that is ordered. What lies outside the scope does not exist."""
    if grid is not None:
        found = snapshot.grid(grid)
        if found is None:
            raise Problem(404, "没有这个网格")
        return found.path
    if case_no is not None:
        case = snapshot.case(case_no)
        if case is None:
            raise Problem(404, "没有这个案件")
        return str(case.path)
    return None


def _names(told: dict[str, Any], walls: Sequence[Sighting]) -> list[str]:
    """The names of walls that are meant; none given means all."""
    names = told.get("walls")
    if names is None:
        return [ALL]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Problem(422, "walls 应为名称的列表；不写是所有的屏")
    if not 1 <= len(names) <= _MOST_WALLS:
        raise Problem(422, f"walls 应有 1 到 {_MOST_WALLS} 个名称；不写是所有的屏")
    known = {wall.name for wall in walls}
    for name in names:
        if name not in known:
            raise Problem(404, f"没有名为 {name[:64]!r} 的屏{did_you_mean(name, known)}")
    return sorted(set(names))


def _can_see(names: list[str], walls: Sequence[Sighting], path: str) -> None:
    """409 where a wall is named that may not see `path`: no wall is sent beyond its own scope."""
    for name in names:
        if not any(Scope(wall.path).covers(path) for wall in walls if wall.name == name):
            raise Problem(409, f"{name} 看不到这个网格：超出了那块屏的范围")


def _text(told: dict[str, Any], name: str) -> str | None:
    value = told.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise Problem(422, f"{name} 应为 1 到 64 个字符的文本")
    return value


def _told(snapshot: Snapshot, wall: Sighting) -> dict[str, Any]:
    """A wall for the wire: its name, its own grid, what it shows, seconds since it was heard of."""
    here = next(iter(snapshot.grids_at([wall.path])), None)
    shown = snapshot.grid(wall.shows["grid"]) if "grid" in wall.shows else None
    age_s = max(0, round((snapshot.now - wall.heard_at).total_seconds()))
    return {
        "name": wall.name,
        "grid": here.code if here else None,
        "grid_name": here.label if here else None,
        "shows": wall.shows | {"grid_name": shown.label if shown else None},
        "heard_at": stamp(wall.heard_at),
        "age_s": age_s,
        "here": age_s <= HERE_S,
    }
