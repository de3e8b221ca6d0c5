"""What the corpus promises of itself."""

from __future__ import annotations

from collections import Counter

from tests.bad.calls import REQUESTS
from tests.bad.corpus import Bad
from tests.bad.files import FILES
from tests.bad.incidents import INCIDENTS
from tests.bad.rows import ROWS

ALL: list[Bad] = [*FILES, *ROWS, *INCIDENTS, *REQUESTS]
#: B12 and B17's socket belong to the tests of the pages and of the live feed, B22's failing upstream to the sync's.
CLASSES = {f"B{n}" for n in range(1, 24)} - {"B12"}


def test_the_corpus_has_three_hundred_bad_things_of_every_class() -> None:
    assert len(ALL) >= 300
    assert {bad.group for bad in ALL} == CLASSES


def test_each_is_described_and_given_once() -> None:
    assert all(bad.what and bad.expected for bad in ALL)
    given = Counter((type(bad), getattr(bad, "kind", ""), str(bad)) for bad in ALL)
    assert [name for name, n in given.items() if n > 1] == []
