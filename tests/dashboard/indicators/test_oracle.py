"""The catalogue and a slow recount of the raw rows agree on random histories, from rollups and from rows alike."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dashboard.indicators.catalogue import CATALOGUE
from dashboard.indicators.reading import Reading, day_date
from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.counts import Counts
from data_adapters.ledger.tables import cases, grid, video_point
from data_adapters.records.case import Case
from data_adapters.records.dictionary import LEVEL, SATISFACTION, STATE, VIDEO_STATUS
from data_adapters.records.event import CaseEvent
from data_adapters.records.grid import Grid
from data_adapters.records.video import VideoPoint
from tests.dashboard.indicators.oracle import Oracle
from tests.fixtures.town import NOW, SOUTH, WEST, Clock, case, grids, open_town

#: Hours ago: half of it this week, so that limits end about now.
_hours = st.integers(0, 7 * 24) | st.integers(0, 100 * 24)
_flags = st.none() | st.booleans()
_steps = st.sampled_from(
    "ACCEPT REJECT_ACCEPT TRIAGE ASSIGN RECEIVE START RESOLVE CLOSE FOLLOWUP TRANSFER MERGE".split()
    + ["RETURN"] * 6
    + ["REOPEN"] * 4
)
_concluded = ("CLOSED", "FOLLOW_UP", "ARCHIVED")


@st.composite
def revisions(draw: st.DrawFn) -> Case:
    """Any revision of any of 15 cases: late, repeated, reordered, moved, corrected, with gaps."""
    reported = NOW - timedelta(hours=draw(_hours))
    later = sorted(draw(st.lists(st.integers(0, 300), min_size=6, max_size=6)))
    told: list[datetime | None] = [
        min(reported + timedelta(hours=hours), NOW) if draw(st.integers(0, 4)) else None for hours in later
    ]
    accepted, assigned, received, resolved, closed, followed = told
    state = draw(st.sampled_from([*sorted(STATE), *_concluded, *_concluded, "ASSIGNED", "REPORTED"]))
    ended = state in {*_concluded, "RESOLVED", "TRANSFERRED", "MERGED"}
    return case(
        draw(st.integers(1, 15)),
        lon=draw(st.sampled_from([None, 0.1, 0.6, 1.1, 1.5, 2.9, 9.0])),
        lat=draw(st.sampled_from([0.2, 1.7])),
        state=state,
        category=draw(st.sampled_from(["邻里", "其它", "合同"])),
        grade=draw(st.sampled_from(["ORDINARY", "COMPLEX", "MAJOR", "PETITION_BACKLOG"])),
        occurred_at=reported,
        reported_at=reported,
        accepted_at=accepted,
        assigned_at=assigned,
        received_at=received,
        resolved_at=resolved if ended else None,
        closed_at=closed if state in _concluded else None,
        followed_up_at=followed if state in {"FOLLOW_UP", "ARCHIVED"} else None,
        due_at=draw(st.sampled_from([None, closed]) | _hours.map(lambda h: NOW + timedelta(hours=100 - h))),
        outcome=draw(st.sampled_from(["SUCCESS", "SUCCESS", "SUCCESS", "FAIL", None])) if ended else None,
        satisfaction=draw(st.none() | st.sampled_from(sorted(SATISFACTION))),
        resolved_level=draw(st.sampled_from([None, *sorted(LEVEL)])) if ended else None,
        visit_count=draw(st.none() | st.integers(0, 3)),
        source_updated_at=draw(st.none() | _hours.map(lambda hours: NOW - timedelta(hours=hours))),
    )


@st.composite
def steps(draw: st.DrawFn) -> CaseEvent:
    """A step of one of the cases, taken here or told by its source; the illegal ones are refused."""
    number, hours = draw(st.integers(1, 15)), draw(_hours)
    return CaseEvent(
        source=draw(st.sampled_from(["hall", "hotline"])),
        type=draw(_steps),
        at=NOW - timedelta(hours=hours),
        case_source="hotline",
        case_source_id=f"W{number}",
    )


@st.composite
def points(draw: st.DrawFn) -> VideoPoint:
    """A video point of which much or little is known."""
    placed = draw(st.booleans())
    return VideoPoint(
        source="cameras",
        point_id=f"P{draw(st.integers(1, 12))}",
        name=draw(st.none() | st.just("路口")),
        lon=WEST + draw(st.sampled_from([0.1, 1.5, 2.9])) if placed else None,
        lat=SOUTH + 0.5 if placed else None,
        status=draw(st.sampled_from(sorted(VIDEO_STATUS))),
        point_class=draw(st.none() | st.just("CLASS1")),
        should_network=draw(_flags),
        networked=draw(_flags),
        integrated=draw(_flags),
        secrecy=draw(st.sampled_from([0, 0, 0, 1])),
    )


def tell(ledger: Ledger, history: list[Any]) -> None:
    """Write the history in its order."""
    for entry in history:
        if isinstance(entry, list):
            ledger.write_cases(entry, bulk=len(entry) > 2)
        elif isinstance(entry, VideoPoint):
            ledger.write_points([entry])
        elif entry.source == "hotline":
            ledger.write_events([entry])
        else:
            with ledger.read(Scope.everything()) as snapshot:
                chosen = sa.select(cases.c.case_no).where(cases.c.source_id == entry.case_source_id)
                number = snapshot._connection.execute(chosen).scalar()
            if number is not None:
                ledger.apply_event(replace(entry, case_no=number))


def staffed(told: list[tuple[int | None, int | None, int | None]]) -> list[Grid]:
    """The county's grids with (staff, staff required, inhabitants) of each."""
    return [
        replace(one, staff_count=staff, staff_required=required, population=population)
        for one, (staff, required, population) in zip(grids(), told, strict=True)
    ]


