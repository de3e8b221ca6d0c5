"""How one raw value becomes one field of a record, or a reason why not.

The same rules serve files, databases and the HTTP API, so a value is right or wrong everywhere alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from data_adapters.records.time_hint import time_hint

_DAMAGED_BY_EXCEL = re.compile(r"^\d\.\d+E\+?\d+$", re.IGNORECASE)
#: Control characters, and halves of surrogate pairs, which no encoding can write down.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_HANZI = re.compile("[\u4e00-\u9fff]")
_FALSE = frozenset({"0", "false", "no", "n", "否", "无"})
_TRUE = frozenset({"1", "true", "yes", "y", "是", "有"})
#: Patterns that are ISO 8601 at a fixed length: its parser is ten times as fast as a pattern's.
_ISO = {"%Y-%m-%d %H:%M:%S": 19, "%Y-%m-%dT%H:%M:%S": 19, "%Y-%m-%d %H:%M": 16, "%Y-%m-%d": 10}
_MONTH = re.compile(r"^(\d{4})[-/.年]?(\d{1,2})(?:月|[-/.]\d{1,2})?$", re.ASCII)
#: Milliseconds since 1970 have fewer digits for ages to come.
_EPOCH_END = 10**14
EARLIEST = datetime(1949, 10, 1, tzinfo=UTC)
FUTURE_TOLERANCE = timedelta(minutes=5)


class FieldError(ValueError):
    """A value that cannot be this field. ``code`` is for machines, ``str(error)`` one line for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Context:
    """What a value cannot say itself: the time zone of naive times, and now (aware)."""

    zone: ZoneInfo
    now: datetime


