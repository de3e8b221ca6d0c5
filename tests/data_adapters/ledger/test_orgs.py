"""Organisations: a tree, and the cases that each of them has within the viewer's scope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.orgs import Load
from data_adapters.ledger.tables import cases
from data_adapters.records import life
from data_adapters.records.org import Org
from tests.fixtures.town import NOW, Clock, case, grid, open_town

SINCE, UNTIL = NOW - timedelta(days=21), NOW + timedelta(days=1)


def org(code: str, parent: str | None = None, grid_code: str | None = None, **changes: Any) -> Org:
    fields: dict[str, Any] = {"source": "orgs", "code": code, "name": f"{code}名", "org_type": "ZZ_CENTRE"}
    return Org(**(fields | {"parent": parent, "grid_code": grid_code} | changes))


ORGS = [
    org("C", None, "6205"),
    org("T1", "C", "62051"),
    org("T2", "C", "62052"),
    org("V11", "T1", "620511"),
    org("M11", "V11", None, org_type="MEDIATION_GENERAL", mediator_count=6),
    org("D1", "C", None, org_type="DEPARTMENT"),
]


@pytest.fixture
def town(ledger_url: str) -> Iterator[Ledger]:
    ledger = open_town(ledger_url)
    # Whoever is above may stand behind those below in the same batch.
    assert {outcome.status for outcome in ledger.write_orgs(ORGS[::-1])} == {"accepted"}
    yield ledger
    ledger.close()


def loads(ledger: Ledger, scope: Scope | None = None) -> dict[str, Load]:
    with ledger.read(scope or Scope.everything()) as snapshot:
        orgs = snapshot.orgs
        path = snapshot.scope.path
        tree = orgs.tree(path)
        return tree.summed(orgs.loads(tree, path, SINCE, UNTIL, snapshot.now))


def test_the_tree_has_everyone_once_each_on_the_ground_it_serves(town: Ledger) -> None:
    with town.read(Scope.everything()) as snapshot:
        tree = snapshot.orgs.tree("000")
    path = town.atlas().by_code
    assert tree.subtree("C") == ["C", "D1", "T1", "T2", "V11", "M11"]
    assert tree.subtree("X") == []
    assert {code: row.path for code, row in tree.rows.items()} == {
        "C": path["6205"],
        "D1": path["6205"],
        "T1": path["62051"],
        "T2": path["62052"],
        "V11": path["620511"],
        "M11": path["620511"],
    }
    assert tree.types() == {"ZZ_CENTRE": 4, "MEDIATION_GENERAL": 1, "DEPARTMENT": 1}


def test_a_township_sees_its_own_organisations_and_nobody_elses(town: Ledger) -> None:
    with town.read(Scope(town.atlas().by_code["62051"])) as snapshot:
        tree = snapshot.orgs.tree(snapshot.scope.path)
    assert set(tree.rows) == {"T1", "V11", "M11"}
    assert tree.rows["T1"].parent is None
    # Nor does it by naming a grid that is not its own.
    with town.read(Scope(town.atlas().by_code["62051"])) as snapshot:
        assert snapshot.orgs.tree(town.atlas().by_code["62052"]).rows == {}
        assert snapshot.orgs.tree("000").rows.keys() == {"T1", "V11", "M11"}


@pytest.mark.parametrize(
    ("record", "field", "code", "said"),
    [
        (org("N", "T9"), "parent", "unknown_org", "上级单位 T9 不存在，最接近的是 T"),
        (org("N", "C", "62O51"), "grid_code", "unknown_grid", "网格编码 62O51 不存在，最接近的是 62051"),
        (org("C", "M11", "6205"), "parent", "parent_cycle", "上级绕成一圈：C → M11 → V11 → T1 → C"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(
    town: Ledger, record: Org, field: str, code: str, said: str
) -> None:
    (outcome,) = town.write_orgs([record])
    (fault,) = outcome.faults
    assert (outcome.status, fault.field, fault.code) == ("rejected", field, code)
    assert fault.reason.startswith(said)


def test_the_same_again_changes_nothing_and_who_is_no_longer_given_is_retired(town: Ledger) -> None:
    top = town.position()[1]
    assert {outcome.status for outcome in town.write_orgs(ORGS)} == {"duplicate"}
    assert town.position()[1] == top
    assert town.withdraw_orgs("orgs", {"C", "T1", "T2", "V11", "D1"}) == 1
    assert "M11" not in loads(town)
    assert town.write_orgs(ORGS[4:5])[0].status == "updated"
    assert "M11" in loads(town)


def test_an_organisation_follows_the_grid_it_serves(town: Ledger) -> None:
    town.write_grids([grid("620511", "1村", 2, "62052", 0, 0, 1, 1)])
    with town.read(Scope(town.atlas().by_code["62052"])) as snapshot:
        assert set(snapshot.orgs.tree(snapshot.scope.path).rows) == {"T2", "V11", "M11"}


def test_a_load_is_who_handles_it_else_who_leads_and_adds_up_along_the_tree(town: Ledger) -> None:
    accepted = NOW - timedelta(days=5)
    done = {"accepted_at": accepted, "state": "CLOSED", "due_at": NOW - timedelta(days=1)}
    town.write_cases(
        [
            case(1, handling_org="M11", state="IN_PROGRESS", accepted_at=accepted),
            case(2, handling_org="M11", lead_org="D1", state="IN_PROGRESS", accepted_at=accepted),
            case(
                3, lead_org="D1", state="IN_PROGRESS", accepted_at=accepted, due_at=NOW - timedelta(hours=1)
            ),
            case(4, handling_org="T1", closed_at=NOW - timedelta(days=2), **done),
            case(5, handling_org="M11", closed_at=NOW - timedelta(hours=2), **done),
            case(6, handling_org="T2", lon=1.5, closed_at=NOW - timedelta(days=2), **done),
            case(7, handling_org="nobody", state="IN_PROGRESS", accepted_at=accepted),
        ]
    )
    found = {code: asdict(load) for code, load in loads(town).items()}
    assert found["M11"] == {"open": 2, "overdue": 0, "closed": 1, "on_time": 0, "due": 1}
    assert found["T1"] == {"open": 2, "overdue": 0, "closed": 2, "on_time": 1, "due": 2}
    assert found["D1"] == {"open": 1, "overdue": 1, "closed": 0, "on_time": 0, "due": 1}
    assert found["C"] == {"open": 3, "overdue": 1, "closed": 3, "on_time": 2, "due": 4}
    # A township's viewer counts the cases of its own ground.
    own = loads(town, Scope(town.atlas().by_code["62051"]))
    assert asdict(own["T1"]) == found["T1"]
    assert "T2" not in own
    with town.read(Scope.everything()) as snapshot:
        page = snapshot.case_page(
            "000",
            state=None,
            category=None,
            since=None,
            until=None,
            after=0,
            limit=10,
            orgs=snapshot.orgs.tree("000").subtree("T1"),
        )
    assert sorted(row.source_id for row in page) == ["W1", "W2", "W4", "W5"]


def test_the_loads_are_answered_from_an_index_and_never_by_looking_at_every_case(sqlite_url: str) -> None:
    ledger = open_town(sqlite_url)
    ledger.write_orgs(ORGS)
    ledger.write_cases([case(n, handling_org="M11") for n in range(50)])
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    sa.event.listen(ledger._reading, "before_cursor_execute", note)
    loads(ledger)
    asked = [statement for statement in seen if "FROM cases" in statement]
    assert len(asked) == 2
    plans: list[str] = []
    with ledger._reading.connect() as connection:
        for statement in asked:
            rows = connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN " + statement, tuple(["[]"] * statement.count("?"))
            )
            plan = " ".join(row[-1] for row in rows)
            plans.append(plan)
    assert "SEARCH cases USING COVERING INDEX ix_cases_org (org=? AND is_open=?)" in plans[0]
    assert "SEARCH cases USING COVERING INDEX ix_cases_org (org=? AND is_open=? AND closed_at>" in plans[1]


def recount(rows: Sequence[Any], codes: set[str], now: datetime) -> Load:
    """The load of a subtree by looking at every row of it."""
    load = Load()
    for row in rows:
        if (row.handling_org or row.lead_org) not in codes:
            continue
        late = row.due_at is not None and row.due_at < now
        if row.state in life.OPEN:
            load.open += 1
            load.overdue += late
            load.due += late and SINCE <= row.due_at < UNTIL
        elif row.state in life.CLOSED and row.closed_at and SINCE <= row.closed_at < UNTIL:
            load.closed += 1
            load.due += row.due_at is not None
            load.on_time += row.due_at is not None and row.closed_at <= row.due_at
    return load


_times = st.none() | st.integers(-40, 40).map(lambda hours: NOW + timedelta(hours=hours * 20))
_cases = st.builds(
    case,
    st.integers(1, 40),
    st.sampled_from([0.2, 0.7, 1.5]),
    handling_org=st.sampled_from([None, "M11", "T1", "T2", "C", "nobody"]),
    lead_org=st.sampled_from([None, "D1", "T2"]),
    state=st.sampled_from(sorted(life.OPEN | life.CLOSED | life.LEFT | {"REPORTED"})),
    accepted_at=st.just(NOW - timedelta(days=30)),
    closed_at=_times,
    due_at=_times,
)


@settings(max_examples=30)
@given(told=st.lists(_cases, max_size=25), town_only=st.booleans())
def test_any_cases_load_their_organisations_as_a_plain_recount_says(
    told: list[Any], town_only: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ledger = open_town(f"sqlite:///{tmp_path_factory.mktemp('orgs') / 'orgs.db'}", Clock())
    ledger.write_orgs(ORGS)
    ledger.write_cases(told)
    scope = Scope(ledger.atlas().by_code["62051"]) if town_only else Scope.everything()
    with ledger.read(scope) as snapshot:
        tree = snapshot.orgs.tree(scope.path)
        rows = snapshot._connection.execute(sa.select(cases).where(scope.rows(cases.c.path))).all()
    found = loads(ledger, scope)
    assert found == {code: recount(rows, set(tree.subtree(code)), NOW) for code in tree.rows}
    ledger.close()
