"""What goes wrong in real data, as small descriptions: each has a name, its class B1…B23, and what it must get.

The classes are those of the list of bad input: B1 bow-ties, B2 shapes that are none, B3 numbers that are none,
B4 exchanged coordinates, B5 other coordinate systems, B6 points outside, B7 encodings, B8 repetitions, B9 codes,
B10 sizes, B11 depth, B12 forged callbacks, B13 markup, B14 formulas, B15 SQL, B16 archives, B17 shape of a request,
B18 what is not there, B19 paths, B20 strange names, B21 times, B22 upstreams that fail, B23 addresses.

``expected`` is the code of the reason (of a refused row, an unusable source, a rejected incident), ``accepted``
where a strange thing is right, ``note:CODE`` where it is told and not refused, or the status of a request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Bad:
    """One bad thing."""

    id: str
    group: str
    what: str
    expected: str

    def __str__(self) -> str:
        return f"{self.group}-{self.id or 'none'}"


@dataclass(frozen=True)
class BadRow(Bad):
    """A row of a source of `kind`: what differs from a good row. All rows of a kind are read in one file."""

    kind: str
    changes: dict[str, Any]


@dataclass(frozen=True)
class BadFile(Bad):
    """A file: ``write`` puts it into a folder; ``source`` is what its source says other than a good one of `kind`."""

    kind: str
    name: str
    write: Callable[[Path], object]
    source: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BadIncident(Bad):
    """An incident of the API: what differs from a good one."""

    changes: dict[str, Any]


@dataclass(frozen=True)
class BadRequest(Bad):
    """A request of the API. ``expected`` is its status."""

    method: str
    path: str
    body: bytes = b""


def text_file(content: str | bytes, encoding: str = "utf-8") -> Callable[[Path], object]:
    """Writes this content."""
    data = content if isinstance(content, bytes) else content.encode(encoding)
    return lambda path: path.write_bytes(data)
