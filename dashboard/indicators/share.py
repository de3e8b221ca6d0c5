"""Two integers become a share at the last moment: rounding, its interval, and when it says nothing."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import sqrt

#: The 97.5 % point of the normal distribution: an interval of 95 %.
_Z = 1.959963984540054
#: Below this many the share is shown as n / N only: no colour, no ranking, no comparison.
SMALL = 10


def rounded(exact: Fraction) -> float:
    """Half up (away from zero) to one decimal."""
    return float((Decimal(exact.numerator) / exact.denominator).quantize(Decimal("0.1"), ROUND_HALF_UP))


def percent(numerator: int, denominator: int) -> float | None:
    """n / N in percent, half up to one decimal; None where N is 0: neither 0 % nor 100 %."""
    return rounded(Fraction(numerator * 100, denominator)) if denominator else None


def wilson(numerator: int, denominator: int) -> tuple[float, float] | None:
    """The 95 % Wilson score interval of n / N in percent; None where N is 0 or n is no part of N."""
    if not 0 <= numerator <= denominator or denominator == 0:
        return None
    share, spread = numerator / denominator, _Z * _Z / denominator
    centre = share + spread / 2
    half = _Z * sqrt((share * (1 - share) + spread / 4) / denominator)
    low, high = ((centre + sign * half) / (1 + spread) for sign in (-1, 1))
    return rounded(Fraction(max(low, 0.0) * 100)), rounded(Fraction(min(high, 1.0) * 100))


def few(denominator: int) -> bool:
    """Whether N is too small to judge by (样本不足)."""
    return denominator < SMALL
