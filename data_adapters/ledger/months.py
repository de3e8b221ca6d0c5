"""Whole months of a histogram: kept as one more row each, so that a year is twelve of them and not 365 days.

A month stands in the column of days, far below any day there is.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from data_adapters.ledger.contributions import DAY_0

_BELOW = -2_000_000


def month_of(day: int) -> int:
    """Where the month of a local day (since 1970-01-01) stands."""
    return _place(_month(day))


def months_of(days: Any) -> Any:
    """The same of an array of days."""
    return _BELOW - days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def stretches(first: int, last: int) -> list[tuple[int, int]]:
    """What together are the days `first` to `last`, both included, as ranges of the column: the days before the first
    whole month, the whole months, the days after them."""
    begin, end = _month(first), _month(last)
    if _start(begin) < first:
        begin += 1
    if _start(end + 1) - 1 > last:
        end -= 1
    if end < begin:
        return [(first, last)]
    found = [(first, _start(begin) - 1), (_place(end), _place(begin)), (_start(end + 1), last)]
    return [(low, high) for low, high in found if low <= high]


def _place(month: int) -> int:
    return _BELOW - month


def _month(day: int) -> int:
    at = date.fromordinal(day + DAY_0.toordinal())
    return (at.year - 1970) * 12 + at.month - 1


def _start(month: int) -> int:
    return int(np.datetime64(month, "M").astype("datetime64[D]").astype(np.int64))
