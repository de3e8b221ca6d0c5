"""A reader from elsewhere: the guide's example, built, installed beside the product, and synced with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from data_adapters.settings import SettingsError
from tests.fixtures.county_files import HEAD, LEVELS, settings

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "reader-fixed-width"
SOURCE = """[[sources]]
name = "old"
kind = "case"
reader = "fixed-width"
path = "cases.txt"
encoding = "gb18030"
[sources.options]
columns = { ID = [1, 8], T = [9, 27], STATE = [28, 31] }
[sources.fields]
source_id = "ID"
occurred_at = "T"
state = "STATE"
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the example, as a user would but for the place."""
    folder = tmp_path_factory.mktemp("installed")
    # A copy, so that building it leaves nothing in the checkout.
    source = tmp_path_factory.mktemp("example")
    for name in ("pyproject.toml", "yiping_fixed_width.py"):
        (source / name).write_bytes((EXAMPLE / name).read_bytes())
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    offline = ["--no-index", "--disable-pip-version-check", "--target", str(folder), str(source)]
    done = subprocess.run([*command, *offline], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def yiping(folder: Path, installed: Path | None, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and report of a command."""
    environment = os.environ | ({"PYTHONPATH": str(installed)} if installed is not None else {})
    command = [sys.executable, "-m", "dashboard.cli", *arguments, "--json"]
    done = subprocess.run(
        [*command, "--config", str(folder / "yiping.toml")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment,
    )
    return done.returncode, json.loads(done.stdout)


def write(folder: Path, *lines: str, source: str = SOURCE) -> None:
    (folder / "yiping.toml").write_text(HEAD + LEVELS + source, encoding="utf-8")
    (folder / "cases.txt").write_bytes("\n".join(lines).encode("gb18030"))


@pytest.mark.parametrize("command", ["check", "sync"])
def test_an_installed_reader_is_found_by_its_name_and_read_like_ours(
    tmp_path: Path, installed: Path, command: str
) -> None:
    good = [f"W{n:07d}2026-11-02 14:20:00已受理 张三 13800000000" for n in range(3)]
    write(tmp_path, *good, "W9", f"W{9:07d}2026-11-02 14:20:00没听说过")
    code, report = yiping(tmp_path, installed, command)
    (told,) = report["sources"]
    assert (code, told["read"], told["accepted"], told["refused"]) == (1, 5, 3, 2), told
    reasons = {(reason["code"], reason["examples"][0]["row"]) for reason in told["reasons"]}
    assert reasons == {("too_short", "4"), ("unknown_value", "5")}


def test_what_the_reader_says_is_wrong_is_one_line(tmp_path: Path, installed: Path) -> None:
    write(tmp_path, "x", source=SOURCE.replace("ID = [1, 8], ", ""))
    code, report = yiping(tmp_path, installed, "sync")
    assert code == 2
    assert "'ID'" in report["sources"][0]["error"]
    assert report["sources"][0]["error_code"] == "missing_column"


def test_a_mistake_inside_the_reader_is_one_line_of_its_source(tmp_path: Path, installed: Path) -> None:
    write(tmp_path, "x" * 40, source=SOURCE.replace("[28, 31]", "7"))
    code, report = yiping(tmp_path, installed, "sync")
    assert (code, report["sources"][0]["error_code"]) == (2, "reader")
    assert "TypeError" in report["sources"][0]["error"]


def test_a_reader_that_is_not_installed_is_one_line(tmp_path: Path) -> None:
    write(tmp_path, "x")
    code, report = yiping(tmp_path, None, "check")
    assert (code, report["sources"][0]["error_code"]) == (2, "reader")
    assert "fixed-width" in report["sources"][0]["error"]


def test_the_guide_shows_the_example_that_is_tested() -> None:
    page = (ROOT / "docs" / "add-a-reader.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert code == (EXAMPLE / "yiping_fixed_width.py").read_text("utf-8")


def test_our_own_readers_take_no_options(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="options"):
        settings(tmp_path, SOURCE.replace('"fixed-width"', '"file"'))
