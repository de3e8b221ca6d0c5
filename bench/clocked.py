"""``python -m bench.clocked FILE serve …``: the server, with a clock on what its feed does for the walls.

What a delivery costs is else known only as the difference of two large figures, of a server with walls and of one
without, and the intake itself costs more where walls keep the other core and the caches busy. FILE holds one
double: processor seconds of the threads that did it, in user mode and in the kernel, so far.
"""

from __future__ import annotations

import functools
import mmap
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dashboard import cli
from dashboard.live.desk import Desk
from dashboard.live.socket import LiveFeed
from dashboard.live.switchboard import Switchboard

_SECONDS = struct.Struct("d")


def spent_s(file: Path) -> float:
    """Processor seconds so far."""
    found: tuple[float] = _SECONDS.unpack(file.read_bytes())
    return found[0]


def clocked(function: Callable[..., Any], shared: mmap.mmap) -> Callable[..., Any]:
    """The same, adding what it takes. It must not let other greenlets run: their time would be counted."""

    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        begun = time.thread_time()
        try:
            return function(*arguments, **named)
        finally:
            _SECONDS.pack_into(shared, 0, _SECONDS.unpack_from(shared, 0)[0] + time.thread_time() - begun)

    return run


def main(arguments: list[str]) -> None:
    """Serve."""
    file = Path(arguments[0])
    file.write_bytes(_SECONDS.pack(0.0))
    with file.open("r+b") as opened:
        shared = mmap.mmap(opened.fileno(), _SECONDS.size)
    # All that walls add to a server: deciding who gets what, sending it, hearing what they say of it. The look at the
    # log is not in it: it is the same without walls.
    for owner, names in (
        (Desk, ("answer", "paths_to_count", "round", "refresh", "pause", "served")),
        (LiveFeed, ("_send",)),
        (Switchboard, ("hear_all",)),
    ):
        for name in names:
            setattr(owner, name, clocked(getattr(owner, name), shared))
    sys.argv[1:] = arguments[1:]
    cli.main()


if __name__ == "__main__":
    main(sys.argv[1:])
