"""A load of many cases into an empty ledger: counted last, right all along, whatever happens meanwhile."""

from __future__ import annotations

import pickle
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_adapters.ledger import Ledger, Scope, depths, sums
from data_adapters.ledger.case_columns import columns_of
from data_adapters.ledger.load import Load
from data_adapters.ledger.tables import stream
from data_adapters.records.case import Case
from tests.data_adapters.ledger.test_bulk import content, index_names, merged, wild_cases
from tests.data_adapters.ledger.test_counts import both_ways
from tests.fixtures.town import NOW, case, open_town


def places(n: int) -> Case:
    """Cases all over the town, some in no grid, told over half a year."""
    return case(n, lon=(n % 31) / 10, lat=(n % 20) / 10, state=["CLOSED", "REPORTED", "IN_PROGRESS"][n % 3])


def loading(ledger: Ledger) -> bool:
    with ledger.read(Scope.everything()) as snapshot:
        return snapshot._connection.execute(sa.select(stream.c.span_depth)).scalar_one() < 0


def agrees_with_its_rows(ledger: Ledger) -> None:
    kept = content(ledger)
    ledger.rebuild_counts()
    assert content(ledger) == kept


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(batches=st.lists(st.lists(wild_cases(), min_size=1, max_size=12), min_size=1, max_size=4))
def test_a_load_leaves_what_one_transaction_after_another_leaves(batches: list[list[Case]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one = open_town(f"sqlite:///{Path(folder) / 'one.db'}")
        load = open_town(f"sqlite:///{Path(folder) / 'load.db'}")
        apart = open_town(f"sqlite:///{Path(folder) / 'apart.db'}")
        for ledger in (one, load, apart):
            ledger.write_grids([merged()])
        prepare = apart.preparing()
        with load.loading_cases(), apart.loading_cases():
            for batch in batches:
                singly = one.write_cases(batch)
                together = load.write_case_columns(columns_of(batch))
                sent = pickle.loads(pickle.dumps(prepare(columns_of(batch))))  # noqa: S301
                assert apart.write_case_columns(sent.told(), sent) == together
                assert together == {
                    status: n
                    for status in ("accepted", "updated", "duplicate")
                    if (n := sum(outcome.status == status for outcome in singly)) or status in together
                }
            both_ways(load)
        assert content(load) == content(one) == content(apart)
        agrees_with_its_rows(load)
        for ledger in (one, load, apart):
            ledger.close()


def test_what_was_prepared_with_other_grids_is_placed_anew(tmp_path: Path) -> None:
    ledger = open_town(f"sqlite:///{tmp_path / 'store.db'}")
    prepared = ledger.preparing()(columns_of([places(n) for n in range(30)]))
    ledger.write_grids([merged()])
    ledger.write_case_columns(prepared.told(), prepared)
    other = open_town(f"sqlite:///{tmp_path / 'other.db'}")
    other.write_grids([merged()])
    other.write_case_columns(columns_of([places(n) for n in range(30)]))
    assert content(ledger) == content(other)
    for one in (ledger, other):
        one.close()


def test_every_figure_is_right_while_a_load_runs_and_its_counts_and_indexes_are_there_at_the_end(
    ledger_url: str,
) -> None:
    ledger = open_town(ledger_url)
    before = index_names(ledger)
    with ledger.loading_cases():
        for start in (0, 50):
            ledger.write_case_columns(columns_of([places(n) for n in range(start, start + 50)]))
            assert loading(ledger)
            both_ways(ledger)
        assert index_names(ledger) < before
    assert not loading(ledger)
    assert index_names(ledger) == before
    both_ways(ledger)
    agrees_with_its_rows(ledger)
    with ledger.loading_cases():  # there are cases now: nothing to gain
        assert not loading(ledger)
    ledger.close()


def test_what_somebody_else_writes_during_a_load_is_counted_too(ledger_url: str) -> None:
    ledger, other = open_town(ledger_url), Ledger.open(ledger_url, root="6205", clock=lambda: NOW)
    with ledger.loading_cases():
        ledger.write_case_columns(columns_of([places(n) for n in range(30)]))
        other.write_cases([places(40), replace(places(3), state="ARCHIVED")])
        other.tick()
        ledger.write_case_columns(columns_of([places(n) for n in range(50, 60)]))
    both_ways(ledger)
    agrees_with_its_rows(ledger)
    other.close()
    ledger.close()


def test_grids_that_change_during_a_load_end_it(ledger_url: str) -> None:
    ledger, other = open_town(ledger_url), Ledger.open(ledger_url, root="6205", clock=lambda: NOW)
    before = index_names(ledger)
    with ledger.loading_cases():
        ledger.write_case_columns(columns_of([places(n) for n in range(30)]))
        other.write_grids([merged()])
        assert not loading(ledger)
        assert index_names(ledger) == before
        ledger.write_case_columns(columns_of([places(n) for n in range(30, 60)]))
        both_ways(ledger)
    agrees_with_its_rows(ledger)
    other.close()
    ledger.close()


def test_a_load_that_was_killed_is_counted_by_the_next_sync(ledger_url: str) -> None:
    killed = open_town(ledger_url)
    before = index_names(killed)
    with killed._transaction() as tx:
        Load(tx)
    killed.write_case_columns(columns_of([places(n) for n in range(30)]))
    killed.close()
    again = Ledger.open(ledger_url, root="6205", clock=lambda: NOW)
    assert loading(again)
    both_ways(again)
    again.tick()  # which has nothing final to write down yet
    with again.loading_cases():  # the rest of the file comes as to any ledger that has cases
        again.write_case_columns(columns_of([places(n) for n in range(60)]))
    both_ways(again)
    again.settle()
    assert not loading(again)
    assert index_names(again) == before
    both_ways(again)
    agrees_with_its_rows(again)
    again.close()


def test_a_transaction_of_a_load_that_fails_leaves_nothing_in_its_counts(ledger_url: str) -> None:
    ledger = open_town(ledger_url)

    def fails() -> None:
        with ledger.together():
            ledger.write_case_columns(columns_of([places(n) for n in range(30, 60)]))
            raise RuntimeError("killed")

    with ledger.loading_cases():
        ledger.write_case_columns(columns_of([places(n) for n in range(30)]))
        with pytest.raises(RuntimeError):
            fails()
        ledger.write_case_columns(columns_of([places(n) for n in range(60, 90)]))
    both_ways(ledger)
    agrees_with_its_rows(ledger)
    ledger.close()


@pytest.mark.parametrize("bound", ["MOST_BYTES", "MOST_SPREADS"])
def test_what_would_take_too_much_memory_is_counted_from_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(sums, bound, 0)
    monkeypatch.setattr(sums, "MERGED_FROM", 0)
    ledger = open_town(f"sqlite:///{tmp_path / 'store.db'}")
    with ledger.loading_cases():
        for start in (0, 30, 60):
            ledger.write_case_columns(columns_of([places(n) for n in range(start, start + 30)]))
    agrees_with_its_rows(ledger)
    ledger.close()


@pytest.mark.parametrize("bulk", [True, False])
def test_a_number_that_a_source_brings_along_is_given_once_though_its_index_is_not_there(
    ledger_url: str, bulk: bool
) -> None:
    ledger = open_town(ledger_url)

    def write(*told: Case) -> Callable[[], object]:
        return lambda: ledger.write_cases(told, bulk=bulk)

    day = f"6205-{NOW:%Y%m%d}"
    with ledger.loading_cases():
        write(case(1, reported_at=NOW, case_no="A-1"), case(2, reported_at=NOW, case_no=f"{day}-00002"))()
        for number in ("A-1", f"{day}-00002"):
            with pytest.raises(ValueError, match="已有"):
                write(case(9, case_no=number))()
        with pytest.raises(ValueError, match="已有"):
            write(case(10, case_no="B"), case(11, case_no="B"))()
        write(*(case(n, reported_at=NOW) for n in (3, 4)))()
    numbers = {row[0] for row in content(ledger)["cases"]}
    assert numbers == {"A-1", f"{day}-00002", f"{day}-00003", f"{day}-00004"}
    ledger.close()


def span_depth(ledger: Ledger) -> int:
    with ledger.read(Scope.everything()) as snapshot:
        return int(snapshot._connection.execute(sa.select(stream.c.span_depth)).scalar_one())


def test_where_a_grid_holds_many_cases_its_histograms_are_kept(
    ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depths, "SPANNED_GRIDS", 1)
    monkeypatch.setattr(depths, "SPANNED_CASES", 20)
    ledger = open_town(ledger_url)
    assert span_depth(ledger) == 0
    with ledger.loading_cases(coming=60):
        ledger.write_case_columns(columns_of([places(n) for n in range(60)]))
    assert span_depth(ledger) == 1
    both_ways(ledger)
    agrees_with_its_rows(ledger)
    ledger.close()


def test_histograms_that_are_too_many_to_hold_are_kept_less_deep(
    ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sums, "MERGED_FROM", 10)
    ledger = open_town(ledger_url)
    before = span_depth(ledger)
    monkeypatch.setattr(sums, "MOST_SPREADS", 40)
    with ledger.loading_cases():
        for start in range(0, 120, 20):
            ledger.write_case_columns(columns_of([places(n) for n in range(start, start + 20)]))
    assert 0 <= span_depth(ledger) < before
    both_ways(ledger)
    ledger.close()


def test_a_ledger_opens_while_another_process_ends_its_load(postgres_url: str) -> None:
    open_town(postgres_url).close()
    name = "ix_cases_reported_at"
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:  # as a load that has begun
        connection.exec_driver_sql(f"DROP INDEX {name}")
    ends, watching = engine.connect(), engine.connect()
    with ThreadPoolExecutor(1) as pool:
        ends.exec_driver_sql(f"CREATE INDEX {name} ON cases (reported_at)")
        opening = pool.submit(Ledger.open, postgres_url, root="6205", clock=lambda: NOW)
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        deadline = time.monotonic() + 30
        while not watching.exec_driver_sql(waits).scalar_one() and time.monotonic() < deadline:
            watching.rollback()
            time.sleep(0.05)
        assert not opening.done()
        ends.commit()
        ledger = opening.result(30)
    assert name in index_names(ledger)
    for one in (ends, watching, ledger):
        one.close()
    engine.dispose()
