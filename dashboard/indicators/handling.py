"""How long handling takes (K12): plain middle values, or Kaplan–Meier's where many of the cases are still open.

A case that is open has taken at least until now; leaving it out would make a slow centre look quick.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from data_adapters.ledger.buckets import bounds, quantile

#: More open ones than this share of the cohort: they are counted as not yet finished.
OPEN_SHARE = 0.10


@dataclass(frozen=True, slots=True)
class Handling:
    """The cases accepted in a period: how long the closed ones took (buckets), how long the others have so far."""

    closed: Counter[int]
    waiting: Counter[int]

    @property
    def censored(self) -> bool:
        """Whether so many are open that they must be counted in."""
        n = self.waiting.total()
        return n > OPEN_SHARE * (n + self.closed.total())

    def quantile(self, share: float) -> int | None:
        """Whole seconds within which `share` of the cases are closed; None where that is not known yet."""
        found = (
            kaplan_meier(self.closed, self.waiting, share) if self.censored else quantile(self.closed, share)
        )
        return None if found is None else round(found)


def kaplan_meier(closed: Counter[int], waiting: Counter[int], share: float) -> float | None:
    """The time by which `share` are closed, as the product-limit estimate has it; None where it never gets there."""
    at_risk = closed.total() + waiting.total()
    standing = 1.0
    for bucket in sorted({*closed, *waiting}):
        if closed[bucket]:
            then = standing * (1 - closed[bucket] / at_risk)
            if then <= 1 - share + 1e-12:
                low, high = bounds(bucket)
                # Where all of the bucket is needed, the quotient may come out a little above 1.
                return low + (high - low) * min(1.0, (standing - (1 - share)) / (standing - then))
            standing = then
        at_risk -= closed[bucket] + waiting[bucket]
    return None
