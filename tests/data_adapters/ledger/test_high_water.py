"""A store that went back to an earlier time is noticed at the next start, and begins a new life."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_adapters.ledger import Ledger
from data_adapters.ledger.high_water import HighWater
from tests.fixtures.town import case, open_town


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """A town with ten cases: the log ends at 11."""
    opened = open_town(ledger_url)
    opened.write_cases([case(n) for n in range(10)])
    yield opened
    opened.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "yiping.shown"


def show(ledger: Ledger, path: Path, seq: int | None = None) -> None:
    """A server showed the log up to `seq`, or its end."""
    path.parent.mkdir(exist_ok=True)
    epoch, top = ledger.position()
    row = ledger.log_after((top if seq is None else seq) - 1, 1)[0]
    HighWater(path).note(epoch, row)


def cut(ledger: Ledger, seq: int) -> None:
    """The log ends at `seq` again, as in a backup."""
    with ledger._writing.connect() as connection, connection.begin():
        connection.execute(sa.text("DELETE FROM change WHERE seq > :seq"), {"seq": seq})
        connection.execute(sa.text("DELETE FROM cases WHERE seq > :seq"), {"seq": seq})
        connection.execute(sa.text("UPDATE stream SET top = :seq"), {"seq": seq})


def test_a_store_that_is_what_was_shown_or_more_keeps_its_life(ledger: Ledger, path: Path) -> None:
    assert not HighWater(path).renew_if_restored(ledger)
    show(ledger, path, 7)
    assert not HighWater(path).renew_if_restored(ledger)
    show(ledger, path)
    ledger.write_cases([case(20)])
    assert not HighWater(path).renew_if_restored(ledger)


def test_a_store_that_has_less_begins_a_new_life(ledger: Ledger, path: Path) -> None:
    show(ledger, path)
    epoch, _ = ledger.position()
    cut(ledger, 8)
    assert HighWater(path).renew_if_restored(ledger)
    assert ledger.position()[0] != epoch
    assert ledger.position()[1] == 8
    assert not HighWater(path).renew_if_restored(ledger), "once"


def test_a_store_that_went_back_and_has_grown_again_begins_a_new_life(ledger: Ledger, path: Path) -> None:
    show(ledger, path)
    cut(ledger, 8)
    ledger.write_cases([case(n) for n in range(30, 40)])
    assert ledger.position()[1] > 11
    assert HighWater(path).renew_if_restored(ledger)


def test_a_backup_of_an_earlier_life_begins_a_new_one(ledger: Ledger, path: Path) -> None:
    show(ledger, path)
    first, _ = ledger.position()
    ledger.renew_epoch(first)
    show(ledger, path)
    with ledger._writing.connect() as connection, connection.begin():
        connection.execute(sa.text("UPDATE stream SET epoch = :epoch"), {"epoch": first})
    assert HighWater(path).renew_if_restored(ledger)
    assert ledger.position()[0] != first


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": ["x", 1]}', "\x00"])
def test_a_file_that_cannot_be_read_stops_nothing(ledger: Ledger, path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    assert not HighWater(path).renew_if_restored(ledger)
    show(ledger, path)
    cut(ledger, 8)
    assert HighWater(path).renew_if_restored(ledger)


def test_a_file_that_cannot_be_written_is_told_once(
    ledger: Ledger, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mark = HighWater(path)  # its folder is not there
    for row in ledger.log_after(0, 3):
        mark.note("epoch", row)
    assert caplog.text.count("yiping restored") == 1


def test_a_file_that_was_taken_away_or_replaced_is_written_anew(ledger: Ledger, path: Path) -> None:
    path.parent.mkdir()
    mark, (epoch, _) = HighWater(path), ledger.position()
    first, second, third = ledger.log_after(0, 3)
    mark.note(epoch, first)
    path.unlink()
    mark.note(epoch, second)
    other = path.with_name("other")
    other.write_text("{}" + " " * 4_000)
    other.replace(path)
    mark.note(epoch, third)
    cut(ledger, 2)
    assert HighWater(path).renew_if_restored(ledger)
