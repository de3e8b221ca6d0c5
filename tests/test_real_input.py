"""Real public data of New York City: nothing in it was made for us, and what is wrong in it must be in the report."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_adapters.check import check
from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.tables import cases, quarantine, video_point
from data_adapters.report import Report, SourceReport
from data_adapters.settings import Settings, load
from data_adapters.sync import sync

CHECKOUT = Path(__file__).parents[1]
DATA = Path(os.environ.get("YIPING_REAL_DATA", CHECKOUT.parent / "shared" / "data")) / "nyc"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the public data is not at {DATA} (YIPING_REAL_DATA)"
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The example's configuration, in a folder where its store may lie."""
    folder = tmp_path_factory.mktemp("nyc")
    shutil.copy(CHECKOUT / "examples" / "nyc" / "yiping.toml", folder)
    before = os.environ.get("NYC_DATA")
    os.environ["NYC_DATA"] = str(DATA)
    try:
        return load(folder / "yiping.toml")
    finally:
        if before is None:
            del os.environ["NYC_DATA"]
        else:
            os.environ["NYC_DATA"] = before


@pytest.fixture(scope="module")
def checked(settings: Settings) -> Report:
    """What `check` says."""
    return check(settings)


@pytest.fixture(scope="module")
def synced(settings: Settings) -> tuple[Ledger, Report, tuple[str, int], Report]:
    """The ledger after two runs; the first report, the position between them, the second report."""
    ledger = Ledger.open(settings.store.url, timezone=settings.centre.timezone, root=settings.centre.root)
    first = sync(settings, ledger)
    position = ledger.position()
    second = sync(settings, ledger)
    return ledger, first, position, second


Synced = tuple[Ledger, Report, tuple[str, int], Report]


def source(report: Report, name: str) -> SourceReport:
    return next(known for known in report.sources if known.name == name)


def reasons(report: Report, name: str) -> dict[tuple[str, str], int]:
    return {key: reason.count for key, reason in source(report, name).reasons.items()}


def notes(report: Report | SourceReport) -> dict[str, int]:
    return {note.code: note.count for note in report.notes}


def test_every_row_is_accepted_or_refused(checked: Report, synced: Synced) -> None:
    for report in (checked, synced[1], synced[3]):
        counts = {known.name: known.read for known in report.sources}
        assert counts == {
            "boroughs": 5,
            "cdtas": 71,
            "ntas": 262,
            "tracts": 2327,
            "cameras": 956,
            "service-requests": 2000,
        }
        assert all(known.accepted + known.refused == known.read for known in report.sources)
        assert report.exit_code == 1


def test_check_and_both_runs_of_sync_agree(checked: Report, synced: Synced) -> None:
    def refused(report: Report) -> dict[str, dict[tuple[str, str], int]]:
        return {known.name: reasons(report, known.name) for known in report.sources}

    assert refused(checked) == refused(synced[1]) == refused(synced[3])


def test_what_is_wrong_in_the_data_is_in_the_report(checked: Report) -> None:
    assert reasons(checked, "tracts") == {("parent", "no_parent"): 2, ("geometry", "invalid_polygon"): 1}
    assert reasons(checked, "service-requests") == {("closed_at", "too_early"): 1}
    assert notes(source(checked, "service-requests")) == {"unplaced": 598}
    assert notes(source(checked, "cameras")) == {"outside": 1}
    assert notes(checked).keys() == {"root_made"}
    assert any("leak" in notes(one) for one in checked.sources)
    assert "第 1604 行：1900-01-01" in checked.as_text()


def test_five_levels_stand_under_the_made_root(synced: Synced) -> None:
    with synced[0].read(Scope.everything()) as snapshot:
        top = snapshot.top_grid()
        assert top is not None
        assert (top.code, top.name) == ("NYC", "New York City")
        assert snapshot.subtree_levels(top.path) == {0: 1, 1: 5, 2: 71, 3: 262, 4: 2324}
        assert 700 < (top.area_km2 or 0) < 900


def test_places_decide_and_what_has_none_is_kept(synced: Synced) -> None:
    def placed_in(table: sa.Table) -> dict[bool, int]:
        counted = sa.select(table.c.placed, sa.func.count()).group_by(table.c.placed)
        return {row[0]: row[1] for row in connection.execute(counted)}

    with synced[0]._reading.connect() as connection:
        placed, cameras = placed_in(cases), placed_in(video_point)
        refused = connection.execute(sa.select(sa.func.count(sa.distinct(quarantine.c.row)))).scalar_one()
    assert placed == {True: 1401, False: 598}
    assert cameras == {True: 955, False: 1}
    assert refused == 4


def test_the_second_run_finds_nothing_new(synced: Synced) -> None:
    ledger, _, position, second = synced
    assert all(known.duplicate == known.accepted for known in second.sources)
    assert ledger.position() == position
