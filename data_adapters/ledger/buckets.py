"""How long something took, as one of few buckets: a histogram is summed where the rows behind it are too many.

Eight buckets to the doubling, from a minute on: a middle value read from them is at most 4.5 % off, less with the
interpolation within the bucket. Bucket 0 is what took less than a minute. The edges are whole seconds, so that a
row, a column of rows and the database agree to the second.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

#: The first second of bucket 1, 2, 3 …; the last ones are longer than any life of a case.
EDGES = tuple(round(60 * 2 ** (step / 8)) for step in range(8 * 24))


def bucket_of(seconds: int) -> int:
    """The bucket of a span of whole seconds; a negative one counts as 0."""
    return bisect_right(EDGES, seconds)


def bounds(bucket: int) -> tuple[int, int]:
    """[low, high) seconds of a bucket."""
    return (EDGES[bucket - 1] if bucket else 0), EDGES[min(bucket, len(EDGES) - 1)]


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """Seconds below which `share` of the spans lie, interpolated within the bucket; None where there are none."""
    total = sum(counts.values())
    if total == 0:
        return None
    wanted, passed = share * total, 0
    for bucket in sorted(counts):
        n = counts[bucket]
        if n and passed + n >= wanted:
            low, high = bounds(bucket)
            return low + (high - low) * (wanted - passed) / n
        passed += n
    return float(bounds(max(counts))[1])
