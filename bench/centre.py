"""A small centre and its server process for the measurements, and what a process has used of the processor."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_SETTINGS = """
[centre]
name = "试验县综治中心"
timezone = "Asia/Shanghai"
root = "6205"
[store]
url = "{store}"
[[levels]]
level = 0
name = "县"
[[levels]]
level = 1
name = "乡镇"
[[sources]]
name = "grids"
kind = "grid"
path = "grids.geojson"
[sources.fields]
code = "CODE"
name = "NAME"
level = "LEVEL"
parent = "P_CODE"
"""


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


def make(folder: Path, store: str) -> Path:
    """A county of twelve towns, read into `store`; the path of its settings."""
    features = [_box("6205", "示范县", 0, None, 106.0, 12.0)]
    features += [_box(f"6205{n:02}", f"{n}号镇", 1, "6205", 106.0 + n, 1.0) for n in range(12)]
    (folder / "grids.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    settings = folder / "yiping.toml"
    settings.write_text(_SETTINGS.format(store=store), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "dashboard.cli", "sync", "--config", str(settings)],
        cwd=ROOT,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return settings


def _box(code: str, name: str, level: int, parent: str | None, west: float, width: float) -> dict[str, Any]:
    ring = [[west, 34.0], [west + width, 34.0], [west + width, 35.0], [west, 35.0], [west, 34.0]]
    properties = {"CODE": code, "NAME": name, "LEVEL": level, "P_CODE": parent}
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def incident(number: int) -> dict[str, Any]:
    """An incident as another system posts it, now."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "source": "bench",
        "source_id": f"B{number}",
        "source_updated_at": now,
        "kind": "DISPUTE",
        "category": "邻里",
        "grade": "ORDINARY",
        "state": "REPORTED",
        "source_channel": "GRID",
        "occurred_at": now,
        "reported_at": now,
        "location": {"lon": 106.05 + number % 119 / 10, "lat": 34.5, "crs": "EPSG:4490"},
    }


@contextmanager
def running(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server process, from when it is ready to the end of the block."""
    server = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        if server.poll() is not None:
            raise RuntimeError(f"the server has ended with {server.returncode}: {' '.join(command)}")
        yield server
    finally:
        server.kill()
        server.wait()


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used, in user mode and in the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Producer(threading.Thread):
    """Posts bodies over one connection: as fast as answers come, or one every `pause_s` seconds."""

    def __init__(self, port: int, bodies: Iterator[bytes], pause_s: float = 0.0) -> None:
        super().__init__(daemon=True)
        self.accepted = 0
        self.refused = 0
        self._port, self._bodies, self._pause_s = port, bodies, pause_s

    def run(self) -> None:
        """Until there are no more bodies."""
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        due = time.monotonic()
        for body in self._bodies:
            line.request("POST", "/api/v1/incidents", body, {"Content-Type": "application/json"})
            answer = line.getresponse()
            answer.read()
            if answer.status < 300:
                self.accepted += 1
            else:
                self.refused += 1
            # Before the next body is made, which may say when that was.
            due += self._pause_s
            time.sleep(max(0.0, due - time.monotonic()))
        line.close()
