"""Cases: a page of them, one of them, and a step in the life of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest
from typing import Any

import numpy as np
from flask import Blueprint, Response, request

from dashboard.api.batch import result
from dashboard.api.body import RepeatedKeys, raw_body, read_json
from dashboard.api.guard import day, grid_or_404, integer, must_write, reading
from dashboard.api.problem import Problem, answer, reply
from dashboard.indicators.reading import day_number, day_start
from dashboard.services import Services
from data_adapters.ledger import Snapshot
from data_adapters.ledger.contributions import STAGE
from data_adapters.ledger.display import display_category, display_point
from data_adapters.ledger.item import place_names, stamp
from data_adapters.ledger.replay import TELL, Entry, Life
from data_adapters.ledger.scope import lineage
from data_adapters.ledger.snapshot import CaseRow
from data_adapters.records import dictionary, event, life
from data_adapters.records.field import Context
from data_adapters.records.time_limit import Limits
from layers.nearest import metres, nearest

_STAMPS = (
    "occurred_at reported_at registered_at accepted_at assigned_at received_at resolved_at closed_at "
    "followed_up_at due_at"
).split()
#: What a code is called; by field.
_WORDS = {
    "kind": dictionary.KIND,
    "grade": dictionary.GRADE,
    "state": dictionary.STATE,
    "source_channel": dictionary.SOURCE_CHANNEL,
    "outcome": dictionary.OUTCOME,
    "resolution_method": dictionary.RESOLUTION_METHOD,
    "resolved_level": dictionary.LEVEL,
    "transfer_to": dictionary.TRANSFER_TO,
}
#: Parameters that a statement may have.
_NAMES_AT_ONCE = 800
#: Video points told with a case.
NEAR = 5
_PLAIN = (
    "case_no source kind category grade state light source_channel grid_code outcome resolution_method "
    "resolved_level handling_org placed transfer_to merged_into"
).split()


def routes(api: Blueprint, services: Services) -> None:
    """Reading cases, and moving one."""

    @api.get("/cases")
    @services.off_loop
    def get_cases() -> Response:
        limit = integer("limit", 100, 1, 1_000)
        state = request.args.get("state")
        if state is not None and state not in dictionary.STATE:
            raise Problem(400, f"参数 state 应为 {'、'.join(dictionary.STATE)} 之一")
        since, until = day("from"), day("to")
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, request.args.get("grid"))
            zone = snapshot.zone
            org = request.args.get("org")
            orgs = snapshot.orgs.tree(here.path).subtree(org) if org else None
            if orgs == []:
                raise Problem(404, "没有这个单位")
            rows = snapshot.case_page(
                here.path,
                state=state,
                category=request.args.get("category"),
                since=day_start(day_number(since), zone) if since else None,
                until=day_start(day_number(until), zone) if until else None,
                after=integer("after", 0, 0, 2**62),
                limit=limit,
                orgs=orgs,
                is_open=request.args.get("open") == "1",
            )
            items = listed(snapshot, rows)
        return reply({"items": items, "next": str(rows[-1].id) if len(rows) == limit else None})

    @api.get("/cases/<case_no>")
    @services.off_loop
    def get_case(case_no: str) -> Response:
        with reading(services) as snapshot:
            row = snapshot.case(case_no)
            if row is None:
                raise Problem(404, "没有这个案件")
            past = snapshot.case_life(row, services.ledger.limits)
            found = as_json(row) | {"events": [_step(entry) for entry in past.entries], "steps6": past.steps6}
            found |= {
                "steps6_missing": past.steps6_missing,
                "coordinating": any(one.is_open for one in past.whistles),
                "follow_ups": _follow_ups(row, past, services.ledger.limits, snapshot.now),
            }
            legal = life.legal_steps(row.state)
            found |= {
                "labels": {
                    name: words[found[name]] for name, words in _WORDS.items() if found.get(name) in words
                },
                "legal_steps": legal,
                "legal_labels": [dictionary.EVENT_TYPE.get(step, step) for step in legal],
                "ingested_at": stamp(row.ingested_at),
                "seq": row.seq,
                "grids": [
                    {"code": above.code, "name": above.label, "level": above.level}
                    for above in snapshot.ancestors(row.path)
                ],
            }
            place = found["location"]
            if place is not None:
                found["orgs_near"] = _orgs(snapshot, place["lon"], place["lat"])
                found["video_near"] = nearest(
                    services.tiles.video.index(snapshot), place["lon"], place["lat"], NEAR
                )
        return reply(found)

    @api.post("/cases/<case_no>/events")
    def post_event(case_no: str) -> Response:
        must_write(services)
        body = read_json(raw_body())
        if not isinstance(body, dict) or isinstance(body, RepeatedKeys):
            raise Problem(400, '应为一个对象，如 {"type": "ACCEPT", "at": "2026-11-22T14:40:00+08:00"}')
        raw = body | {"case_no": case_no}
        parsed = event.parse(
            raw, Context(services.ledger.zone, services.now()), str(body.get("source", "api"))[:64]
        )
        if isinstance(parsed, list):
            faults = [{"index": 0, "field": fault.field, "reason": fault.reason} for fault in parsed]
            raise Problem(422, "事件内容不合规则", errors=faults)
        step = replace(parsed, case_source=None, case_source_id=None)
        outcome, legal = services.write_of(step.source, services.ledger.apply_event, step)
        if outcome.status == "rejected":
            fault = outcome.faults[0]
            if fault.code == "unknown_case":
                raise Problem(404, "没有这个案件")
            return answer(409, fault.reason, legal_steps=legal)
        return reply({"epoch": outcome.epoch} | result(0, outcome))


def _follow_ups(row: CaseRow, past: Life, limits: Limits, now: datetime) -> list[dict[str, Any]]:
    """The visits that a closed case is owed: until when each, and when it was; a grave one is visited several times."""
    if row.state not in life.CLOSED or row.closed_at is None:
        return []
    due = limits.visits(row.grade, row.closed_at)
    pairs = zip_longest(due, past.visits[: len(due)])
    return [
        {"due_at": stamp(by), "done_at": stamp(done), "late": (done or now) > by} for by, done in pairs if by
    ]


def _orgs(snapshot: Snapshot, lon: float, lat: float) -> list[dict[str, Any]]:
    """The organisations nearest to a place, measured to the label point of the grid that each serves."""
    rows = snapshot.orgs.near(lon, lat, NEAR)
    away = metres(lon, lat, np.array([at for _, at, _ in rows]), np.array([at for _, _, at in rows]))
    return [
        {
            "code": row.code,
            "name": row.short_name or row.name,
            "type": row.org_type,
            "type_label": dictionary.ORG_TYPE[row.org_type],
            "grid_code": row.grid_code,
            "distance_m": round(float(distance)),
        }
        for (row, _, _), distance in zip(rows, away, strict=True)
    ]


def _step(entry: Entry) -> dict[str, Any]:
    told = entry.step
    return {
        "type": entry.type,
        "label": dictionary.EVENT_TYPE.get(entry.type, "来源另述" if entry.type == TELL else entry.type),
        "at": stamp(entry.at),
        "org": told.org if told is not None else None,
        "from": entry.from_state,
        "to": entry.to_state,
        "to_label": dictionary.STATE.get(entry.to_state, entry.to_state),
        "reason": told.reason if told is not None else None,
        "due_after": stamp(told.due_after) if told is not None else None,
        "inferred": entry.inferred or (told is not None and told.inferred),
    }


def listed(snapshot: Snapshot, rows: Sequence[CaseRow]) -> list[dict[str, Any]]:
    """Cases for the wire, each with what its grid and the one above are called."""
    wanted = sorted({step for row in rows for step in lineage(row.path)})
    names: dict[str, str] = {}
    for start in range(0, len(wanted), _NAMES_AT_ONCE):
        names |= {one.path: one.label for one in snapshot.grids_at(wanted[start : start + _NAMES_AT_ONCE])}
    found = []
    for row in rows:
        grid_name, parent_name = place_names(row.path, names)
        found.append(as_json(row) | {"grid_name": grid_name, "parent_name": parent_name})
    return found


def as_json(row: CaseRow) -> dict[str, Any]:
    """A case for the wire: dictionary codes, times and the snapped place; never the exact one."""
    found: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    found["category"] = display_category(row.category)
    found |= {name: stamp(getattr(row, name)) for name in _STAMPS}
    point = display_point(row.lon, row.lat, row.category) if row.placed else None
    found |= {"stage": STAGE[row.state], "open": row.is_open}
    found["location"] = {"lon": point[0], "lat": point[1], "crs": "EPSG:4490"} if point else None
    found["source_updated_at"] = stamp(row.source_updated_at)
    found["quality"] = [flag for flag in row.quality.split(",") if flag]
    return found
