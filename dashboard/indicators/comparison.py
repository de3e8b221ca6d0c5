"""同比 and 环比: a count changes in percent, a rate in percentage points, and a small base says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from dashboard.indicators.share import SMALL, rounded

_MINUS = "−"


@dataclass(frozen=True, slots=True)
class Comparison:
    """``text`` is ready to show. ``delta`` is in ``unit``: "%", "pp" (百分点) or "" for a plain difference."""

    text: str
    delta: float | None = None
    unit: str = ""


def of_counts(now: int, then: int) -> Comparison:
    """The relative change of a count; the difference alone where the base is under 10, nothing where it is 0."""
    if then == 0:
        return Comparison("—（基期为0）")
    if then < SMALL:
        return Comparison(f"{signed(now - then)}（基期 {then}）", now - then)
    change = rounded(Fraction((now - then) * 100, then))
    return Comparison(signed(change, "%"), change, "%")


def of_shares(now: tuple[int, int], then: tuple[int, int]) -> Comparison:
    """The change of n / N in percentage points, rounded once; nothing where either N is 0."""
    if now[1] == 0 or then[1] == 0:
        return Comparison("—（基期为0）" if then[1] == 0 else "—")
    points = rounded((Fraction(*now) - Fraction(*then)) * 100)
    return Comparison(signed(points, " pp"), points, "pp")


def signed(difference: float, unit: str = "") -> str:
    """``+1.2 pp``, ``−15.5%``, ``持平``."""
    if difference == 0:
        return "持平"
    size = f"{abs(difference)}" if isinstance(difference, int) else f"{abs(difference):.1f}"
    return f"{'+' if difference > 0 else _MINUS}{size}{unit}"
