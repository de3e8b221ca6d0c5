"""``GET /ribbon``: what was reported when; ``GET /span``: the feed and the map of what was reported within a span."""

from __future__ import annotations

from flask import Blueprint, Response, request

from dashboard.api import guard
from dashboard.api.guard import day, grid_or_404, moment, reading_at
from dashboard.api.problem import Problem, reply
from dashboard.indicators.reading import day_number
from dashboard.ribbon import SPANS, RibbonBook, ribbon
from dashboard.services import Services
from dashboard.view import feed, open_cases, too_many
from data_adapters.ledger import Snapshot
from data_adapters.ledger.item import stamp
from data_adapters.ledger.past_snapshot import PastSnapshot
from data_adapters.ledger.snapshot import GridRow


def routes(api: Blueprint, services: Services) -> None:
    """The ribbon, and what a span of it holds."""
    book = RibbonBook()

    @api.get("/ribbon")
    @services.off_loop
    def get_ribbon() -> Response:
        span = request.args.get("span") or "day"
        if span not in SPANS:
            raise Problem(400, f"参数 span 应为 {'、'.join(SPANS)} 之一")
        last = day("last")
        number = None if last is None else day_number(last)
        with reading_at(services, moment(services)) as snapshot:
            here = _here(snapshot)
            return reply({"grid": here.code} | ribbon(snapshot, here.path, span, number, book))

    @api.get("/span")
    @services.off_loop
    def get_span() -> Response:
        within = guard.span()
        if within is None:
            raise Problem(400, "缺少参数 from、to：先后两个时刻，如 2026-11-22T14:32:07+08:00")
        since, until = within
        with reading_at(services, moment(services)) as snapshot:
            here = _here(snapshot)
            return reply(
                {
                    "grid": here.code,
                    "from": stamp(since.astimezone(snapshot.zone)),
                    "to": stamp(until.astimezone(snapshot.zone)),
                    "seq": snapshot.position()[1],
                    "n": snapshot.reported_count(here.path, since, until),
                    "feed": feed(snapshot, here.path, since, until),
                    "cases": open_cases(snapshot, here.path, since, until),
                    "part": too_many(snapshot, here.path, since, until),
                }
            )


def _here(snapshot: Snapshot) -> GridRow:
    code = request.args.get("grid") or None
    found = snapshot.grid_or_today(code) if isinstance(snapshot, PastSnapshot) else None
    return found or grid_or_404(snapshot, code)
