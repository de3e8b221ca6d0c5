"""``GET /sources``: how each source fares, what of it was refused and why. For the whole centre only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from dashboard.api.guard import reading
from dashboard.api.problem import Problem, reply
from dashboard.services import Services
from data_adapters.ledger import Snapshot
from data_adapters.ledger.item import stamp
from data_adapters.ledger.sources import SourceLog, SourceState
from data_adapters.remedy import note_remedy, remedy
from data_adapters.report import columns_of
from data_adapters.settings import Settings, SourceSettings

EXAMPLES = 5
#: A source is late where it missed two of its turns, and a minute.
_LATE_TURNS, _LATE_S = 2, 60


def routes(api: Blueprint, services: Services) -> None:
    """Reading the state of the sources."""

    @api.get("/sources")
    @services.off_loop
    def get_sources() -> Response:
        with reading(services) as snapshot:
            items = states(snapshot, services.settings, brief=request.args.get("brief") == "1")
        if items is None:
            raise Problem(404, "没有这个接口，见 /api/v1/openapi.json")
        return reply({"items": items, "next": None})


def states(snapshot: Snapshot, settings: Settings, *, brief: bool = False) -> list[dict[str, Any]] | None:
    """Every source that is configured or was ever heard of; None for a viewer who does not see the whole centre.

    ``brief``: how it fares only, without what would have to be counted from its rows.
    """
    log = snapshot.source_log()
    if log is None:
        return None
    known = {state.name: state for state in snapshot.sources()}
    configured = {source.name: source for source in settings.sources}
    names = [source.name for source in settings.in_reading_order()]
    names += sorted(known.keys() - configured.keys())
    if brief:
        return [_state(snapshot.now, name, configured.get(name), known.get(name)) for name in names]
    return [_one(log, snapshot.now, name, configured.get(name), known.get(name)) for name in names]


def _one(
    log: SourceLog, now: datetime, name: str, told: SourceSettings | None, state: SourceState | None
) -> dict[str, Any]:
    found = _state(now, name, told, state)
    located, categorised = log.located(name, found["kind"]), log.categorised(name, found["kind"])
    report = state.report if state is not None else {}
    columns = columns_of(told) if told is not None else {}
    return found | {
        "located": {"placed": located[0], "of": located[1]} if located is not None else None,
        "categorised": {"said": categorised[0], "of": categorised[1]} if categorised is not None else None,
        "crs": report.get("crs"),
        "notes": [note | {"remedy": note_remedy(note["code"])} for note in report.get("notes", [])],
        "refusals": [
            {
                "field": refusal.field,
                "column": columns.get(refusal.field),
                "code": refusal.code,
                "count": refusal.count,
                "kinds": refusal.kinds,
                "remedy": remedy(refusal.field, refusal.code, columns.get(refusal.field)),
                "first_at": stamp(refusal.first_at),
                "last_at": stamp(refusal.last_at),
                "examples": [
                    {"row": row, "reason": reason, "count": count} for row, reason, count in refusal.examples
                ],
            }
            for refusal in log.refusals(name, EXAMPLES)
        ],
    }


def _state(
    now: datetime, name: str, told: SourceSettings | None, state: SourceState | None
) -> dict[str, Any]:
    kind = told.kind if told is not None else state.kind if state is not None else ""
    every_s = told.every if told is not None else None
    ok_at = state.last_ok_at if state is not None else None
    age_s = (now - ok_at).total_seconds() if ok_at is not None else None
    report = state.report if state is not None else {}
    newest_at = report.get("newest_at") or _stamped(state.last_message_at if state is not None else None)
    return {
        "name": name,
        "kind": kind,
        "reader": told.reader if told is not None else None,  # None: it pushes
        "status": _status(state, age_s, every_s),
        "every_s": every_s,
        "last_ok_at": stamp(ok_at) if ok_at is not None else None,
        "last_try_at": stamp(state.last_try_at) if state is not None else None,
        "age_s": round(age_s) if age_s is not None else None,
        "read": state.read if state is not None else 0,
        "accepted": state.accepted if state is not None else 0,
        "refused": state.refused if state is not None else 0,
        "error": state.error if state is not None else None,
        "newest_at": newest_at,
        "newest_age_s": _age_s(now, newest_at),
        "lag": state.lag if state is not None else None,
        "last_message_at": _stamped(state.last_message_at if state is not None else None),
        "retry_at": _stamped(state.retry_at if state is not None else None),
    }


def _stamped(at: datetime | None) -> str | None:
    return stamp(at) if at is not None else None


def _age_s(now: datetime, at: str | None) -> int | None:
    return max(0, round((now - datetime.fromisoformat(at)).total_seconds())) if at is not None else None


def _status(state: SourceState | None, age_s: float | None, every_s: int | None) -> str:
    if state is None:
        return "never"
    if state.error is not None:
        return "failing"
    if age_s is not None and every_s is not None and age_s > _LATE_TURNS * every_s + _LATE_S:
        return "late"
    return "good"
