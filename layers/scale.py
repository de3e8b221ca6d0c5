"""A number to one of six steps of the sequential ramp, and the legend that says so.

The page does the same for its live map; both follow this rule, so that a step means one thing everywhere.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

STEPS = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend: `low` to `high`, both included; `high` is None for the open top."""

    step: int
    low: int
    high: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Scale:
    """At most six classes of whole numbers. `lows`: the least number of each, strictly increasing from 0 or below.

    Values with one decimal are tenths here.
    """

    lows: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.lows) <= STEPS or self.lows[0] > 0:
            raise ValueError(f"色阶 {self.lows} 不对：应有 1 到 {STEPS} 个下限，从 0 或以下开始")
        if any(low >= after for low, after in zip(self.lows, self.lows[1:], strict=False)):
            raise ValueError(f"色阶 {self.lows} 不对：下限应逐级增大")

    @classmethod
    def quantile(cls, values: Iterable[int]) -> Scale:
        """About equally many of `values` in each class; fewer classes for few values."""
        ordered = sorted(values)
        lows = [min(0, ordered[0]) if ordered else 0]
        if ordered and ordered[0] < ordered[-1]:
            for part in range(1, STEPS):
                low = max(lows[-1] + 1, ordered[part * len(ordered) // STEPS])
                if low > ordered[-1]:
                    break
                lows.append(low)
        return cls(tuple(lows))

    @classmethod
    def fixed(cls, bounds: Iterable[int]) -> Scale:
        """The classes that begin at `bounds` (rising), and one below them from 0 on."""
        rising = sorted(set(bounds))
        return cls((min(0, rising[0] - 1), *rising) if rising and rising[0] != 0 else tuple(rising) or (0,))

    def class_of(self, value: int) -> int:
        """The number of the class that holds a value, 0 first."""
        return max(bisect_right(self.lows, value) - 1, 0)

    def step(self, value: int | None) -> int | None:
        """The ramp's step, 0 to 5: few classes stay on its calm side. None where nothing is counted."""
        return None if value is None else self._shade(self.class_of(value))

    def legend(self, values: Iterable[int]) -> list[Entry]:
        """One entry a class, with how many of `values` fall into it: the counts add up."""
        counts = [0] * len(self.lows)
        for value in values:
            counts[self.class_of(value)] += 1
        highs = [low - 1 for low in self.lows[1:]]
        return [
            Entry(self._shade(at), low, high, count)
            for at, (low, high, count) in enumerate(zip(self.lows, [*highs, None], counts, strict=True))
        ]

    def _shade(self, number: int) -> int:
        if len(self.lows) <= 3:
            return number * 2
        # Halves upwards, as the page rounds.
        return int(number * (STEPS - 1) / (len(self.lows) - 1) + 0.5)
