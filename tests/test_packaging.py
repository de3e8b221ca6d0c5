"""The files that set the project up: locks, browser files, licences."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import plotly.offline
import pytest

from deploy.setup import browser_files, locks

ROOT = Path(__file__).parents[1]
PYPROJECT = locks.read_project()
RUN, BUILD, DEV = locks.LOCKS


def text_of(lock: locks.Lock) -> str:
    return (ROOT / lock.file).read_text("utf-8")


def test_the_lock_files_fit_what_they_were_made_from() -> None:
    assert locks.check() == []


def test_a_new_dependency_makes_the_locks_stale() -> None:
    changed = copy.deepcopy(PYPROJECT)
    changed["project"]["dependencies"].append("left-pad>=1")
    assert locks.faults(BUILD, text_of(BUILD), changed, {}) == []
    for lock in (RUN, DEV):
        assert [fault.split(";")[0] for fault in locks.faults(lock, text_of(lock), changed, {})] == [
            "pyproject.toml has changed since",
            "left-pad is asked for and not pinned",
        ]


def test_a_pin_that_breaks_its_own_requirement_is_found() -> None:
    text = re.sub(r"^pytest==\S+", "pytest==8.0.0", text_of(DEV), flags=re.MULTILINE)
    assert locks.faults(DEV, text, PYPROJECT, {}) == ["pytest is pinned to 8.0.0, asked for is <10,>=9.2"]


def test_a_pin_that_differs_between_running_and_developing_is_found() -> None:
    run = locks.pins(text_of(RUN))
    text = re.sub(r"^flask==\S+", "flask==3.0.0", text_of(DEV), flags=re.MULTILINE)
    found = locks.faults(DEV, text, PYPROJECT, run)
    assert found == [f"flask is pinned to 3.0.0, elsewhere to {run['flask']}; run `make lock`"]


def test_a_pin_without_a_hash_is_found() -> None:
    found = locks.faults(RUN, text_of(RUN) + "left-pad==1.0\n    # via flask\n", PYPROJECT, {})
    assert found == ["left-pad has no hash; run `make lock`"]


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://mirror.example/simple",
        "--find-links /srv/wheels",
        "left-pad @ file:///srv/left_pad.whl --hash=sha256:00",
        "/srv/left_pad.whl --hash=sha256:00",
    ],
)
def test_a_lock_that_names_a_place_to_download_from_is_found(line: str) -> None:
    found = locks.faults(RUN, f"{text_of(RUN)}{line}\n", PYPROJECT, {})
    assert any("names a place to download from" in fault for fault in found)


def test_a_changed_package_json_makes_its_lock_stale() -> None:
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    package["dependencies"]["left-pad"] = "1.0.0"
    lock["packages"]["node_modules/ws"]["resolved"] = "https://mirror.example/ws.tgz"
    assert locks.package_faults(package, lock) == [
        "package.json has changed since; run `make lock`",
        "node_modules/ws names a place to download from; run `make lock`",
    ]


def test_the_environment_has_every_library_at_a_version_its_dependents_accept() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_the_browsers_plotly_is_the_one_that_pythons_plotly_was_made_for() -> None:
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    assert package["dependencies"]["plotly.js-strict-dist-min"] == plotly.offline.get_plotlyjs_version()


def test_every_file_for_the_browser_is_there_with_its_licence_and_named_in_the_notice() -> None:
    shipped = {Path(file).name for files in browser_files.SHIPPED.values() for file in files}
    licences = {browser_files.licence_name(package) for package in browser_files.SHIPPED}
    assert {path.name for path in browser_files.VENDOR.iterdir()} == shipped | licences | {
        browser_files.NOTICE
    }
    notice = (browser_files.VENDOR / browser_files.NOTICE).read_text("utf-8")
    for name in shipped | licences:
        assert (browser_files.VENDOR / name).stat().st_size > 1000
        assert name in notice


def test_the_licence_of_what_socket_io_bundles_travels_with_it() -> None:
    text = (browser_files.VENDOR / browser_files.licence_name("socket.io-client")).read_text("utf-8")
    for package in ("socket.io-client", *browser_files.BUNDLED["socket.io-client"]):
        assert f"{package}\n\n" in text


def test_no_browser_file_and_no_node_module_is_committed() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "assets/vendor", "node_modules"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert tracked.stdout == ""


def test_the_licence_is_the_one_that_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_make_alone_lists_every_target() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("demo", "test", "check", "lock", "wheel"):
        assert re.search(rf"^  make {target} ", listed, re.MULTILINE)
