"""A figure that is published or reported as it is (指标): whole numbers of one grid over one period, as of a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from data_adapters.records.field import (
    Context,
    Field,
    calendar_day,
    calendar_month,
    code,
    past_instant,
    text,
    whole,
)
from data_adapters.records.record import Fault, FieldSet, parse_fields

_MOST = 2**53
_EARLIEST = date(1949, 10, 1)
_WAYS = ("day", "month", "year", "period_from")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorFact:
    """One figure: ``numerator`` of ``denominator`` (None for a count), over [``period_from``, ``period_to``).

    ``id`` is what the configuration calls it (``fact = "ID"``); whole numbers only, the unit is the indicator's.
    """

    source: str
    id: str
    grid_code: str
    period_from: date
    period_to: date
    numerator: int
    denominator: int | None = None
    as_of: datetime | None = None


FIELDS = FieldSet(
    Field("id", text(32), required=True),
    Field("grid_code", code(32), required=True),
    Field("numerator", whole(0, _MOST), required=True),
    Field("denominator", whole(0, _MOST)),
    Field("day", calendar_day),
    Field("month", calendar_month),
    Field("year", whole(1949, 2999)),
    Field("period_from", calendar_day),
    Field("period_to", calendar_day),
    Field("as_of", past_instant),
)


def parse(raw: Mapping[str, Any], context: Context, source: str) -> IndicatorFact | list[Fault]:
    """A figure from raw values, or every fault of it. Its period is a day, a month, a year, or from … to."""
    values, faults = parse_fields(FIELDS, raw, context)
    named = {fault.field for fault in faults}
    period = None if named & {*_WAYS, "period_to"} else _period(values)
    if isinstance(period, Fault):
        faults.append(period)
    elif period is not None and (fault := _doubtful(period, context)) is not None:
        faults.append(fault)
    if faults or not isinstance(period, tuple):
        return faults
    kept = {name: values[name] for name in ("id", "grid_code", "numerator", "denominator", "as_of")}
    return IndicatorFact(source=source, period_from=period[0], period_to=period[1], **kept)


def _period(values: Mapping[str, Any]) -> tuple[date, date] | Fault:
    given = [name for name in _WAYS if values[name] is not None]
    if len(given) != 1 or (values["period_to"] is not None) != (given == ["period_from"]):
        what = "、".join(given) or "都没有"
        return Fault(
            "period_from", "no_period", f"期间应为 day、month、year 或 period_from 与 period_to，收到 {what}"
        )
    value = values[given[0]]
    try:
        if given == ["day"]:
            return value, value + timedelta(days=1)
        if given == ["month"]:
            return value, (value + timedelta(days=31)).replace(day=1)
    except OverflowError:
        return Fault(given[0], "out_of_range", f"{value} 超出可用时间范围")
    if given == ["year"]:
        return date(value, 1, 1), date(value + 1, 1, 1)
    return value, values["period_to"]


def _doubtful(period: tuple[date, date], context: Context) -> Fault | None:
    first, end = period
    if first >= end:
        return Fault("period_to", "empty_period", f"期间 {first} 至 {end} 为空；period_to 是最后一天的次日")
    if first < _EARLIEST:
        return Fault("period_from", "too_early", f"{first} 早于 1949-10-01")
    if first > context.now.astimezone(context.zone).date():
        return Fault("period_from", "in_future", f"{first} 还没有到")
    return None
