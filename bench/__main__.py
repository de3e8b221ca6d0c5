"""``python -m bench NAME [OPTIONS]``: run one measurement and print its table."""

from __future__ import annotations

import importlib
import sys

#: Measurement -> what it measures. Each is a module here with a `main(arguments)`.
MEASUREMENTS = {
    "live": "the live feed beside a plain emit, and the intake beside a bare insert",
}


def run(arguments: list[str]) -> int:
    """The exit code: 0, or 2 where there is no measurement of that name."""
    if not arguments or arguments[0] not in MEASUREMENTS:
        for name, about in MEASUREMENTS.items():
            print(f"python -m bench {name:10} {about}", file=sys.stderr)
        return 2
    importlib.import_module(f"bench.{arguments[0]}").main(arguments[1:])
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
