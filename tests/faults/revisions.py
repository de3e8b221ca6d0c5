"""F11: revisions arrive twice, out of order, late or never: the end is always what the newest that came says."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from data_adapters.ledger import Ledger
from data_adapters.ledger.tables import cases
from data_adapters.records.case import Case
from tests.faults.checker import check_log
from tests.faults.figure import Figure, exactly, told
from tests.faults.history import read_log
from tests.faults.io_calls import counts
from tests.faults.options import Options
from tests.fixtures.town import NOW, case, open_town

STATES = ("REPORTED", "ACCEPTED", "IN_PROGRESS", "RESOLVED", "CLOSED", "CANCELLED")
GRADES = ("ORDINARY", "MAJOR")


class Upstream(RuleBasedStateMachine):
    """Five cases of ten revisions each; what a revision says depends on its number alone. Each run is a source."""

    runs = 0
    ledger: Ledger

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1
        self._source = f"up{self.runs}"
        self._newest: dict[int, int] = {}

    @rule(
        batch=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=6),
        times=st.integers(1, 3),
    )
    def arrive(self, batch: list[tuple[int, int]], times: int) -> None:
        """Some revisions of some cases come, up to three times, in any order."""
        for _ in range(times):
            outcomes = self.ledger.write_cases([revision(self._source, *one) for one in batch])
            for (number, step), outcome in zip(batch, outcomes, strict=True):
                newest = self._newest.get(number)
                news = newest is None or (step > newest and said(number, step) != said(number, newest))
                assert (outcome.status != "duplicate") == news, (number, step, outcome)
                self._newest[number] = max(step, -1 if newest is None else newest)

    @invariant()
    def shows_the_newest(self) -> None:
        """Each case is as its newest revision says, wherever that came in the order."""
        columns = (cases.c.source_id, cases.c.state, cases.c.grade, cases.c.source_updated_at)
        with self.ledger._reading.connect() as connection:
            rows = connection.execute(sa.select(*columns).where(cases.c.source == self._source)).all()
        newest = [revision(self._source, number, step) for number, step in self._newest.items()]
        wanted = [(one.source_id, one.state, one.grade, one.source_updated_at) for one in newest]
        assert sorted(map(tuple, rows)) == sorted(wanted)


def said(number: int, step: int) -> tuple[str, str, float]:
    """(state, grade, where) of a case's `step`-th revision; the sixth says what the first said."""
    return STATES[(number + step) % len(STATES)], GRADES[step % 2], 0.25 + (number + step) % 3


def revision(source: str, number: int, step: int) -> Case:
    """The `step`-th revision of a case."""
    state, grade, lon = said(number, step)
    at = NOW + timedelta(minutes=step) - timedelta(hours=1)
    return case(number, lon=lon, source=source, state=state, grade=grade, source_updated_at=at)


async def run(options: Options) -> list[Figure]:
    """`options.seeds` histories, drawn by Hypothesis."""
    return await asyncio.to_thread(play, options.seeds)


def play(histories: int) -> list[Figure]:
    """AssertionError with the shortest history that it finds."""
    before = Upstream.runs
    with tempfile.TemporaryDirectory(prefix="yiping-faults-") as folder:
        url = f"sqlite:///{Path(folder) / 'yiping.db'}"
        Upstream.ledger = open_town(url)
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            Upstream,
            settings=settings(
                max_examples=histories,
                stateful_step_count=8,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        kept = counts(Upstream.ledger)
        Upstream.ledger.rebuild_counts()
        torn = counts(Upstream.ledger) != kept
        gaps = check_log(read_log(url))
        Upstream.ledger.close()
    return [
        told("histories", Upstream.runs - before),
        exactly("counts that differ from the rows'", int(torn)),
        exactly("holes in the log", sum(one.kind == "gap" for one in gaps)),
    ]
