"""Sums of counts as a county writes them: what they may say, and what is said of the others."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_adapters.ledger.declared import NAMES, is_declared
from data_adapters.sum_of_counts import SumOfCounts


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("closed", ((1, "closed"),)),
        ("closed + transferred", ((1, "closed"), (1, "transferred"))),
        ("closed+transferred-reopened", ((1, "closed"), (1, "transferred"), (-1, "reopened"))),
        ("accepted − accepted_void", ((1, "accepted"), (-1, "accepted_void"))),
        ("-closed + open.category.邻里", ((-1, "closed"), (1, "open.category.邻里"))),
    ],
)
def test_counts_are_added_and_taken_away(text: str, terms: tuple[tuple[int, str], ...]) -> None:
    assert SumOfCounts.parse(text).terms == terms


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clsoed", "没有名为 clsoed 的计数，是否想写 closed？"),
        ("closed +", "'closed +' 不完整"),
        ("", "'' 不完整"),
        ("closed + + accepted", "+ 前缺少计数的名称"),
        ("closed accepted", "accepted 前缺少 + 或 -"),
        ("closed * 2", "* 前缺少 + 或 -"),
        ("__import__('os').system('true')", "没有名为 __import__('os').system('true') 的计数"),
        ("open.category.", "没有名为 open.category. 的计数"),
        ("closed" + " + closed" * 30, "31 项太多"),
    ],
)
def test_anything_else_is_told_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^[^\n]*{re.escape(said)}[^\n]*$"):
        SumOfCounts.parse(text)


@given(st.text())
def test_whatever_is_written_is_a_sum_of_declared_counts_or_one_line(text: str) -> None:
    with suppress(ValueError):
        assert all(sign in (1, -1) and is_declared(name) for sign, name in SumOfCounts.parse(text).terms)


@given(st.lists(st.tuples(st.sampled_from("+-"), st.sampled_from(sorted(NAMES))), min_size=1, max_size=20))
def test_every_declared_count_can_be_named(parts: list[tuple[str, str]]) -> None:
    written = " ".join(f"{sign} {name}" for sign, name in parts)
    assert SumOfCounts.parse(written).terms == tuple((1 if sign == "+" else -1, name) for sign, name in parts)
