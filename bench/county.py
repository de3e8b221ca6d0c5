"""The demo county as a centre of its own for the measurements: 12,432 cases, 1,063 groups, 4,445 video points."""

from __future__ import annotations

import gzip
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import centre
from data_adapters.demo.county import write_county

Place = tuple[float, float]
#: How often a request that is refused for now is sent again: a machine under load may need a while.
_TRIES = 60
CATEGORIES = ("邻里", "婚姻家庭", "合同", "劳动争议", "损害赔偿", "生产经营")


def make(folder: Path) -> Path:
    """Write the county into `folder` and read it into its store; the path of its settings."""
    write_county(folder, now=datetime.now(UTC), progress=lambda *_: None)
    settings = folder / "yiping.toml"
    command = [sys.executable, "-m", "dashboard.cli", "sync", "--config", str(settings)]
    subprocess.run(command, cwd=centre.ROOT, check=True, stderr=subprocess.DEVNULL)
    return settings


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, int]]:
    """(port, process id) of a server of the county in `folder`, which is made there first if it is not."""
    settings = folder / "yiping.toml"
    if not settings.exists():
        make(folder)
    port = centre.free_port()
    command = ["dashboard.cli", "serve", "--config", str(settings), "--port", str(port)]
    with centre.running(command, port) as server:
        yield port, server.pid


def get(port: int, path: str) -> bytes:
    """The body of a GET, packed as a browser would have it."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = line.getresponse()
    body = answer.read()
    line.close()
    if answer.status >= 400:
        raise RuntimeError(f"{path}: {answer.status}")
    return gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body


def places(port: int) -> list[Place]:
    """A point of each child of the root, (lon, lat)."""
    view = json.loads(get(port, "/api/v1/view"))
    return [(child["lon"], child["lat"]) for child in view["children"]]


def incident(number: int, where: Sequence[Place], **changes: Any) -> dict[str, Any]:
    """An incident as another system posts it, now, in one of the places."""
    now = _now()
    lon, lat = where[number % len(where)]
    body: dict[str, Any] = {
        "source": "bench",
        "source_id": f"C{number}",
        "source_updated_at": now,
        "kind": "DISPUTE",
        "category": CATEGORIES[number % len(CATEGORIES)],
        "grade": "COMPLEX" if number % 9 == 0 else "ORDINARY",
        "state": "ACCEPTED",
        "source_channel": "GRID",
        "occurred_at": now,
        "reported_at": now,
        "location": {"lon": lon, "lat": lat, "crs": "EPSG:4490"},
    }
    return body | changes


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Sender:
    """Posts over one connection and says how far the log has come."""

    def __init__(self, port: int, where: Sequence[Place]) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._where = where
        self._next = 0
        self._open: dict[int, dict[str, Any]] = {}
        self.seq = 0

    def close(self) -> None:
        """End the connection."""
        self._line.close()

    def post(self, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The results of one request, sent again where it was to come again. Raises RuntimeError where not taken."""
        for _ in range(_TRIES):
            self._line.request(
                "POST", "/api/v1/incidents", json.dumps(bodies), {"Content-Type": "application/json"}
            )
            answer = self._line.getresponse()
            told = answer.read()
            if answer.status != 503:
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {told[:200]!r}")
        results: list[dict[str, Any]] = json.loads(told)["results"]
        # One that was stored although the answer was 503 is a duplicate now.
        bad = [result for result in results if result["status"] == "rejected"]
        if bad:
            raise RuntimeError(f"not taken: {bad[0]}")
        self.seq = max(self.seq, *(result["seq"] or 0 for result in results))
        return results

    def advance(self, number: int) -> int:
        """`changes`; how far the log has come with them."""
        self.changes(number)
        return self.seq

    def changes(self, number: int, open_most: int = 60) -> list[dict[str, Any]]:
        """`number` changes in one request: new incidents, and as many closed once `open_most` are in hand."""
        bodies = []
        for step in range(self._next, self._next + number):
            pair, closing = divmod(step - open_most, 2)
            if closing and step >= open_most:
                told = self._open.pop(pair)
                bodies.append(told | {"state": "CLOSED", "source_updated_at": _now()})
            else:
                which = step if step < open_most else pair + open_most
                self._open[which] = incident(which, self._where)
                bodies.append(self._open[which])
        self._next += number
        return self.post(bodies)
