"""The corpus of bad rows: each is refused under its reason, and takes no good row with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_adapters import report
from data_adapters.check import check
from data_adapters.ledger import Ledger
from data_adapters.sync import sync
from tests.bad.corpus import BadRow
from tests.bad.cost import bounded
from tests.bad.county import settings_of, write_rows
from tests.bad.rows import MAPPED, ROWS


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, report.Report]:
    """One county with every bad row, checked once; of each reason every example."""
    folder = tmp_path_factory.mktemp("rows")
    sources = [write_rows(folder, kind, [row for row in ROWS if row.kind == kind]) for kind in MAPPED]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "EXAMPLES", len(ROWS))
        settings = settings_of(folder, sources)
        with bounded():  # all of them together, so each of them too
            return folder, check(settings)


def codes(told: report.SourceReport) -> dict[str, set[str]]:
    """row -> the codes it was refused for."""
    found: dict[str, set[str]] = {}
    for reason in told.reasons.values():
        for example in reason.told.values():
            assert 0 < len(example.reason) <= 256
            for row in example.rows:
                found.setdefault(row, set()).add(reason.code)
    return found


@pytest.mark.parametrize("bad", ROWS, ids=lambda bad: f"{bad.kind}-{bad}")
def test_a_row_gets_its_reason(corpus: tuple[Path, report.Report], bad: BadRow) -> None:
    name = "cases" if bad.kind == "case" else bad.kind
    told = next(known for known in corpus[1].sources if known.name == name)
    assert told.error is None
    place = [row for row in ROWS if row.kind == bad.kind].index(bad)
    found = codes(told).get(str(place + (2 if bad.kind == "grid" else 1)), {"accepted"})
    assert bad.expected in found


def test_what_check_says_of_the_corpus_is_what_sync_does(corpus: tuple[Path, report.Report]) -> None:
    folder, checked = corpus
    sources = [write_rows(folder, kind, [row for row in ROWS if row.kind == kind]) for kind in MAPPED]
    ledger = Ledger.open(f"sqlite:///{folder / 'store.db'}", root="6205")
    synced = sync(settings_of(folder, sources), ledger)
    ledger.close()
    counts = [
        {told.name: (told.read, told.accepted, told.refused) for told in made.sources}
        for made in (checked, synced)
    ]
    assert counts[0] == counts[1]
    assert checked.exit_code == synced.exit_code == 1
