"""What a viewer may see: one grid and everything under it.

Grids form a tree; a grid's place in it is its *path*, three base-36 characters a step ("000" is the root,
"00000a" its eleventh child). A subtree is a range of paths, so a scope is one comparison in every query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

STEP = 3
ROOT = "000"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
#: Past every path that begins with what it is put behind.
PAST_EVERY_STEP = "~"


def step(ordinal: int) -> str:
    """The path step of the `ordinal`-th child (0 to 46,655)."""
    if not 0 <= ordinal < 36**STEP:
        raise ValueError(f"一个网格最多 {36**STEP} 个下级，收到第 {ordinal} 个")
    first, rest = divmod(ordinal, 36 * 36)
    second, third = divmod(rest, 36)
    return _DIGITS[first] + _DIGITS[second] + _DIGITS[third]


def ordinal(path: str) -> int:
    """The ordinal of the last step of `path`: the inverse of `step`."""
    return int(path[-STEP:], 36)


def depth(path: str) -> int:
    """0 for the root, 1 for its children, and so on."""
    return len(path) // STEP - 1


def lineage(path: str) -> list[str]:
    """The paths from the root down to `path` itself."""
    return [path[:end] for end in range(STEP, len(path) + 1, STEP)]


def under(column: sa.ColumnElement[str], path: str) -> sa.ColumnElement[bool]:
    """SQL: `column` is `path` or below it. A range, so that an index answers it."""
    return sa.and_(column >= path, column < path + PAST_EVERY_STEP)


@dataclass(frozen=True, slots=True)
class Scope:
    """The grid at `path` and what lies under it. ``name`` is the display that was given it."""

    path: str
    name: str = ""

    @classmethod
    def everything(cls) -> Scope:
        """The whole centre: for the machine itself and for internal work."""
        return cls(ROOT)

    def covers(self, path: str) -> bool:
        """Whether a grid path lies inside this scope."""
        return path.startswith(self.path)

    def rows(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """SQL condition that keeps a query inside this scope."""
        return under(column, self.path)
