"""The catalogue and a slow recount of the raw rows agree on random histories, from rollups and from rows alike.

`YIPING_HISTORIES=3000 pytest --timeout=0 --session-timeout=86400 tests/dashboard/indicators/test_oracle.py` tries
as many, none of them twice: a quarter of an hour of one processor.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dashboard.indicators.catalogue import CATALOGUE
from dashboard.indicators.indicator import Indicator
from dashboard.indicators.reading import Reading, day_date
from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.contributions import SPANS
from data_adapters.ledger.counts import Counts
from data_adapters.ledger.tables import cases, grid, video_point, video_status
from tests.dashboard.indicators.oracle import Oracle
from tests.fixtures.histories import CLOCK, CONCLUDED, HISTORIES, PEOPLE, emptied, rolled_up, staffed, tell
from tests.fixtures.town import NOW, Clock

#: How many histories on SQLite; a tenth of them on PostgreSQL as well.
MANY = int(os.environ.get("YIPING_HISTORIES", "20"))
#: Rest on a stock of the past.
_OF_A_STOCK = {"K09a", "K70b"}
_SPANS = [one for one in CATALOGUE if one.per_s]
_COUNTED = [one for one in CATALOGUE if not one.per_s]


def spans_fit(oracle: Oracle, path: str, reading: Reading, said: dict[str, Any]) -> None:
    """Where nothing is censored, a middle value is off by less than the width of its bucket."""
    last = min(reading.last, reading.snapshot.today)
    accepted = [
        row
        for row in oracle.cases
        if row.path.startswith(path) and row.accepted_at and reading.first <= day_of(row.accepted_at) <= last
    ]
    done = [row for row in accepted if row.state in CONCLUDED and row.closed_at]
    waiting = sum(row.is_open for row in accepted)
    censored = waiting > 0.1 * (waiting + len(done))
    assert said["K12.p50"][1] == len(done) + (waiting if censored else 0)
    if done and not censored:
        taken = sorted(
            max(0.0, (row.closed_at - row.accepted_at).total_seconds() - (row.suspended_s or 0))
            for row in done
        )
        exact = taken[(len(taken) + 1) // 2 - 1]
        assert exact / 1.1 - 60 <= said["K12.p50"][0] <= exact * 1.1 + 60


def listed_fits(
    indicator: Indicator, reading: Reading, counted: tuple[int | None, int | None], size: int
) -> None:
    """The rows behind a figure are as many as it says, none of them twice in the list, page by page."""
    rest = counted[1] - counted[0] if None not in counted and indicator.interval else None  # type: ignore[operator]
    for part, n in zip(("numerator", "denominator", "rest"), (*counted, rest), strict=True):
        if n is None:
            continue
        if indicator.kind_of_rows(part) is not None:  # type: ignore[arg-type]
            rows, after = [], ""
            for _ in range(100):
                page = indicator.rows(reading, part, after, size)  # type: ignore[arg-type]
                rows += page.rows
                if page.next is None:
                    break
                after = page.next
            assert sum(times for _, times in rows) == n, (indicator.id, part)
            assert len({row.id for row, _ in rows}) == len(rows)


def day_of(moment: datetime) -> int:
    return ((moment + timedelta(hours=8)).date() - day_date(0)).days


def agrees(ledger: Ledger, clock: Clock, asked: dict[str, Any]) -> None:
    """Live through a history, then ask the catalogue and the oracle the same; and make the rollups anew."""
    ledger.write_grids(staffed(asked["people"]))
    tell(ledger, asked["history"])
    clock.now = NOW + timedelta(days=asked["days"])
    ledger.tick()
    with ledger.read(Scope.everything()) as snapshot:
        connection = snapshot._connection
        by_rows = Counts(connection, snapshot.zone, rollup_depth=-1, span_depth=-1)
        by_rollup = snapshot.counts
        if asked["from_rows"]:
            vars(snapshot)["counts"] = by_rows
        known = list(connection.execute(sa.select(grid).where(grid.c.current).order_by(grid.c.path)))
        oracle = Oracle(
            list(connection.execute(sa.select(cases))),
            list(connection.execute(sa.select(video_point))),
            known,
            clock.now,
            list(connection.execute(sa.select(video_status))),
        )
        last = snapshot.today - asked["ago"]
        first = last - asked["length"] + 1
        leaf = [row.path for row in known if len(row.path) == len(known[-1].path)][asked["leaf"]]
        # One grid of each level, and the rows behind a third of the figures of one of them.
        looked_at = [row for row in known if leaf.startswith(row.path)]
        for row in looked_at:
            reading = Reading(snapshot, row.path, first, last)
            said = {one.id: one.measure(reading) for one in _COUNTED}
            spans_fit(oracle, row.path, reading, {one.id: one.measure(reading) for one in _SPANS})
            assert said == oracle.all(row.path, day_date(first), day_date(last)), row.name
            for name in SPANS:
                kept = by_rollup.spans(row.path, name, first, last)
                assert kept == by_rows.spans(row.path, name, first, last), name
            if row is looked_at[asked["listed"]]:
                for one in CATALOGUE[asked["third"] :: 3]:
                    listed_fits(one, reading, one.measure(reading), asked["page"])
            parts = [said[f"K07.{light}"][0] for light in ("GREEN", "YELLOW", "RED", "GREY")]
            assert sum(parts) == reading.gauges["open"]
            for one in _COUNTED:
                # Stages told out of order may make a past stock what it cannot be; nothing else is affected.
                if one.denominator and one.interval and one.id not in _OF_A_STOCK:
                    n, whole = said[one.id]
                    assert whole is not None
                    assert 0 <= n <= whole, one.id
        kept = rolled_up(connection)
    for from_log in (False, True):
        ledger.rebuild_counts(from_log=from_log)
        with ledger.read(Scope.everything()) as snapshot:
            assert rolled_up(snapshot._connection) == kept, f"{from_log=}"


_asked = st.fixed_dictionaries(
    {
        "history": HISTORIES,
        "people": PEOPLE,
        "length": st.sampled_from([1, 7, 22, 120]),
        "ago": st.sampled_from([0, 0, 1, 30]),
        "days": st.integers(0, 2),
        "from_rows": st.booleans(),
        "leaf": st.integers(0, 11),
        "listed": st.integers(0, 3),
        "third": st.integers(0, 2),
        "page": st.sampled_from([4, 20, 100]),
    }
)
_settings = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
        HealthCheck.function_scoped_fixture,
    ],
)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")  # long histories have long names
@settings(_settings, max_examples=MANY)
@given(asked=_asked)
def test_every_indicator_of_every_grid_is_what_a_slow_recount_says(
    on_sqlite: Ledger, asked: dict[str, Any]
) -> None:
    agrees(emptied(on_sqlite, CLOCK), CLOCK, asked)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
@settings(_settings, max_examples=max(2, MANY // 10))
@given(asked=_asked)
def test_every_indicator_is_what_a_slow_recount_says_on_postgresql_too(
    on_postgresql: Ledger, asked: dict[str, Any]
) -> None:
    agrees(emptied(on_postgresql, CLOCK), CLOCK, asked)
