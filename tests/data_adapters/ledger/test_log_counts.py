"""The rollups live through the log of changes again: at every moment they are what the transactions kept then."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data_adapters.ledger import Ledger, Scope, log_counts
from data_adapters.ledger.finals import MEASURES
from data_adapters.ledger.tables import final_figure, gauge, last_report, past, spread, stream, tally
from tests.fixtures.histories import CLOCK, HISTORIES, emptied, rolled_up, tell
from tests.fixtures.town import NOW, Clock, case, grid, open_town

ALL = Scope.everything()
MANY = int(os.environ.get("YIPING_HISTORIES", "15"))
#: Seconds of video points are counted from their transitions, whenever those were told.
_OF_LOG = (tally, last_report, spread, gauge)
_pauses = st.lists(st.sampled_from([1, 1, 30, 60 * 5, 60 * 26, 60 * 24 * 5]), min_size=20, max_size=20)
_settings = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class _Undone(Exception):
    """Nothing of a rebuild for a past moment is to be kept."""


def kept(ledger: Ledger, *tables: sa.Table) -> bytes:
    with ledger.read(ALL) as snapshot:
        return rolled_up(snapshot._connection, *tables)


def final(row: Any, counted: dict[str, int]) -> bool:
    return orjson.loads(row.counts) == {name: counted[name] for name in MEASURES if counted.get(name)}


def relived(ledger: Ledger, until: datetime) -> tuple[bytes, bool]:
    """The rollups as the log has them at `until`, and whether the figures that became final then are the same."""
    with suppress(_Undone), ledger._transaction() as tx:
        log_counts.recount(tx, ledger.zone, until)
        found = rolled_up(tx.connection, *_OF_LOG)
        days = {
            (row["path"], row["day"]): dict(row) for row in tx.connection.execute(sa.select(tally)).mappings()
        }
        rows = tx.connection.execute(sa.select(final_figure).where(final_figure.c.computed_at == until)).all()
        same = all(final(row, days.get((row.path, row.day), {})) for row in rows)
        raise _Undone
    return found, same


def check(ledger: Ledger, history: list[Any], pauses: list[int]) -> None:
    """Live through a history with its ticks; then through its log, to its end and to every moment of it."""
    emptied(ledger, CLOCK)
    moments = [(CLOCK.now, kept(ledger, *_OF_LOG))]
    for entry, minutes in zip(history, pauses, strict=False):
        for happens in (lambda entry=entry: tell(ledger, [entry]), ledger.tick):
            CLOCK.now += timedelta(minutes=minutes)
            happens()
            moments.append((CLOCK.now, kept(ledger, *_OF_LOG)))
    whole = kept(ledger)
    for from_log in (True, False):
        ledger.rebuild_counts(from_log=from_log)
        assert kept(ledger) == whole
    with ledger.read(ALL) as snapshot:
        known_from = snapshot._connection.execute(sa.select(stream.c.known_from)).scalar_one()
    known = [moment for moment in moments if moment[0] >= known_from]
    for at, then in known[:: max(1, len(known) // 6)]:
        assert relived(ledger, at) == (then, True)


@settings(_settings, max_examples=MANY)
@given(history=HISTORIES, pauses=_pauses)
def test_the_log_gives_the_same_bytes_at_its_end_and_at_every_moment(
    on_sqlite: Ledger, history: list[Any], pauses: list[int]
) -> None:
    check(on_sqlite, history, pauses)


@settings(_settings, max_examples=max(2, MANY // 5))
@given(history=HISTORIES, pauses=_pauses)
def test_the_log_gives_the_same_bytes_on_postgresql_too(
    on_postgresql: Ledger, history: list[Any], pauses: list[int]
) -> None:
    check(on_postgresql, history, pauses)


def test_of_a_load_of_history_the_log_holds_its_rows_and_of_what_followed_every_change(
    ledger_url: str,
) -> None:
    clock = Clock()
    ledger = open_town(ledger_url, clock)
    ledger.write_cases([case(1)])
    clock.now += timedelta(hours=1)
    days = [NOW - timedelta(days=3 + n % 20) for n in range(300)]
    ledger.write_cases([case(10 + n, reported_at=at, occurred_at=at) for n, at in enumerate(days)], bulk=True)
    loaded, at = kept(ledger, *_OF_LOG), clock.now
    clock.now += timedelta(hours=1)
    # The first group of 甲镇 lies elsewhere from today on, so what happened there today is its village's.
    ledger.write_grids([grid("6205111", "1组", 3, "620511", 8, 8, 0.5, 1)])
    clock.now += timedelta(hours=1)
    ledger.write_cases([case(11, 1.5, state="ACCEPTED", accepted_at=clock.now, source_updated_at=clock.now)])
    with ledger.read(ALL) as snapshot:
        assert snapshot._connection.execute(sa.select(stream.c.known_from)).scalar_one() == at
        assert snapshot._connection.execute(sa.select(sa.func.count()).select_from(past)).scalar_one() == 2
    assert relived(ledger, at) == (loaded, True)
    whole = kept(ledger)
    ledger.rebuild_counts(from_log=True)
    assert kept(ledger) == whole
    ledger.close()


def test_a_change_that_the_log_lost_is_noticed(sqlite_url: str) -> None:
    clock = Clock()
    ledger = open_town(sqlite_url, clock)
    ledger.write_cases([case(1)])
    clock.now += timedelta(hours=1)
    before, at = kept(ledger, *_OF_LOG), clock.now
    clock.now += timedelta(hours=1)
    ledger.write_cases([case(1, state="ACCEPTED", accepted_at=NOW, source_updated_at=clock.now)])
    with ledger._transaction() as tx:
        tx.connection.execute(sa.delete(past).where(past.c.at == clock.now))
    assert relived(ledger, at)[0] != before
    ledger.close()
