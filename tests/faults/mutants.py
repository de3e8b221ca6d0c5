"""The mutants: each takes one safeguard out of a copy of the tree, and the tests named beside it must turn red.

A suite that stays green without the counter's lock proves nothing about the lock. Where no test falls, the figure of
that mutant does not hold.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.figure import Figure
from tests.faults.options import Options

ROOT = Path(__file__).parents[2]
LEDGER = "tests/data_adapters/ledger/test_ledger.py"
VIEWER = "tests/dashboard/live/test_viewer.py"
SAFEGUARDS = "tests/faults/test_safeguards.py"


@dataclass(frozen=True, slots=True)
class Edit:
    """In `file` the text `old`, which stands there exactly once, becomes `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """``tests`` are the tests that must not all stay green."""

    name: str
    edits: Sequence[Edit]
    tests: Sequence[str]


MUTANTS = (
    Mutant(
        "the counter's lock",
        [Edit("data_adapters/ledger/transaction.py", ".with_for_update()", "")],
        [f"{LEDGER}::test_numbers_have_no_holes_and_follow_the_commits_of_many_processes"],
    ),
    Mutant(
        "the unique key",
        [
            Edit(
                "data_adapters/ledger/tables.py",
                '    sa.UniqueConstraint("source", "source_id"),\n    # An index and no constraint',
                "    # An index and no constraint",
            ),
            Edit(
                "data_adapters/ledger/migrations/versions/0001_the_first_tables.py",
                '        sa.UniqueConstraint("source", "source_id", name=op.f("uq_cases_source_source_id")),\n',
                "",
            ),
        ],
        [f"{LEDGER}::test_one_identity_is_one_row_whoever_writes_it"],
    ),
    Mutant(
        "the epoch compare",
        [
            Edit(
                "dashboard/live/viewer.py",
                "if epoch != self.epoch or not valid or top - seq > FAR_BEHIND:",
                "if not valid or top - seq > FAR_BEHIND:",
            )
        ],
        [f"{VIEWER}::test_a_viewer_that_resumes_from_no_place_of_this_log_loads_afresh"],
    ),
    Mutant(
        "the wait for the ack",
        [
            Edit(
                "dashboard/live/viewer.py",
                "            return Cut() if now - self.sent_at > ACK_TIMEOUT_S else None\n",
                "            self.awaiting = None\n",
            )
        ],
        [f"{VIEWER}::test_nothing_follows_a_frame_before_its_ack"],
    ),
    Mutant(
        "the readiness gate",
        [Edit("dashboard/live/socket.py", "if self._tail is None or self.viewers >=", "if self.viewers >=")],
        [f"{SAFEGUARDS}::test_nobody_is_let_in_before_the_end_of_the_log_is_known"],
    ),
    Mutant(
        "the durable commit",
        [Edit("data_adapters/ledger/engine.py", "    _make_durable(engine)\n", "")],
        [f"{SAFEGUARDS}::test_accepted_is_durable_also_where_the_database_is_told_otherwise"],
    ),
)


async def run(options: Options) -> list[Figure]:
    """Every mutant, as many at once as there are processors, beside the tree as it is, on which all tests pass."""
    del options
    turn = asyncio.Semaphore(os.cpu_count() or 1)

    async def outcome(name: str, edits: Sequence[Edit], tests: Sequence[str], wanted: str) -> Figure:
        async with turn:
            green = await asyncio.to_thread(_green, edits, tests)
        word = "green" if green else "red"
        return Figure(name, wanted, word, word == wanted)

    every = sorted({test for mutant in MUTANTS for test in mutant.tests})
    healthy = outcome("the tree as it is", (), every, "green")
    mutants = [outcome(f"without {one.name}", one.edits, one.tests, "red") for one in MUTANTS]
    return list(await asyncio.gather(healthy, *mutants))


def _green(edits: Sequence[Edit], tests: Sequence[str]) -> bool:
    with tempfile.TemporaryDirectory(prefix="yiping-mutants-") as name:
        tree = _copy(Path(name))
        for edit in edits:
            apply(tree, edit)
        return _passes(tree, tests)


def apply(tree: Path, edit: Edit) -> None:
    """Make one edit. ValueError where the text is not there exactly once: then the mutant is out of date."""
    path = tree / edit.file
    text = path.read_text("utf-8")
    if text.count(edit.old) != 1:
        raise ValueError(f"{edit.file}: {text.count(edit.old)} times, not once: {edit.old!r}")
    path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")


def _copy(tree: Path) -> Path:
    """What the tests need of the tree; what is only read is linked."""
    for folder in ("data_adapters", "layers", "dashboard", "tests"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tree / name)
    for name in ("assets", "node_modules", "deploy", "bench", "examples"):
        (tree / name).symlink_to(ROOT / name)
    return tree


def _passes(tree: Path, tests: Sequence[str]) -> bool:
    """Whether these tests pass there. RuntimeError where pytest could not run them at all."""
    # Files of its own: runs beside each other would take the rights from the common folder's database.
    apart = ["-p", "no:cacheprovider", "--basetemp", str(tree / "tmp")]
    command = [sys.executable, "-m", "pytest", "-q", "-x", *apart, *tests]
    done = subprocess.run(
        command,
        cwd=tree,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"pytest ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.returncode == 0
