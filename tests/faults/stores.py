"""F9, F10 and F12: the disk is full, the store is put back to an earlier state, the records are poison."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

from tests.faults.centre import GRIDS, Centre, centre_on
from tests.faults.database import resumes
from tests.faults.figure import Figure, at_most, exactly, told, verdict
from tests.faults.history import Post, read_log
from tests.faults.options import Options
from tests.faults.producers import Answer, Line
from tests.fixtures.postgres import server_programs
from tests.fixtures.wall import incident

TOKEN = f"display-{GRIDS[0]}-0123456789"
DISK_MB = 48
#: Nothing is accepted for so long where there is no room left.
_QUIET_S = 3


async def full(options: Options) -> list[Figure]:
    """No file of the server may grow (RLIMIT_FSIZE, as an operating system that has no room), then it may again."""
    async with centre_on(options) as centre:
        await centre.open(options.walls)
        centre.produce()
        figures: list[Figure] = []
        for _ in range(options.kills):
            await asyncio.sleep(1)
            # One number for all files: the smaller of the two that grow, or the other has room for thousands more.
            sizes = [(centre.folder / name).stat().st_size for name in ("yiping.db", "yiping.db-wal")]
            limit = max(min(sizes), 4_096)
            resource.prlimit(centre.server.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            figures = await _starved(centre, options.hold_s)
            resource.prlimit(
                centre.server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            )
            figures.append(at_most("ingest resumes after there is room", await resumes(centre), 10.0))
        await centre.rest()
        await centre.catch_up()
        return [
            told("times", options.kills),
            *verdict(await centre.judge(), centre.accepted()),
            *figures,
            exactly("false resets", centre.crowd.resets),
        ]


async def _starved(centre: Centre, hold_s: float) -> list[Figure]:
    """Wait until nothing is accepted any more, then `hold_s`; what was answered meanwhile."""
    end = time.monotonic() + 30
    line, refused_s, statuses = Line(centre.server.port), 0.0, set()
    # A log that is copied away makes room once more, and who was refused comes back after a second: one quiet second is
    # no end yet.
    before, quiet_s = centre.accepted(), 0
    while quiet_s < _QUIET_S and time.monotonic() < end:
        await asyncio.sleep(1)
        quiet_s = quiet_s + 1 if centre.accepted() == before else 0
        before = centre.accepted()
    begun = time.monotonic()
    while time.monotonic() - begun < hold_s:
        asked = time.monotonic()
        statuses.add(await _status(line))
        refused_s = max(refused_s, time.monotonic() - asked)
        await asyncio.sleep(0.2)
    line.close()
    return [
        exactly("2xx without room", centre.accepted() - before),
        Figure("answers without room", "503", str(sorted(statuses)), statuses == {503}),
        exactly("reads without room", await centre.server.status("/api/v1/view", TOKEN), 200),
        at_most("refused after, at most", refused_s, 2.0),
    ]


async def _status(line: Line) -> int:
    try:
        await line.post("/api/v1/incidents", incident(0, source="starved", source_id="starved"))
    except Answer as answer:
        return answer.status
    return 200


async def full_disk(options: Options) -> list[Figure]:
    """The store lies on a disk of its own, which another file fills. Needs the right to mount."""
    async with centre_on(options) as centre:
        folder = centre.folder
        mounted = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "none", str(folder)]
        kept = {path.name: path.read_bytes() for path in folder.iterdir()}
        subprocess.run(mounted, check=True)
        try:
            for name, data in kept.items():
                (folder / name).write_bytes(data)
            await centre.open(options.walls)
            centre.produce()
            figures: list[Figure] = []
            for _ in range(options.kills):
                await asyncio.sleep(1)
                await asyncio.to_thread(_fill, folder / "balloon")
                figures = await _starved(centre, options.hold_s)
                (folder / "balloon").unlink()
                figures.append(at_most("ingest resumes after there is room", await resumes(centre), 10.0))
            await centre.rest()
            await centre.catch_up()
            return [
                told("times", options.kills),
                *verdict(await centre.judge(), centre.accepted()),
                *figures,
                exactly("false resets", centre.crowd.resets),
            ]
        finally:
            centre.server.kill()
            subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(balloon: Path) -> None:
    with balloon.open("wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 65_536)
            file.flush()


async def restored(options: Options) -> list[Figure]:
    """The store is put back to an earlier state, `options.kills` times, and told to nobody."""
    async with centre_on(options) as centre:
        await centre.open(options.walls)
        centre.produce()
        epochs, lost = [], 0
        for _ in range(options.kills):
            await asyncio.sleep(2)
            await asyncio.to_thread(_back_up, centre)
            await asyncio.sleep(2)
            # Everybody has seen what is about to be forgotten.
            await asyncio.gather(*(producer.stop() for producer in centre.producers))
            await centre.catch_up()
            centre.server.kill()
            centre.logs.append(await asyncio.to_thread(read_log, centre.true_url))
            await asyncio.to_thread(_restore, centre)
            lost += centre.logs[-1].top - (await asyncio.to_thread(read_log, centre.true_url)).top
            await centre.server.start()
            centre.produce()
            await asyncio.sleep(2)
            await centre.catch_up()
            epochs.append((await asyncio.to_thread(read_log, centre.true_url)).epoch)
        await centre.rest()
        await centre.catch_up()
        lives = {centre.logs[0].epoch, *epochs}
        current = [wall.life.epoch if wall.life else "" for wall in centre.crowd.walls]
        # What the backup does not hold may be handed in again: it is new to the store that was put back.
        return [
            told("changes that the backups do not hold", lost),
            exactly("new epochs", len(lives) - 1, options.kills),
            exactly("walls in the new epoch", current.count(epochs[-1]), options.walls),
            *verdict(await centre.judge(), centre.accepted()),
        ]


def _back_up(centre: Centre) -> None:
    if centre.postgres is None:
        (centre.folder / "backup.db").unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(centre.folder / "yiping.db")) as store:
            store.execute("VACUUM INTO ?", [str(centre.folder / "backup.db")])
        return
    subprocess.run(
        [*_client(centre, "pg_dump"), "-Fc", "-f", str(centre.folder / "backup"), "yiping"], check=True
    )


def _restore(centre: Centre) -> None:
    if centre.postgres is None:
        for name in ("yiping.db-wal", "yiping.db-shm"):
            (centre.folder / name).unlink(missing_ok=True)
        shutil.copyfile(centre.folder / "backup.db", centre.folder / "yiping.db")
        return
    with centre.postgres.connect("postgres") as connection:
        connection.execute("DROP DATABASE yiping WITH (FORCE)")
        connection.execute("CREATE DATABASE yiping")
    subprocess.run(
        [*_client(centre, "pg_restore"), "-d", "yiping", str(centre.folder / "backup")], check=True
    )


def _client(centre: Centre, program: str) -> list[str]:
    assert centre.postgres is not None
    return [
        str(server_programs() / program),
        "-h",
        "127.0.0.1",
        "-p",
        str(centre.postgres.port),
        "-U",
        "yiping",
    ]


async def poison(options: Options) -> list[Figure]:
    """One record in a thousand is poison, then all are; beside a source whose records are sound."""
    async with centre_on(options) as centre:
        await centre.open(options.walls)
        centre.produce()
        line = Line(centre.server.port)
        stored = refused = reasons = 0
        for batch in range(options.kills):
            bodies = [incident(n, source="mixed", source_id=f"{batch}-{n}") for n in range(1_000)]
            bodies[centre.dice.randrange(1_000)] |= centre.dice.choice(POISON)
            results = (await line.insist("/api/v1/incidents", bodies))["results"]
            stored += sum(result["status"] in {"accepted", "duplicate"} for result in results)
            refused += sum(result["status"] == "rejected" for result in results)
            reasons += sum(bool(result["errors"]) for result in results)
            centre.posts += [
                Post(
                    body["source_id"], "REPORTED", "refused" if result["status"] == "rejected" else "unknown"
                )
                for body, result in zip(bodies, results, strict=True)
            ]
        before = centre.accepted()
        bodies = [incident(n, source="poison") | POISON[n % len(POISON)] for n in range(1_000)]
        results = (await line.insist("/api/v1/incidents", bodies))["results"]
        line.close()
        await asyncio.sleep(1)
        flows = centre.accepted() - before
        await centre.rest()
        await centre.catch_up()
        return [
            exactly("stored beside one in a thousand", stored, 999 * options.kills),
            exactly("refused", refused, options.kills),
            exactly("refused with a reason", reasons, options.kills),
            exactly(
                "refused where all are poison", sum(one["status"] == "rejected" for one in results), 1_000
            ),
            Figure("others meanwhile", "> 0", flows, flows > 0),
            *verdict(await centre.judge(), centre.accepted()),
            exactly("false resets", centre.crowd.resets),
        ]


POISON = (
    {"state": "EXPLODED"},
    {"occurred_at": "yesterday"},
    {"location": {"lon": "east", "lat": 34.5}},
    {"location": {"lon": 106.1, "lat": 34.5, "crs": "EPSG:0"}},
    {"grade": None, "kind": 7},
    {"source_updated_at": "2999-01-01T00:00:00+08:00", "reported_at": "2999-01-01T00:00:00+08:00"},
    {"category": "\u0000"},
)
