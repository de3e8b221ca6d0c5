"""Whoever keeps the configuration is told what to do about every reason that rows of the corpus are refused for."""

from __future__ import annotations

import pytest

from data_adapters.remedy import note_remedy, remedy
from tests.bad.files import FILES
from tests.bad.rows import ROWS

_TOLD = {"accepted"}
CODES = sorted({row.expected for row in ROWS} - _TOLD)
NOTES = sorted({file.expected for file in FILES if file.expected.startswith("note:")})


@pytest.mark.parametrize("code", CODES)
def test_a_refusal_comes_with_what_to_do_in_words_of_the_source(code: str) -> None:
    told = remedy("lon", code, "经度")
    assert told
    assert "{column}" not in told
    assert "{field}" not in told
    assert remedy("lon", code)


@pytest.mark.parametrize("code", NOTES)
def test_a_note_comes_with_what_to_do(code: str) -> None:
    assert note_remedy(code.removeprefix("note:"))
