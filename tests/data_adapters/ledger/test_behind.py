"""The rows behind a figure: all that it is made of, a page for the price of a page."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_adapters.ledger import Scope, behind
from data_adapters.ledger.behind import STOCK, Asked, point_conditions
from data_adapters.ledger.lanes import BadPosition
from data_adapters.ledger.tables import cases
from data_adapters.ledger.types import Instant
from data_adapters.records.case import Case
from data_adapters.records.video import VideoPoint
from tests.fixtures.town import NOW, case, open_town

EVERYTHING = Scope.everything()
FIRST = NOW - timedelta(days=10)


def told(n: int, state: str, accepted: float, concluded: float | None, **more: datetime) -> Case:
    """A case of the town; times are days after `FIRST`."""
    at = FIRST + timedelta(days=accepted)
    end = {} if concluded is None else {"closed_at": FIRST + timedelta(days=concluded)}
    return case(n, state=state, occurred_at=at, reported_at=at, accepted_at=at, **end, **more)


def test_a_stock_lists_the_cases_it_is_made_of_and_passes_over_those_concluded_before(
    ledger_url: str,
) -> None:
    ledger = open_town(ledger_url)
    ledger.write_cases([told(n, "CLOSED", -40, -30) for n in range(20)])
    ledger.write_cases(
        [
            told(20, "ACCEPTED", -40, None),
            told(21, "CLOSED", -40, 5),
            told(22, "CLOSED", 3, 4),
            told(23, "CLOSED", 3, 9.5),
            told(24, "ARCHIVED", -3, -5),
            told(25, "TRANSFERRED", -3, None),
            told(26, "MERGED", -3, None, source_updated_at=FIRST - timedelta(days=1)),
            told(27, "CLOSED", -9, -8),
        ]
    )
    # Closed before the period, taken up again within it.
    ledger.write_cases([told(27, "IN_PROGRESS", -9, None, source_updated_at=FIRST + timedelta(days=2))])
    # Accepted and closed within it, and taken up again before, by what its source says.
    ledger.write_cases([told(28, "CLOSED", 3, 4)])
    ledger.write_cases([told(28, "IN_PROGRESS", 3, None, source_updated_at=FIRST - timedelta(days=7))])
    with ledger.read(EVERYTHING) as snapshot:
        first = snapshot.today - 10
        asked = Asked("000", first, snapshot.today - 1, False, False, 0, NOW)
        for name, day in (("opening", first), ("closing", snapshot.today)):
            counted = snapshot.counts.before("000", day)
            stock = sum(sign * counted[measure] for measure, sign in STOCK.items())
            rows = snapshot.behind.rows([(1, name)], asked, "", 1_000).rows
            assert stock > 0
            assert sum(n for _, n in rows) == stock
        looked_at = [lane.holds for lane in snapshot.behind.lanes([(1, "opening")], asked)]
        chosen = sa.select(sa.func.count()).select_from(cases).where(sa.or_(*looked_at))
        assert snapshot._connection.execute(chosen).scalar_one() < 10
    ledger.close()


@pytest.mark.parametrize(
    ("measure", "index"),
    [
        ("reported", "ix_cases_reported_at"),
        ("accepted", "ix_cases_accepted_at"),
        ("closed", "ix_cases_closed_at"),
        ("closed_ahead", "ix_cases_closed_at"),
        ("sign_due", "ix_cases_assigned_at"),
        ("whistle", "ix_cases_whistled"),
        ("hazard_found", "ix_cases_hazard"),
        ("edge.UP", "ix_cases_edge"),
        ("unplaced", "ix_cases_unplaced"),
        ("open.light.RED", "ix_cases_open"),
        ("overdue", "ix_cases_due_at"),
    ],
)
def test_a_page_of_a_large_grid_follows_an_index_and_sorts_nothing(
    tmp_path: Path, measure: str, index: str
) -> None:
    ledger = open_town(f"sqlite:///{tmp_path / 'town.sqlite'}")
    with ledger.read(EVERYTHING) as snapshot:
        town = snapshot.children("000")[0].path
        today = snapshot.today
        lane = snapshot.behind.lanes([(1, measure)], Asked(town, today, today, True, False, 30, NOW))[0]
        last = [_ANY[type(column.type)] for column in lane.order]
        for path in ("000", town):
            for values in ([], last):
                chosen = lane.page(path, False, values, 10).compile(
                    snapshot._connection.engine, compile_kwargs={"literal_binds": True}
                )
                plan = snapshot._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {chosen}").all()
                assert index in str(plan)
                # Within one and the same time, or place, there is something to sort.
                assert "TEMP B-TREE FOR ORDER" not in str(plan)
    ledger.close()


#: A value of each type, for a page that goes on after it.
_ANY: dict[type, object] = {Instant: NOW, sa.BigInteger: 1, sa.Integer: 1, sa.String: "000001"}


def test_a_list_goes_on_where_the_page_before_ended_though_cases_came_between(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    at = [NOW - timedelta(minutes=n) for n in range(20)]
    ledger.write_cases([case(n, reported_at=at[n], occurred_at=at[n]) for n in range(1, 20)])
    seen, after = [], ""
    for step in range(4):
        with ledger.read(EVERYTHING) as snapshot:
            asked = Asked("000", snapshot.today, snapshot.today, True, False, 0, NOW)
            page = snapshot.behind.rows([(1, "reported")], asked, after, 6)
        seen += [row.source_id for row, _ in page.rows]
        ledger.write_cases([case(100 + step, reported_at=at[0], occurred_at=at[0])])
        if page.next is None:
            break
        after = page.next
    assert seen == [f"W{n}" for n in range(1, 20)]
    ledger.close()


@pytest.mark.parametrize("after", ["x", "0", "7-1-1", "0-1", "0-1-a", "-1-1-1", "0-99999999999999999999-1"])
def test_a_position_that_no_page_ended_with_is_refused(tmp_path: Path, after: str) -> None:
    ledger = open_town(f"sqlite:///{tmp_path / 'town.sqlite'}")
    with ledger.read(EVERYTHING) as snapshot:
        asked = Asked("000", snapshot.today, snapshot.today, True, False, 0, NOW)
        with pytest.raises(BadPosition):
            snapshot.behind.rows([(1, "reported")], asked, after, 6)
    ledger.close()


def test_a_video_point_is_listed_under_the_names_that_count_it(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    ledger.write_points(
        [
            VideoPoint(
                point_id=f"{n:020d}",
                source="platform",
                name=name,
                lon=106.2,
                lat=34.5,
                status=status,
                point_class=kind,
                should_network=should,
                networked=linked,
                integrated=linked,
            )
            for n, (name, status, kind, should, linked) in enumerate(
                product(("", "口"), ("ON", "OFF", "DEFECT"), (None, "1"), (None, True), (None, False, True))
            )
        ]
    )
    with ledger.read(EVERYTHING) as snapshot:
        counted = snapshot.counts.gauges("000")
        asked = Asked("000", snapshot.today, snapshot.today, True, False, 0, NOW)
        for name in point_conditions():
            rows = snapshot.behind.rows([(1, name)], asked, "", 1_000).rows
            assert sum(n for _, n in rows) == counted[name], name
            assert all(n == 1 for _, n in rows)
    ledger.close()


def test_a_page_of_what_hardly_any_row_is_ends_early_and_the_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_town(f"sqlite:///{tmp_path / 'town.sqlite'}")
    ledger.write_cases([case(n, lon=None if n == 0 else 0.25) for n in range(40)])
    monkeypatch.setattr(behind, "MOST_LOOKED", 10)
    found, after, pages = [], "", 0
    with ledger.read(EVERYTHING) as snapshot:
        asked = Asked("000", snapshot.today, snapshot.today, True, False, 0, NOW)
        while True:
            page = snapshot.behind.rows(
                [(1, "reported")], asked, after, 5, less=[(1, "reported_located")], total=1
            )
            found += page.rows
            pages += 1
            if page.next is None:
                break
            after = page.next
    assert [row.source_id for row, _ in found] == ["W0"]
    assert pages > 2
    ledger.close()
