"""How hard a fault run tries. Each fault has a long form (`make faults`) and a short one (the tests)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """``look_every``: so many kills apart all walls are waited for. ``hold_s``: how long a fault lasts."""

    seed: int = 1
    store: str = "sqlite"
    walls: int = 500
    kills: int = 200
    look_every: int = 10
    hold_s: float = 30.0
    seeds: int = 1_000
