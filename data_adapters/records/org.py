"""An organisation (机构): a centre, a committee, a department. Units and how many work there, never who."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data_adapters.records import dictionary
from data_adapters.records.field import Context, Field, choice, code, past_instant, text, whole
from data_adapters.records.record import Fault, FieldSet, parse_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Org:
    """One organisation. ``code`` is what cases call it; ``parent`` another's code; ``grid_code`` the ground it serves.

    Without a ``grid_code`` it serves its parent's ground, and the whole county where it has no parent either.
    """

    source: str
    code: str
    name: str
    org_type: str
    short_name: str | None = None
    level: str | None = None
    parent: str | None = None
    grid_code: str | None = None
    mediator_count: int | None = None
    source_updated_at: datetime | None = None


FIELDS = FieldSet(
    Field("code", code(64), required=True),
    Field("name", text(64), required=True),
    Field("org_type", choice(dictionary.ORG_TYPE), required=True),
    Field("short_name", text(16)),
    Field("level", choice(dictionary.ORG_LEVEL)),
    Field("parent", code(64)),
    Field("grid_code", code(32)),
    Field("mediator_count", whole(0, 1_000_000)),
    Field("source_updated_at", past_instant),
)


def parse(raw: Mapping[str, Any], context: Context, source: str) -> Org | list[Fault]:
    """An organisation from raw values, or every fault of it."""
    values, faults = parse_fields(FIELDS, raw, context)
    if values["parent"] is not None and values["parent"] == values["code"]:
        faults.append(Fault("parent", "parent_cycle", f"上级 {values['parent']} 是它自己"))
    if faults:
        return faults
    return Org(**{name: value for name, value in values.items() if value is not None}, source=source)
