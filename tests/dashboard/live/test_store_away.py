"""PostgreSQL hangs, or is gone: nobody is told a success, the walls say that they are stale, and it mends itself."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.live.listener import Listener, covered
from tests.fixtures.postgres import PostgresServer, running_postgres
from tests.fixtures.wall import Wall, incident, serve_centre


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A server that may be stopped."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def wall(postgres: PostgresServer, tmp_path: Path) -> Iterator[Wall]:
    with postgres.database() as url:
        running = serve_centre(tmp_path, url)
        yield running
        assert running.stop() == 0


def ask(wall: Wall, path: str, body: object = None) -> tuple[int, str | None]:
    """(status, Retry-After)."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(wall.url + path, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Retry-After"]


def test_a_store_that_hangs_stalls_nobody(wall: Wall, postgres: PostgresServer) -> None:
    with Listener(wall.url) as listener:
        listener.resume()
        assert wall.post("/api/v1/incidents", incident(0))[0] == 200
        listener.hears_beats()
        postgres.signal(signal.SIGSTOP)
        try:
            tries = ["/api/v1/view", "/api/v1/cases", "/api/v1/changes", "/api/v1/tiles/grid/8/203/103.mvt"]
            for path in (*tries, "/readyz"):
                status, again = ask(wall, path)
                assert (path, status) == (path, 503)
                assert again is not None
                assert int(again) <= 2
            for n in range(1, 4):
                assert ask(wall, "/api/v1/incidents", incident(n))[0] == 503
            assert ask(wall, "/healthz")[0] == 200
            assert "yiping_store_silent_seconds" in wall.get("/metrics")[1]
            blind = listener.wait("blind", 2)
            assert blind["blind_s"] > 0
            beats = len(listener.all("beat"))
            listener.wait("blind", 4)
            assert len(listener.all("beat")) == beats, "a beat says that what is shown is current"
            assert listener.connected
        finally:
            postgres.signal(signal.SIGCONT)
        listener.hears_beats()
        for n in range(4):
            body = incident(n)
            while wall.post("/api/v1/incidents", body)[0] != 200:
                time.sleep(0.2)
        end = wall.sql("SELECT top FROM stream")
        listener.reaches(end)
        assert covered(listener.all("frame"), listener.hello["seq"]) == end
        assert wall.sql("SELECT count(*) FROM cases") == 4
        assert ask(wall, "/readyz")[0] == 200
        assert ask(wall, "/api/v1/view")[0] == 200


def test_a_store_that_is_gone_gives_no_2xx_and_what_is_kept_of_requests_does_not_grow(wall: Wall) -> None:
    """Connections are refused, as when the server is down; then it is back."""
    assert wall.process is not None
    with Listener(wall.url) as listener:
        listener.resume()
        listener.hears_beats()
        name = wall.store.rpartition("/")[2]
        admin = wall.store.replace("+psycopg", "").rpartition("/")[0] + "/postgres"
        _psql(admin, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        _psql(admin, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            listener.wait("blind")
            before = _threads(wall.process.pid)
            for n in range(200):
                assert ask(wall, "/api/v1/incidents", incident(n))[0] == 503
                assert ask(wall, "/api/v1/view")[0] == 503
            assert _threads(wall.process.pid) <= before + 2
            assert wall.get("/healthz")[0] == 200
        finally:
            _psql(admin, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        listener.hears_beats()
        while wall.post("/api/v1/incidents", incident(1))[0] != 200:
            time.sleep(0.2)
        listener.reaches(wall.sql("SELECT top FROM stream"))
        assert wall.sql("SELECT count(*) FROM cases") == 1


def _psql(url: str, statement: str) -> None:
    subprocess.run(["psql", url, "-c", statement], check=True, capture_output=True)


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
