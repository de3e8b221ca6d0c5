"""What happens to one value on its way from their column to our field, as a closure made once a source."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from data_adapters.records.field import FieldError, shorten
from data_adapters.records.time_hint import time_hint
from data_adapters.settings import FieldRule

Convert = Callable[[Any], Any]
_EXACT = 2**53  # beyond, a number that went through a spreadsheet has lost its last digits
_MISSING = object()
#: "%d" on its own would be the day of a month, which no time needs alone.
_CODE_FORMAT = re.compile(r"^%(0\d{1,2})?d$")
#: Times as numbers: how many make a second.
_EPOCH_UNITS = {"epoch": 1, "epoch_ms": 1_000}
#: What `datetime.fromisoformat` reads as well, thirty times as fast.
ISO_PATTERNS = {"%Y-%m-%d %H:%M:%S": " ", "%Y-%m-%dT%H:%M:%S": "T"}


def conversion(rule: FieldRule, values: dict[str, Any] | None) -> Convert | None:
    """The closure of one field: format first, then the value map."""
    formatted = _format(rule.format) if rule.format is not None else None
    if values is None:
        return formatted
    known = dict(values)
    other = known.pop("*", _MISSING)

    def translate(value: Any) -> Any:
        if formatted is not None:
            value = formatted(value)
        key = _key(value)
        if key in known:
            return known[key]
        # Nothing given is unknown, not "anything else"; "" in the map gives it a value.
        return value if other is _MISSING or key == "" else other

    return translate


def _key(value: Any) -> str:
    """A raw value as the configuration writes it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _format(pattern: str) -> Convert:
    """``%06d``: a code that is kept as a number; ``epoch``: seconds since 1970; anything else a strptime pattern."""
    if pattern in _EPOCH_UNITS:
        return _epoch_format(pattern, _EPOCH_UNITS[pattern])
    return _code_format(pattern) if _CODE_FORMAT.match(pattern) else _time_format(pattern)


def _code_format(pattern: str) -> Convert:
    def convert(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        if isinstance(value, float) and not value.is_integer():
            raise FieldError("not_whole", f"{shorten(value)} 不是整数，不能按 {pattern} 写成编码")
        if isinstance(value, float) and abs(value) > _EXACT:
            raise FieldError("excel_damage", f"{shorten(value)} 超过 15 位，末位已丢失，请按文本导出")
        return pattern % int(value)

    return convert


def _epoch_format(pattern: str, per_second: int) -> Convert:
    """Numbers of seconds, or milliseconds, since 1970 as aware times."""

    def convert(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return value
        if isinstance(value, str) and not value.strip():
            return value
        try:
            return datetime.fromtimestamp(float(value) / per_second, UTC)
        except (ValueError, OverflowError, OSError):
            raise FieldError("bad_time", f"{shorten(value)} 不是时间，应为 {pattern}") from None

    return convert


def _time_format(pattern: str) -> Convert:
    between = ISO_PATTERNS.get(pattern)

    def convert(value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            return value
        try:
            if len(value) == 19 and value[10] == between and value[4] == value[7] == "-":
                return datetime.fromisoformat(value)
            return datetime.strptime(value.strip(), pattern)  # noqa: DTZ007  the record gives it the centre's zone
        except ValueError:
            told = f"{shorten(value)} 不是时间，应为 {pattern}{time_hint(value)}"
            raise FieldError("bad_time", told) from None

    return convert
