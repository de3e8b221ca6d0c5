"""The corpus of bad files: what the real `check` says of each, in one line, whatever is in it, and at what cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_adapters.check import check
from data_adapters.readers import confined
from data_adapters.report import Report, SourceReport
from tests.bad.corpus import BadFile
from tests.bad.cost import CPU_S, MEMORY_MB, bounded
from tests.bad.county import settings_of, source_text
from tests.bad.files import FILES


def found_in(report: Report, told: SourceReport) -> set[str]:
    """Everything the report says of a source, as the corpus writes it."""
    if told.error_code is not None:
        return {told.error_code}
    found = {reason.code for reason in told.reasons.values()}
    found |= {f"note:{note.code}" for note in (*told.notes, *report.notes)}
    # How a file was read is told of good ones too.
    return found | {"accepted"} if found <= {"note:reader"} else found


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reading process may take no more than a bad input may cost: beyond that it says ``too_costly``."""
    strict = confined.Limits(memory_mb=MEMORY_MB, cpu_s=round(CPU_S), wait_s=60)
    monkeypatch.setattr(confined, "limits_of", lambda _: strict)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("bad", FILES, ids=str)
def test_a_file_gets_its_reason_for_two_seconds_and_300_megabytes_at_most(
    tmp_path: Path, bad: BadFile
) -> None:
    bad.write(tmp_path / bad.name)
    text = source_text(bad.kind, "bad", bad.name, bad.source)
    alone = range(0) if bad.expected == "no_ground" else range(3)
    settings = settings_of(tmp_path, [text], alone)
    with bounded():
        report = check(settings)
    (told,) = [known for known in report.sources if known.name == "bad"]
    assert bad.expected in found_in(report, told), report.as_text()
    words = report.as_text()
    assert "Traceback" not in words
    assert max(map(len, words.splitlines())) <= 400
    assert report.exit_code == (0 if told.error is None and not told.refused else 2 if told.error else 1)


def test_every_name_of_the_corpus_is_given_once() -> None:
    names = [str(bad) for bad in FILES]
    assert len(names) == len(set(names))
