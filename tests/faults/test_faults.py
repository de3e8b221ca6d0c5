"""The short form of every fault. Times are measured here and judged by `make faults`, on a machine of its own."""

from __future__ import annotations

import pytest

from tests.faults.__main__ import run
from tests.faults.catalogue import FAULTS, Fault
from tests.faults.figure import table

#: A run that stands still fails before the limit of a test ends it, and tells which fault it was.
WITHIN_S = 540.0
SHORT = {name: fault for name, fault in FAULTS.items() if fault.short is not None}


@pytest.mark.parametrize("fault", SHORT.values(), ids=list(SHORT))
def test_what_is_promised_holds_in_spite_of(fault: Fault) -> None:
    assert fault.short is not None
    figures, _ = run(fault, fault.short, WITHIN_S)
    assert figures
    missed = [figure for figure in figures if not figure.holds and not figure.timed]
    assert missed == [], table([(fault.name, figure) for figure in figures])
