"""A million case rows from CSV and from SQL, checked, placed and counted, beside pandas that only copies them.

Seconds are those of the clock, and of the processor, which say the same of an idle machine and more of a busy one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import psycopg
import sqlalchemy as sa

from bench.centre import ROOT

_HEAD = "ID,HAPPENED,REPORTED,CLOSED,STATE,TYPE,LEVEL,CHANNEL,RESULT,X,Y".split(",")
_SETTINGS = """
[centre]
name = "试验县综治中心"
timezone = "Asia/Shanghai"
root = "6205"
[store]
url = "{store}"
[[levels]]
level = 0
name = "县"
[[levels]]
level = 1
name = "乡镇"
[[levels]]
level = 2
name = "村"
[[levels]]
level = 3
name = "网格"
[[sources]]
name = "grids"
kind = "grid"
path = "grids.geojson"
[sources.fields]
code = "CODE"
name = "NAME"
level = "LEVEL"
parent = "P_CODE"
[[sources]]
name = "cases"
kind = "case"
{source}
[sources.fields]
source_id = "ID"
occurred_at = {{ column = "HAPPENED", format = "%Y-%m-%d %H:%M:%S" }}
reported_at = {{ column = "REPORTED", format = "%Y-%m-%d %H:%M:%S" }}
closed_at = {{ column = "CLOSED", format = "%Y-%m-%d %H:%M:%S" }}
state = "STATE"
category = "TYPE"
grade = "LEVEL"
source_channel = "CHANNEL"
outcome = "RESULT"
lon = "X"
lat = "Y"
[sources.values.state]
"已办结" = "CLOSED"
"*" = "IN_PROGRESS"
"""
_SOURCES = {
    "csv": 'path = "cases.csv"\ncrs = "EPSG:4490"',
    "sql": 'reader = "sql"\nurl = "sqlite:///upstream.db"\nquery = "SELECT * FROM t_event"\ncrs = "EPSG:4490"',
}


def main(arguments: list[str]) -> None:
    """Print a table of rows a second, processor time and peak memory; of a reader's rows each beside pandas."""
    options = argparse.ArgumentParser(prog="bench rows")
    options.add_argument("--rows", type=int, default=1_000_000, help="and a quarter of it")
    options.add_argument("--readers", default="csv,sql")
    options.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--run", nargs=3, metavar=("WHO", "FOLDER", "URL"), help=argparse.SUPPRESS)
    told = options.parse_args(arguments)
    if told.run:
        _run(told.run[0], Path(told.run[1]), told.run[2])
        return
    print(f"store {told.store}, load {os.getloadavg()[0]:.1f}; of pandas: its share of the speed of pandas")
    heads = ("rows", "seconds", "rows/s", "of pandas", "cpu s", "µs/row", "of pandas", "peak MB")
    print(f"{'':16}" + "".join(f"{head:>11}" for head in heads))
    with _stores(told.store) as store:
        for rows in (told.rows // 4, told.rows):
            with tempfile.TemporaryDirectory(prefix="yiping-bench-") as name:
                _make(Path(name), rows)
                for reader in told.readers.split(","):
                    _beside(reader, rows, name, store)
    print(f"load {os.getloadavg()[0]:.1f}")


def _beside(reader: str, rows: int, folder: str, store: Callable[[str], str]) -> None:
    """One reader's rows by pandas and by us, one after the other."""
    peer: tuple[float, float] | None = None
    for who in (f"pandas-{reader}", reader):
        url = store(f"{folder}/{who}.db")
        run = [sys.executable, "-m", "bench.rows", "--run", who, folder, url]
        line = subprocess.run(run, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        seconds, cpu_s, peak_mb = map(float, line.split())
        shares = ("", "") if peer is None else (f"{peer[0] / seconds:.2f}", f"{peer[1] / cpu_s:.2f}")
        peer = seconds, cpu_s
        figures = (f"{rows:,}", f"{seconds:.1f}", f"{rows / seconds:,.0f}", shares[0], f"{cpu_s:.1f}")
        figures = (*figures, f"{cpu_s / rows * 1e6:.1f}", shares[1], f"{peak_mb:.0f}")
        shown = who if who.startswith("pandas") else f"yiping sync {who}"
        print(f"{shown:16}" + "".join(f"{figure:>11}" for figure in figures), flush=True)


@contextmanager
def _stores(kind: str) -> Iterator[Callable[[str], str]]:
    """What gives the address of an empty store: a SQLite file at the path, or a database of a server of our own."""
    if kind == "sqlite":
        yield lambda path: f"sqlite:///{path}"
        return
    from tests.fixtures.postgres import running_postgres  # noqa: PLC0415  of no use to those who only read

    with running_postgres() as server:
        numbers = itertools.count()

        def fresh(_path: str) -> str:
            name = f"rows{next(numbers)}"
            with psycopg.connect(f"{server.url.replace('+psycopg', '')}/postgres", autocommit=True) as peer:
                peer.execute(f"CREATE DATABASE {name}")
            return f"{server.url}/{name}"

        yield fresh


def _run(who: str, folder: Path, url: str) -> None:
    """One of them in a process of its own: prints its seconds, those of the processor, peak memory in MB."""
    start, started = time.perf_counter(), _cpu_s()
    if who == "pandas-csv":
        frame = pd.read_csv(folder / "cases.csv")
        frame.to_sql("cases", sa.create_engine(url), index=False)
    elif who == "pandas-sql":
        frame = pd.read_sql("SELECT * FROM t_event", sa.create_engine(f"sqlite:///{folder / 'upstream.db'}"))
        frame.to_sql("cases", sa.create_engine(url), index=False)
    else:
        seconds, cpu_s = _sync(who, folder, url)
        start, started = time.perf_counter() - seconds, _cpu_s() - cpu_s
    # The process that maps beside the one that stores counts whole, with what the two have in common.
    peaks = [
        resource.getrusage(whose).ru_maxrss for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    peak_mb = sum(peaks) / 1024
    print(time.perf_counter() - start, _cpu_s() - started, peak_mb)


def _cpu_s() -> float:
    """Seconds of the processor, those of processes that have ended included."""
    told = os.times()
    return told.user + told.system + told.children_user + told.children_system


def _sync(who: str, folder: Path, url: str) -> tuple[float, float]:
    """The seconds of the rows alone, and of the processor: the grids are there before."""
    from data_adapters.ledger import Ledger  # noqa: PLC0415  what pandas does not need is not in its memory
    from data_adapters.settings import load  # noqa: PLC0415
    from data_adapters.sync import sync  # noqa: PLC0415

    path = folder / f"{who}.toml"
    path.write_text(_SETTINGS.format(store=url, source=_SOURCES[who]), encoding="utf-8")
    settings = load(path)
    ledger = Ledger.open(settings.store.url, root=settings.centre.root)
    sync(settings, ledger, "grids")
    start, started = time.perf_counter(), _cpu_s()
    report = sync(settings, ledger, "cases").sources[0]
    seconds, cpu_s = time.perf_counter() - start, _cpu_s() - started
    ledger.close()
    if report.error is not None or report.accepted != report.read:
        raise SystemExit(f"{report.error} {report.read} {report.accepted}")
    return seconds, cpu_s


def _make(folder: Path, rows: int) -> None:
    """A county of 18 towns, 144 villages and 720 grids, and its cases of three years: a CSV and a database."""
    west, south = 106.0, 34.0
    boxes = [_box("6205", 0, None, west, south, 0.6, 0.3)]
    for town in range(18):
        x, y = west + town % 6 * 0.1, south + town // 6 * 0.1
        boxes.append(_box(f"6205{town:02}", 1, "6205", x, y, 0.1, 0.1))
        for village in range(8):
            vx, vy = x + village % 4 * 0.025, y + village // 4 * 0.05
            code = f"6205{town:02}{village}"
            boxes.append(_box(code, 2, f"6205{town:02}", vx, vy, 0.025, 0.05))
            boxes += [_box(f"{code}{n}", 3, code, vx + n * 0.005, vy, 0.005, 0.05) for n in range(5)]
    (folder / "grids.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": boxes}))
    chance = random.Random(1)
    now = datetime.now().replace(microsecond=0) - timedelta(days=1)  # noqa: DTZ005  the centre's own clock
    for start in range(0, rows, 100_000):
        lines = []
        for number in range(start, min(rows, start + 100_000)):
            happened = now - timedelta(minutes=chance.randrange(3 * 365 * 1440))
            reported = happened + timedelta(minutes=chance.randrange(600))
            closed = chance.random() < 0.9
            lines.append(
                (
                    f"SJ{number:09}", happened, min(reported, now),
                    min(reported + timedelta(hours=chance.randrange(400)), now) if closed else None,
                    "已办结" if closed else "办理中", chance.choice("邻里 物业 合同 劳动 婚姻家庭 土地".split()),
                    chance.choices(("ORDINARY", "COMPLEX", "MAJOR"), (85, 12, 3))[0],
                    chance.choice(("GRID", "WINDOW", "COURT")), "SUCCESS" if closed else None,
                    round(west + chance.random() * 0.6, 6), round(south + chance.random() * 0.3, 6),
                )
            )  # fmt: skip
        frame = pd.DataFrame(lines, columns=_HEAD)
        for name in ("HAPPENED", "REPORTED", "CLOSED"):
            frame[name] = frame[name].dt.strftime("%Y-%m-%d %H:%M:%S")
        first = start == 0
        frame.to_csv(folder / "cases.csv", mode="w" if first else "a", header=first, index=False)
        upstream = sa.create_engine(f"sqlite:///{folder / 'upstream.db'}")
        frame.to_sql("t_event", upstream, index=False, if_exists="append")


def _box(
    code: str, level: int, parent: str | None, west: float, south: float, width: float, height: float
) -> dict[str, object]:
    east, north = west + width, south + height
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    properties = {"CODE": code, "NAME": f"{code}号", "LEVEL": level, "P_CODE": parent}
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


if __name__ == "__main__":
    main(sys.argv[1:])
