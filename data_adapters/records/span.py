"""A limit as people write it: ``7d`` natural days, ``1wd`` or ``0.5wd`` workdays, ``2h`` hours, ``30m`` minutes.

Natural days and workdays begin the day after and end at 23:59:59 local time; a natural-day limit that would end on a
day of rest ends with the next workday. Hours and minutes are elapsed time. ``0wd`` is the end of the same workday.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from data_adapters.records.workdays import is_workday, workday_after, workday_before

_TEXT = re.compile(r"^(\d+(?:\.5)?)\s*(wd|d|h|m)$")
_LAST_SECOND = time(23, 59, 59)
_NOON = time(12)


@dataclass(frozen=True, slots=True)
class Span:
    """``halves``: the number twice over, so that half a workday is whole. ``unit``: wd, d, h or m."""

    halves: int
    unit: Literal["wd", "d", "h", "m"]

    @classmethod
    def of(cls, text: str) -> Span:
        """From its text. Raises ValueError that says what is right."""
        match = _TEXT.match(text.strip())
        if match is None or (match[2] == "m" and "." in match[1]) or (match[2] == "d" and "." in match[1]):
            raise ValueError(f"{text!r} 不是时限，应为 7d（自然日）、1wd（工作日）、2h 或 30m")
        unit: Literal["wd", "d", "h", "m"] = match[2]  # type: ignore[assignment]
        return cls(round(float(match[1]) * 2), unit)

    def __str__(self) -> str:
        number = self.halves / 2
        return f"{number:g}{self.unit}"

    @property
    def by_day(self) -> bool:
        """Whether the end depends on the local day of the start only, not on its hour."""
        return self.unit == "d" or (self.unit == "wd" and self.halves % 2 == 0)

    @property
    def elapsed(self) -> timedelta | None:
        """The time itself where it is hours or minutes."""
        if self.unit not in {"h", "m"}:
            return None
        return timedelta(hours=self.halves / 2) if self.unit == "h" else timedelta(minutes=self.halves / 2)

    @property
    def length(self) -> timedelta:
        """The time itself, a day of either kind taken as 24 hours."""
        return self.elapsed or timedelta(hours=12 * self.halves)

    def after(self, start: datetime, zone: ZoneInfo) -> datetime:
        """The end of the limit that begins at `start` (aware)."""
        if self.elapsed is not None:
            return start + self.elapsed
        local = start.astimezone(zone)
        days, half = divmod(self.halves, 2)
        if self.unit == "d":
            last = workday_after(local.date() + timedelta(days=days), 0, zone)
        elif not half:
            last = workday_after(local.date(), days, zone)
        else:
            # Half a workday from a morning ends with the day, from an afternoon at noon of the next.
            morning = is_workday(local.date(), zone) and local.time() < _NOON
            last = workday_after(local.date(), days, zone) if days or morning else local.date()
            if not morning:
                return datetime.combine(workday_after(last, 1, zone), _NOON, zone)
        return datetime.combine(last, _LAST_SECOND, zone)

    def before(self, end: datetime, zone: ZoneInfo) -> datetime:
        """The moment this span ahead of `end`; half a workday counts as a whole one."""
        if self.elapsed is not None:
            return end - self.elapsed
        if self.unit == "d":
            return end - timedelta(days=self.halves // 2)
        local = end.astimezone(zone)
        day = workday_before(local.date(), (self.halves + 1) // 2, zone)
        return datetime.combine(day, local.timetz(), zone)
