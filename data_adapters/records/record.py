"""From a mapping of raw values to a record: all of a record's faults at once, never only the first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data_adapters.records.field import Context, Field, FieldError


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a raw record is refused: which field, a code for machines, one line for people."""

    field: str
    code: str
    reason: str


class FieldSet(tuple[Field, ...]):
    """The fields of a record, in order, with what parsing a row needs made once."""

    by_name: dict[str, Field]
    blank: dict[str, Any]
    required: tuple[str, ...]

    def __new__(cls, *fields: Field) -> FieldSet:
        made = super().__new__(cls, fields)
        made.by_name = {field.name: field for field in fields}
        made.blank = dict.fromkeys(made.by_name)
        made.required = tuple(field.name for field in fields if field.required)
        return made


def parse_fields(
    fields: FieldSet, raw: Mapping[str, Any], context: Context
) -> tuple[dict[str, Any], list[Fault]]:
    """Parse every field of `raw`; an absent, null or blank value is None.

    Returns the parsed values (all of `fields`, None where unknown) and the faults, in field order.
    """
    values = fields.blank.copy()
    faults: list[Fault] = []
    for name, given in raw.items():
        field = fields.by_name.get(name)
        if field is None or given is None or (isinstance(given, str) and not given.strip()):
            continue
        if isinstance(given, float) and math.isnan(given):
            faults.append(Fault(name, "not_finite", "NaN 不是有效值"))
            continue
        try:
            values[name] = field.parse(given, context)
        except FieldError as error:
            faults.append(Fault(name, error.code, str(error)))
    named = {fault.field for fault in faults}
    faults += [
        Fault(name, "missing", "必填字段缺失")
        for name in fields.required
        if values[name] is None and name not in named
    ]
    if len(faults) > 1:
        order = list(fields.by_name)
        faults.sort(key=lambda fault: order.index(fault.field))
    return values, faults
