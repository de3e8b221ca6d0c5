"""Alerts in the ledger: opened, acknowledged and closed once, however often somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.alerts import Condition, Followed
from data_adapters.ledger.scope import ROOT
from tests.fixtures.town import open_town

OVERDUE = Condition("R8", "YELLOW", "CASE", "6205-20261122-00001", ROOT, {"grade": "ORDINARY"})


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """The town's ledger on each store."""
    ledger = open_town(request.getfixturevalue(f"{request.param}_url"))
    yield ledger
    ledger.close()


def settle(ledger: Ledger, *conditions: Condition, looked_at: tuple[Condition, ...] = (OVERDUE,)) -> int:
    keys = [one.key for one in (*looked_at, *conditions)]
    return ledger.settle_alerts(keys, conditions, Followed("test", *ledger.position()))


def told(ledger: Ledger) -> list[dict[str, Any]]:
    """The alerts in the change log, in order."""
    return [orjson.loads(row.body) for row in ledger.log_after(0, 1_000) if row.type == "alert"]


def standing(ledger: Ledger, path: str = ROOT, scope: str = ROOT) -> list[Any]:
    with ledger.read(Scope(scope)) as snapshot:
        return list(snapshot.alerts.standing(path, 100))


def test_a_condition_alerts_once_however_often_it_is_found(ledger: Ledger) -> None:
    assert [settle(ledger, OVERDUE), settle(ledger, OVERDUE), settle(ledger, OVERDUE)] == [1, 0, 0]
    (one,) = told(ledger)
    assert (one["state"], one["severity"], one["rule"], one["count"]) == ("OPEN", "YELLOW", "R8", 1)


def test_what_is_no_longer_so_is_over_and_opens_again_when_it_comes_back(ledger: Ledger) -> None:
    settle(ledger, OVERDUE)
    assert settle(ledger) == 1
    assert standing(ledger) == []
    settle(ledger, OVERDUE)
    assert [(item["state"], item["count"]) for item in told(ledger)] == [
        ("OPEN", 1),
        ("RESOLVED", 1),
        ("OPEN", 2),
    ]
    assert len({item["alert_id"] for item in told(ledger)}) == 1


def test_an_acknowledged_alert_stays_so_until_it_gets_graver(ledger: Ledger) -> None:
    settle(ledger, OVERDUE)
    id_ = standing(ledger)[0].id
    assert ledger.acknowledge(id_, "值班台")["state"] == "ACKED"
    assert ledger.acknowledge(id_, "另一台")["acked_by"] == "值班台"
    assert settle(ledger, OVERDUE) == 0
    settle(ledger, replace(OVERDUE, severity="RED"))
    (row,) = standing(ledger)
    assert (row.state, row.severity, row.acked_by) == ("OPEN", "RED", None)
    assert [item["state"] for item in told(ledger)] == ["OPEN", "ACKED", "OPEN"]


def test_what_was_not_looked_at_is_left_alone(ledger: Ledger) -> None:
    other = replace(OVERDUE, subject="6205-20261122-00002")
    settle(ledger, OVERDUE, other)
    assert settle(ledger, looked_at=(other,)) == 1
    assert [row.subject for row in standing(ledger)] == [OVERDUE.subject]


def test_the_unacknowledged_come_first_then_the_gravest(ledger: Ledger) -> None:
    three = [
        replace(OVERDUE, subject=str(n), severity=word) for n, word in enumerate(("YELLOW", "RED", "RED"))
    ]
    settle(ledger, *three, looked_at=())
    first = next(row for row in standing(ledger) if row.subject == "1")
    ledger.acknowledge(first.id, "值班台")
    assert [row.subject for row in standing(ledger)] == ["2", "0", "1"]


def test_a_scope_sees_its_own_alerts_and_learns_that_one_has_left(ledger: Ledger) -> None:
    paths = ledger.atlas().by_code
    here, there = paths["62051"], paths["62052"]
    settle(ledger, replace(OVERDUE, path=here))
    assert len(standing(ledger, here, scope=here)) == 1
    assert standing(ledger, here, scope=there) == []
    assert standing(ledger, there, scope=there) == []
    with ledger.read(Scope(there)) as snapshot:
        assert snapshot.alerts.one(1) is None
    settle(ledger, replace(OVERDUE, path=there))
    with ledger.read(Scope(here)) as snapshot:
        last = [change.item for change in snapshot.changes(0, 100)[0] if change.item["type"] == "alert"][-1]
    assert last["removed"]
    assert last["alert_id"] == 1
    assert "severity" not in last


_KEYS = st.integers(0, 3)
_STEP = st.tuples(st.sets(_KEYS), st.dictionaries(_KEYS, st.sampled_from(("YELLOW", "RED"))))


@given(steps=st.lists(_STEP, max_size=12))
def test_what_stands_is_what_was_found_last_and_the_log_tells_the_same(
    steps: list[tuple[set[int], dict[int, str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    ledger = open_town(f"sqlite:///{tmp_path_factory.mktemp('alerts') / 'yiping.db'}")
    so: dict[int, str] = {}
    for looked_at, found in steps:
        so = {n: word for n, word in so.items() if n not in looked_at} | found
        conditions = [replace(OVERDUE, subject=str(n), severity=word) for n, word in found.items()]
        settle(ledger, *conditions, looked_at=tuple(replace(OVERDUE, subject=str(n)) for n in looked_at))
    assert {int(row.subject): row.severity for row in standing(ledger)} == so
    folded = {item["subject"]: item for item in told(ledger)}
    assert {int(n) for n, item in folded.items() if item["state"] != "RESOLVED"} == set(so)
    ledger.close()
