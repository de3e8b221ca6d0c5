"""``python -m tests.faults [NAMES] [OPTIONS]``: break the centre, print what is promised and what was measured.

The exit code is 1 where a figure is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import gc
import json
import os
import sys
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from tests.faults.catalogue import FAULTS, Fault
from tests.faults.figure import Figure, table
from tests.faults.options import Options

_T = TypeVar("_T")


def main(arguments: list[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {' '.join(FAULTS)}; a beginning is enough; none: all")
    parser.add_argument("--short", action="store_true", help="the short form, as the tests run it")
    parser.add_argument("--json", type=Path, default=Path("build/faults.json"), help="where the figures go")
    for option in dataclasses.fields(Options):
        kind = {"int": int, "float": float, "str": str}[str(option.type)]
        parser.add_argument(f"--{option.name.replace('_', '-')}", type=kind)
    given = parser.parse_args(arguments)
    chosen = [fault for name, fault in FAULTS.items() if not given.names or begins(name, given.names)]
    if not chosen:
        parser.error(f"no fault of that name: {' '.join(given.names)}")
    changed = {
        option.name: value
        for option in dataclasses.fields(Options)
        if (value := getattr(given, option.name)) is not None
    }
    rows: list[tuple[str, Figure]] = []
    records = []
    # Five hundred histories of tens of thousands of changes: looking through them for cycles, which there are none of,
    # stops all walls at once for seconds, and would be measured as the server's.
    gc.disable()
    for fault in chosen:
        options = dataclasses.replace((given.short and fault.short) or fault.long, **changed)
        figures, seconds = run(fault, options)
        found = [(fault.name, figure) for figure in figures]
        print(table(found), f"({seconds:.0f} s, load {os.getloadavg()[0]:.1f})", sep="\n", flush=True)
        rows += found
        record = {"fault": fault.name, "about": fault.about, "options": dataclasses.asdict(options)}
        record |= {"seconds": round(seconds), "load": os.getloadavg()[0]}
        records.append(record | {"figures": [figure.record() for figure in figures]})
        given.json.parent.mkdir(parents=True, exist_ok=True)
        told = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "cores": os.cpu_count()}
        given.json.write_text(json.dumps(told | {"faults": records}, ensure_ascii=False, indent=1))
    missed = [f"{name}: {figure.what}" for name, figure in rows if not figure.holds]
    print("missed: " + "; ".join(missed) if missed else "every figure holds", flush=True)
    return 1 if missed else 0


def begins(name: str, wanted: list[str]) -> bool:
    """Whether a fault is meant: by its whole name, or by its number."""
    return any(name == one or name.startswith(one + "-") for one in wanted)


def run(fault: Fault, options: Options, within_s: float | None = None) -> tuple[list[Figure], float]:
    """What came of it, and how long it took; what fell over, or takes longer than `within_s`, is a figure missed."""
    begun = time.monotonic()
    print(f"{fault.name}: {fault.about}", file=sys.stderr, flush=True)
    try:
        figures = run_apart(asyncio.wait_for(fault.run(options), within_s))
    except Exception as error:  # the other faults are still to be run
        figures = [Figure("ran", "yes", f"{type(error).__name__}: {error}", False)]
    return figures, time.monotonic() - begun


def run_apart(work: Coroutine[Any, Any, _T]) -> _T:
    """Run it on a loop and a thread of its own: in a test run the main thread's loop is the browser's."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, work).result()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
