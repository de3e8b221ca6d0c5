"""Middle values of how long handling takes: plain ones, and Kaplan–Meier's where many are still open."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dashboard.indicators.handling import Handling, kaplan_meier
from data_adapters.ledger.buckets import bounds, bucket_of

_HOUR = 3_600
_spans = st.lists(st.tuples(st.integers(1, 4_000), st.booleans()), min_size=1, max_size=40)


def product_limit(spans: list[tuple[int, bool]], share: float) -> int | None:
    """The estimate as a textbook has it, from the spans themselves: (seconds, whether it was closed then)."""
    standing = 1.0
    for moment in sorted({taken for taken, closed in spans if closed}):
        at_risk = sum(taken >= moment for taken, _ in spans)
        ended = sum(taken == moment and closed for taken, closed in spans)
        standing *= 1 - ended / at_risk
        if standing <= 1 - share + 1e-12:
            return moment
    return None


@settings(max_examples=300, deadline=None, phases=[Phase.generate])
@given(spans=_spans, share=st.sampled_from([0.5, 0.9]))
def test_the_estimate_from_buckets_lies_in_the_bucket_of_the_textbook_s(
    spans: list[tuple[int, bool]], share: float
) -> None:
    # The middle of a bucket stands for all in it: what is open in a bucket has outlived what closed in it.
    told = [(bucket_of(hours * _HOUR), closed) for hours, closed in spans]
    exact = product_limit(told, share)
    found = kaplan_meier(
        Counter(bucket for bucket, closed in told if closed),
        Counter(bucket for bucket, closed in told if not closed),
        share,
    )
    if exact is None:
        assert found is None
    else:
        low, high = bounds(exact)
        assert found is not None
        assert low <= found <= high


def test_the_open_ones_count_as_soon_as_they_are_more_than_a_tenth() -> None:
    closed = Counter({bucket_of(24 * _HOUR): 90})
    few = Handling(closed, Counter({bucket_of(240 * _HOUR): 10}))
    many = Handling(closed, Counter({bucket_of(240 * _HOUR): 11}))
    assert (few.censored, many.censored) == (False, True)


@pytest.mark.parametrize(("share", "known"), [(0.5, False), (0.3, True)])
def test_where_more_than_half_are_open_there_is_no_median_yet(share: float, known: bool) -> None:
    found = Handling(Counter({bucket_of(24 * _HOUR): 40}), Counter({bucket_of(48 * _HOUR): 60}))
    assert (found.quantile(share) is not None) == known
