"""Five clicks from the top to a 片区: the server and network time of all that a page asks for with each click.

``make bench ARGS="drill --data FOLDER --data OTHER"`` serves each demo centre (``yiping demo --scale province``; one of
ten thousand cases is made with ``--make 10000``) and walks down it, along grids that nobody asked for before.
A click asks for the state, the polygons, the outline and the tiles of the part of the map that comes into view, six
requests at a time as a browser does; its time is from the first request to the last byte. The video points are indexed
before the first walk, as they are when a server has been up for a minute. The processor's time of the server stands
beside it, for machines that are busy with other things. The aims are those of the map: half a second a click, and no
answer over 300 KB, packed or not.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import urllib3

from data_adapters.demo.province import write_province
from data_adapters.demo.province_grids import Scale
from layers.tiles import tile_at
from tests.fixtures.port import free_port

#: The map's panel on a wall of 1920 x 1080, and what of it stays free around a grid, in pixels.
WIDTH, HEIGHT, FREE = 1_010, 830, (72, 120)
CLICKS = 5
_TOGETHER = 6
_READY_S = 600
AIM_S, AIM_BYTES = 0.5, 300_000


@dataclass(frozen=True, slots=True)
class Click:
    """One click: seconds until all was there, seconds of the server's processor, bytes as sent, the largest answer
    as sent and unpacked.
    """

    level: int
    seconds: float
    cpu_s: float
    requests: int
    sent: int
    largest_sent: int
    largest: int
    slowest: str


class Page:
    """What a page asks for. `get` returns JSON or bytes, and remembers what it cost."""

    def __init__(self, address: str, pid: int) -> None:
        self._address = address
        self._pid = pid
        self._pool = urllib3.PoolManager(maxsize=_TOGETHER, block=True, retries=False, timeout=120)
        self._hands = ThreadPoolExecutor(_TOGETHER)

    def get(self, path: str) -> tuple[bytes, int, float]:
        """(body, bytes as sent, seconds)."""
        begun = time.perf_counter()
        answer = self._pool.request(
            "GET", f"{self._address}{path}", headers={"Accept-Encoding": "gzip"}, preload_content=False
        )
        raw = answer.read(decode_content=False)
        packed = bool(raw) and answer.headers.get("Content-Encoding") == "gzip"
        if answer.status not in {200, 204}:
            raise RuntimeError(f"{path}: {answer.status} {raw[:200]!r}")
        seconds = time.perf_counter() - begun
        return (_unpacked(raw) if packed else raw), len(raw), seconds

    def click(self, code: str | None, level: int) -> tuple[dict[str, Any], Click]:
        """Open a grid (None: the top); its state, and what the click cost."""
        begun, cpu = time.perf_counter(), self._cpu_s()
        query = f"?grid={code}" if code else ""
        first = [f"/api/v1/view{query}"]
        if code:
            first += [f"/api/v1/grids/{code}/children?geometry=1", f"/api/v1/grids/{code}/outline"]
        answers = list(self._hands.map(self.get, first))
        state = orjson.loads(answers[0][0])
        paths = first
        if not code:
            own = state["grid"]["code"]
            rest = [f"/api/v1/grids/{own}/children?geometry=1", f"/api/v1/grids/{own}/outline"]
            answers += self._hands.map(self.get, rest)
            paths = paths + rest
        tiles = list(in_view(state["grid"]["bbox"]))
        answers += self._hands.map(self.get, tiles)
        paths = paths + tiles
        seconds = time.perf_counter() - begun
        slowest = max(zip(answers, paths, strict=True), key=lambda one: one[0][2])
        largest = max(len(body) for body, _, _ in answers)
        told = f"{slowest[1].partition('/api/v1')[2][:40]} {slowest[0][2] * 1000:.0f} ms"
        sent = [n for _, n, _ in answers]
        cpu_s = self._cpu_s() - cpu
        return state, Click(level, seconds, cpu_s, len(answers), sum(sent), max(sent), largest, told)

    def _cpu_s(self) -> float:
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _unpacked(raw: bytes) -> bytes:
    return zlib.decompress(raw, 16 + zlib.MAX_WBITS)


def in_view(bbox: list[float]) -> Iterator[str]:
    """The tiles that a map asks for when `bbox` fills it, video points and the borders of what lies below."""
    west, south, east, north = bbox
    low, high = tile_at(west, south, 22), tile_at(east, north, 22)
    world = 2.0**22 * 512
    across, upright = ((high.x - low.x + 1) * 512 / world, (low.y - high.y + 1) * 512 / world)
    zoom = math.log2(min((WIDTH - FREE[0]) / across, (HEIGHT - FREE[1]) / upright) / 512)
    for layer, most in (("video", 16), ("grid", 15)):
        z = max(0, min(most, math.floor(zoom)))
        side = 512 * 2.0 ** (zoom - z)  # pixels across a tile
        middle = tile_at((west + east) / 2, (south + north) / 2, 22)
        x, y = ((value + 0.5) / 2**22 * 2**z for value in (middle.x, middle.y))
        columns = range(math.floor(x - WIDTH / 2 / side), math.floor(x + WIDTH / 2 / side) + 1)
        rows = range(math.floor(y - HEIGHT / 2 / side), math.floor(y + HEIGHT / 2 / side) + 1)
        for column in columns:
            for row in rows:
                if 0 <= column < 2**z and 0 <= row < 2**z:
                    yield f"/api/v1/tiles/{layer}/{z}/{column}/{row}.mvt"


@contextmanager
def served(folder: Path) -> Iterator[Page]:
    """The centre in `folder`, served by a process of its own and indexed."""
    port = free_port()
    command = [sys.executable, "-m", "dashboard.cli", "serve", "--config", str(folder / "yiping.toml")]
    server = subprocess.Popen(
        [*command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    page = Page(f"http://127.0.0.1:{port}", server.pid)
    try:
        end = time.monotonic() + _READY_S
        while True:
            try:
                page.get("/readyz")
                break
            except (RuntimeError, OSError, urllib3.exceptions.HTTPError):
                if time.monotonic() > end or server.poll() is not None:
                    raise
                time.sleep(0.3)
        while True:
            try:
                page.get("/api/v1/tiles/video/0/0/0.mvt")
                page.get("/api/v1/view")
                break
            except RuntimeError:  # the index is being made
                if time.monotonic() > end:
                    raise
                time.sleep(1)
        yield page
    finally:
        server.terminate()
        server.wait(30)


def walks(page: Page, count: int, seed: int) -> Iterator[list[Click]]:
    """`count` walks from the top down, each along grids that no walk has opened."""
    rng, seen = random.Random(seed), set[str]()
    for _ in range(count):
        state, _ = page.click(None, 0)
        clicks = []
        for _ in range(CLICKS):
            below = [child["code"] for child in state["children"] if child["code"] not in seen]
            if not below:
                break
            code = rng.choice(below)
            seen.add(code)
            state, click = page.click(code, state["grid"]["level"] + 1)
            clicks.append(click)
        yield clicks


def measure(folder: Path, count: int, seed: int) -> Iterator[str]:
    """The lines of the report on one centre."""
    with served(folder) as page:
        total = orjson.loads(page.get("/api/v1/indicators")[0])
        number = next(one["numerator"] for one in total["items"] if one["id"] == "K07")
        yield f"{folder}: {number:,} cases open; load {os.getloadavg()[0]:.1f}"
        yield (
            "level clicks |   p50    max ms | server's cpu p50 | requests | sent KB | largest KB: sent unpacked |"
            " slowest request"
        )
        found = [click for walk in walks(page, count, seed) for click in walk]
    for level in sorted({click.level for click in found}):
        same = [click for click in found if click.level == level]
        ms = [click.seconds * 1000 for click in same]
        worst = max(same, key=lambda click: click.seconds)
        yield (
            f"{level:5} {len(same):6} | {statistics.median(ms):6.0f} {max(ms):6.0f}    |"
            f" {statistics.median(click.cpu_s for click in same) * 1000:16.0f} | {worst.requests:8} |"
            f" {max(click.sent for click in same) / 1000:7.0f} |"
            f" {max(click.largest_sent for click in same) / 1000:16.0f}"
            f" {max(click.largest for click in same) / 1000:8.0f} | {worst.slowest}"
        )
    slow, large = (sum(click.seconds > AIM_S for click in found), sum(c.largest > AIM_BYTES for c in found))
    yield f"clicks over {AIM_S * 1000:.0f} ms: {slow} of {len(found)} (aim 0)"
    yield f"clicks with an answer over {AIM_BYTES // 1000} KB unpacked: {large} (aim 0)"


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench drill", description=__doc__)
    parser.add_argument("--data", type=Path, action="append", default=[], help="folder of a demo centre")
    parser.add_argument(
        "--make", type=int, help="cases of a province made in the first folder if it is not there"
    )
    parser.add_argument("--walks", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if not options.data:
        parser.error("--data")
    if options.make is not None and not (options.data[0] / "yiping.toml").exists():
        scale = replace(Scale(), cases=options.make)
        write_province(options.data[0], now=datetime.now(UTC), scale=scale)
    for folder in options.data:
        for line in measure(folder, options.walks, options.seed):
            print(line, flush=True)
