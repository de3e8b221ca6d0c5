"""The simulated upstream: posts what happens in the demo county to a running server, like any upstream system.

python -m data_adapters.demo.feed --url http://127.0.0.1:8050 --folder DIR --speed 1
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from http.client import HTTPException
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from data_adapters.demo.happenings import CASE, Happening, happenings
from data_adapters.demo.pace import Pace
from data_adapters.demo.start import PROGRESS_FILE, read_start
from data_adapters.demo.vocabulary import CASE_SOURCE, STATUS_SOURCE

_BATCH = 500
_LONGEST_NAP_S = 1.0
_RETRY_S = (0.5, 1, 2, 4, 8)
_TIMEOUT_S = 10
_LOCAL = timezone(timedelta(hours=8))
_PATHS = {True: "/api/v1/incidents", False: "/api/v1/video-points/status"}


class Feed:
    """Delivers every happening once it is due, in order, until told to stop. Nothing is lost: what the server has
    not answered with 200 is sent again under the same identity, also after a restart."""

    def __init__(
        self, url: str, folder: Path, speed: float = 1.0, clock: Callable[[], float] = time.time
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"--url：{url} 应以 http:// 或 https:// 开头")
        start = read_start(folder)
        self._url = url.rstrip("/")
        self._file = folder / PROGRESS_FILE
        self._clock = clock
        self._pace = Pace.resume(self._file, start.at, clock(), speed)
        self._pace.save(self._file)
        self._stream: Iterator[Happening] = islice(happenings(start), self._pace.delivered, None)
        self._next = next(self._stream)

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set."""
        while not stop.is_set():
            batch = self.due()
            if not batch:
                wait_s = self._pace.real_of(self._next.at) - self._clock()
                stop.wait(min(max(wait_s, 0.02), _LONGEST_NAP_S))
            elif self._deliver(batch, stop):
                self.delivered(batch)

    def due(self) -> list[Happening]:
        """What is due now and goes in one request: one kind, each case at most once, so revisions stay apart."""
        batch: list[Happening] = []
        cases: set[str] = set()
        until = self._pace.county_of(self._clock())
        while len(batch) < _BATCH and self._next.at <= until:
            case = str(self._next.record.get("source_id"))
            if batch and (self._next.kind != batch[0].kind or (self._next.kind == CASE and case in cases)):
                break
            batch.append(self._next)
            cases.add(case)
            self._next = next(self._stream)
        return batch

    def delivered(self, batch: list[Happening]) -> None:
        """Remember that `batch` has arrived."""
        self._pace.delivered += len(batch)
        self._pace.delivered_at = batch[-1].at
        self._pace.save(self._file)

    def body(self, happening: Happening) -> dict[str, Any]:
        """The happening as the API takes it."""
        times = {
            name: self._text(value)
            for name, value in happening.record.items()
            if name == "at" or name.endswith("_at")
        }
        if happening.kind != CASE:
            return {"source": STATUS_SOURCE} | happening.record | times
        body = {"source": CASE_SOURCE} | happening.record | times
        lon, lat = body.pop("lon", None), body.pop("lat", None)
        if lon is not None:
            body["location"] = {"lon": lon, "lat": lat, "crs": "EPSG:4490"}
        return body

    def _text(self, county: float) -> str:
        real = datetime.fromtimestamp(round(self._pace.real_of(county), 3), UTC)
        return real.astimezone(_LOCAL).isoformat(timespec="milliseconds")

    def _deliver(self, batch: list[Happening], stop: threading.Event) -> bool:
        data = json.dumps([self.body(happening) for happening in batch]).encode()
        url = self._url + _PATHS[batch[0].kind == CASE]
        said = ""
        tries = 0
        while not stop.is_set():
            try:
                request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - see __init__
                with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                    _complain(json.loads(answer.read()), batch)
                return True
            except (OSError, HTTPException, ValueError) as error:
                if (reason := f"{type(error).__name__}: {error}") != said:
                    print(
                        f"演示上游：{url} 未接收 {len(batch)} 条，稍后重发（{reason}）",
                        file=sys.stderr,
                        flush=True,
                    )
                    said = reason
                stop.wait(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
                tries += 1
        return False


def _complain(answer: Any, batch: list[Happening]) -> None:
    """Say which items the server will never take; sending them again would not help."""
    for result in answer.get("results", []) if isinstance(answer, dict) else []:
        if result.get("status") == "rejected":
            record = batch[result["index"]].record
            which = record.get("source_id") or record.get("point_id")
            print(f"演示上游：{which} 被拒收：{result.get('errors')}", file=sys.stderr, flush=True)


def _leave_with_parent() -> None:
    """Leave when the process that started us is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _leave(*_: object) -> None:
    """At once, also in the middle of a request: what was not confirmed is sent again next time."""
    raise SystemExit(0)


def main(arguments: list[str] | None = None) -> int:
    """Run the feed until SIGTERM, SIGINT or the parent's end. Exit 0; 2 if the folder is no demo centre."""
    parser = argparse.ArgumentParser(prog="data_adapters.demo.feed", description="演示县的模拟上游")
    parser.add_argument("--url", required=True, help="服务地址，如 http://127.0.0.1:8050")
    parser.add_argument("--folder", required=True, type=Path, help="演示中心目录（含 feed/start.json）")
    parser.add_argument("--speed", type=float, default=1.0, help="倍速，默认 1（真实速度）")
    options = parser.parse_args(arguments)
    if not 0 < options.speed <= 100_000:
        parser.error(f"--speed：{options.speed:g} 不在 0 到 100000 之间")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    _leave_with_parent()
    try:
        feed = Feed(options.url, options.folder, options.speed)
    except FileNotFoundError as error:
        print(f"{error.filename}：找不到，应为 yiping demo 建立的演示中心目录", file=sys.stderr)
        return 2
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    feed.run(threading.Event())
    return 0


if __name__ == "__main__":
    sys.exit(main())
