"""A video point (视频点位) and its status: metadata of a place. No stream, no picture, no analytics output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data_adapters.records import dictionary
from data_adapters.records.field import (
    Context,
    Field,
    FieldError,
    choice,
    code,
    flag,
    number,
    past_instant,
    shorten,
    text,
    whole,
)
from data_adapters.records.place import place_faults
from data_adapters.records.record import Fault, FieldSet, parse_fields

#: Types of GB/T 28181 (digits 11 to 13) that are video points: cameras. Recorders, platforms, groups are not.
COUNTED_TYPES = frozenset({"131", "132"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPoint:
    """One video point. ``point_id`` is a string: 20 digits overflow numbers. Degrees in EPSG:4490."""

    source: str
    point_id: str
    name: str | None = None
    lon: float | None = None
    lat: float | None = None
    grid_code: str | None = None
    civil_code: str | None = None
    status: str = "ON"
    status_at: datetime | None = None
    point_class: str | None = None
    position_type: int | None = None
    ptz_type: int | None = None
    industry: str | None = None
    should_network: bool | None = None
    networked: bool | None = None
    integrated: bool | None = None
    key_site: str | None = None
    secrecy: int = 0
    parent_id: str | None = None
    owner_org: str | None = None
    maintainer_org: str | None = None
    source_updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStatus:
    """A change of status of one video point. Transitions are kept, not samples."""

    source: str
    point_id: str
    status: str
    at: datetime
    cause: str | None = None


def _point_id(raw: Any, context: Context) -> str:
    value: str = code(64)(raw, context)
    if len(value) == 20 and value.isdigit():
        if value.endswith("00000"):
            raise FieldError("excel_damage", f"{value} 末五位为零，像被 Excel 截断，请按文本导出")
        if value[10:13] not in COUNTED_TYPES:
            raise FieldError("not_a_camera", f"类型码 {value[10:13]} 不是摄像机（131、132）")
    elif value.isdigit() and len(value) > 15:
        raise FieldError("bad_id", f"{shorten(value)} 是 {len(value)} 位数字，国标编码应为 20 位")
    return value


FIELDS = FieldSet(
    Field("point_id", _point_id, required=True),
    Field("name", text(128)),
    Field("lon", number(-180, 180)),
    Field("lat", number(-90, 90)),
    Field("grid_code", code(32)),
    Field("civil_code", code(12)),
    Field("status", choice(dictionary.VIDEO_STATUS)),
    Field("status_at", past_instant),
    Field("point_class", choice(dictionary.POINT_CLASS)),
    Field("position_type", whole(1, 10)),
    Field("ptz_type", whole(1, 7)),
    Field("industry", code(8)),
    Field("should_network", flag),
    Field("networked", flag),
    Field("integrated", flag),
    Field("key_site", code(64)),
    Field("secrecy", whole(0, 1)),
    Field("parent_id", code(64)),
    Field("owner_org", code(64)),
    Field("maintainer_org", code(64)),
    Field("source_updated_at", past_instant),
)
STATUS_FIELDS = FieldSet(
    Field("point_id", code(64), required=True),
    Field("status", choice(dictionary.VIDEO_STATUS), required=True),
    Field("at", past_instant, required=True),
    Field("cause", choice(dictionary.VIDEO_CAUSE)),
)


def parse(raw: Mapping[str, Any], context: Context, source: str) -> VideoPoint | list[Fault]:
    """A video point from raw values, or every fault of it."""
    values, faults = parse_fields(FIELDS, raw, context)
    faults = place_faults(raw, values, faults)
    if faults:
        return faults
    return VideoPoint(**{name: value for name, value in values.items() if value is not None}, source=source)


def parse_status(raw: Mapping[str, Any], context: Context, source: str) -> VideoStatus | list[Fault]:
    """A status change from raw values, or every fault of it."""
    values, faults = parse_fields(STATUS_FIELDS, raw, context)
    if faults:
        return faults
    return VideoStatus(**{name: value for name, value in values.items() if value is not None}, source=source)
