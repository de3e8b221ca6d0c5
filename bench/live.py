"""The live feed: accepted-to-client times, processor per delivery beside others, and the intake's rates."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import centre, clocked, nchan, plain
from data_adapters.ledger import engine
from data_adapters.ledger.tables import cases

_NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Road:
    """What came of one way to the walls. ``cpu_us`` is what a delivery costs the server beyond its intake, ``fed_s``
    processor seconds of nothing but the feed, by a clock in the server (`bench.clocked`).
    """

    name: str
    incidents: int
    report: dict[str, Any]
    cpu_s: float
    intake_s: float
    fed_s: float | None = None

    @property
    def cpu_us(self) -> float:
        """Processor microseconds for one incident at one wall."""
        return self._each_us(self.cpu_s - self.intake_s)

    @property
    def fed_us(self) -> float | None:
        """Processor microseconds of the feed alone for one incident at one wall; None where no clock was in it."""
        return None if self.fed_s is None else self._each_us(self.fed_s)

    @property
    def whole_us(self) -> float:
        """The same with the intake, which in a short run is most of it."""
        return self._each_us(self.cpu_s)

    def _each_us(self, seconds: float) -> float:
        deliveries: int = self.report["deliveries"]
        return seconds / max(1, deliveries) * 1e6


def singles(number: int) -> Iterator[bytes]:
    """Bodies with one new incident each."""
    return (json.dumps(centre.incident(next(_NUMBERS))).encode() for _ in range(number))


def told(number: int) -> Iterator[bytes]:
    """Bodies as walls get them, made when they are sent: for a server that only passes them on."""
    return (json.dumps(plain.item(centre.incident(next(_NUMBERS)))).encode() for _ in range(number))


def batches(number: int, size: int) -> Iterator[bytes]:
    """Bodies with `size` new incidents each."""
    for _ in range(number):
        yield json.dumps([centre.incident(n) for n in islice(_NUMBERS, size)]).encode()


def measure(
    name: str,
    command: list[str],
    port: int,
    walls: int,
    rate: float,
    seconds: float,
    *,
    raw: bool = False,
    clock: Path | None = None,
) -> Road:
    """Post `rate` incidents a second, first to nobody, then with `walls` looking on. ``raw``: without Socket.IO.

    ``clock`` is the file of a server that has one.
    """

    def produce(lasting_s: float) -> int:
        return _produce(port, lasting_s, rate, told if raw else singles)

    with centre.running(command, port) as server:
        quiet_s = max(5.0, seconds / 4)
        produce(5)  # what is done once is done
        before = centre.cpu_s(server.pid)
        produce(quiet_s)
        intake_s = (centre.cpu_s(server.pid) - before) / quiet_s * seconds
        crowd = subprocess.Popen(
            [sys.executable, "-m", "bench.walls", str(port), str(walls), *(["raw"] if raw else [])],
            cwd=centre.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert crowd.stdin is not None and crowd.stdout is not None  # noqa: S101, PT018 - for the types
        crowd.stdout.readline()
        produce(3)
        _ask(crowd)
        before, fed_before = centre.cpu_s(server.pid), clocked.spent_s(clock) if clock else 0.0
        incidents = produce(seconds)
        time.sleep(1)
        used = centre.cpu_s(server.pid) - before
        fed_s = clocked.spent_s(clock) - fed_before if clock else None
        report = _ask(crowd)
        crowd.stdin.close()
        crowd.wait()
    return Road(name, incidents, report, used, intake_s, fed_s)


def _ask(crowd: subprocess.Popen[str]) -> dict[str, Any]:
    assert crowd.stdin is not None and crowd.stdout is not None  # noqa: S101, PT018 - for the types
    crowd.stdin.write("report\n")
    crowd.stdin.flush()
    answer: dict[str, Any] = json.loads(crowd.stdout.readline())
    return answer


def _produce(port: int, seconds: float, rate: float, made: Callable[[int], Iterator[bytes]]) -> int:
    lines = 4
    bodies = round(seconds * rate / lines)
    producers = [centre.Producer(port, made(bodies), lines / rate) for _ in range(lines)]
    _run(producers)
    return sum(producer.accepted for producer in producers)


def intake(port: int, command: list[str], seconds: float) -> tuple[float, float]:
    """(single posts a second over 16 connections, rows a second in batches of 100 over 2)."""
    with centre.running(command, port):
        lock, end = threading.Lock(), time.monotonic() + seconds

        def until_the_end(bodies: Iterator[bytes]) -> Iterator[bytes]:
            while time.monotonic() < end:
                with lock:
                    body = next(bodies)
                yield body

        started = time.monotonic()
        producers = [centre.Producer(port, until_the_end(singles(10**6))) for _ in range(16)]
        _run(producers)
        single = sum(one.accepted for one in producers) / (time.monotonic() - started)
        prepared = list(batches(round(40 * seconds), 100))
        end = time.monotonic() + seconds
        shared = iter(prepared)

        def some() -> Iterator[bytes]:
            while time.monotonic() < end:
                with lock:
                    body = next(shared, None)
                if body is None:
                    return
                yield body

        started = time.monotonic()
        producers = [centre.Producer(port, some()) for _ in range(2)]
        _run(producers)
        batch = 100 * sum(one.accepted for one in producers) / (time.monotonic() - started)
    return single, batch


def _run(producers: list[centre.Producer]) -> None:
    for producer in producers:
        producer.start()
    for producer in producers:
        producer.join()


def bare(store: str, folder: Path) -> float:
    """Rows a second of nothing but SQLAlchemy: the case rows of `store` into an empty table, 100 a commit."""
    reading = engine.connect(store, writing=False)
    with reading.connect() as connection:
        rows = [dict(row) for row in connection.execute(sa.select(cases).limit(20_000)).mappings()]
    reading.dispose()
    writing = engine.connect(f"sqlite:///{folder / 'bare.db'}", writing=True)
    cases.create(writing)
    started = time.monotonic()
    for start in range(0, len(rows), 100):
        with writing.connect() as connection, connection.begin():
            connection.execute(sa.insert(cases), rows[start : start + 100])
    rate = len(rows) / (time.monotonic() - started)
    writing.dispose()
    return rate


def main(arguments: list[str]) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="bench live", description=__doc__)
    parser.add_argument("--walls", type=int, default=200)
    parser.add_argument("--rate", type=float, default=50, help="incidents a second")
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = f"sqlite:///{folder / 'yiping.db'}"
        settings = centre.make(folder, store)
        port = centre.free_port()
        serve = ["dashboard.cli", "serve", "--config", str(settings), "--port", str(port)]
        shape = (given.walls, given.rate, given.seconds)
        clock = folder / "clock"
        timed = ["bench.clocked", str(clock), *serve[1:]]
        roads = [measure("yiping", serve, port, *shape)]
        roads.append(measure("yiping, clocked", timed, port, *shape, clock=clock))
        for label, mode in (("emit, gevent", "gevent"), ("emit, threads", "threading")):
            at = centre.free_port()
            roads.append(measure(label, ["bench.plain", str(at), mode], at, *shape))
        if nchan.nginx() is not None:
            at = centre.free_port()
            roads.append(measure("nginx Nchan", ["bench.nchan", str(at), name], at, *shape, raw=True))
        single, batch = intake(port, serve, max(5.0, given.seconds / 4))
        alone = bare(store, folder)
    _print_roads(given.walls, roads)
    if nchan.nginx() is None:
        print("nginx Nchan: not measured, not installed (Debian: nginx, libnginx-mod-nchan)")
    print()
    print(f"{'intake (SQLite, every answer durable)':40}{'rows/s':>10}{'of bare':>10}")
    for label, rate in (
        ("single posts, 16 connections", single),
        ("batches of 100, 2 connections", batch),
        ("bare SQLAlchemy, 100 a commit", alone),
    ):
        print(f"{label:40}{rate:10.0f}{rate / alone:10.2f}")


def _print_roads(walls: int, roads: list[Road]) -> None:
    head = f"{walls} walls"
    print(f"{head:16}{'incidents':>10}{'delivered':>10}{'frames':>9}{'p50 ms':>8}{'p99 ms':>8}", end="")
    print(f"{'CPU s':>8}{'intake s':>9}{'µs/deliv.':>10}{'+ intake':>10}{'by clock':>10}")
    for road in roads:
        report = road.report
        print(f"{road.name:16}{road.incidents:10}{report['deliveries']:10}{report['frames']:9}", end="")
        print(f"{report['p50']:8.0f}{report['p99']:8.0f}", end="")
        print(f"{road.cpu_s:8.1f}{road.intake_s:9.1f}{road.cpu_us:10.1f}{road.whole_us:10.1f}", end="")
        print(f"{'-':>10}" if road.fed_us is None else f"{road.fed_us:10.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
