"""A small 示范省, made by the same code as the whole one: borders, shares, the bulk path, going on after a kill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import sqlalchemy as sa

from data_adapters.demo import facts, province
from data_adapters.demo.happenings import CASE, happenings
from data_adapters.demo.province import write_province
from data_adapters.demo.province_grids import Scale
from data_adapters.demo.start import read_start
from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.tables import case_event, cases, change, gauge, tally, video_point, video_status
from data_adapters.records import life
from data_adapters.settings import load
from tests.data_adapters.demo.conftest import NOW

SMALL = Scale(
    counties=3, townships=7, villages=40, groups=120, blocks=90, points=900, cases=6_000, timeline_days=60
)
EVERYTHING = Scope.everything()


def make(folder: Path, store: str | None = None, **more: Any) -> None:
    write_province(folder, store=store, seed=7, now=NOW, scale=SMALL, **more)


@pytest.fixture(scope="module", autouse=True)
def _small_batches() -> Iterator[None]:
    """Several batches even here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(province, "BATCH", 700)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("province")
    make(place)
    return place


@pytest.fixture(scope="module")
def ledger(folder: Path) -> Iterator[Ledger]:
    settings = load(folder / "yiping.toml")
    opened = Ledger.open(settings.store.url, timezone=settings.centre.timezone, root=settings.centre.root)
    yield opened
    opened.close()


def rows(ledger: Ledger, chosen: sa.Select[Any]) -> list[Any]:
    with ledger.read(EVERYTHING) as snapshot:
        return list(snapshot._connection.execute(chosen).all())


def test_every_level_has_its_number_of_grids_and_shares_its_borders_vertex_for_vertex(ledger: Ledger) -> None:
    with ledger.read(EVERYTHING) as snapshot:
        assert snapshot.subtree_levels("000") == {0: 1, 1: 3, 2: 7, 3: 40, 4: 120, 5: 90}
        for level in range(1, 6):
            found = snapshot.grids_of_level(level)
            shapes = snapshot.geometries([row.path for row in found])
            assert shapely.coverage_is_valid(np.array(list(shapes.values())))
            for path in {row.parent_path or "" for row in found}:
                above = snapshot.geometries([path])[path]
                below = [shapes[row.path] for row in found if row.parent_path == path]
                assert shapely.equals(shapely.union_all(below), above)


def test_the_shares_are_the_published_ones(ledger: Ledger) -> None:
    told = rows(ledger, sa.select(cases.c.category, cases.c.grade, cases.c.state, cases.c.outcome))
    assert len(told) == SMALL.cases
    categories = Counter(row.category for row in told)
    published = sum(category.share for category in facts.CATEGORIES)
    for category in facts.CATEGORIES:
        share = category.share / published
        assert abs(categories[category.name] / len(told) - share) < 4 * (share / len(told)) ** 0.5 + 0.003
    grades = Counter(row.grade for row in told)
    for grade, share in facts.GRADES.items():
        assert abs(grades[grade] / len(told) - share) < 0.015
    assert 0.985 < sum(row.outcome == "SUCCESS" for row in told) / len(told) < 0.999
    on = rows(ledger, sa.select(sa.func.count()).where(video_point.c.status == "ON"))[0][0]
    assert 0.96 < on / SMALL.points < 0.99


def test_recent_cases_have_their_whole_legal_timeline_and_older_ones_the_dates_of_their_stages(
    ledger: Ledger,
) -> None:
    since = NOW.timestamp() - SMALL.timeline_days * 86_400
    found = rows(ledger, sa.select(cases))
    steps: dict[int, list[Any]] = {}
    for row in rows(ledger, sa.select(case_event).order_by(case_event.c.case_id, case_event.c.number)):
        steps.setdefault(row.case_id, []).append(row)
    for row in found:
        recent = row.reported_at.timestamp() >= since
        assert (row.id in steps) == recent
        if recent:
            state = "REPORTED"
            for step in steps[row.id][1:]:
                following = life.next_state(state, step.type)
                assert following is not None, (row.source_id, state, step.type)
                state = following
            assert steps[row.id][0].type == "REPORT"
            assert [step.at for step in steps[row.id]] == sorted(step.at for step in steps[row.id])
            assert state == row.state or (state, row.state) == ("TRIAGED", "ASSIGNED")
    closed = [row for row in found if row.state == "ARCHIVED"]
    assert all(row.accepted_at <= row.resolved_at <= row.closed_at <= row.followed_up_at for row in closed)


