"""A PostgreSQL of the suite's own, as an operator runs one: everything on the disk. To be stopped, killed, frozen."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from tests.fixtures.port import free_port
from tests.fixtures.postgres import account, server_programs

START_S = 60
INITDB = ("-U", "yiping", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--wal-segsize=1")


class Postgres:
    """One cluster with the database ``yiping``, in `folder` (which is made). ``options``: settings, name=value."""

    def __init__(self, folder: Path, *options: str, prefix: tuple[str, ...] = ()) -> None:
        self.folder, self.port = folder, free_port()
        self._options, self._prefix, self._user = options, prefix, account()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """SQLAlchemy's, straight to the server."""
        return self.url_through(self.port)

    def url_through(self, port: int) -> str:
        """SQLAlchemy's, through a proxy on `port`."""
        return f"postgresql+psycopg://yiping@127.0.0.1:{port}/yiping"

    def make(self) -> None:
        """The cluster, started, with an empty database."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # The account of the server must be able to walk to its folder.
        for above in self.folder.parents:
            if above.stat().st_uid == os.geteuid() and above.name.startswith("pytest-"):
                above.chmod(0o755)
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "-D", str(self.data), *INITDB)
        self.start()
        with self.connect("postgres") as connection:
            connection.execute("CREATE DATABASE yiping")

    @property
    def data(self) -> Path:
        """The cluster's folder."""
        return self.folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._prefix, str(server_programs() / program), *arguments]
        done = subprocess.run(
            command,
            user=self._user,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.strip()}")

    def start(self, *, wait: bool = True) -> float:
        """Start, and wait until it takes connections; how long that took, in seconds."""
        begun = time.monotonic()
        options = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={self.folder}",
        ]
        options += [*self._options]
        settings = [part for option in options for part in ("-c", option)]
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [*self._prefix, str(server_programs() / "postgres"), "-D", str(self.data), *settings],
            user=self._user,
            cwd=self.folder,
            stdout=log,
            stderr=log,
        )
        log.close()
        if wait:
            self.wait_until_up()
        return time.monotonic() - begun

    def wait_until_up(self) -> None:
        """Return once it takes connections. RuntimeError with its log where it does not come up."""
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process is not None and self._process.poll() is None:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2_000:])

    def connect(self, database: str = "yiping") -> psycopg.Connection[tuple[object, ...]]:
        """A connection that commits each statement."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="yiping",
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def processes(self) -> list[int]:
        """The server's processes, the first one first."""
        if self._process is None or self._process.poll() is not None:
            return []
        return family(self._process.pid)

    def kill(self) -> None:
        """SIGKILL to the whole tree at once."""
        for pid in self.processes():
            _signal(pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait(START_S)

    def freeze(self) -> None:
        """SIGSTOP to the whole tree."""
        for pid in self.processes():
            _signal(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT to the whole tree."""
        for pid in self.processes():
            _signal(pid, signal.SIGCONT)

    def stop(self) -> None:
        """A fast shutdown, as an operator's: connections are ended, everything is on the disk."""
        if self._process is not None and self._process.poll() is None:
            self.thaw()
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(START_S)
            except subprocess.TimeoutExpired:
                self.kill()


def family(pid: int) -> list[int]:
    """A process and all below it."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            below.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += below.get(one, [])
    return found


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
