"""A sync that nobody watches: upstreams that empty themselves, log us out, break halfway, and mend themselves."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.tables import cases, grid, quarantine
from data_adapters.report import SourceReport
from data_adapters.settings import Settings
from data_adapters.sync import sync
from tests.data_adapters.ledger.test_bulk import content
from tests.fixtures.county_files import CASES, all_levels, settings, write_cases, write_grids
from tests.fixtures.nursery import nursery
from tests.fixtures.town import NOW, WEST, Clock, grids
from tests.fixtures.upstream import Reply, Request, Upstream
from tests.fixtures.wall import make_centre
from tests.fixtures.wall import sync as read

T = "2026-11-02 14:20:00"
HISTORY = """[[sources]]
name = "cases"
kind = "case"
path = "cases.csv"
crs = "EPSG:4490"
[sources.fields]
source_id = "ID"
occurred_at = "T"
closed_at = "T"
state = "STATE"
lon = "X"
lat = { const = "34.5" }
"""
PAGE = "<!DOCTYPE html><html><title>统一身份认证</title></html>"
DATABASE = """[[sources]]
name = "db"
kind = "case"
reader = "sql"
url = "sqlite:///upstream.db"
query = "SELECT * FROM t WHERE at >= :cursor ORDER BY at"
cursor = "at"
[sources.fields]
source_id = "id"
occurred_at = "at"
state = "state"
"""


@pytest.fixture
def clock() -> Clock:
    """Starts on 22 November 2026, stands still between runs."""
    return Clock()


@pytest.fixture
def ledger(sqlite_url: str, clock: Clock) -> Iterator[Ledger]:
    """An empty ledger of the small county."""
    opened = Ledger.open(sqlite_url, root="6205", clock=clock)
    yield opened
    opened.close()


def rows(count: int) -> list[tuple[object, ...]]:
    return [(str(n), T, "REPORTED", "", 106.2, 34.5) for n in range(count)]


def run(known: Settings, ledger: Ledger, clock: Clock, name: str = "cases") -> SourceReport:
    clock.now += timedelta(minutes=1)
    (told,) = sync(known, ledger, name).sources
    return told


def stored(ledger: Ledger, table: sa.Table) -> list[sa.Row[tuple[object, ...]]]:
    with ledger._reading.connect() as connection:
        return list(connection.execute(sa.select(table)))


@pytest.fixture
def county(tmp_path: Path, ledger: Ledger) -> Settings:
    """The county with ten cases, read once."""
    write_grids(tmp_path)
    write_cases(tmp_path, rows(10))
    known = settings(tmp_path, CASES, *all_levels())
    assert sync(known, ledger).exit_code == 0
    return known


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "文件是空的"),
        (PAGE, "登录页"),
        ("ID,T,STATE,GRID,X,Y\n", "只有 0 行"),
        ('{"code": 401}', "没有列"),
        (f"ID,T,STATE,GRID,X,Y\n7,{T},CLOSED,,106.2,34.5\n", "只有 1 行"),
    ],
    ids=["empty", "login page", "header alone", "error object", "one row"],
)
def test_an_upstream_that_lost_its_data_changes_nothing_and_is_told(
    tmp_path: Path, ledger: Ledger, clock: Clock, county: Settings, content: str, words: str
) -> None:
    good, position = ledger.source_state("cases"), ledger.position()
    (tmp_path / "cases.csv").write_text(content, encoding="utf-8")
    told = run(county, ledger, clock)
    state = ledger.source_state("cases")
    assert good is not None
    assert state is not None
    assert words in (told.error or "")
    assert state.error == told.error
    assert (state.last_ok_at, state.read, state.accepted) == (good.last_ok_at, 10, 10)
    assert state.last_try_at > good.last_try_at
    assert ledger.position() == position


def test_a_fifth_less_is_believed_and_a_row_more_is_not(
    tmp_path: Path, ledger: Ledger, clock: Clock, county: Settings
) -> None:
    write_cases(tmp_path, rows(8))
    assert run(county, ledger, clock).error is None
    write_cases(tmp_path, rows(6))
    told = run(county, ledger, clock)
    assert told.error_code == "shrunk"
    assert "may_shrink" in (told.error or "")
    known = settings(
        tmp_path, CASES.replace('kind = "case"', 'kind = "case"\nmay_shrink = true'), *all_levels()
    )
    assert run(known, ledger, clock).error is None
    assert len(stored(ledger, cases)) == 10


def test_a_failing_source_does_not_forget_how_much_was_good(
    tmp_path: Path, ledger: Ledger, clock: Clock, county: Settings
) -> None:
    (tmp_path / "cases.csv").unlink()
    run(county, ledger, clock)
    write_cases(tmp_path, rows(5))
    assert run(county, ledger, clock).error_code == "shrunk"


def test_a_file_that_breaks_halfway_writes_none_of_its_rows(
    tmp_path: Path, ledger: Ledger, clock: Clock, county: Settings
) -> None:
    position = ledger.position()
    more = [*rows(6_000), ("6000", T, "REPORTED", "", 106.2, "x" * 17_000_000)]
    write_cases(tmp_path, more)
    assert run(county, ledger, clock).error_code == "not_csv"
    assert ledger.position() == position


def test_grids_that_shrank_are_kept_and_the_other_levels_are_read(
    tmp_path: Path, ledger: Ledger, clock: Clock, county: Settings
) -> None:
    write_grids(tmp_path, [known for known in grids() if known.level != 3 or known.code < "62052"])
    clock.now += timedelta(minutes=1)
    told = {source.name: source for source in sync(county, ledger).sources}
    assert told["level-3"].error_code == "shrunk"
    assert told["level-2"].error is None
    assert sum(row.current for row in stored(ledger, grid)) == len(grids())


def test_a_refused_row_comes_back_by_itself_when_the_upstream_mends_it(
    tmp_path: Path, ledger: Ledger, clock: Clock, county: Settings
) -> None:
    write_cases(tmp_path, [*rows(10), ("new", "gestern", "?", "", "", "")])
    assert run(county, ledger, clock).refused == 1
    assert {(row.row, row.field) for row in stored(ledger, quarantine)} == {
        ("12", "occurred_at"),
        ("12", "state"),
    }
    write_cases(tmp_path, [*rows(10), ("new", T, "?", "", "", "")])
    run(county, ledger, clock)
    assert [(row.field, row._mapping["count"]) for row in stored(ledger, quarantine)] == [("state", 2)]
    write_cases(tmp_path, [*rows(10), ("new", T, "REPORTED", "", "", "")])
    assert run(county, ledger, clock).new == 1
    assert stored(ledger, quarantine) == []


def test_a_refused_row_stays_in_quarantine_while_its_source_fails(
    tmp_path: Path, ledger: Ledger, clock: Clock, county: Settings
) -> None:
    write_cases(tmp_path, [*rows(10), ("new", "gestern", "REPORTED", "", "", "")])
    run(county, ledger, clock)
    (tmp_path / "cases.csv").write_text(PAGE, encoding="utf-8")
    run(county, ledger, clock)
    assert [row.row for row in stored(ledger, quarantine)] == ["12"]


class Table:
    """A table of cases that other people write."""

    def __init__(self, folder: Path) -> None:
        self._engine = sa.create_engine(f"sqlite:///{folder / 'upstream.db'}")
        self.do("CREATE TABLE t (id TEXT PRIMARY KEY, at TEXT, state TEXT)")

    def do(self, statement: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.text(statement))


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    """Three cases, the second in a state that nobody mapped."""
    made = Table(tmp_path)
    for number, state in enumerate(("REPORTED", "已转交", "REPORTED")):
        made.do(f"INSERT INTO t VALUES ('{number}', '2026-11-0{number + 1} 08:00:00', '{state}')")
    yield made
    made._engine.dispose()


def test_a_row_behind_the_cursor_comes_back_when_the_mapping_is_mended(
    tmp_path: Path, ledger: Ledger, clock: Clock, table: Table
) -> None:
    assert run(settings(tmp_path, DATABASE), ledger, clock, "db").refused == 1
    assert run(settings(tmp_path, DATABASE), ledger, clock, "db").read == 1
    assert [row.row for row in stored(ledger, quarantine)] == ["1"]
    mended = settings(tmp_path, DATABASE + '[sources.values.state]\n"已转交" = "ASSIGNED"\n')
    told = run(mended, ledger, clock, "db")
    assert (told.read, told.new, told.refused) == (3, 1, 0)
    assert stored(ledger, quarantine) == []
    assert run(mended, ledger, clock, "db").read == 1


def test_a_row_that_the_upstream_mends_and_touches_leaves_the_quarantine(
    tmp_path: Path, ledger: Ledger, clock: Clock, table: Table
) -> None:
    known = settings(tmp_path, DATABASE)
    run(known, ledger, clock, "db")
    table.do("UPDATE t SET state = 'ACCEPTED', at = '2026-11-04 08:00:00' WHERE id = '1'")
    assert run(known, ledger, clock, "db").new == 1
    assert stored(ledger, quarantine) == []


def test_a_row_that_the_upstream_mends_without_a_trace_comes_back_within_a_day(
    tmp_path: Path, ledger: Ledger, clock: Clock, table: Table
) -> None:
    known = settings(tmp_path, DATABASE)
    run(known, ledger, clock, "db")
    table.do("UPDATE t SET state = 'ACCEPTED' WHERE id = '1'")
    assert run(known, ledger, clock, "db").new == 0
    clock.now = NOW + timedelta(days=1, hours=1)
    assert run(known, ledger, clock, "db").new == 1
    assert stored(ledger, quarantine) == []
    assert run(known, ledger, clock, "db").read == 1


def test_an_interface_that_says_nothing_changed_is_as_good_as_read_until_the_mapping_changes(
    tmp_path: Path, ledger: Ledger, clock: Clock, upstream: Upstream
) -> None:
    def answer(request: Request) -> Reply:
        if request.headers.get("if-none-match") == '"1"':
            return Reply(status=304)
        return Reply([{"id": "1", "at": T, "state": "已转交"}, {"id": "2", "at": T}], headers={"ETag": '"1"'})

    upstream.answer = answer
    text = f"""[[sources]]
