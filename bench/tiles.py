"""Vector tiles of video points beside PostGIS: the same points, clusters and machine, in the same run.

``make bench ARGS="tiles --data FOLDER"`` takes the points of a demo centre (``yiping demo --scale province``).
For every zoom from 5 to 16 it goes a random walk over tiles that hold points, up to 500 of them, none seen before;
PostGIS gets as many of the same tiles as it manages in its share of time. Cold is the whole road from the registry
to the bytes with nothing kept, warm is the same tile again. The processor's own time stands beside the clock, for
machines that are busy with other things; the aims are judged by the clock.
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv

from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.snapshot import VideoColumns
from data_adapters.settings import load
from layers.registry import Registry
from layers.tiles import EQUATOR_M, Tile, tile_at, to_mercator
from layers.video import CLUSTER_STEPS, SINGLES_ZOOM
from tests.fixtures.postgres import running_postgres

ZOOMS = range(5, 17)
WALK = 500
COLD_MS, WARM_MS, MOST_BYTES = 40, 5, 200_000
LOW_ZOOM, TIMES = 8, 20
#: Steps from tile to tile before the walk begins somewhere else.
_STRIDE = 25
_CLUSTERS = f"""
WITH box AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS env),
cell AS (
  SELECT count(*) AS total, count(*) FILTER (WHERE status = 'ON') AS online,
         count(*) FILTER (WHERE status IN ('VLOST', 'DEFECT')) AS fault,
         CASE WHEN count(*) = 1 THEN min(id) END AS point_id, CASE WHEN count(*) = 1 THEN min(status) END AS status,
         CASE WHEN count(*) = 1 THEN min(class) END AS category, avg(ST_X(geom)) AS x, avg(ST_Y(geom)) AS y
  FROM point, box WHERE geom && env
  GROUP BY floor((ST_X(geom) - ST_XMin(env)) / (ST_XMax(env) - ST_XMin(env)) * {2**CLUSTER_STEPS}),
           floor((ST_Y(geom) - ST_YMin(env)) / (ST_YMax(env) - ST_YMin(env)) * {2**CLUSTER_STEPS}))
SELECT ST_AsMVT(f, 'video') FROM (
  SELECT total, online, fault, point_id, cell.status, category,
         ST_AsMVTGeom(ST_SetSRID(ST_MakePoint(x, y), 3857), env, 4096, 0) AS geom FROM cell, box) f
"""  # noqa: S608 - a constant of ours
_SINGLES = """
WITH box AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS env)
SELECT ST_AsMVT(f, 'video') FROM (
  SELECT 1 AS total, (status = 'ON')::int AS online, (status IN ('VLOST', 'DEFECT'))::int AS fault, id AS point_id,
         status, class AS category, ST_AsMVTGeom(geom, env, 4096, 0) AS geom
  FROM point, box WHERE geom && env) f
