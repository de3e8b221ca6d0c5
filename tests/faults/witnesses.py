"""F4, F14, F16 and F17: brokers, weeks on the wall, pages that die, upstreams that flap.

Tests of their own break these in the everyday run; here they bear witness, beside the long form of the soak.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from xml.etree import ElementTree

from bench import soak
from bench.chromium import chromium
from tests.faults.figure import Figure, at_most, exactly, told
from tests.faults.options import Options

ROOT = Path(__file__).parents[2]
BROKERS = ("tests/data_adapters/test_follow_faults.py", "tests/dashboard/test_following.py")
PAGES = tuple(
    f"tests/dashboard/pages/test_life.py::{name}"
    for name in (
        "test_a_reload_goes_on_from_where_the_page_was",
        "test_a_page_whose_script_has_died_loads_itself_again_and_keeps_its_cursor",
        "test_a_page_that_cannot_start_does_not_reload_in_a_circle",
        "test_a_map_that_lost_its_graphics_is_made_again_without_a_reload",
    )
)
UPSTREAMS = ("tests/data_adapters/test_unattended.py", "tests/dashboard/test_schedule.py")


def of(*tests: str) -> Callable[[Options], Awaitable[list[Figure]]]:
    """A fault whose figures are how many of these tests were run, and how many fell."""

    async def run(_options: Options) -> list[Figure]:
        return await asyncio.to_thread(_witnessed, tests)

    return run


def _witnessed(tests: tuple[str, ...]) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="yiping-witnesses-") as name:
        report = Path(name) / "report.xml"
        apart = ["-p", "no:cacheprovider", "--basetemp", str(Path(name) / "tests"), f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", "-q", *apart, *tests]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(
                f"pytest ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}"
            )
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))  # noqa: S314 - pytest's own report
    fallen = [str(one.get("name")) for one in cases if {part.tag for part in one} & {"failure", "error"}]
    figures = [told("tests", len(cases)), exactly("fallen", len(fallen))]
    return figures + [Figure("fallen", "", name, False) for name in fallen]


async def weeks(options: Options) -> list[Figure]:
    """`options.seeds` changes at twenty a second, `options.kills` broken lines and a sixth as many resets."""
    return await asyncio.to_thread(_weeks, options)


def _weeks(options: Options) -> list[Figure]:
    plan = soak.Plan(options.seeds, options.kills, max(1, options.kills // 6), samples=20, rate=20)
    with tempfile.TemporaryDirectory(prefix="yiping-soak-") as name, chromium() as browser:
        came = soak.run(browser, Path(name), plan, lambda _: None)
    parts = [key for key in came.picture if came.picture[key] != came.fresh[key]]
    return [
        told("updates, disconnects, resets", f"{plan.updates}, {plan.disconnects}, {plan.resets}"),
        at_most("heap for 1,000 updates", came.slope, 0.2, "MB"),
        at_most("nodes more or less", abs(came.drift("nodes")), 1, "%"),
        at_most("listeners more or less", abs(came.drift("listeners")), 1, "%"),
        exactly("errors of the page", len(came.errors)),
        exactly("parts unlike a fresh page", len(parts)),
        at_most("pixels unlike a fresh page", came.differing, 0.1, "%"),
    ]