Parse = Callable[[Any, Context], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: its name, its parser and whether a record may lack it."""

    name: str
    parse: Parse
    required: bool = False


def shorten(value: object, limit: int = 40) -> str:
    """The value as people may see it in a reason: one line, at most `limit` characters."""
    try:
        told = str(value)[: limit * 2]
    except ValueError:  # Python refuses to print integers of thousands of digits
        told = "（过长的数字）"
    text = " ".join(_CONTROL.sub("?", told).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def text(limit: int) -> Parse:
    """A string of 1..`limit` characters, trimmed. Longer is an error: cutting would be a silent repair."""

    def parse(raw: Any, _: Context) -> str:
        if not isinstance(raw, str):
            if isinstance(raw, bool) or not isinstance(raw, int | float):
                raise FieldError("type", f"应为文本，收到 {type(raw).__name__}")
            raw = _digits(raw)
        value: str = raw.strip()
        if len(value) > limit:
            raise FieldError("too_long", f"长度 {len(value)} 超过 {limit} 个字符")
        if _CONTROL.search(value):
            raise FieldError("control_character", "含有控制字符或残缺的字符")
        if not value.isascii() and _is_mojibake(value):
            raise FieldError("mojibake", f"{shorten(value, 20)} 是乱码，请检查上游的文字编码")
        return value

    return parse


def identity(limit: int) -> Parse:
    """A source's own name of a thing: text, but never what a spreadsheet made of a long number."""
    parse_text = text(limit)

    def parse(raw: Any, context: Context) -> str:
        value: str = parse_text(raw, context)
        if _DAMAGED_BY_EXCEL.match(value):
            raise FieldError("excel_damage", f"{shorten(value)} 像被 Excel 改成了科学计数，请按文本导出")
        return value

    return parse


def _is_mojibake(value: str) -> bool:
    """Text that went through a wrong decoder: replacement characters, or UTF-8 read as GBK or Latin-1."""
    if "\ufffd" in value:
        return True
    for wrong, fewest in (("gb18030", 3), ("cp1252", 1), ("latin-1", 1)):
        try:
            meant = value.encode(wrong).decode("utf-8")
        except UnicodeError:
            continue
        # A whole text that turns into common characters cannot be chance; of two characters it could be.
        if len(_HANZI.findall(meant)) >= fewest and len(meant) < len(value):
            return True
    return False


def _digits(raw: int | float) -> str:
    if isinstance(raw, float) and abs(raw) > 2**53:
        raise FieldError("excel_damage", f"{shorten(raw)} 超过 15 位，末位已丢失，请按文本导出")
    try:
        return str(int(raw)) if float(raw).is_integer() else str(raw)
    except (OverflowError, ValueError):
        raise FieldError("out_of_range", "数字太大") from None


def code(limit: int = 32) -> Parse:
    """An opaque code. Always a string: a number has lost its leading zeros or its last digits already."""

    def parse(raw: Any, _: Context) -> str:
        if not isinstance(raw, str):
            raise FieldError("type", f"编码必须是字符串，收到数字 {shorten(raw)}")
        value = raw.strip()
        if not value:
            raise FieldError("empty", "编码为空")
        if len(value) > limit:
            raise FieldError("too_long", f"长度 {len(value)} 超过 {limit} 个字符")
        if _DAMAGED_BY_EXCEL.match(value):
            raise FieldError("excel_damage", f"{shorten(value)} 像被 Excel 改成了科学计数，请按文本导出")
        if not value.isascii() and any(c.isdigit() and not c.isascii() for c in value):
            raise FieldError("full_width", f"{shorten(value)} 含有全角数字，应为半角")
        if _CONTROL.search(value):
            raise FieldError("control_character", "含有控制字符或残缺的字符")
        return value

    return parse


def choice(allowed: Mapping[str, str]) -> Parse:
    """One of the codes of a dictionary (code -> Chinese label); the Chinese label is understood as well."""
    by_label = {label: key for key, label in allowed.items()}
    known = shorten("、".join(allowed.values()), 180)

    def parse(raw: Any, _: Context) -> str:
        value = str(raw).strip()
        if value in allowed:
            return value
        if value in by_label:
            return by_label[value]
        raise FieldError("unknown_value", f"未知取值 {shorten(value)}，应为 {known} 之一")

    return parse


def number(low: float, high: float) -> Parse:
    """A finite number within [`low`, `high`]."""

    def parse(raw: Any, _: Context) -> float:
        if isinstance(raw, bool):
            raise FieldError("type", "应为数字，收到布尔值")
        try:
            value = float(raw)
        except (TypeError, ValueError, OverflowError):
            raise FieldError("not_a_number", f"{shorten(raw)} 不是数字") from None
        if not math.isfinite(value):
            raise FieldError("not_finite", f"{shorten(raw)} 不是有限数")
        if not low <= value <= high:
            raise FieldError("out_of_range", f"{shorten(raw)} 不在 {low:g} 到 {high:g} 之间")
        return value

    return parse


def whole(low: int, high: int) -> Parse:
    """A whole number within [`low`, `high`]."""
    parse_number = number(low, high)

    def parse(raw: Any, context: Context) -> int:
        value = parse_number(raw, context)
        if not value.is_integer():
            raise FieldError("not_whole", f"{shorten(raw)} 不是整数")
        return int(value)

    return parse


def flag(raw: Any, _: Context) -> bool:
    """True or false in the usual spellings, Chinese included."""
    if isinstance(raw, bool):
        return raw
    value = str(raw).strip().lower().removesuffix(".0")
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise FieldError("unknown_value", f"{shorten(raw)} 不是 是/否")


def instant(raw: Any, context: Context, pattern: str | None = None) -> datetime:
    """An aware UTC time. A time without a zone is in the centre's; more than 5 minutes ahead is an error."""
    if isinstance(raw, datetime):
        value = raw
    elif isinstance(raw, str):
        value = _from_text(raw.strip(), pattern)
    else:
        hint = time_hint(str(int(raw))) if isinstance(raw, int | float) and abs(raw) < _EPOCH_END else ""
        raise FieldError("type", f"应为时间文本，收到 {type(raw).__name__} {shorten(raw)}{hint}")
    if value.tzinfo is None:
        value = value.replace(tzinfo=context.zone)
    try:
        value = value.astimezone(UTC)
    except (OverflowError, ValueError):
        raise FieldError("out_of_range", f"{shorten(raw)} 超出可用时间范围") from None
    if value < EARLIEST:
        raise FieldError("too_early", f"{shorten(raw)} 早于 1949-10-01")
    return value


def calendar_day(raw: Any, _: Context) -> date:
    """A date; a time is cut to its date."""
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    try:
        return date.fromisoformat(str(raw).strip())
    except ValueError:
        raise FieldError("bad_date", f"{shorten(raw)} 不是日期，应为 2026-11-22") from None


def calendar_month(raw: Any, _: Context) -> date:
    """The first day of a month: 2026-11, 2026/11, 202611, 2026年11月, or any date of it."""
    if isinstance(raw, date):
        return date(raw.year, raw.month, 1)
    written = str(raw).strip().removesuffix(".0")
    match = _MONTH.match(written)
    if match and 1 <= int(match[2]) <= 12 and int(match[1]) > 0:
        return date(int(match[1]), int(match[2]), 1)
    raise FieldError("bad_date", f"{shorten(raw)} 不是月份，应为 2026-11")


def past_instant(raw: Any, context: Context, pattern: str | None = None) -> datetime:
    """An instant that has happened: at most 5 minutes ahead of now."""
    value = instant(raw, context, pattern)
    if value > context.now + FUTURE_TOLERANCE:
        raise FieldError("in_future", f"{shorten(raw)} 晚于现在 5 分钟以上，请检查上游时钟或时区")
    return value


def _from_text(value: str, pattern: str | None) -> datetime:
    try:
        if pattern and len(value) != _ISO.get(pattern):
            return datetime.strptime(value, pattern)  # noqa: DTZ007 - the zone is the caller's to add
        return datetime.fromisoformat(value.replace("/", "-") if value[4:5] == "/" else value)
    except ValueError:
        wanted = pattern or "2026-11-22 14:20:00 或 2026-11-22T14:20:00+08:00"
        told = f"{shorten(value)} 不是时间，应为 {wanted}{time_hint(value)}"
        raise FieldError("bad_time", told) from None
