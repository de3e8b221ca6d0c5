"""Where a record lies: two numbers that only make sense together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data_adapters.records.field import shorten
from data_adapters.records.record import Fault


def place_faults(raw: Mapping[str, Any], values: Mapping[str, Any], faults: list[Fault]) -> list[Fault]:
    """The faults of a record, with those of longitude and latitude as a pair: one alone, or the two swapped."""
    named = {fault.field for fault in faults}
    if not named & {"lon", "lat"}:
        if (values["lon"] is None) != (values["lat"] is None):
            missing = "lon" if values["lon"] is None else "lat"
            faults.append(Fault(missing, "missing", "经度与纬度必须同时给出"))
    elif "lon" not in named and _swapped(values["lon"], raw.get("lat")):
        reason = f"纬度 {shorten(raw['lat'])} 超过 90，像是经纬度写反了"
        return [Fault("lat", "swapped", reason) if fault.field == "lat" else fault for fault in faults]
    return faults


def _swapped(lon: float | None, lat: Any) -> bool:
    try:
        return lon is not None and abs(lon) <= 90 < abs(float(lat)) <= 180
    except (TypeError, ValueError, OverflowError):
        return False
