"""``POST /incidents``: one incident or a list of up to 1,000, answered only after the store has committed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from dashboard.api.batch import source_of, take_in
from dashboard.api.body import RepeatedKeys
from dashboard.services import Services
from data_adapters.coordinates import UnknownCrs, to_target
from data_adapters.records import case
from data_adapters.records.case import Case
from data_adapters.records.field import Context
from data_adapters.records.record import Fault


def routes(api: Blueprint, services: Services) -> None:
    """The intake of incidents."""

    @api.post("/incidents")
    def post_incidents() -> Response:
        return take_in(services, "case", "事件", parse_incident, services.write_cases)


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
