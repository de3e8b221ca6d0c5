"""``GET /changes``: the live items after a number, for any client that missed some."""

from __future__ import annotations

from flask import Blueprint, Response, request

from dashboard.api.guard import integer, reading
from dashboard.api.problem import Problem, reply
from dashboard.services import Services


def routes(api: Blueprint, services: Services) -> None:
    """Reading the change log through a scope."""

    @api.get("/changes")
    @services.off_loop
    def get_changes() -> Response:
        after = integer("after", 0, 0, 2**62)
        limit = integer("limit", 200, 1, 1_000)
        with reading(services) as snapshot:
            epoch, top = snapshot.position()
            asked = request.args.get("epoch")
            if asked is not None and asked != epoch:
                raise Problem(410, f"日志已换代，当前 epoch 为 {epoch}，请重新载入状态", epoch=epoch)
            if after > top:
                raise Problem(410, f"序号 {after} 超过日志末尾 {top}，请重新载入状态", epoch=epoch)
            found, to = snapshot.changes(after, limit)
        more = to if to < top else None
        return reply({"epoch": epoch, "to": to, "items": [change.item for change in found], "next": more})
