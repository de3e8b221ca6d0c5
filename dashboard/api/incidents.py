"""``POST /incidents``: one incident or a list of up to 1,000, answered only after the store has committed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from dashboard.api.body import RepeatedKeys, read_json
from dashboard.api.guard import must_write
from dashboard.api.problem import Problem, reply
from dashboard.services import Services, offload
from data_adapters.coordinates import UnknownCrs, to_target
from data_adapters.ledger import Outcome
from data_adapters.records import case
from data_adapters.records.case import Case
from data_adapters.records.field import Context, FieldError, text
from data_adapters.records.record import Fault

MAX_BATCH = 1_000
_source_name = text(64)


def routes(api: Blueprint, services: Services) -> None:
    """The intake of incidents."""

    @api.post("/incidents")
    def post_incidents() -> Response:
        must_write(services)
        items = as_list(read_json(), "事件")
        context = Context(services.ledger.zone, services.now())
        parsed = [parse_incident(item, context) for item in items]
        good = [record for record in parsed if isinstance(record, Case)]
        outcomes = iter(services.write_cases(good) if good else [])
        results = []
        for index, record in enumerate(parsed):
            outcome = (
                next(outcomes) if isinstance(record, Case) else Outcome("rejected", faults=tuple(record))
            )
            results.append(result(index, outcome))
        services.heard_from("case", {record.source for record in good})
        return reply({"epoch": offload(services.ledger.position)[0], "results": results})


def as_list(body: Any, noun: str) -> list[Any]:
    """One object or a list of at most `MAX_BATCH`."""
    if isinstance(body, dict):
        return [body]
    if not isinstance(body, list):
        raise Problem(400, f"应为一个{noun}对象或一个列表，收到 {type(body).__name__}")
    if not body:
        raise Problem(400, f"列表为空，应有 1 到 {MAX_BATCH} 个{noun}")
    if len(body) > MAX_BATCH:
        raise Problem(413, f"一次最多 {MAX_BATCH} 个{noun}，收到 {len(body)} 个")
    return body


def source_of(item: dict[str, Any], context: Context) -> str | Fault:
    """The name of the sending source, which is half of the identity."""
    given = item.get("source")
    if given is None or given == "":
        return Fault("source", "missing", "必填字段缺失")
    try:
        return str(_source_name(given, context))
    except FieldError as error:
        return Fault("source", error.code, str(error))


def parse_incident(item: Any, context: Context) -> Case | list[Fault]:
    """An incident of the API (interfaces, section 3) as a case, or every fault of it."""
    if not isinstance(item, dict):
        return [Fault("", "type", f"应为对象，收到 {type(item).__name__}")]
    if isinstance(item, RepeatedKeys):
        return [Fault("", "repeated_key", "同一对象里有重复的键")]
    raw = {name: item[name] for name in case.NAMES if name in item and name != "case_no"}
    faults = _locate(raw, item.get("location"))
    source = source_of(item, context)
    if isinstance(source, Fault):
        faults.append(source)
        source = ""
    parsed = case.parse(raw, context, source)
    if isinstance(parsed, list):
        named = {fault.field for fault in faults}
        return faults + [fault for fault in parsed if fault.field not in named]
    return faults or parsed


def _locate(raw: dict[str, Any], location: Any) -> list[Fault]:
    """Put the location's coordinates into `raw`, in EPSG:4490."""
    if location is None:
        return []
    if not isinstance(location, dict) or isinstance(location, RepeatedKeys):
        return [Fault("location", "type", '应为对象，如 {"lon": 106.139, "lat": 34.751, "crs": "EPSG:4490"}')]
    lon, lat = location.get("lon"), location.get("lat")
    crs = location.get("crs") or "EPSG:4490"
    raw["lon"], raw["lat"] = lon, lat
    try:
        transform = to_target(str(crs)[:64])
    except UnknownCrs as error:
        return [Fault("location", "unknown_crs", str(error))]
    # What is no number is left to the field's own rule, which says so.
    if transform is not None and isinstance(lon, int | float) and isinstance(lat, int | float):
        moved_lon, moved_lat = transform([float(lon)], [float(lat)])
        raw["lon"], raw["lat"] = float(moved_lon[0]), float(moved_lat[0])
    return []


def result(index: int, outcome: Outcome) -> dict[str, Any]:
    """One line of the answer."""
    errors = [{"field": fault.field, "code": fault.code, "reason": fault.reason} for fault in outcome.faults]
    return {
        "index": index,
        "status": outcome.status,
        "seq": outcome.seq,
        "case_no": outcome.case_no,
        "errors": errors,
    }
