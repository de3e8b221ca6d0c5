"""What the corpus promises of itself."""

from __future__ import annotations

from collections import Counter

from tests.bad.calls import REQUESTS
from tests.bad.corpus import Bad
from tests.bad.files import FILES
from tests.bad.incidents import INCIDENTS
from tests.bad.rows import ROWS

ALL: list[Bad] = [*FILES, *ROWS, *INCIDENTS, *REQUESTS]
#: B17's socket belongs to the tests of the live feed, B22's failing upstream to those of the sync.
CLASSES = {f"B{n}" for n in range(1, 24)}


def test_the_corpus_has_five_hundred_bad_things_of_every_class() -> None:
    assert len(ALL) >= 500
    assert {bad.group for bad in ALL} == CLASSES


def test_each_is_described_and_given_once() -> None:
    assert all(bad.what and bad.expected for bad in ALL)
    given = Counter((type(bad), getattr(bad, "kind", ""), str(bad)) for bad in ALL)
    assert [name for name, n in given.items() if n > 1] == []
