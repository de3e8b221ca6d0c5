"""The server process as an operator meets it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.fixtures.port import free_port
from tests.fixtures.wall import Wall, make_centre, serve_centre

ROOT = Path(__file__).parents[2]


def test_sigterm_ends_it_with_zero_and_a_short_token_is_told(tmp_path: Path) -> None:
    display = '[[displays]]\nname = "大厅"\ntoken = "short"\ngrid = "6205"\n'
    wall = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", display)
    assert wall.stop() == 0
    told = (tmp_path / "server.log").read_text("utf-8")
    assert "大厅" in told
    assert "不少于 16" in told
    assert "short" not in told
    assert "Traceback" not in told


def test_a_scene_whose_grid_is_gone_is_told_and_keeps_no_wall_from_coming_up(tmp_path: Path) -> None:
    scene = '[[scenes]]\nid = "floods"\ntitle = "防汛"\ngrid = "62059"\n'
    wall = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", scene)
    assert wall.stop() == 0
    assert "提醒：scenes（floods）.grid：没有网格 62059，是否想写 6205" in (
        tmp_path / "server.log"
    ).read_text("utf-8")


def test_a_port_in_use_is_one_line_and_exit_2_or_1(quiet_wall: Wall, tmp_path: Path) -> None:
    make_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}")
    command = [sys.executable, "-m", "dashboard.cli", "serve", "--config", str(tmp_path / "yiping.toml")]
    done = subprocess.run(
        [*command, "--port", str(quiet_wall.port)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode != 0
    assert str(quiet_wall.port) in done.stderr
    assert "Traceback" not in done.stderr


def test_sources_are_read_on_their_own_without_anyone_asking(tmp_path: Path) -> None:
    make_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}")
    wall = Wall(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", free_port())
    wall.start()
    try:
        for _ in range(200):
            status, body = wall.get("/api/v1/view")
            # The grids are stored before it is noted that they were read.
            if status == 200 and body["sources"]:
                break
            subprocess.run(["sleep", "0.1"], check=True)
        assert status == 200
        assert [child["code"] for child in body["children"]] == ["62051", "62052", "62053"]
        assert body["sources"][0]["name"] == "grids"
    finally:
        assert wall.process is not None
        wall.process.send_signal(signal.SIGINT)
        assert wall.process.wait(20) == 0
