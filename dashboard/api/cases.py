"""Cases: a page of them, one of them, and a step in the life of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request

from dashboard.api.body import RepeatedKeys, read_json
from dashboard.api.guard import day, grid_or_404, integer, must_write, reading
from dashboard.api.incidents import result
from dashboard.api.problem import Problem, answer, reply
from dashboard.indicators.reading import day_number, day_start
from dashboard.services import Services, offload
from data_adapters.ledger.contributions import STAGE
from data_adapters.ledger.display import display_point
from data_adapters.ledger.item import stamp
from data_adapters.ledger.snapshot import CaseRow
from data_adapters.records import dictionary, event, life
from data_adapters.records.field import Context

_STAMPS = (
    "occurred_at reported_at registered_at accepted_at assigned_at received_at resolved_at closed_at "
    "followed_up_at due_at"
).split()
_PLAIN = (
    "case_no source kind category grade state light source_channel grid_code outcome resolution_method "
    "resolved_level handling_org placed"
).split()


def routes(api: Blueprint, services: Services) -> None:
    """Reading cases, and moving one."""

    @api.get("/cases")
    def get_cases() -> Response:
        limit = integer("limit", 100, 1, 1_000)
        state = request.args.get("state")
        if state is not None and state not in dictionary.STATE:
            raise Problem(400, f"参数 state 应为 {'、'.join(dictionary.STATE)} 之一")
        since, until = day("from"), day("to")
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, request.args.get("grid"))
            zone = snapshot.zone
            rows = snapshot.case_page(
                here.path,
                state=state,
                category=request.args.get("category"),
                since=day_start(day_number(since), zone) if since else None,
                until=day_start(day_number(until), zone) if until else None,
                after=integer("after", 0, 0, 2**62),
                limit=limit,
            )
            items = [as_json(row) for row in rows]
        return reply({"items": items, "next": str(rows[-1].id) if len(rows) == limit else None})

    @api.get("/cases/<case_no>")
    def get_case(case_no: str) -> Response:
        with reading(services) as snapshot:
            row = snapshot.case(case_no)
            if row is None:
                raise Problem(404, "没有这个案件")
            steps = [
                {
                    "type": step.type,
                    "at": stamp(step.at),
                    "org": step.org,
                    "from": step.from_state,
                    "to": step.to_state,
                }
                for step in snapshot.case_events(row.id)
            ]
        return reply(as_json(row) | {"events": steps, "legal_steps": life.legal_steps(row.state)})

    @api.post("/cases/<case_no>/events")
    def post_event(case_no: str) -> Response:
        must_write(services)
        body = read_json()
        if not isinstance(body, dict) or isinstance(body, RepeatedKeys):
            raise Problem(400, '应为一个对象，如 {"type": "ACCEPT", "at": "2026-11-22T14:40:00+08:00"}')
        raw = body | {"case_no": case_no}
        parsed = event.parse(
            raw, Context(services.ledger.zone, services.now()), str(body.get("source", "api"))[:64]
        )
        if isinstance(parsed, list):
            faults = [{"index": 0, "field": fault.field, "reason": fault.reason} for fault in parsed]
            raise Problem(422, "事件内容不合规则", errors=faults)
        outcome, legal = services.write(
            services.ledger.apply_event, replace(parsed, case_source=None, case_source_id=None)
        )
        if outcome.status == "rejected":
            fault = outcome.faults[0]
            if fault.code == "unknown_case":
                raise Problem(404, "没有这个案件")
            return answer(409, fault.reason, legal_steps=legal)
        return reply({"epoch": offload(services.ledger.position)[0]} | result(0, outcome))


def as_json(row: CaseRow) -> dict[str, Any]:
    """A case for the wire: dictionary codes, times and the snapped place; never the exact one."""
    found: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    found |= {name: stamp(getattr(row, name)) for name in _STAMPS}
    point = display_point(row.lon, row.lat, row.category) if row.placed else None
    found |= {"stage": STAGE[row.state], "open": row.is_open}
    found["location"] = {"lon": point[0], "lat": point[1], "crs": "EPSG:4490"} if point else None
    found["quality"] = [flag for flag in row.quality.split(",") if flag]
    return found
