"""All indicators of one grid in one answer, at several sizes of centre; beside it SQL over the rows.

``--cases 10000,1000000`` chooses sizes, ``--server URL`` a PostgreSQL server on which a database for each may be made
(else SQLite in a folder of its own); ``--existing URL …`` measures stores that are there already, as that of a demo
province. The raw SQL counts twelve of the figures in one pass over the same rows on the same server.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa

from dashboard.indicators.catalogue import CATALOGUE
from dashboard.indicators.reading import Reading, day_start
from data_adapters.ledger import Ledger, Scope, Snapshot
from data_adapters.ledger.columns import Columns
from data_adapters.ledger.scope import under
from data_adapters.ledger.tables import cases
from data_adapters.records.grid import Grid

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
_DAYS = 1_095
_BATCH = 100_000
_WARM, _ROUNDS = 5, 60
#: What takes longer is not asked again.
_SLOW_MS = 2_000
_DAY_MS = 86_400_000


def grids() -> list[Grid]:
    """A county of 18 towns, 14 villages each, five groups a village: 1,531 grids in four levels."""
    made = [_box("6205", "县", 0, None, 106.0, 34.0, 1.8, 1.4)]
    for town in range(18):
        code, west = f"6205{town:02}", 106.0 + town / 10
        made.append(_box(code, f"{town}镇", 1, "6205", west, 34.0, 0.1, 1.4))
        for village in range(14):
            own, south = f"{code}{village:02}", 34.0 + village / 10
            made.append(_box(own, f"{village}村", 2, code, west, south, 0.1, 0.1))
            made += [_box(f"{own}{n}", f"{n}组", 3, own, west + n / 50, south, 0.02, 0.1) for n in range(5)]
    return sorted(made, key=lambda one: one.level)


def _box(
    code: str,
    name: str,
    level: int,
    parent: str | None,
    west: float,
    south: float,
    width: float,
    height: float,
) -> Grid:
    box = shapely.box(west, south, west + width, south + height)
    return Grid(code=code, name=name, level=level, parent=parent, geometry=box, source="grids")


def fill(ledger: Ledger, n: int) -> None:
    """`n` cases of three years, three of a hundred of them open."""
    rng = np.random.default_rng(1)
    now = int(NOW.timestamp() * 1000)
    with ledger.loading_cases(n):
        for start in range(0, n, _BATCH):
            size = min(_BATCH, n - start)
            reported = now - (rng.random(size) * _DAYS * _DAY_MS).astype(np.int64)
            accepted = reported + rng.integers(60_000, 7_200_000, size)
            closed = accepted + (rng.lognormal(0.5, 0.9, size) * _DAY_MS).astype(np.int64)
            is_open = (closed > now) | (rng.random(size) < 0.001)
            missing = np.iinfo(np.int64).min
            state = np.where(is_open, "IN_PROGRESS", "CLOSED").astype(object)
            told = {
                "source": np.full(size, "bench", object),
                "source_id": np.array([f"B{start + k}" for k in range(size)], object),
                "kind": np.full(size, "DISPUTE", object),
                "category": rng.choice(np.array(["邻里", "合同", "物业", "其它"], object), size),
                "grade": rng.choice(
                    np.array(["ORDINARY", "COMPLEX", "MAJOR"], object), size, p=[0.86, 0.12, 0.02]
                ),
                "state": state,
                "occurred_at": reported,
                "reported_at": reported,
                "accepted_at": np.where(accepted > now, reported, accepted),
                "assigned_at": np.where(is_open, missing, accepted + 3_600_000),
                "received_at": np.where(is_open, missing, accepted + 7_200_000),
                "resolved_at": np.where(is_open, missing, closed),
                "closed_at": np.where(is_open, missing, closed),
                "outcome": np.where(is_open, None, "SUCCESS"),
                "lon": 106.0 + rng.random(size) * 1.8,
                "lat": 34.0 + rng.random(size) * 1.4,
            }
            ledger.load_cases(Columns(cases, size, told))


def answer(snapshot: Snapshot, path: str) -> int:
    """Every indicator of the last thirty days, as the API answers it."""
    reading = Reading(snapshot, path, snapshot.today - 29, snapshot.today)
    return sum(one.measure(reading)[0] is not None for one in CATALOGUE)


def raw(snapshot: Snapshot, path: str) -> int:
    """Twelve of the same figures by SQL over the rows themselves."""
    first, end = day_start(snapshot.today - 29, snapshot.zone), NOW

    def n(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    table = cases.c
    within = {name: table[name].between(first, end) for name in ("reported_at", "accepted_at", "closed_at")}
    chosen = sa.select(
        n(within["reported_at"]),
        n(within["accepted_at"]),
        n(within["closed_at"]),
        n(table.is_open),
        n(sa.and_(table.is_open, table.light == "RED")),
        n(sa.and_(table.is_open, table.light == "YELLOW")),
        n(sa.and_(within["closed_at"], table.closed_at <= table.due_at)),
        n(sa.and_(table.is_open, table.due_at < end)),
        n(sa.and_(within["accepted_at"], table.state == "CLOSED")),
        n(sa.and_(within["closed_at"], table.outcome == "SUCCESS")),
        n(sa.and_(within["reported_at"], table.placed)),
        n(sa.and_(within["accepted_at"], table.accepted_at <= table.decide_by)),
    ).where(under(table.path, path))
    return len(snapshot._connection.execute(chosen).one())


def timed(ledger: Ledger, work: Any, path: str) -> tuple[float, float]:
    """Milliseconds of one answer that reads anew: by the clock, and of this process's own processor."""
    begun, used = time.perf_counter(), time.process_time()
    with ledger.read(Scope.everything()) as snapshot:
        work(snapshot, path)
    return (time.perf_counter() - begun) * 1_000, (time.process_time() - used) * 1_000