name = "rest"
kind = "case"
reader = "http"
url = "{upstream.url}/cases"
[sources.fields]
source_id = "id"
occurred_at = "at"
state = "state"
"""
    known = settings(tmp_path, text)
    assert run(known, ledger, clock, "rest").new == 1
    good = ledger.source_state("rest")
    told = run(known, ledger, clock, "rest")
    assert (told.read, told.accepted, told.refused, told.error) == (2, 1, 1, None)
    again = ledger.source_state("rest")
    assert good is not None
    assert again is not None
    assert again == replace(good, last_ok_at=clock.now, last_try_at=clock.now)
    assert [row.row for row in stored(ledger, quarantine)] == ["1"]
    mended = settings(tmp_path, text + '[sources.values.state]\n"已转交" = "ASSIGNED"\n')
    assert run(mended, ledger, clock, "rest").new == 1
    assert stored(ledger, quarantine) == []


FLAPS = {
    "a server error": Reply({"message": "down"}, status=503),
    "a refusal for now": Reply(status=429, headers={"Retry-After": "0"}),
    "half an answer": Reply([{"id": "1"}], cut=5),
    "a login page": Reply(PAGE.encode(), headers={"Content-Type": "text/html"}),
    "an empty list": Reply([]),
}


@pytest.mark.parametrize("flap", FLAPS)
def test_an_upstream_that_flaps_deletes_nothing_is_probed_by_one_request_and_comes_back_by_itself(
    flap: str,
    upstream: Upstream,
    ledger: Ledger,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("data_adapters.readers.web.sleep", lambda _: None)
    ledger.write_grids(grids())
    known = settings(tmp_path, HTTP_CASES.format(url=f"{upstream.url}/cases"))
    good = Reply([{"id": str(n), "at": T, "state": "REPORTED"} for n in range(10)])
    upstream.answer = lambda _: good
    assert run(known, ledger, clock).accepted == 10
    upstream.answer = lambda _: FLAPS[flap]
    first = run(known, ledger, clock)
    assert first.error is not None
    upstream.asked.clear()
    for probe in range(1, 4):
        assert run(known, ledger, clock).error is not None
        assert len(upstream.asked) == probe
    assert count(ledger) == 10
    upstream.answer = lambda _: good
    told = run(known, ledger, clock)
    assert (told.error, told.read, count(ledger)) == (None, 10, 10)


def count(ledger: Ledger) -> int:
    with ledger.read(Scope.everything()) as snapshot:
        return len(snapshot.latest_cases(ROOT, 100))


HTTP_CASES = """[[sources]]
name = "cases"
kind = "case"
reader = "http"
url = "{url}"
[sources.fields]
source_id = "id"
occurred_at = "at"
state = "state"
"""


def test_a_first_load_whose_process_is_killed_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    stores = {}
    for name in ("killed", "whole"):
        folder = tmp_path / name
        folder.mkdir()
        store = f"sqlite:///{folder / 'yiping.db'}"
        make_centre(folder, store, HISTORY)
        lines = (f"{n},2026-0{n % 9 + 1}-1{n % 7},{('CLOSED', 'IN_PROGRESS')[n % 5 == 0]},{n % 290 / 100 + WEST:.2f}"
                 for n in range(95_000))  # fmt: skip
        (folder / "cases.csv").write_text("\n".join(["ID,T,STATE,X", *lines]), encoding="utf-8")
        if name == "killed":
            killed = nursery().start(
                ["sync", "--config", str(folder / "yiping.toml")], os.environ, folder / "killed.log"
            )
            while count_of(store) < 40_000:
                assert killed.poll() is None, (folder / "killed.log").read_text("utf-8")
                time.sleep(0.01)
            killed.kill()
            assert killed.wait(30) == -signal.SIGKILL
            assert 40_000 <= count_of(store) < 95_000
        read(folder)
        ledger = Ledger.open(store, root="6205")
        assert count_of(store) == 95_000
        kept = content(ledger)
        ledger.rebuild_counts()
        assert content(ledger)["tally"] == kept["tally"]
        stores[name] = [kept[table] for table in ("tally", "spread", "gauge")]
        ledger.close()
    assert stores["killed"] == stores["whole"]


def count_of(store: str) -> int:
    """How many cases are there; 0 also where the store is not made yet."""
    engine = sa.create_engine(store)
    try:
        with engine.connect() as connection:
            found: int = connection.exec_driver_sql("SELECT count(*) FROM cases").scalar_one()
            return found
    except sa.exc.OperationalError:
        return 0
    finally:
        engine.dispose()