"""


@dataclass(frozen=True, slots=True)
class Timed:
    """What some tiles took in milliseconds, by the clock and of the processor, and how large they were."""

    ms: list[float]
    cpu_ms: list[float]
    sizes: list[int]

    @property
    def p50(self) -> float:
        """The middle time by the clock."""
        return statistics.median(self.ms)

    @property
    def p99(self) -> float:
        """The time by the clock that all but a hundredth took at most."""
        return at(self.ms, 0.99)

    def __str__(self) -> str:
        return f"{self.p50:8.2f} {self.p99:8.2f}"


class Aims:
    """What is aimed at, and where it was missed."""

    def __init__(self) -> None:
        self._missed: dict[str, list[int]] = {
            f"cold p99 at most {COLD_MS} ms": [],
            f"warm p99 at most {WARM_MS} ms": [],
            "never slower than PostGIS (p50)": [],
            f"{TIMES} times as fast at zoom {LOW_ZOOM} and below": [],
            f"no tile over {MOST_BYTES // 1000} KB": [],
        }

    def judge(self, zoom: int, cold: Timed, warm: Timed, ratio: float) -> None:
        """Note what a zoom missed."""
        kept = (
            cold.p99 <= COLD_MS,
            warm.p99 <= WARM_MS,
            ratio >= 1,
            zoom > LOW_ZOOM or ratio >= TIMES,
            max(cold.sizes) <= MOST_BYTES,
        )
        for zooms, held in zip(self._missed.values(), kept, strict=True):
            if not held:
                zooms.append(zoom)

    def __iter__(self) -> Iterator[str]:
        for aim, zooms in self._missed.items():
            told = "holds" if not zooms else f"DOES NOT HOLD at zoom {', '.join(map(str, zooms))}"
            yield f"{aim}: {told}"


def at(values: list[float], share: float) -> float:
    """The value that `share` of some are at most."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def walk(points: VideoColumns, zoom: int, rng: random.Random) -> list[Tile]:
    """Up to `WALK` tiles of a zoom that hold points, from neighbour to neighbour, each once."""
    x, y = to_mercator(points.lon, points.lat)
    keys = np.floor(x * 2**zoom).astype(np.int64) * 2**zoom + np.floor(y * 2**zoom).astype(np.int64)
    filled = set(np.unique(keys).tolist())
    left, seen = set(filled), []
    here = 0
    while left and len(seen) < WALK:
        if len(seen) % _STRIDE == 0 or here not in filled:
            start = rng.randrange(len(points.lon))
            tile = tile_at(float(points.lon[start]), float(points.lat[start]), zoom)
            here = tile.x * 2**zoom + tile.y
        if here not in left:
            around = [here + i * 2**zoom + j for i in (-1, 0, 1) for j in (-1, 0, 1)]
            here = next((key for key in rng.sample(around, len(around)) if key in left), -1)
            if here < 0:
                here = rng.choice(sorted(left)) if len(left) < WALK else 0
                continue
        left.discard(here)
        seen.append(Tile(zoom, here // 2**zoom, here % 2**zoom))
    return seen


def timed(tiles: list[Tile], make: Callable[[Tile], bytes], at_most_s: float = float("inf")) -> Timed:
    """Make tiles one after another, as many as `at_most_s` allows and three at least."""
    found = Timed([], [], [])
    began = time.perf_counter()
    for tile in tiles:
        start, cpu = time.perf_counter(), time.process_time()
        data = make(tile)
        found.ms.append((time.perf_counter() - start) * 1000)
        found.cpu_ms.append((time.process_time() - cpu) * 1000)
        found.sizes.append(len(data))
        if time.perf_counter() - began > at_most_s and len(found.ms) >= 3:
            break
    return found


def fill(connection: psycopg.Connection, points: VideoColumns) -> None:
    """The same points in PostGIS, with the index that it wants."""
    connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    connection.execute("CREATE TABLE point (id text, status text, class text, geom geometry(Point, 3857))")
    connection.execute("CREATE TEMP TABLE told (id text, status text, class text, x float8, y float8)")
    across, down = to_mercator(points.lon, points.lat)
    columns = {
        "id": pa.array(points.point_id.astype(str)),
        "status": pa.array(points.status),
        "class": pa.array(points.point_class),
        "x": pa.array((across - 0.5) * EQUATOR_M),
        "y": pa.array((0.5 - down) * EQUATOR_M),
    }
    text = io.BytesIO()
    pa_csv.write_csv(pa.table(columns), text, pa_csv.WriteOptions(include_header=False))
    with connection.cursor() as cursor, cursor.copy("COPY told FROM STDIN WITH (FORMAT csv)") as stream:
        stream.write(text.getbuffer())
    # In the order of the index, so that neighbours lie on the same pages.
    connection.execute(
        "INSERT INTO point SELECT id, status, class, ST_SetSRID(ST_MakePoint(x, y), 3857) AS geom FROM told"
        " ORDER BY ST_GeoHash(ST_Transform(ST_SetSRID(ST_MakePoint(x, y), 3857), 4326), 8)"
    )
    connection.execute("CREATE INDEX ON point USING gist (geom)")
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE point")


def postgis(connection: psycopg.Connection) -> Callable[[Tile], bytes]:
    """The same tile by PostGIS, clusters and all."""

    def make(tile: Tile) -> bytes:
        query = _CLUSTERS if tile.z < SINGLES_ZOOM else _SINGLES
        row = connection.execute(query, {"z": tile.z, "x": tile.x, "y": tile.y}, prepare=True).fetchone()
        return bytes(row[0]) if row else b""

    return make


def measure(ledger: Ledger, peer: psycopg.Connection, share_s: float) -> Iterator[str]:
    """The lines of the report."""
    start, cpu = time.perf_counter(), time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    registry = Registry(ledger)
    scope = Scope.everything()
    with ledger.read(scope) as snapshot:
        index = registry.video.index(snapshot)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    yield (
        f"index of {len(index):,} points: {time.perf_counter() - start:.1f} s, {time.process_time() - cpu:.1f} s of "
        f"the processor; {index.nbytes / 1e6:.0f} MB, peak {grown:.0f} MB"
    )
    points = index.rows(np.arange(len(index)))
    start = time.perf_counter()
    fill(peer, points)
    yield f"PostGIS filled in {time.perf_counter() - start:.0f} s\n"
    yield "milliseconds: p50, p99; of ours also p50 and p99 of the processor's; times: PostGIS p50 over cold p50"
    yield (
        "zoom tiles | cold              cpu               | warm              cpu p99 | bytes p50     most |"
        " PostGIS (n)             | times"
    )
    rng, aims = random.Random(5), Aims()
    for zoom in ZOOMS:
        tiles = walk(points, zoom, rng)

        def ours(tile: Tile) -> bytes:
            return registry.tile(registry.video, scope, tile.z, tile.x, tile.y)

        cold, warm = timed(tiles, ours), timed(tiles, ours)
        theirs = timed(tiles, postgis(peer), share_s)
        ratio = theirs.p50 / statistics.median(cold.ms[: len(theirs.ms)])  # of the same tiles
        aims.judge(zoom, cold, warm, ratio)
        yield (
            f"{zoom:4} {len(tiles):5} | {cold} {statistics.median(cold.cpu_ms):8.2f} {at(cold.cpu_ms, 0.99):8.2f} |"
            f" {warm} {at(warm.cpu_ms, 0.99):7.2f} | {statistics.median(cold.sizes):9,.0f} {max(cold.sizes):8,} |"
            f" {theirs} ({len(theirs.ms):3}) | {ratio:7.1f}"
        )
    yield from ("", *aims)


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench tiles", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of a demo centre")
    parser.add_argument("--store", help="or the address of a ledger")
    parser.add_argument("--postgis-s", type=float, default=30.0, help="seconds a zoom for PostGIS")
    options = parser.parse_args(arguments)
    if options.store is None and options.data is None:
        parser.error("--data or --store")
    url = options.store or load(options.data / "yiping.toml").store.url
    # Not `open`: nothing is written, also while a load is still running.
    ledger = Ledger(url)
    with (
        running_postgres() as server,
        psycopg.connect(f"{server.url.replace('+psycopg', '')}/postgres") as peer,
    ):
        for line in measure(ledger, peer, options.postgis_s):
            print(line, flush=True)
    ledger.close()
