"""Two server processes on one store, of one host or two, behind Debian's nginx as operators are told to set it up."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import socketio

from tests.dashboard.live.listener import Listener, covered
from tests.fixtures.patience import PATIENCE_S, until
from tests.fixtures.port import free_port
from tests.fixtures.wall import Wall, incident, make_centre, serve_centre

ROOT = Path(__file__).parents[2]
WALL, UPSTREAM = "county-token-0123456789", "upstream-token-0123456789"
MORE = f'[api]\ntokens = ["{UPSTREAM}"]\n[[displays]]\nname = "county"\ntoken = "{WALL}"\ngrid = "6205"\n'


@pytest.fixture
def walls(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Wall, Wall, Wall]]:
    """(two processes, and nginx in front of them as if it were one).

    On SQLite they share a folder, as on one host; on PostgreSQL each has its own, as on two.
    """
    elsewhere = tmp_path
    if getattr(request, "param", "sqlite") == "sqlite":
        one = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", MORE)
    else:
        one = serve_centre(tmp_path, request.getfixturevalue("postgres_url"), MORE)
        elsewhere = tmp_path / "another host"
        elsewhere.mkdir()
        make_centre(elsewhere, one.store, MORE)
    two = Wall(elsewhere, one.store, free_port())
    two.start()
    front = Wall(tmp_path, one.store, free_port())
    site = (ROOT / "deploy/nginx.conf").read_text("utf-8")
    for before, after in (
        ("8050", one.port),
        ("8051", two.port),
        ("listen 80;", f"listen 127.0.0.1:{front.port};"),
    ):
        assert site.count(before) == 1
        site = site.replace(before, str(after))
    (tmp_path / "site.conf").write_text(site, "utf-8")
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/nginx.pid; error_log {tmp_path}/nginx.log; events {{}}\n"
        f"http {{ access_log off; include {tmp_path}/site.conf; }}\n"
    )
    nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", tmp_path / "nginx.conf", "-g", "daemon off;"])

    def serves() -> bool:
        assert nginx.poll() is None, "nginx did not start (Debian: apt-get install nginx)"
        with suppress(OSError):
            return bool(front.get("/readyz")[0] == 200)
        return False

    try:
        until(serves, "nginx passes requests on")
        yield one, two, front
    finally:
        nginx.terminate()
        nginx.wait(PATIENCE_S)
    for wall in (one, two):
        if wall.process is not None and wall.process.poll() is None:
            assert wall.stop() == 0


def post(wall: Wall, first: int, count: int) -> int:
    body = [incident(n) for n in range(first, first + count)]
    status, answer = wall.request("POST", "/api/v1/incidents", body, UPSTREAM)
    assert status == 200, answer
    return int(answer["results"][-1]["seq"])


@pytest.mark.parametrize("walls", ["sqlite", "postgresql"], indirect=True)
def test_a_wall_goes_on_where_it_was_on_whichever_process_it_lands(walls: tuple[Wall, Wall, Wall]) -> None:
    one, two, front = walls
    with Listener(front.url, WALL) as first, Listener(front.url, WALL) as second:
        for listener in (first, second):
            listener.resume()
        last = max(post(wall, 10 * n, 3) for n, wall in enumerate((one, two, front)))
        for listener in (first, second):
            listener.reaches(last)
        assert first.items() == second.items()
        one.kill()
        lost = next(listener for listener in _until_one_is_cut(first, second))
    last = post(front, 100, 3)
    with Listener(front.url, WALL) as again:
        again.resume(covered(lost.all("frame"), lost.hello["seq"]))
        again.reaches(last)
        assert again.all("reset") == []
        seqs = [item["seq"] for item in lost.items() + again.items()]
        assert seqs == list(range(lost.hello["seq"] + 1, last + 1))


def _until_one_is_cut(*listeners: Listener) -> Iterator[Listener]:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        yield from (listener for listener in listeners if not listener.connected)
        time.sleep(0.05)
    raise AssertionError("nobody was cut")


def test_nobody_is_this_machine_who_comes_through_the_proxy(walls: tuple[Wall, Wall, Wall]) -> None:
    _, _, front = walls
    assert front.get("/api/v1/view")[0] == 401
    assert front.request("POST", "/api/v1/incidents", incident(1))[0] == 401
    with pytest.raises(socketio.exceptions.ConnectionError):
        Listener(front.url)
    style = front.get("/api/v1/map/style.json", WALL)[1]
    assert f"http://127.0.0.1:{front.port}/api/v1/tiles" in str(style)
