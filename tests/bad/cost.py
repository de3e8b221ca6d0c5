"""What one bad thing may cost whoever reads it: processor time, and memory beyond what was held before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CPU_S = 2.0
MEMORY_MB = 300
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Cost:
    """Processor seconds, and megabytes at the peak beyond those at the start."""

    cpu_s: float = 0.0
    memory_mb: float = 0.0


@contextmanager
def cost_of(process: int) -> Iterator[Cost]:
    """The cost to a process of what happens inside, whole once it is over."""
    found = Cost()
    Path(f"/proc/{process}/clear_refs").write_text("5")  # the peak counts from now
    before_s, before_mb = _cpu_s(process), _peak_mb(process)
    yield found
    found.cpu_s = _cpu_s(process) - before_s
    found.memory_mb = _peak_mb(process) - before_mb


@contextmanager
def bounded(process: int | None = None) -> Iterator[None]:
    """What happens inside costs this process, or another, no more than a bad input may."""
    with cost_of(process or os.getpid()) as cost:
        yield
    assert cost.cpu_s <= CPU_S, cost
    assert cost.memory_mb <= MEMORY_MB, cost


def _cpu_s(process: int) -> float:
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS


def _peak_mb(process: int) -> float:
    (line,) = [
        line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmHWM")
    ]
    return int(line.split()[1]) / 1024
