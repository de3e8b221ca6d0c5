"""So many writes at once, and no source keeps another out."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from dashboard.admission import Admission
from dashboard.lane import Busy


def test_one_source_gets_so_many_places_and_another_still_gets_one() -> None:
    admission = Admission(3)
    with ExitStack() as inside:
        for _ in range(3):
            inside.enter_context(admission.of("flood"))
        with pytest.raises(Busy), admission.of("flood"):
            pass
        with admission.of("quiet"), pytest.raises(Busy), admission.of("quiet"):
            pass
        for n in range(3):
            inside.enter_context(admission.of(f"other {n}"))
        with pytest.raises(Busy), admission.of("one too many"):
            pass
    assert admission.total == 0
    with admission.of("flood"):
        assert admission.total == 1


def test_a_write_that_fails_gives_its_place_back() -> None:
    admission = Admission(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), admission.of("one"):
            raise ZeroDivisionError
    assert admission.total == 0
    assert not admission._of
