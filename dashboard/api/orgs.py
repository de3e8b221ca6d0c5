"""``GET /orgs``: the organisations of a grid as a tree, each with what it and those below it have to do."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, time
from typing import Any

from flask import Blueprint, Response, request

from dashboard.api.guard import grid_or_404, integer, reading
from dashboard.api.problem import Problem, reply
from dashboard.indicators.share import few, percent
from dashboard.services import Services
from data_adapters.ledger import Snapshot
from data_adapters.ledger.item import stamp
from data_adapters.ledger.orgs import Load, OrgRow, OrgTree
from data_adapters.records.dictionary import ORG_TYPE


def routes(api: Blueprint, services: Services) -> None:
    """Reading organisations."""

    @api.get("/orgs")
    @services.off_loop
    def get_orgs() -> Response:
        limit = integer("limit", 1_000, 1, 10_000)
        after = request.args.get("after", "")
        kind = request.args.get("type")
        if kind is not None and kind not in ORG_TYPE:
            raise Problem(400, f"参数 type 应为 {'、'.join(ORG_TYPE)} 之一")
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, request.args.get("grid"))
            tree = snapshot.orgs.tree(here.path)
            since = _month(snapshot)
            loads = snapshot.orgs.loads(tree, here.path, since, snapshot.now, snapshot.now)
            as_of = stamp(snapshot.now)
        totals = tree.summed(loads)
        wanted = _wanted(tree, request.args.get("under"))
        chosen = [row for row in wanted if row.code > after and kind in (None, row.org_type)]
        items = [
            _one(row, totals[row.code], loads.get(row.code, Load()), len(tree.below[row.code]))
            for row in chosen[:limit]
        ]
        types = [{"type": type_, "label": ORG_TYPE[type_], "n": n} for type_, n in tree.types().items()]
        return reply(
            {
                "grid": here.code,
                "as_of": as_of,
                "period": {"from": since.astimezone(services.ledger.zone).date().isoformat(), "to": None},
                "types": sorted(types, key=lambda one: list(ORG_TYPE).index(str(one["type"]))),
                "items": items,
                "more": max(0, len(chosen) - limit),
                "next": items[-1]["code"] if len(chosen) > limit else None,
            }
        )


def _wanted(tree: OrgTree, under: str | None) -> list[OrgRow]:
    """All of them; or one and those directly below it; or, for "", the highest."""
    if under is None:
        return list(tree.rows.values())
    if under and under not in tree.rows:
        raise Problem(404, "没有这个单位")
    codes = ([under] if under else []) + tree.below.get(under or None, [])
    return [tree.rows[code] for code in sorted(codes)]


def _month(snapshot: Snapshot) -> datetime:
    """When this month began."""
    today = snapshot.now.astimezone(snapshot.zone).date()
    return datetime.combine(today.replace(day=1), time(), snapshot.zone).astimezone(UTC)


def _one(row: OrgRow, total: Load, own: Load, below: int) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "short_name": row.short_name,
        "type": row.org_type,
        "type_label": ORG_TYPE[row.org_type],
        "level": row.level,
        "parent": row.parent,
        "children": below,
        "grid_code": row.grid_code,
        "mediator_count": row.mediator_count,
        "open": total.open,
        "overdue": total.overdue,
        "closed": total.closed,
        "on_time": {
            "value": percent(total.on_time, total.due),
            "numerator": total.on_time,
            "denominator": total.due,
            "small": few(total.due),
        },
        "own": asdict(own),
        "cases": f"/api/v1/cases?org={row.code}",
    }
