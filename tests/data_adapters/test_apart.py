"""What is mapped beside what is stored: the same pieces, and a death that is told and not waited for."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_adapters.apart import Apart
from data_adapters.ledger.case_columns import cases_of, columns_of
from data_adapters.ledger.case_loader import Preparing, prepare
from data_adapters.ledger.columns import Columns
from data_adapters.ledger.tables import cases
from data_adapters.readers.reader import SourceError
from data_adapters.records.case import Case
from tests.data_adapters.ledger.test_bulk import wild_cases
from tests.fixtures.town import NOW, open_town

ROOT = Path(__file__).parents[2]


def test_the_pieces_come_in_order_from_another_process_and_then_the_ending() -> None:
    made: list[int] = []

    def pieces() -> Iterator[tuple[int, int]]:
        for number in range(5):
            made.append(number)
            yield number, os.getpid()

    apart = Apart(pieces(), lambda: (list(made), os.getpid()))
    told = list(apart)
    assert [number for number, _ in told] == [0, 1, 2, 3, 4]
    assert made == []  # nothing of it happened here
    assert apart.ending[0] == [0, 1, 2, 3, 4]
    assert {pid for _, pid in told} == {apart.ending[1]} != {os.getpid()}


def test_what_is_raised_there_is_raised_here_after_what_came_before() -> None:
    def pieces() -> Iterator[int]:
        yield 1
        raise SourceError("不是 CSV", "not_csv")

    with pytest.raises(SourceError, match="不是 CSV") as raised:
        list(Apart(pieces(), lambda: None))
    assert raised.value.code == "not_csv"

    def ending() -> None:
        raise SourceError("混有两种坐标系", "crs_mixed")

    with pytest.raises(SourceError, match="混有两种坐标系"):
        list(Apart([1], ending))


def test_a_process_that_dies_is_told_by_how_it_ended() -> None:
    def pieces() -> Iterator[int]:
        yield 1
        os.kill(os.getpid(), signal.SIGKILL)
        yield 2

    taken = iter(Apart(pieces(), lambda: None))
    assert next(taken) == 1
    with pytest.raises(SourceError, match="SIGKILL") as raised:
        next(taken)
    assert raised.value.code == "reader_died"


def test_it_is_not_left_behind_where_nobody_goes_on_taking(tmp_path: Path) -> None:
    told = tmp_path / "pid"

    def pieces() -> Iterator[int]:
        told.write_text(str(os.getpid()))
        yield 1
        time.sleep(600)

    for _ in Apart(pieces(), lambda: None):
        break
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def test_it_ends_where_the_process_that_takes_is_killed(tmp_path: Path) -> None:
    program = (
        "import itertools, os, pathlib, sys, time; from data_adapters.apart import Apart\n"
        "def pieces():\n"
        "    pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))\n"
        "    for n in itertools.count(): yield bytes(1_000_000)\n"
        "for _ in Apart(pieces(), int): print('taken', flush=True); time.sleep(600)\n"
    )
    told = tmp_path / "pid"
    command = [sys.executable, "-c", program, str(told)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as taking:
        assert taking.stdout is not None
        taking.stdout.readline()
        taking.kill()
    pid = int(told.read_text())
    for _ in range(500):
        if not Path(f"/proc/{pid}").exists() or "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
            return
        time.sleep(0.02)
    pytest.fail(f"{pid} 还在")


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(told=st.lists(wild_cases(), min_size=1, max_size=40))
def test_prepared_cases_and_what_they_tell_are_the_same_on_the_other_side(
    town_ledger: Preparing, told: list[Case]
) -> None:
    every = columns_of(told)
    # A mapping gives some columns alone.
    before = Columns(cases, len(every), {n: every[n] for n in every.names if every.known(n).any()})
    prepared = town_ledger(before)
    sent = pickle.loads(pickle.dumps(prepared, pickle.HIGHEST_PROTOCOL))  # noqa: S301
    same(sent.told(), before)
    assert cases_of(sent.told()) == told
    same(sent.rows, prepared.rows)
    again = prepare(before, town_ledger._atlas, town_ledger._limits, NOW)
    same(sent.rows, again)


@pytest.fixture(scope="module")
def town_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preparing]:
    """What prepares cases for the town."""
    ledger = open_town(f"sqlite:///{tmp_path_factory.mktemp('apart') / 'store.db'}")
    yield ledger.preparing()
    ledger.close()


def same(one: Columns, other: Columns) -> None:
    assert one.names == other.names
    for name in one.names:
        assert one.listed(name) == other.listed(name), name