def filled(url: str, n: int) -> Ledger:
    """A store with `n` cases."""
    ledger = Ledger.open(url, root="6205", clock=lambda: NOW)
    ledger.write_grids(grids())
    begun = time.perf_counter()
    fill(ledger, n)
    print(f"{n:>11,} cases loaded in {time.perf_counter() - begun:.0f} s", flush=True)
    return ledger


def existing(url: str) -> Ledger:
    """A store that is there, at the time of its last change."""
    ledger = Ledger.open(url)
    with ledger.read(Scope.everything()) as snapshot:
        last = snapshot._connection.execute(sa.select(sa.func.max(cases.c.ingested_at))).scalar()
    ledger.clock = lambda: last
    return ledger


def compare(ledgers: list[Ledger]) -> None:
    """All indicators, and the twelve by SQL, of one grid of each level. The stores take turns: a machine that is slow
    for a minute is so for all of them."""
    ways = [_way(ledger) for ledger in ledgers]
    for level in range(min(map(len, ways))):
        paths = [way[level] for way in ways]
        taken: list[list[tuple[float, float]]] = [[] for _ in ledgers]
        for turn in range(-_WARM, _ROUNDS):
            for one, ledger, path in zip(taken, ledgers, paths, strict=True):
                found = timed(ledger, answer, path)
                if turn >= 0:
                    one.append(found)
        for ledger, path, times in zip(ledgers, paths, taken, strict=True):
            plain = timed(ledger, raw, path)[0]
            if plain < _SLOW_MS:
                plain = min(plain, *(timed(ledger, raw, path)[0] for _ in range(2)))
            with ledger.read(Scope.everything()) as snapshot:
                n = snapshot._connection.execute(sa.select(sa.func.count()).select_from(cases)).scalar_one()
            median, first = (float(np.percentile(one, 50, axis=0)[0]) for one in (times, taken[0]))
            p95, own = float(np.percentile(times, 95, axis=0)[0]), float(np.percentile(times, 50, axis=0)[1])
            print(
                f"  level {level} {n:>11,} cases: all {len(CATALOGUE)} median {median:6.1f} ms, p95 {p95:6.1f}"
                f" ms, x{median / first:4.2f}, processor {own:5.1f} ms   twelve by SQL over rows {plain:9.1f} ms",
                flush=True,
            )


def _way(ledger: Ledger) -> list[str]:
    """The top and a grid of each level below it."""
    with ledger.read(Scope.everything()) as snapshot:
        way = ["000"]
        while below := snapshot.children(way[-1]):
            way.append(below[len(below) // 2].path)
    return way


@contextmanager
def stores(server: str, sizes: list[int]) -> Iterator[list[str]]:
    """An empty store for each size, gone afterwards: files, or databases of a PostgreSQL `server`."""
    with ExitStack() as kept:
        if not server:
            folder = kept.enter_context(tempfile.TemporaryDirectory())
            yield [f"sqlite:///{Path(folder) / f'{n}.db'}" for n in sizes]
            return
        engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        kept.callback(engine.dispose)
        connection = kept.enter_context(engine.connect())
        names = [f"yiping_bench_{n}" for n in sizes]
        for name in names:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
            kept.callback(connection.exec_driver_sql, f"DROP DATABASE {name} WITH (FORCE)")
        yield [engine.url.set(database=name).render_as_string(hide_password=False) for name in names]


def main(arguments: list[str]) -> None:
    """`python -m bench indicators`."""
    parser = argparse.ArgumentParser(prog="bench indicators", description=__doc__)
    parser.add_argument("--cases", default="10000,1000000")
    parser.add_argument("--server", default="")
    parser.add_argument("--existing", nargs="+", default=[])
    chosen = parser.parse_args(arguments)
    sizes = [int(text) for text in chosen.cases.split(",")]
    with ExitStack() as kept:
        if chosen.existing:
            ledgers = [existing(url) for url in chosen.existing]
        else:
            urls = kept.enter_context(stores(chosen.server, sizes))
            ledgers = [filled(url, n) for url, n in zip(urls, sizes, strict=True)]
        for ledger in ledgers:
            kept.callback(ledger.close)
        compare(ledgers)
