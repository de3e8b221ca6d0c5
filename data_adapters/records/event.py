"""A step in the life of a case (流转记录): which step, when, by which organisation. Posts and units, never people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data_adapters.records import dictionary
from data_adapters.records.field import Context, Field, choice, code, identity, instant, past_instant, text
from data_adapters.records.record import Fault, FieldSet, parse_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """One step. The case is named by ``case_no``, or by ``case_source_id`` within ``case_source``.

    ``org`` is the unit that acts; of WHISTLE the unit that is called, of ASSIGN the one that shall handle the case.
    ``reason`` of WHISTLE is its type, of RESPOND one of ACK, ARRIVE, DONE, DECLINE, RATED, of GRADE the new grade, of
    TRANSFER one of `dictionary.TRANSFER_TO`, of MERGE the number of the case that goes on with it.
    A later ``source_updated_at`` of the same ``source_id`` is a correction.
    """

    source: str
    type: str
    at: datetime
    source_id: str | None = None
    case_no: str | None = None
    case_source: str | None = None
    case_source_id: str | None = None
    org: str | None = None
    post: str | None = None
    direction: str | None = None
    from_level: str | None = None
    to_level: str | None = None
    reason: str | None = None
    outcome: str | None = None
    satisfaction: str | None = None
    due_after: datetime | None = None
    source_updated_at: datetime | None = None
    inferred: bool = False


FIELDS = FieldSet(
    Field("type", choice(dictionary.EVENT_TYPE), required=True),
    Field("at", past_instant, required=True),
    Field("source_id", identity(64)),
    Field("case_no", code(32)),
    Field("case_source", text(64)),
    Field("case_source_id", identity(64)),
    Field("org", code(64)),
    Field("post", code(32)),
    Field("direction", choice(dictionary.DIRECTION)),
    Field("from_level", choice(dictionary.LEVEL)),
    Field("to_level", choice(dictionary.LEVEL)),
    Field("reason", code(32)),
    Field("outcome", choice(dictionary.OUTCOME)),
    Field("satisfaction", choice(dictionary.SATISFACTION)),
    Field("due_after", instant),
    Field("source_updated_at", past_instant),
)


def parse(raw: Mapping[str, Any], context: Context, source: str) -> CaseEvent | list[Fault]:
    """A case event from raw values, or every fault of it."""
    values, faults = parse_fields(FIELDS, raw, context)
    if values["case_no"] is None and values["case_source_id"] is None:
        faults.append(Fault("case_no", "missing", "case_no 与 case_source_id 至少给出一个"))
    if faults:
        return faults
    return CaseEvent(**{name: value for name, value in values.items() if value is not None}, source=source)
