"""``GET /alerts``: what stands in a grid; ``POST /alerts/{id}/ack``: somebody has taken note of one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from dashboard.access import acknowledger
from dashboard.api.guard import grid_or_404, integer, reading, viewer_scope
from dashboard.api.problem import Problem, reply
from dashboard.services import Services
from dashboard.view import alert_rows


def routes(api: Blueprint, services: Services) -> None:
    """Reading and acknowledging alerts."""

    @services.off_loop
    def one(alert_id: int) -> dict[str, Any]:
        with reading(services) as snapshot:
            row = snapshot.alerts.one(alert_id)
            if row is None:
                raise Problem(404, "没有这条预警")
            return alert_rows(snapshot, [row])[0]

    @api.get("/alerts")
    @services.off_loop
    def get_alerts() -> Response:
        limit = integer("limit", 100, 1, 1_000)
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, request.args.get("grid"))
            found = snapshot.alerts.standing(here.path, limit)
            items, waiting = alert_rows(snapshot, found), snapshot.alerts.unacknowledged(here.path)
        return reply({"items": items, "next": None, "unacknowledged": waiting})

    @api.post("/alerts/<int:alert_id>/ack")
    def post_ack(alert_id: int) -> Response:
        viewer_scope(services)
        by = acknowledger(services)
        if by is None:
            raise Problem(401, "确认预警需要值班的屏（[[displays]] 里 duty = true）或 [api] tokens 的令牌")
        one(alert_id)
        services.write(services.ledger.acknowledge, alert_id, by)
        return reply(one(alert_id))
