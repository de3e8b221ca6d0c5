"""The list of mechanisms is whole: every published one is on it once, with a state that is one of four."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROWS = {"SD": (1, 15), "SX": (1, 10), "QS": (1, 21), "TF": (3, 16), "DY": (1, 14)}
TEXT = (Path(__file__).parents[1] / "docs" / "mechanisms.md").read_text("utf-8")


@pytest.mark.parametrize("place", sorted(ROWS))
def test_every_mechanism_of_a_place_is_listed_once_with_its_state(place: str) -> None:
    told = re.findall(rf"^\| ({place}\d+) \| [^|]+ \| (有|部分|没有|不做) \| \S.* \|$", TEXT, re.MULTILINE)
    first, last = ROWS[place]
    assert [id_ for id_, _ in told] == [f"{place}{number}" for number in range(first, last + 1)]
