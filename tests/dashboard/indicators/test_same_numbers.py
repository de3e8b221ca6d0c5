"""The same numbers on the map, in the tiles, in the API and by plain SQL: 200 random grids of a small province."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bench import numbers
from data_adapters.demo.province import write_province
from data_adapters.demo.province_grids import Scale
from data_adapters.ledger import Ledger
from data_adapters.ledger.tables import gauge, video_point
from data_adapters.settings import load
from tests.data_adapters.demo.conftest import NOW

SMALL = Scale(counties=3, townships=9, villages=45, groups=90, blocks=80, points=900, cases=9_000, days=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("province")
    write_province(made, seed=11, now=NOW, scale=SMALL)
    return made


@pytest.fixture
def ledger(folder: Path) -> Iterator[Ledger]:
    opened = Ledger(f"sqlite:///{folder / 'yiping.db'}", root="990000", clock=lambda: NOW)
    yield opened
    opened.close()


def test_two_hundred_random_grids_of_every_level_say_the_same_everywhere(
    folder: Path, ledger: Ledger
) -> None:
    found = numbers.Found()
    asked = list(numbers.compare(load(folder / "yiping.toml"), ledger, 200, 200, found))
    assert len(asked) == len({grid.code for grid in asked}) == 200
    assert min(found.grids[level] for level in range(6)) >= 1
    assert found.tiles >= 200
    assert found.differing == []


def test_a_number_that_is_off_is_found(folder: Path, ledger: Ledger) -> None:
    engine = sa.create_engine(f"sqlite:///{folder / 'yiping.db'}")
    with engine.begin() as connection:
        of_root = (gauge.c.path == "000", gauge.c.measure == "open")
        connection.execute(sa.update(gauge).where(*of_root).values(n=gauge.c.n + 1))
        gone = sa.select(sa.func.min(video_point.c.id)).where(
            video_point.c.secrecy == 0, video_point.c.lon.is_not(None)
        )
        connection.execute(sa.delete(video_point).where(video_point.c.id == gone.scalar_subquery()))
    engine.dispose()
    found = numbers.Found()
    list(numbers.compare(load(folder / "yiping.toml"), ledger, 3, 1, found))
    assert any("level 0), open, API" in line for line in found.differing)
    assert any("level 0), points, API" in line for line in found.differing)