def test_the_counts_are_those_of_the_rows(ledger: Ledger) -> None:
    def kept() -> list[list[Any]]:
        tallied = [tuple(row) for row in rows(ledger, sa.select(tally)) if any(row[2:])]
        stocks = [tuple(row) for row in rows(ledger, sa.select(gauge)) if row.n]
        return [sorted(tallied), sorted(stocks)]

    before = kept()
    assert before[0]
    ledger.rebuild_counts()
    assert kept() == before
    total = rows(ledger, sa.select(sa.func.sum(tally.c.reported)).where(tally.c.path == "000"))[0][0]
    assert total == SMALL.cases


def test_a_load_is_a_handful_of_changes_and_points_lie_in_the_lowest_grids(ledger: Ledger) -> None:
    kinds = Counter(row.type for row in rows(ledger, sa.select(change.c.type)))
    assert set(kinds) == {"bulk"}
    assert kinds["bulk"] < 40
    depths = Counter(len(row.path) // 3 - 1 for row in rows(ledger, sa.select(video_point.c.path)))
    assert set(depths) == {4, 5}


def told_by(ledger: Ledger) -> list[list[Any]]:
    """What was told of everything, whenever it was stored."""
    names = "source_id category grade state reported_at closed_at path due_at case_no".split()
    chosen = [
        sa.select(*(cases.c[name] for name in names)).order_by(cases.c.source_id),
        sa.select(case_event.c.source_id, case_event.c.number, case_event.c.at).order_by(
            case_event.c.source_id
        ),
        sa.select(video_point.c.point_id, video_point.c.path, video_point.c.status).order_by(
            video_point.c.point_id
        ),
        sa.select(video_status.c.point_id, video_status.c.at).order_by(
            video_status.c.point_id, video_status.c.at
        ),
    ]
    return [[tuple(row) for row in rows(ledger, one)] for one in chosen]


def test_one_that_is_killed_goes_on_at_the_last_batch_to_the_same_province(
    ledger: Ledger, ledger_url: str, tmp_path: Path
) -> None:
    stages: Counter[str] = Counter()

    def killed_at(stage: str, batch: int) -> Any:
        def progress(name: str, done: int, total: int) -> None:
            stages[name] += 1
            if name == stage and done > batch * 700:
                raise KeyboardInterrupt

        return progress

    for stage, batch in (("视频点位", 0), ("案件", 2)):
        with pytest.raises(KeyboardInterrupt):
            make(tmp_path, ledger_url, progress=killed_at(stage, batch))
    assert not (tmp_path / "yiping.toml").exists()
    make(tmp_path, ledger_url, progress=killed_at("", 0))
    assert stages["网格边界"] == 7  # steps: the borders were made once
    again = Ledger.open(ledger_url, root="990000")
    assert told_by(again) == told_by(ledger)
    again.close()


def test_the_feed_goes_on_from_the_province(folder: Path, ledger: Ledger) -> None:
    start = read_start(folder)
    assert len(start.points) == SMALL.points
    known = {row.source_id for row in rows(ledger, sa.select(cases.c.source_id))}
    unfinished = {row.source_id for row in rows(ledger, sa.select(cases.c.source_id).where(cases.c.is_open))}
    assert unfinished <= {one.source_id for one in start.lives} <= known
    coming = list(islice(happenings(start), 300))
    assert [one.at for one in coming] == sorted(one.at for one in coming)
    assert all(one.at > start.at for one in coming)
    new = {one.record["source_id"] for one in coming if one.kind == CASE} - known
    assert new
    assert {one.kind for one in coming} == {"case", "video_status"}
