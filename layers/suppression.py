"""Small numbers of sensitive categories are not told, and cannot be worked out (domain dictionary, section 7.2).

A single number left out of a row with a total is no secret: the rest gives it away. So where just one is left
out, the next smallest goes with it (complementary suppression).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

#: The least number that is told.
LEAST = 5

_Key = TypeVar("_Key")


def suppressed(counts: Mapping[_Key, int]) -> dict[_Key, int | None]:
    """The counts of the parts of one known total, None for those that are not told. Nothing (0) is told.

    What is left out adds up to `LEAST` at the least, over two parts at the least; else everything but 0 goes.
    """
    hidden = {key for key, n in counts.items() if 0 < n < LEAST}
    for key, n in sorted(counts.items(), key=lambda one: one[1]):
        if not hidden or (len(hidden) > 1 and sum(counts[one] for one in hidden) >= LEAST):
            break
        if n >= LEAST:
            hidden.add(key)
    return {key: None if key in hidden else n for key, n in counts.items()}
