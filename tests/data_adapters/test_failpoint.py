"""The places where the fault suite ends a process: off by default, exact when on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from data_adapters import failpoint

ROOT = Path(__file__).parents[2]
PROGRAM = """from data_adapters.failpoint import reach
for n in range(5):
    print(n, flush=True)
    reach('after-commit')
"""


def ended(setting: str) -> tuple[int, str]:
    """Exit code and output of a program that comes to a place five times."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {failpoint.VARIABLE: setting},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr.partition("ValueError: ")[2]


def test_without_the_variable_no_place_does_anything() -> None:
    assert failpoint.reach is failpoint._off
    assert ended("") == (0, "0\n1\n2\n3\n4\n")


def test_a_process_ends_without_farewell_the_time_it_was_told() -> None:
    assert ended("after-commit:3") == (-9, "0\n1\n2\n")
    assert ended("before-commit:1") == (0, "0\n1\n2\n3\n4\n")


@pytest.mark.parametrize("setting", ["nowhere:1", "after-commit", "after-commit:0", "after-commit:x"])
def test_a_setting_that_means_nothing_is_refused(setting: str) -> None:
    code, words = ended(setting)
    assert code == 1
    assert words.startswith(f"{failpoint.VARIABLE}={setting}：应为 位置:第几次")


def test_every_place_is_somewhere_in_the_product() -> None:
    code = "".join(
        path.read_text("utf-8")
        for folder in ("data_adapters", "dashboard")
        for path in (ROOT / folder).rglob("*.py")
    )
    assert [place for place in failpoint.PLACES if f'failpoint.reach("{place}")' not in code] == []
