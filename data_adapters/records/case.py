"""A case (矛盾纠纷, 隐患, 民生诉求 …): what happened where, and how far it has come. No person, no free text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from data_adapters.records import dictionary
from data_adapters.records.field import (
    FUTURE_TOLERANCE,
    Context,
    Field,
    choice,
    code,
    flag,
    identity,
    instant,
    number,
    past_instant,
    text,
    whole,
)
from data_adapters.records.place import place_faults
from data_adapters.records.record import Fault, FieldSet, parse_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One revision of one case as a source tells it. ``None`` is unknown. Times are aware (UTC).

    ``lon``/``lat`` are degrees in EPSG:4490. Identity is (``source``, ``source_id``). ``merged_into``: the number
    (``case_no``) of the case that goes on with it.
    """

    source: str
    source_id: str
    kind: str
    category: str
    grade: str
    state: str
    occurred_at: datetime
    reported_at: datetime
    source_updated_at: datetime | None = None
    case_no: str | None = None
    source_channel: str | None = None
    grid_code: str | None = None
    lon: float | None = None
    lat: float | None = None
    location_accuracy_m: int | None = None
    place_id: str | None = None
    registered_at: datetime | None = None
    accepted_at: datetime | None = None
    assigned_at: datetime | None = None
    received_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    followed_up_at: datetime | None = None
    due_at: datetime | None = None
    outcome: str | None = None
    resolution_method: str | None = None
    origin_level: str | None = None
    handling_level: str | None = None
    resolved_level: str | None = None
    handling_org: str | None = None
    lead_org: str | None = None
    scale: str | None = None
    event_level: str | None = None
    urgency: str | None = None
    joint_type: str | None = None
    supervision_card: str | None = None
    involved_count: int | None = None
    visit_count: int | None = None
    repeat_flag: bool | None = None
    reopened_count: int | None = None
    suspended_s: int | None = None
    satisfaction: str | None = None
    transfer_to: str | None = None
    merged_into: str | None = None


_LON = number(-180, 180)
_LAT = number(-90, 90)

FIELDS = FieldSet(
    Field("source_id", identity(64), required=True),
    Field("kind", choice(dictionary.KIND)),
    Field("category", text(64)),
    Field("grade", choice(dictionary.GRADE)),
    Field("state", choice(dictionary.STATE)),
    Field("occurred_at", past_instant),
    Field("reported_at", past_instant),
    Field("source_updated_at", past_instant),
    Field("case_no", code(32)),
    Field("source_channel", choice(dictionary.SOURCE_CHANNEL)),
    Field("grid_code", code(32)),
    Field("lon", _LON),
    Field("lat", _LAT),
    Field("location_accuracy_m", whole(0, 1_000_000)),
    Field("place_id", code(64)),
    Field("registered_at", past_instant),
    Field("accepted_at", past_instant),
    Field("assigned_at", past_instant),
    Field("received_at", past_instant),
    Field("resolved_at", past_instant),
    Field("closed_at", past_instant),
    Field("followed_up_at", past_instant),
    Field("due_at", instant),
    Field("outcome", choice(dictionary.OUTCOME)),
    Field("resolution_method", choice(dictionary.RESOLUTION_METHOD)),
    Field("origin_level", choice(dictionary.LEVEL)),
    Field("handling_level", choice(dictionary.LEVEL)),
    Field("resolved_level", choice(dictionary.LEVEL)),
    Field("handling_org", code(64)),
    Field("lead_org", code(64)),
    Field("scale", choice(dictionary.SCALE)),
    Field("event_level", choice(dictionary.EVENT_LEVEL)),
    Field("urgency", choice(dictionary.URGENCY)),
    Field("joint_type", choice(dictionary.JOINT_TYPE)),
    Field("supervision_card", choice(dictionary.SUPERVISION_CARD)),
    Field("involved_count", whole(0, 1_000_000)),
    Field("visit_count", whole(0, 10_000)),
    Field("repeat_flag", flag),
    Field("reopened_count", whole(0, 1_000)),
    Field("suspended_s", whole(0, 10**10)),
    Field("satisfaction", choice(dictionary.SATISFACTION)),
    Field("transfer_to", choice(dictionary.TRANSFER_TO)),
    Field("merged_into", code(32)),
)
NAMES = frozenset(field.name for field in FIELDS)
#: Everything a revision may change: what decides whether the same identity is `duplicate` or `updated`.
CONTENT = tuple(f.name for f in fields(Case) if f.name not in {"source", "source_id", "source_updated_at"})


def parse(raw: Mapping[str, Any], context: Context, source: str) -> Case | list[Fault]:
    """A case from raw values, or every fault of it.

    Unknown stays unknown, with four stated defaults: kind DISPUTE, category 其它, grade ORDINARY, state
    REPORTED. One of ``occurred_at``/``reported_at`` is required and stands for the other.
    """
    values, faults = parse_fields(FIELDS, raw, context)
    occurred, reported = values["occurred_at"], values["reported_at"]
    named = {fault.field for fault in faults}
    if occurred is None and reported is None and not named & {"occurred_at", "reported_at"}:
        faults.append(Fault("occurred_at", "missing", "occurred_at 与 reported_at 至少给出一个"))
    elif occurred is not None and reported is not None and occurred > reported + FUTURE_TOLERANCE:
        faults.append(Fault("occurred_at", "after_report", "发生时间晚于上报时间 5 分钟以上"))
    faults = place_faults(raw, values, faults)
    if faults:
        return faults
    kept = {name: value for name, value in values.items() if value is not None}
    kept.setdefault("kind", "DISPUTE")
    kept.setdefault("category", "其它")
    kept.setdefault("grade", "ORDINARY")
    kept.setdefault("state", "REPORTED")
    kept.setdefault("occurred_at", reported)
    kept.setdefault("reported_at", occurred)
    return Case(**kept, source=source)
