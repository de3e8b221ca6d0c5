"""Counts from rollups, counts from rows, and a plain recount of the raw rows: all three agree, always."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_adapters.ledger import Ledger, Scope, passage
from data_adapters.ledger.contributions import DAY_0
from data_adapters.ledger.counts import Counts
from data_adapters.ledger.tables import cases
from tests.fixtures.town import NOW, case, open_town

ALL = Scope.everything()
FIRST, LAST = 0, 40_000

_moments = st.integers(0, 120 * 24).map(lambda hours: NOW - timedelta(hours=hours))
_states = st.sampled_from(
    "REPORTED ACCEPTED TRIAGED ASSIGNED IN_PROGRESS SUSPENDED RESOLVED CLOSED FOLLOW_UP TRANSFERRED CANCELLED".split()
)


@st.composite
def revisions(draw: st.DrawFn) -> Any:
    """Any revision of any of a dozen cases: late, repeated, reordered, moved, corrected."""
    reported: datetime = draw(_moments)
    later = [reported + timedelta(hours=draw(st.integers(0, 400))) for _ in range(4)]
    accepted, assigned, resolved, closed = sorted(later)
    state = draw(_states)
    concluded = state in {"CLOSED", "FOLLOW_UP"}
    return case(
        draw(st.integers(1, 12)),
        lon=draw(st.sampled_from([None, 0.1, 0.6, 1.1, 1.5, 2.9, 9.0])),
        lat=draw(st.sampled_from([0.2, 1.0, 1.7])),
        state=state,
        category=draw(st.sampled_from(["邻里", "物业", "合同"])),
        grade=draw(st.sampled_from(["ORDINARY", "COMPLEX", "MAJOR"])),
        occurred_at=reported,
        reported_at=reported,
        accepted_at=accepted if state != "REPORTED" else None,
        assigned_at=assigned if draw(st.booleans()) else None,
        resolved_at=resolved if concluded else None,
        closed_at=closed if concluded else None,
        outcome=draw(st.sampled_from(["SUCCESS", "FAIL", None])) if concluded else None,
        source_updated_at=draw(st.none() | _moments),
        source_channel=draw(st.sampled_from([None, "GRID", "IOT"])),
        resolution_method=draw(st.sampled_from([None, "PEOPLE", "DIRECT"])) if concluded else None,
        joint_type=draw(st.sampled_from([None, "MEDIATION", "SERVICE"])),
    )


def periods(today: int) -> list[tuple[int, int]]:
    """Days within a month, whole months, and whole months with days before and after."""
    month = date.fromordinal(today + DAY_0.toordinal()).replace(day=1).toordinal() - DAY_0.toordinal()
    return [
        (today - 5, today),
        (month - 31, month - 1),
        (month - 1, month),
        (today - 100, today - 3),
        (month - 90, today),
    ]


def both_ways(ledger: Ledger) -> None:
    with ledger.read(ALL) as snapshot:
        paths = sorted({row.path for row in snapshot.grids_of_level(1)} | {"000"})
        leaves = [child.path for path in paths for child in snapshot.children(path)]
        by_rows = Counts(snapshot._connection, snapshot.zone, rollup_depth=-1, span_depth=-1)
        for path in paths + leaves:
            kept = snapshot.counts
            assert {d: f for d, f in kept.daily(path, FIRST, LAST).items() if f.total()} == by_rows.daily(
                path, FIRST, LAST
            )
            assert kept.gauges(path) == by_rows.gauges(path)
            assert kept.before(path, snapshot.today) == by_rows.before(path, snapshot.today)
            assert kept.spans(path, "flow", FIRST, LAST) == by_rows.spans(path, "flow", FIRST, LAST)
            for first, last in periods(snapshot.today):
                for measure in ("handle", "accept"):
                    assert kept.spans(path, measure, first, last) == by_rows.spans(path, measure, first, last)
            assert kept.spread(path, FIRST, LAST) == by_rows.spread(path, FIRST, LAST)
            # Of a few days only the rows with something in them are read, by whoever asked for no more before.
            recent = Counts(snapshot._connection, snapshot.zone, rollup_depth=-1, span_depth=-1)
            for first, last in [*periods(snapshot.today), (FIRST, LAST)]:
                assert recent.flows(path, first, last) == kept.flows(path, first, last)
            rolled = {p: f for p, f in kept.children(path, FIRST, LAST).items() if f.total()}
            assert rolled == by_rows.children(path, FIRST, LAST)


def recount(ledger: Ledger) -> None:
    """The oracle: plain loops over the raw rows, written apart from the counting code."""
    with ledger.read(ALL) as snapshot:
        rows = snapshot._connection.execute(sa.select(cases)).all()
        for town in [snapshot.top_grid(), *snapshot.children("000")]:
            assert town is not None
            mine = [row for row in rows if row.path.startswith(town.path)]
            days = [(row.reported_at + timedelta(hours=8)).date() for row in mine]
            daily = snapshot.counts.daily(town.path, FIRST, LAST)
            kept = {DAY_0 + timedelta(days=day): n["reported"] for day, n in daily.items()}
            assert {day: n for day, n in kept.items() if n} == dict(Counter(days))
            open_now = [row for row in mine if row.is_open]
            assert snapshot.counts.gauges(town.path)["open"] == len(open_now)
            total = snapshot.counts.flows(town.path, FIRST, LAST)
            ways = Counter(
                (
                    row.source_channel or "UNKNOWN",
                    row.resolution_method or "UNKNOWN",
                    "IN_HAND"
                    if row.is_open
                    else {"CANCELLED": "VOID", "TRANSFERRED": "TRANSFERRED"}.get(
                        row.state, row.outcome or "UNKNOWN"
                    ),
                )
                for row in mine
                if row.accepted_at is not None
            )
            counted = snapshot.counts.spans(town.path, "flow", FIRST, LAST)
            assert {passage.parts(number): n for number, n in counted.items()} == ways
            assert ways.total() == total["accepted"]
            joint = Counter(row.joint_type for row in open_now if row.joint_type is not None)
            stocks = snapshot.counts.gauges(town.path)
            assert {name: stocks[f"open.joint.{name}"] for name in joint} == joint
            assert total["accepted"] + total["reopened"] - total["closed"] - total["left"] == len(open_now)
            assert total["closed"] - total["reopened"] == sum(
                row.state in {"CLOSED", "FOLLOW_UP"} for row in mine
            )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    batches=st.lists(st.lists(revisions(), min_size=1, max_size=6), min_size=1, max_size=6),
    bulk=st.booleans(),
)
def test_rollups_rows_and_a_plain_recount_agree_on_random_histories(
    batches: list[list[Any]], bulk: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = open_town(f"sqlite:///{Path(folder) / 'counts.db'}")
        for batch in batches:
            ledger.write_cases(batch, bulk=bulk)
        both_ways(ledger)
        recount(ledger)
        with ledger.read(ALL) as snapshot:
            kept = (snapshot.counts.gauges("000"), snapshot.counts.daily("000", FIRST, LAST))
        ledger.rebuild_counts()
        with ledger.read(ALL) as snapshot:
            daily = snapshot.counts.daily("000", FIRST, LAST)
            assert snapshot.counts.gauges("000") == kept[0]
            assert daily == {day: flows for day, flows in kept[1].items() if flows.total()}
        ledger.close()


def test_children_and_the_unassigned_add_up_to_the_parent_at_every_level(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    spread = [
        case(n, lon=(n % 30) / 10, lat=(n % 20) / 10, grid_code="62052" if n % 7 == 0 else None)
        for n in range(200)
    ]
    ledger.write_cases(spread + [case(900 + n, lon=None, lat=None) for n in range(5)], bulk=True)
    with ledger.read(ALL) as snapshot:
        level = [snapshot.top_grid()]
        while level:
            below = []
            for here in level:
                assert here is not None
                own = snapshot.counts.flows(here.path, FIRST, LAST)["reported"]
                inside = sum(
                    flows["reported"] for flows in snapshot.counts.children(here.path, FIRST, LAST).values()
                )
                raw = snapshot._connection.execute(
                    sa.text("SELECT count(*) FROM cases WHERE path = :path"), {"path": here.path}
                ).scalar_one()
                children = snapshot.children(here.path)
                assert own == inside + (raw if children else own)
                below += children
            level = below
    ledger.close()


def test_what_turned_late_is_looked_for_by_its_turn_and_not_through_every_case(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_cases([case(n) for n in range(20)])
    asked: list[tuple[str, object]] = []

    def note(_c: object, _k: object, statement: str, values: object, *_: object) -> None:
        asked.append((statement, values))

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
    try:
        with ledger.read(Scope.everything()) as snapshot:
            family, [child, *_] = snapshot.of_children(snapshot.children("000")[0])
            for counts, path in ((snapshot.counts, "000"), (family.counts, child.path)):
                asked.clear()
                counts.turned_late(path, NOW)
                [(statement, values)] = asked
                plan = snapshot._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)  # type: ignore[call-overload]
                assert "ix_cases_turn_at" in str(plan.all())
    finally:
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)
        ledger.close()
