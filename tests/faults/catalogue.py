"""Every fault of the suite: what it is, how hard it is tried, and who does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.faults import (
    database,
    io_calls,
    kills,
    lines,
    mutants,
    processes,
    revisions,
    seeds,
    stores,
    witnesses,
)
from tests.faults.figure import Figure
from tests.faults.options import Options


@dataclass(frozen=True, slots=True)
class Fault:
    """``run`` breaks something and tells the figures. ``short`` is what the tests run; None: too much for them, or done
    by tests of its own."""

    name: str
    about: str
    run: Callable[[Options], Awaitable[list[Figure]]]
    long: Options
    short: Options | None


_ALL = (
    Fault(
        "F1-sqlite",
        "the server is killed in mid-ingest, SQLite",
        kills.run,
        Options(),
        Options(walls=20, kills=7, look_every=7),
    ),
    Fault(
        "F1-postgresql",
        "the server is killed in mid-ingest, PostgreSQL",
        kills.run,
        Options(store="postgresql"),
        Options(store="postgresql", walls=20, kills=3, look_every=3),
    ),
    Fault(
        "F2",
        "PostgreSQL is killed, and all its backends are ended",
        database.killed,
        Options(store="postgresql", walls=200, kills=20),
        Options(store="postgresql", walls=10, kills=1),
    ),
    Fault(
        "F3",
        "PostgreSQL is away, then read-only",
        database.away,
        Options(store="postgresql", walls=200, hold_s=600),
        Options(store="postgresql", walls=10, hold_s=4),
    ),
    Fault(
        "F4",
        "brokers that are killed, emptied, locked",
        witnesses.of(*witnesses.BROKERS),
        Options(),
        None,  # tests of their own
    ),
    Fault(
        "F5-walls",
        "the lines of the walls hang, break, crawl",
        lines.partitioned,
        Options(walls=200, hold_s=60, kills=10),
        Options(walls=10, hold_s=3, kills=1),
    ),
    Fault(
        "F5-store",
        "the line to PostgreSQL hangs",
        lines.store_unreachable,
        Options(store="postgresql", walls=200, hold_s=60),
        Options(store="postgresql", walls=10, hold_s=3),
    ),
    Fault(
        "F6",
        "walls that take nothing or little",
        lines.slow,
        Options(walls=49, seeds=20_000),
        Options(walls=10, seeds=1_000),
    ),
    Fault(
        "F7",
        "all walls come back at once",
        lines.storm,
        Options(store="postgresql", walls=500, kills=5),
        Options(walls=50, kills=1),
    ),
    Fault(
        "F8",
        "the server's clock jumps",
        processes.clock,
        Options(walls=50, hold_s=12, kills=60),
        Options(walls=10, hold_s=1, kills=0),
    ),
    Fault(
        "F9-file",
        "no file of the server may grow",
        stores.full,
        Options(walls=50, hold_s=20, kills=5),
        Options(walls=10, hold_s=1, kills=1),
    ),
    Fault(
        "F9-disk",
        "the disk of the store is full",
        stores.full_disk,
        Options(walls=50, hold_s=20, kills=5),
        None,  # it mounts a disk
    ),
    Fault(
        "F10-sqlite",
        "the store is put back to an earlier state, SQLite",
        stores.restored,
        Options(walls=200, kills=5),
        Options(walls=10, kills=1),
    ),
    Fault(
        "F10-postgresql",
        "the store is put back to an earlier state, PostgreSQL",
        stores.restored,
        Options(store="postgresql", walls=200, kills=5),
        None,
    ),
    Fault(
        "F11",
        "revisions come twice, out of order, or never",
        revisions.run,
        Options(seeds=2_000),
        Options(seeds=30),
    ),
    Fault(
        "F12",
        "poison: one record in a thousand, then all",
        stores.poison,
        Options(walls=50, kills=20),
        Options(walls=5, kills=1),
    ),
    Fault(
        "F13",
        "the server is replaced under load",
        processes.replaced,
        Options(store="postgresql", walls=200, kills=10),
        Options(walls=10, kills=1),
    ),
    Fault(
        "F14",
        "72 hours on the wall, compressed",
        witnesses.weeks,
        Options(seeds=51_840, kills=30),
        None,  # tests/bench/test_soak.py is its short form
    ),
    Fault(
        "F16",
        "a page dies, cannot start, loses its graphics, is reloaded",
        witnesses.of(*witnesses.PAGES),
        Options(),
        None,  # tests of their own
    ),
    Fault(
        "F17",
        "upstreams flap, shrink, hang",
        witnesses.of(*witnesses.UPSTREAMS),
        Options(),
        None,  # tests of their own
    ),
    Fault(
        "F18",
        "small worlds in virtual time",
        seeds.run,
        Options(seeds=10_000),
        Options(seeds=1_000),
    ),
    Fault(
        "F19",
        "the n-th call of the database driver fails",
        io_calls.run,
        Options(seeds=1_000, look_every=1),
        Options(seeds=1_000, look_every=11),
    ),
    Fault(
        "F20",
        "server and PostgreSQL stand still",
        processes.frozen,
        Options(store="postgresql", walls=200, hold_s=30),
        Options(store="postgresql", walls=10, hold_s=2),
    ),
    Fault(
        "mutants",
        "six safeguards are taken out, one by one: a test must fall",
        mutants.run,
        Options(kills=6),
        Options(kills=6),
    ),
)
FAULTS = {fault.name: fault for fault in _ALL}
