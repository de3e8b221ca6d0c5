"""A backup is put back, with or without a server running: every wall loads afresh, none goes on with what was lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.dashboard.live.listener import Listener
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.wall import Wall, incident, serve_centre, sync


class Backup:
    """What an operator does: copies the store, later puts the copy back."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.file = wall.folder / "yiping.db"
        self.name = wall.store.rpartition("/")[2]
        self.admin = wall.store.replace("+psycopg", "").rpartition("/")[0] + "/postgres"
        self.on_sqlite = wall.store.startswith("sqlite")

    def take(self) -> None:
        if self.on_sqlite:
            source, target = sqlite3.connect(self.file), sqlite3.connect(f"{self.file}.copy")
            source.backup(target)
            source.close()
            target.close()
        else:
            self.wall.stop()  # a template must be left alone meanwhile
            self._sql(f"CREATE DATABASE {self.name}_copy TEMPLATE {self.name}")
            self.wall.start()

    def put_back(self) -> None:
        if self.on_sqlite:
            for suffix in ("-wal", "-shm"):
                Path(f"{self.file}{suffix}").unlink(missing_ok=True)
            os.replace(f"{self.file}.copy", self.file)
        else:
            self._sql(f"DROP DATABASE {self.name} WITH (FORCE)")
            self._sql(f"ALTER DATABASE {self.name}_copy RENAME TO {self.name}")

    def _sql(self, statement: str) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(params=["sqlite", "postgresql"])
def wall(request: pytest.FixtureRequest, postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Wall]:
    if request.param == "sqlite":
        running = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}")
        yield running
        assert running.stop() == 0
        return
    with postgres_server.database() as url:
        running = serve_centre(tmp_path, url)
        yield running
        assert running.stop() == 0


def post(wall: Wall, first: int, count: int) -> int:
    status, answer = wall.post("/api/v1/incidents", [incident(n) for n in range(first, first + count)])
    assert status == 200, answer
    return int(answer["results"][-1]["seq"])


def sees_the_restore(wall: Wall, told: dict[str, Any], last: int) -> None:
    """A wall that was away meanwhile comes back where it was."""
    with Listener(wall.url) as listener:
        listener.say("resume", {"epoch": told["epoch"], "seq": last})
        reset = listener.wait("reset")
        assert reset["epoch"] != told["epoch"]
        assert reset["epoch"] == listener.hello["epoch"]
        listener.reaches(post(wall, 900, 1))
        assert [item["seq"] for item in listener.items()] == [reset["seq"] + 1]


@pytest.mark.parametrize("grows", [False, True])
def test_a_backup_put_back_while_no_server_runs(wall: Wall, grows: bool) -> None:
    backup = Backup(wall)
    post(wall, 0, 3)
    backup.take()
    with Listener(wall.url) as listener:
        listener.resume()
        last = post(wall, 10, 4)
        listener.reaches(last)
        told = listener.hello
    assert wall.stop() == 0
    backup.put_back()
    if grows:  # what is written before the server starts takes the numbers of what was lost
        for name in ("甲", "乙", "丙", "丁", "戊"):
            text = (wall.folder / "grids.geojson").read_text("utf-8")
            (wall.folder / "grids.geojson").write_text(text.replace("示范县", f"{name}县", 1), "utf-8")
            sync(wall.folder)
            (wall.folder / "grids.geojson").write_text(text, "utf-8")
            sync(wall.folder)
        assert wall.sql("SELECT top FROM stream") > last
    wall.start()
    sees_the_restore(wall, told, last)


def test_a_backup_put_back_under_a_running_server(wall: Wall) -> None:
    backup = Backup(wall)
    post(wall, 0, 3)
    backup.take()
    with Listener(wall.url) as listener:
        listener.resume()
        last = post(wall, 10, 4)
        listener.reaches(last)
        backup.put_back()
        reset = listener.wait("reset")
        assert reset["epoch"] != listener.hello["epoch"]
        assert reset["seq"] < last
        sees_the_restore(wall, listener.hello, last)


def test_the_restore_that_nothing_shows_is_said_by_hand(wall: Wall) -> None:
    last = post(wall, 0, 3)
    epoch = wall.get("/readyz")[1]["epoch"]
    command = [
        sys.executable,
        "-m",
        "dashboard.cli",
        "restored",
        "--config",
        str(wall.folder / "yiping.toml"),
    ]
    with Listener(wall.url) as listener:
        listener.resume()
        subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[3])
        assert listener.wait("reset")["epoch"] != epoch
        assert listener.all("reset")[0]["seq"] == last
