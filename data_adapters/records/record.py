"""From a mapping of raw values to a record: all of a record's faults at once, never only the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_adapters.records.field import Context, Field, FieldError


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a raw record is refused: which field, a code for machines, one line for people."""

    field: str
    code: str
    reason: str


def parse_fields(
    fields: Sequence[Field], raw: Mapping[str, Any], context: Context
) -> tuple[dict[str, Any], list[Fault]]:
    """Parse every field of `raw`; an absent, null or blank value is None.

    Returns the parsed values (all of `fields`, None where unknown) and the faults, in field order.
    """
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for field in fields:
        given = raw.get(field.name)
        if given is None or (isinstance(given, str) and not given.strip()) or given != given:
            values[field.name] = None
            if given is not None and not isinstance(given, str):
                faults.append(Fault(field.name, "not_finite", "NaN 不是有效值"))
            elif field.required:
                faults.append(Fault(field.name, "missing", "必填字段缺失"))
            continue
        try:
            values[field.name] = field.parse(given, context)
        except FieldError as error:
            values[field.name] = None
            faults.append(Fault(field.name, error.code, str(error)))
    return values, faults
