"""Where a key stands in a TOML file, so that an error can name the line. tomllib itself does not tell."""

from __future__ import annotations

import re
from collections import Counter

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(
    r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


def line_numbers(text: str) -> dict[Path, int]:
    """Path of each key and table -> its line, from 1. Tables of an array carry their index.

    Good enough for pointing: inside multi-line strings it may see keys that are none.
    """
    lines: dict[Path, int] = {}
    table: Path = ()
    seen: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            parts = [part.strip("\"'") for part in _PART.findall(header[2])]
            if header[1] == "[[":
                seen[parts[0]] += 1
            table = tuple(parts[:1])
            if seen[parts[0]]:
                table += (seen[parts[0]] - 1,)
            table += tuple(parts[1:])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(table + tuple(part.strip("\"'") for part in _PART.findall(key[1])), number)
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """The line of `path`, or of the nearest thing around it that is known."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None
