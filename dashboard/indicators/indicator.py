"""One entry of the catalogue: what it is called, what it counts over what, and in which period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from dashboard.indicators.reading import Reading
from dashboard.indicators.share import few, rounded, wilson

Measure = Callable[[Reading], tuple[int, int | None]]
#: Rows that were not counted: why, and how many.
LeftOut = tuple[str, Callable[[Reading], int]]

FLOW = "期内发生"
NOW = "此刻存量，与期间无关"
END = "期末存量"
COHORT = "期内一批的现状，随时间上升"
EXPIRED = "时限在期内届满的，今日届满的次日起计"

CASE = ("case",)
VIDEO = ("video_point", "video_status")
GRID = ("grid",)
_PERCENT = Fraction(100)


def _percent(_: Reading) -> Fraction:
    return _PERCENT


@dataclass(frozen=True, slots=True)
class Indicator:
    """``measure`` gives (numerator, denominator); a count has no denominator of its own: None.

    ``better`` is the direction one wants, "" where there is none. ``factor`` makes the value of n / N; without
    ``interval`` the numerator is no part of the denominator. ``minimum``: a smaller numerator is not shown.
    ``listed``: the cases reported in the period are the rows behind it.
    """

    id: str
    label: str
    label_en: str
    unit: str
    formula: str
    measure: Measure
    numerator: str = ""
    denominator: str = ""
    better: Literal["up", "down", ""] = ""
    period: str = FLOW
    kinds: tuple[str, ...] = CASE
    left_out: tuple[LeftOut, ...] = ()
    factor: Callable[[Reading], Fraction] = _percent
    interval: bool = True
    minimum: int = 0
    listed: bool = False

    def value(self, reading: Reading, numerator: int, denominator: int | None) -> float | None:
        """What is shown: the count itself, or n / N to one decimal; None where N is 0 or unknown, or n too small."""
        if not self.denominator:
            return numerator
        if not denominator or numerator < self.minimum:
            return None
        return rounded(Fraction(numerator, denominator) * self.factor(reading))

    def bounds(self, numerator: int, denominator: int | None) -> tuple[float, float] | None:
        """The 95 % Wilson interval in percent, None for what is no share."""
        return wilson(numerator, denominator or 0) if self.denominator and self.interval else None

    def note(self, numerator: int, denominator: int | None) -> str:
        """What must be said beside the value."""
        if not self.denominator:
            return ""
        if not denominator:
            return "分母为 0"
        if numerator < self.minimum:
            return f"不足 {self.minimum} 件，不显示"
        return "样本不足" if few(denominator) else ""
