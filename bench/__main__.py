"""``python -m bench NAME [OPTIONS]``: run one measurement and print its table."""

from __future__ import annotations

import importlib
import sys

#: Measurement -> what it measures. Each is a module here with a `main(arguments)`.
MEASUREMENTS = {
    "rows": "a million case rows from CSV and from SQL beside pandas; --rows N --readers csv,sql --store postgresql",
    "tiles": "vector tiles of video points beside PostGIS",
    "drill": "five clicks from the top to a 片区: server and network time of each",
    "live": "the live feed beside a plain emit, and the intake beside a bare insert",
    "painted": "accepted to painted among 50 walls, and what an incident costs the wire and the page",
    "soak": "weeks on the wall, compressed: heap, nodes and listeners of a page that is never reloaded",
    "numbers": "the same numbers on the map, in the tiles, in the API and by SQL: 200 grids of a store",
    "panning": "an hour of live changes while somebody pans: does the view move by itself, is the heap flat",
    "past": "a look back, by how much has changed since; --cases 10000,1000000 --changed 1000,10000 --store URL",
    "screen": "the whole screen beside plain Dash: first look, drill, new case, server time",
    "carousel": "2,000 changes of scene: each in its turn, and what stays behind in the page",
    "indicators": "all indicators of one grid, beside SQL over the rows; --cases 10000,1000000 --server URL",
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
