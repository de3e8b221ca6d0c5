"""When a source is read again, and that one which hangs keeps nobody waiting."""

from __future__ import annotations

import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import schedule
from dashboard.schedule import Schedule, wait_s
from dashboard.services import Services
from data_adapters.ledger import Ledger
from tests.fixtures.county_files import CASES, settings
from tests.fixtures.town import NOW


def ago(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_a_good_source_is_due_when_its_interval_is_over() -> None:
    assert wait_s(900, None, None, 0, NOW) == 0
    assert wait_s(900, NOW - ago(100), NOW - ago(100), 0, NOW) == 800
    assert wait_s(900, NOW - ago(2_000), NOW - ago(2_000), 0, NOW) == 0


@given(st.integers(1, 200_000), st.integers(1, 10_000), st.floats(0, 1))
def test_a_failing_source_is_probed_ever_more_rarely_but_at_least_once_an_hour_or_interval(
    every: int, failures: int, chance: float
) -> None:
    wait = wait_s(every, NOW - ago(50_000), NOW, failures, NOW, chance)
    assert 15 <= wait <= max(3_600, every)
    assert wait <= wait_s(every, None, NOW, failures + 2, NOW, chance)


def test_the_pauses_double_and_sources_that_fell_together_come_back_apart() -> None:
    pauses = [wait_s(60, None, NOW, n, NOW, 1) for n in range(1, 8)]
    assert [b / a for a, b in pairwise(pauses)] == [2] * 6
    assert len({wait_s(60, None, NOW, 3, NOW) for _ in range(20)}) > 10


def test_the_pause_counts_from_the_last_try_also_over_a_restart() -> None:
    assert wait_s(60, None, NOW - ago(10), 1, NOW, 1) == 20
    assert wait_s(60, None, NOW - ago(1_000), 1, NOW, 1) == 0


class _Sluggish(Schedule):
    """Two sources whose reads never end, and one whose read leaves a file."""

    mark: Path

    def _command(self, name: str | None) -> list[str]:
        hang = "import time; time.sleep(600)"
        write = f"open({str(self.mark)!r}, 'w').close()"
        return [sys.executable, "-c", write if name == "third" else hang]


def test_two_sources_that_hang_do_not_stop_the_third(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "_SLOT_S", 0.2)
    monkeypatch.setattr(schedule, "_FIRST_S", 0.2)
    sources = [CASES.replace('"cases"', f'"{name}"') for name in ("first", "second", "third")]
    ledger = Ledger.open(sqlite_url, root="6205")
    running = _Sluggish(Services(settings(tmp_path, *sources), ledger), tmp_path / "yiping.toml")
    running.mark = tmp_path / "read"
    running.start()
    with gevent.Timeout(30):
        while not running.mark.exists():
            gevent.sleep(0.05)
    running.stop()
    ledger.close()
