"""The centre under test: the ruler-drawn county served by `yiping serve`, which can be killed, frozen, starved."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from data_adapters.ledger import Ledger
from tests.faults.checker import Violation, check
from tests.faults.history import Log, Post, read_log, read_paths, read_position
from tests.faults.options import Options
from tests.faults.postgres import Postgres
from tests.faults.producers import Producer
from tests.faults.walls import Crowd
from tests.fixtures.nursery import Nursery
from tests.fixtures.port import free_port
from tests.fixtures.town import grids

ROOT = Path(__file__).parents[2]
#: One display of the county and one of each town.
GRIDS = ("6205", "62051", "62052", "62053")
SETTINGS = (
    '[centre]\nname = "试验县综治中心"\ntimezone = "Asia/Shanghai"\nroot = "6205"\n[store]\nurl = "{store}"\n'
    + "".join(
        f'[[levels]]\nlevel = {n}\nname = "{name}"\n' for n, name in enumerate(("县", "乡镇", "村", "组"))
    )
    + "".join(
        f'[[displays]]\nname = "{grid}"\ntoken = "display-{grid}-0123456789"\ngrid = "{grid}"\n'
        for grid in GRIDS
    )
)
READY_S = 60.0
#: How often the log is read again where it has gone on meanwhile.
_LOOKS = 10


class Server:
    """One process of the centre: forked from `nursery`, or, with a ``prefix`` or without one, a fresh one."""

    def __init__(self, folder: Path, nursery: Nursery | None = None, *, prefix: tuple[str, ...] = ()) -> None:
        self.folder, self.port, self._nursery, self._prefix = folder, free_port(), nursery, prefix
        self.pid = 0
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, environment: Mapping[str, str] | None = None, *, wait: bool = True) -> float:
        """Start, and wait until it is ready; how long that took, in seconds."""
        begun = time.monotonic()
        arguments = ["serve", "--config", str(self.folder / "yiping.toml"), "--port", str(self.port)]
        log = self.folder / "server.log"
        if self._nursery is not None:
            self.pid = self._nursery.start(arguments, environment or {}, log).pid
        else:
            with log.open("ab") as output:
                self._process = subprocess.Popen(
                    [*self._prefix, sys.executable, "-m", "dashboard.cli", *arguments],
                    stdout=output,
                    stderr=output,
                    cwd=ROOT,
                    env=os.environ | dict(environment or {}),
                )
            self.pid = self._process.pid
        if wait:
            await self.until_ready()
        return time.monotonic() - begun

    async def until_ready(self, within_s: float = READY_S) -> None:
        """Return once `/readyz` says 200. RuntimeError with its log where it ends or stays silent."""
        end = time.monotonic() + within_s
        while time.monotonic() < end and self.alive:
            if await self.status("/readyz") == 200:
                return
            await asyncio.sleep(0.02)
        raise RuntimeError(f"not ready: {self.log()[-2_000:]}")

    async def status(self, path: str, token: str = "", within_s: float = 10) -> int:
        """The status of a GET, 0 where there is no answer."""
        return (await self.get(path, token, within_s))[0]

    async def get(self, path: str, token: str = "", within_s: float = 10) -> tuple[int, bytes]:
        """Status and body of a GET; (0, b"") where there is no answer."""
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        try:
            async with asyncio.timeout(within_s):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    head = f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{self.port}\r\n{bearer}\r\n"
                    writer.write(head.encode())
                    told, _, body = (await reader.read()).partition(b"\r\n\r\n")
                    return int(told.split()[1]), body
                finally:
                    writer.transport.abort()
        except (OSError, TimeoutError, IndexError):
            return 0, b""

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        if self._process is not None:
            return self._process.poll() is None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return self.pid > 0

    def log(self) -> str:
        """What it said."""
        return (self.folder / "server.log").read_text("utf-8", "replace")

    async def dies(self, within_s: float) -> bool:
        """Wait until it has ended by itself; False where it has not."""
        end = time.monotonic() + within_s
        while self.alive and time.monotonic() < end:
            await asyncio.sleep(0.01)
        return not self.alive

    def send(self, number: int) -> None:
        """A signal."""
        if self.alive:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL: no farewell."""
        self.send(signal.SIGKILL)
        while self.alive:
            time.sleep(0.005)

    async def stop(self, within_s: float = 20) -> bool:
        """SIGTERM; whether it has ended in time."""
        self.send(signal.SIGTERM)
        ended = await self.dies(within_s)
        self.kill()
        return ended

    def rss_mb(self) -> float:
        """Memory in use."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def cpu_s(self) -> float:
        """Processor time used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def held(self) -> tuple[int, int]:
        """(open files, threads)."""
        place = Path(f"/proc/{self.pid}")
        return len(list((place / "fd").iterdir())), len(list((place / "task").iterdir()))