_some = st.none() | st.integers(0, 2)
_people = st.lists(st.tuples(_some, _some, st.none() | st.integers(0, 9_000)), min_size=22, max_size=22)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")  # long histories have long names
@settings(
    max_examples=40,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(
    history=st.lists(
        st.lists(revisions(), min_size=4, max_size=8) | steps() | points(), min_size=10, max_size=20
    ),
    length=st.sampled_from([1, 7, 22, 120]),
    ago=st.sampled_from([0, 0, 1, 30]),
    from_rows=st.booleans(),
    days=st.integers(0, 2),
    people=_people,
)
def test_every_indicator_of_every_grid_is_what_a_slow_recount_says(
    history: list[Any], length: int, ago: int, from_rows: bool, days: int, people: list[Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(NOW)
        ledger = open_town(f"sqlite:///{Path(folder) / 'oracle.db'}", clock)
        ledger.write_grids(staffed(people))
        tell(ledger, history)
        clock.now = NOW + timedelta(days=days)
        ledger.tick()
        with ledger.read(Scope.everything()) as snapshot:
            connection = snapshot._connection
            if from_rows:
                vars(snapshot)["counts"] = Counts(connection, snapshot.zone, rollup_depth=-1)
            known = list(connection.execute(sa.select(grid).where(grid.c.current)))
            oracle = Oracle(
                list(connection.execute(sa.select(cases))),
                list(connection.execute(sa.select(video_point))),
                known,
                clock.now,
            )
            last = snapshot.today - ago
            first = last - length + 1
            for row in known:
                reading = Reading(snapshot, row.path, first, last)
                said = {one.id: one.measure(reading) for one in CATALOGUE}
                assert said == oracle.all(row.path, day_date(first), day_date(last)), row.name
                parts = [said[f"K07.{light}"][0] for light in ("GREEN", "YELLOW", "RED", "GREY")]
                assert sum(parts) == reading.gauges["open"]
                for one in CATALOGUE:
                    # Stages told out of order may make a past stock what it cannot be; nothing else is affected.
                    if one.denominator and one.interval and one.id != "K09a":
                        n, whole = said[one.id]
                        assert whole is not None
                        assert 0 <= n <= whole, one.id
        ledger.close()
