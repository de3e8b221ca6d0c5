"""A figure that a fault run measures, beside what is promised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.checker import Violation, count


@dataclass(frozen=True, slots=True)
class Figure:
    """``holds`` is the verdict; ``timed`` figures are judged in the long form only, on a machine of its own."""

    what: str
    promised: str
    measured: float | int | str
    holds: bool
    timed: bool = False

    def record(self) -> dict[str, Any]:
        """For the file."""
        return {name: getattr(self, name) for name in self.__slots__}


def exactly(what: str, measured: int, wanted: int = 0) -> Figure:
    """A count that must be `wanted`."""
    return Figure(what, str(wanted), measured, measured == wanted)


def at_most(what: str, measured: float, limit: float, unit: str = "s") -> Figure:
    """A time, or memory, that must not be more."""
    return Figure(what, f"≤ {limit:g} {unit}", round(measured, 2), measured <= limit, timed=True)


def at_least(what: str, measured: float, limit: float, unit: str = "", *, timed: bool = False) -> Figure:
    """A count or a rate that must not be less."""
    return Figure(what, f"≥ {limit:g} {unit}".rstrip(), round(measured, 2), measured >= limit, timed)


def told(what: str, measured: float | int | str) -> Figure:
    """A figure that only says how much was tried."""
    return Figure(what, "–", round(measured, 2) if isinstance(measured, float) else measured, True)


def verdict(violations: Iterable[Violation], accepted: int) -> list[Figure]:
    """What the checker says, as three figures; the first few violations in words."""
    found = list(violations)
    kinds = count(found)
    figures = [
        told("accepted", accepted),
        exactly("lost", kinds["lost"] + kinds["missed"] + kinds["behind"]),
        exactly("doubled", kinds["doubled"]),
        exactly("reordered, holes", kinds["reordered"] + kinds["gap"]),
        exactly("phantom, leaked, altered", kinds["phantom"] + kinds["leaked"] + kinds["altered"]),
    ]
    if found:
        words = "; ".join(f"{one.kind} {one.who}: {one.what}"[:160] for one in found[:3])
        figures.append(Figure("first", "", words, False))
    return figures


def table(rows: Sequence[tuple[str, Figure]]) -> str:
    """For people: fault, figure, promised, measured, verdict."""
    lines = [f"{'fault':22}{'figure':44}{'promised':>14}{'measured':>14}"]
    for fault, figure in rows:
        mark = "" if figure.holds else "  ✗"
        lines.append(f"{fault:22}{figure.what:44}{figure.promised:>14}{figure.measured!s:>14}{mark}")
    return "\n".join(lines)