class Centre:
    """A store, a server, producers and walls, from one seed. ``url`` is what the server uses, ``true_url`` ours."""

    def __init__(self, folder: Path, url: str, seed: int, true_url: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.true_url = folder, true_url or url
        self.dice = random.Random(seed)
        self.nursery = Nursery()
        self.postgres: Postgres | None = None
        (folder / "yiping.toml").write_text(SETTINGS.format(store=url), encoding="utf-8")
        ledger = Ledger.open(self.true_url, root="6205")
        ledger.write_grids(grids())
        ledger.close()
        self.server = Server(folder, self.nursery)
        self.logs: list[Log] = []
        self.producers: list[Producer] = []
        #: What was handed in beside the producers.
        self.posts: list[Post] = []
        self.crowd = Crowd(0, 0, [], self.dice)
        paths = read_paths(self.true_url)
        self.scopes: list[tuple[str, str | None]] = [
            (paths[grid], f"display-{grid}-0123456789") for grid in GRIDS
        ]

    async def open(
        self, walls: int, producers: int = 4, *, port: int | None = None, served: bool = False
    ) -> None:
        """Let `walls` in, through a proxy's ``port`` if given, and make producers, which are not started.

        ``served``: the server runs already.
        """
        if not served:
            await self.server.start()
        self.crowd = Crowd(walls, port or self.server.port, self.scopes, self.dice)
        await self.crowd.enter()
        for n in range(producers):
            self.producers.append(Producer(f"up{n}", self.server.port, random.Random(self.dice.random())))

    def produce(self) -> None:
        """Producers begin."""
        for producer in self.producers:
            producer.start()

    async def rest(self) -> None:
        """Producers end, each once its last post is answered or given up."""
        await asyncio.gather(*(producer.stop() for producer in self.producers))

    async def catch_up(self, within_s: float = 60) -> float:
        """Wait until every wall has the log up to where it ends now; seconds."""
        epoch, top = await asyncio.to_thread(read_position, self.true_url)
        return await self.crowd.reach(epoch, top, within_s)

    async def judge(self) -> list[Violation]:
        """What is wrong with all histories together, once the walls have what the log has.

        The log goes on without producers: the minute ticks, alerts open. What came while it was read is waited for.
        """
        for _ in range(_LOOKS):
            log = await asyncio.to_thread(read_log, self.true_url)
            lives = [wall.life for wall in self.crowd.walls]
            if all(life and (life.epoch, life.end) == (log.epoch, log.top) for life in lives):
                break
            try:
                await self.crowd.reach(log.epoch, log.top, 10)
            except AssertionError:  # the checker says it better
                break
        posts = self.posts + [post for producer in self.producers for post in producer.posts]
        return check([*self.logs, log], posts, [wall.watch for wall in self.crowd.walls])

    def accepted(self) -> int:
        """How many posts were answered with 200."""
        return sum(producer.answered for producer in self.producers)

    async def close(self) -> None:
        """Everything ends."""
        await self.rest()
        await self.crowd.leave()
        self.server.kill()
        self.nursery.close()


@asynccontextmanager
async def centre_on(options: Options, *, through: int | None = None) -> AsyncIterator[Centre]:
    """A centre on the store that `options.store` names, not yet served; afterwards all of it is gone.

    ``through``: the port of a proxy between the server and PostgreSQL.
    """
    with tempfile.TemporaryDirectory(prefix="yiping-faults-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's own account walks through it
        postgres = None
        url = true_url = f"sqlite:///{folder / 'centre' / 'yiping.db'}"
        if options.store == "postgresql":
            postgres = Postgres(folder / "postgres")
            postgres.make()
            url = true_url = postgres.url
            if through is not None:
                url = postgres.url_through(through)
        try:
            centre = Centre(folder / "centre", url, options.seed, true_url)
            centre.postgres = postgres
            try:
                yield centre
            finally:
                await centre.close()
        finally:
            if postgres is not None:
                postgres.stop()
