"""The wheel really contains what the wall needs, and serves it without the checkout."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

from playwright.sync_api import Page

from deploy.setup import browser_files
from tests.fixtures.port import free_port
from tests.fixtures.server import fetch, serving

ROOT = Path(__file__).parents[1]
PACKAGES = ("data_adapters", "layers", "dashboard")


def shown(*command: str | Path, cwd: Path) -> str:
    """What a command prints when run in a folder, with nothing of the checkout on its path."""
    return subprocess.run(
        command, cwd=cwd, env={"HOME": str(cwd)}, capture_output=True, text=True, check=True
    ).stdout


def test_the_wheel_contains_every_asset_and_the_licences_of_other_peoples(wheel: Path) -> None:
    assets = {path.relative_to(ROOT).as_posix() for path in (ROOT / "assets").rglob("*") if path.is_file()}
    with zipfile.ZipFile(wheel) as archive:
        inside = {
            name.removeprefix("dashboard/") for name in archive.namelist() if "dashboard/assets/" in name
        }
        assert inside == assets
        for name in assets:
            assert archive.read(f"dashboard/{name}") == (ROOT / name).read_bytes()
    for package in browser_files.SHIPPED:
        assert f"assets/vendor/{browser_files.licence_name(package)}" in inside


def test_the_wheel_contains_every_source_file_and_nothing_of_tests_and_tools(wheel: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert set(filter(lambda name: (ROOT / name).exists(), tracked)) <= names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == set(PACKAGES)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_installed_packages_are_those_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = f"import {', '.join(PACKAGES)}; print(*(p.__file__ for p in ({', '.join(PACKAGES)})), sep='\\n')"
    for place in shown(installed / "python", "-c", code, cwd=tmp_path).split():
        assert Path(place).is_relative_to(installed.parent)


def test_the_installed_wheel_serves_the_same_wall_from_an_empty_folder(
    installed: Path, tmp_path: Path, page: Page
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    command: list[str | Path] = [installed / "yiping", "demo", "--data", tmp_path / "data"]
    with serving(command, free_port(), empty, {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}) as address:
        assert fetch(f"{address}/healthz")[0] == 200
        for path in (path for path in (ROOT / "assets").rglob("*") if path.is_file()):
            name = path.relative_to(ROOT).as_posix()
            assert fetch(f"{address}/{name}") == (200, path.read_bytes()), name
        page.goto(address)
        page.wait_for_selector("body[data-live=live]", timeout=60_000)
        assert page.locator("[data-indicator]").count() == 6
        assert page.locator("#map").get_attribute("data-level") == "0"
    assert list(empty.iterdir()) == []
