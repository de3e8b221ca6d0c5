"""The command line: what goes where, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard import cli
from dashboard.cli import main
from tests.fixtures.county_files import CASES, all_levels, settings, write_cases, write_grids

T = "2026-11-02 14:20:00"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """The configuration file of the small county with one case that is right and one that is not."""
    write_grids(tmp_path)
    write_cases(tmp_path, [("1", T, "REPORTED", "", 106.2, 34.5), ("2", T, "?", "", "", "")])
    settings(tmp_path, CASES, *all_levels())
    return tmp_path / "yiping.toml"


def test_init_writes_a_file_once(tmp_path: Path) -> None:
    path = tmp_path / "yiping.toml"
    assert run("init", path).exit_code == 0
    written = path.read_text(encoding="utf-8")
    again = run("init", path)
    assert again.exit_code == 1
    assert "已存在" in again.stderr
    assert path.read_text(encoding="utf-8") == written


def test_what_init_writes_can_be_checked(tmp_path: Path) -> None:
    run("init", tmp_path)
    result = run("check", "--config", tmp_path / "yiping.toml")
    assert result.exit_code == 2
    assert "grids.gpkg" in result.stderr


@pytest.mark.parametrize("command", ["check", "sync"])
def test_people_read_standard_error_and_machines_standard_output(county: Path, command: str) -> None:
    quiet = run(command, "--config", county)
    assert quiet.stdout == ""
    assert "拒绝 1" in quiet.stderr
    told = run(command, "--config", county, "--json")
    report = json.loads(told.stdout)
    assert report["exit"] == told.exit_code == 1
    (cases,) = [source for source in report["sources"] if source["name"] == "cases"]
    assert cases["read"] == cases["accepted"] + cases["refused"] == 2
    assert cases["reasons"][0]["field"] == "state"
    assert cases["reasons"][0]["examples"][0]["row"] == "3"


def test_check_and_sync_agree(county: Path) -> None:
    def counts(command: str) -> list[tuple[str, int, int, int]]:
        report = json.loads(run(command, "--config", county, "--json").stdout)
        return [(s["name"], s["read"], s["accepted"], s["refused"]) for s in report["sources"]]

    assert counts("check") == counts("sync") == counts("sync")


def test_a_clean_county_ends_with_zero(county: Path) -> None:
    write_cases(county.parent, [("1", T, "REPORTED", "", 106.2, 34.5)])
    assert run("check", "--config", county).exit_code == 0
    assert run("sync", "--config", county).exit_code == 0


def test_a_long_load_tells_a_log_how_far_it_is_and_a_short_one_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("dashboard.cli.time.monotonic", lambda: now)
    show = cli._lines()
    show("网格", 0, 40)
    show("网格", 40, 40)  # in no time
    for second in range(0, 31, 4):
        now = float(second)
        show("案件", second * 1_000, 30_000)
    show("案件", 30_000, 30_000)
    show("案件", 30_000, 30_000)
    assert capsys.readouterr().err.splitlines() == [
        "案件 12,000 / 30,000",
        "案件 24,000 / 30,000",
        "案件 30,000 / 30,000",
    ]


def test_a_wrong_configuration_is_one_line_and_two(tmp_path: Path) -> None:
    path = tmp_path / "yiping.toml"
    path.write_text("[centre]\nnmae = 'x'\n", encoding="utf-8")
    result = run("check", "--config", path)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert f"{path}:" in result.stderr
    assert run("check", "--config", tmp_path / "nowhere.toml").exit_code == 2


def test_a_scene_with_a_grid_that_no_source_gives_is_one_line_and_two(county: Path) -> None:
    with county.open("a", encoding="utf-8") as file:
        file.write('\n[[scenes]]\nid = "floods"\ntitle = "防汛"\ngrid = "nowhere"\n')
    done = run("check", "--config", str(county))
    assert done.exit_code == 2
    assert "scenes（floods）.grid：没有网格 nowhere" in done.stderr.splitlines()[-1]


def test_a_traceback_only_with_debug(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.toml"
    assert "Traceback" not in run("check", "--config", path).stderr
    assert "Traceback" in run("check", "--config", path, "--debug").stderr
    assert "Traceback" in run("--debug", "check", "--config", path).stderr


def test_a_source_that_is_not_configured_comes_with_the_nearest(county: Path) -> None:
    result = run("sync", "--config", county, "--source", "case")
    assert result.exit_code == 2
    assert "是否想写 cases" in result.stderr
