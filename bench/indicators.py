"""All indicators of one grid in one answer, at several sizes of centre; beside it SQL over the rows.

``--cases 10000,1000000`` chooses sizes, ``--store URL`` a PostgreSQL database that is empty (else SQLite in a folder of
its own); ``--existing`` measures a store that is there already, such as that of a demo province. The raw SQL counts
twelve of the figures in one pass over the same rows on the same server.
"""

from __future__ import annotations

import argparse
import tempfile
import time
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
_ROUNDS = 40
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


def timed(ledger: Ledger, work: Any, path: str, rounds: int) -> tuple[float, float, float]:
    """(median, 95 % point, median of this process's own processor time) in milliseconds; each round reads anew."""
    taken, own = [], []
    for _ in range(rounds):
        begun, used = time.perf_counter(), time.process_time()
        with ledger.read(Scope.everything()) as snapshot:
            work(snapshot, path)
        taken.append((time.perf_counter() - begun) * 1_000)
        own.append((time.process_time() - used) * 1_000)
    return float(np.percentile(taken, 50)), float(np.percentile(taken, 95)), float(np.percentile(own, 50))


def measure(url: str, n: int) -> None:
    """Fill a store and print one line a grid."""
    ledger = Ledger.open(url, root="6205", clock=lambda: NOW)
    ledger.write_grids(grids())
    begun = time.perf_counter()
    fill(ledger, n)
    print(
        f"{n:>11,} cases, loaded in {time.perf_counter() - begun:.0f} s, {url.partition(':')[0]}", flush=True
    )
    compare(ledger)


def existing(url: str) -> None:
    """The same of a store that is there, at the time of its last change."""
    ledger = Ledger.open(url)
    with ledger.read(Scope.everything()) as snapshot:
        last = snapshot._connection.execute(sa.select(sa.func.max(cases.c.ingested_at))).scalar()
        n = snapshot._connection.execute(sa.select(sa.func.count()).select_from(cases)).scalar_one()
    ledger.clock = lambda: last
    print(f"{n:>11,} cases, {url}", flush=True)
    compare(ledger)


def compare(ledger: Ledger) -> None:
    """One line a grid, from the top down to a leaf: all indicators, and the twelve by SQL."""
    with ledger.read(Scope.everything()) as snapshot:
        way = [("top", "000")]
        while below := snapshot.children(way[-1][1]):
            way.append((f"level {len(way)}", below[len(below) // 2].path))
    for name, path in way:
        timed(ledger, answer, path, 3)
        median, p95, own = timed(ledger, answer, path, _ROUNDS)
        plain, _, plain_own = timed(ledger, raw, path, 3)
        print(
            f"  {name:8} all {len(CATALOGUE)}: median {median:7.1f} ms, p95 {p95:7.1f} ms, processor {own:6.1f} ms"
            f"   twelve by SQL over rows: {plain:9.1f} ms, processor {plain_own:9.1f} ms",
            flush=True,
        )
    ledger.close()


def main(arguments: list[str]) -> None:
    """`python -m bench indicators`."""
    parser = argparse.ArgumentParser(prog="bench indicators", description=__doc__)
    parser.add_argument("--cases", default="10000,1000000")
    parser.add_argument("--store", default="")
    parser.add_argument("--existing", action="store_true")
    chosen = parser.parse_args(arguments)
    if chosen.existing:
        existing(chosen.store)
        return
    for n in (int(text) for text in chosen.cases.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            measure(chosen.store or f"sqlite:///{Path(folder) / 'bench.db'}", n)
