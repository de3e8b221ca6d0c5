from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from data_adapters.demo.feed import Feed
from data_adapters.demo.happenings import CASE, STATUS, Happening, happenings
from data_adapters.demo.pace import Pace
from data_adapters.demo.start import POINTS_FILE, PROGRESS_FILE, START_FILE, Start
from data_adapters.records import case as case_record
from data_adapters.records import life as legal
from data_adapters.records import video
from data_adapters.records.case import Case
from data_adapters.records.field import Context
from data_adapters.records.video import VideoStatus
from tests.data_adapters.demo.conftest import NOW

DAY_S = 86_400
DAYS = 84


class Upstairs(HTTPServer):
    """A server that answers as told, then 200, and keeps what it took."""

    def __init__(self, answers: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.refused = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Upstairs

    def do_POST(self) -> None:
        items = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.answers.pop(0) if self.server.answers else 200
        if status == 200:
            self.server.taken += [(self.path, item) for item in items]
        else:
            self.server.refused += 1
        body = json.dumps(
            {"results": [{"index": n, "status": "accepted"} for n in range(len(items))]}
        ).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture
def upstairs() -> Iterator[Upstairs]:
    server = Upstairs([])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def centre(folder: Path, tmp_path: Path) -> Path:
    """A folder of its own with the same start: the feed keeps its progress there."""
    (tmp_path / START_FILE).parent.mkdir()
    for file in (START_FILE, POINTS_FILE):
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    return tmp_path


@pytest.fixture(scope="module")
def weeks(start: Start) -> list[Happening]:
    """Twelve weeks of happenings."""
    return list(takewhile(lambda happening: happening.at <= start.at + DAYS * DAY_S, happenings(start)))


def test_new_cases_come_at_the_real_rate(weeks: list[Happening], start: Start) -> None:
    known = {life.source_id for life in start.lives}
    fresh = {h.record["source_id"] for h in weeks if h.kind == CASE} - known
    assert len(fresh) / DAYS == pytest.approx(
        12.0, abs=1.5
    )  # winter before Spring Festival is livelier than 11.4
    grades = Counter(
        h.record["grade"]
        for h in weeks
        if h.kind == CASE and h.record["source_id"] in fresh and h.record["state"] == "REPORTED"
    )
    assert grades["ORDINARY"] / len(fresh) == pytest.approx(0.85, abs=0.04)


def test_points_fail_and_come_back_and_most_stay_on(weeks: list[Happening], start: Start) -> None:
    down = set(start.down)
    for happening in weeks:
        if happening.kind == STATUS:
            point = happening.record["point_id"]
            assert (point in down) == (happening.record["status"] == "ON")
            (down.discard if point in down else down.add)(point)
    assert len(down) / 4_445 == pytest.approx(0.022, abs=0.008)
    assert sum(h.kind == STATUS for h in weeks) / DAYS == pytest.approx(195, abs=40)


def test_every_open_case_of_the_files_goes_on_to_its_end(weeks: list[Happening], start: Start) -> None:
    last = {h.record["source_id"]: h.record["state"] for h in weeks if h.kind == CASE}
    ends = Counter(last[life.source_id] for life in start.lives)
    assert sum(ends.values()) >= 60
    assert set(ends) <= legal.CLOSED | legal.LEFT


def test_happenings_come_in_order_and_revisions_of_a_case_follow_its_life(weeks: list[Happening]) -> None:
    assert [h.at for h in weeks] == sorted(h.at for h in weeks)
    told: dict[str, int] = {}
    for happening in weeks:
        if happening.kind == CASE:
            record = happening.record
            assert record["source_updated_at"] == happening.at
            assert told.get(record["source_id"], 0) < happening.at
            told[record["source_id"]] = record["source_updated_at"]


def test_the_stream_is_the_same_for_the_same_start(weeks: list[Happening], start: Start) -> None:
    again = happenings(start)
    assert [next(again) for _ in range(3_000)] == weeks[:3_000]


def test_every_body_is_a_record_that_the_ledger_takes(centre: Path, weeks: list[Happening]) -> None:
    feed = Feed("http://127.0.0.1:1", centre, clock=NOW.timestamp)
    for happening in weeks[::7]:
        body = feed.body(happening)
        now = datetime.fromtimestamp(happening.at + 1, NOW.tzinfo)
        context = Context(zone=NOW.tzinfo, now=now)  # type: ignore[arg-type]
        if happening.kind == CASE:
            location = body.pop("location", {"lon": None, "lat": None})
            assert body.pop("source") == "dispute-platform"
            assert set(body) <= case_record.NAMES
            parsed: object = case_record.parse(body | {k: location[k] for k in ("lon", "lat")}, context, "s")
            assert isinstance(parsed, Case), parsed
        else:
            assert body.pop("source") == "video-status"
            assert isinstance(video.parse_status(body, context, "s"), VideoStatus)


def deliver(feed: Feed, until: int, upstairs: Upstairs) -> None:
    """Run the feed until the server has taken so much."""
    stop = threading.Event()
    thread = threading.Thread(target=feed.run, args=(stop,))
    thread.start()
    while len(upstairs.taken) < until and thread.is_alive():
        stop.wait(0.02)
    stop.set()
    thread.join()


def test_a_refused_request_is_sent_again_and_nothing_is_lost(
    centre: Path, upstairs: Upstairs, weeks: list[Happening], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data_adapters.demo.feed._RETRY_S", (0.01,))
    upstairs.answers = [503, 500, 200, 503, 429]
    late = weeks[400].at + 0.5  # two days or so after the files were written
    feed = Feed(upstairs.url, centre, clock=lambda: late)
    deliver(feed, 401, upstairs)
    assert upstairs.refused == 4
    assert [item for _, item in upstairs.taken] == [feed.body(happening) for happening in weeks[:401]]
    kinds = {"/api/v1/incidents": CASE, "/api/v1/video-points/status": STATUS}
    assert [kinds[path] for path, _ in upstairs.taken] == [happening.kind for happening in weeks[:401]]


def test_after_a_restart_the_feed_goes_on_where_it_was(
    centre: Path, upstairs: Upstairs, weeks: list[Happening]
) -> None:
    first = Feed(upstairs.url, centre, clock=lambda: weeks[99].at)
    deliver(first, 100, upstairs)
    second = Feed(upstairs.url, centre, clock=lambda: weeks[199].at)
    deliver(second, 200, upstairs)
    assert [item for _, item in upstairs.taken] == [second.body(happening) for happening in weeks[:200]]


def test_an_accelerated_feed_says_no_time_that_is_not_yet(centre: Path, weeks: list[Happening]) -> None:
    begin = NOW.timestamp() + 600
    now = [begin]
    feed = Feed("http://127.0.0.1:1", centre, speed=3_600, clock=lambda: now[0])
    while batch := feed.due():
        feed.delivered(batch)
    now[0] += 24  # a day of the county
    passed = []
    while batch := feed.due():
        passed += [feed.body(happening) for happening in batch]
        feed.delivered(batch)
    day = [h for h in weeks if 600 < h.at - NOW.timestamp() <= 600 + DAY_S]
    assert len(passed) == len(day)
    for body in passed:
        for name in ("reported_at", "closed_at", "source_updated_at", "at"):
            assert name not in body or datetime.fromisoformat(body[name]).timestamp() <= now[0] + 1e-3


def test_between_accelerated_runs_the_county_lives_at_the_real_rate(tmp_path: Path) -> None:
    file = tmp_path / "progress.json"
    pace = Pace.resume(file, 1_000.0, 1_100.0, 60.0)
    assert pace.county_of(1_100.0) == 1_100.0
    assert pace.county_of(1_110.0) == 1_700.0
    pace.delivered, pace.delivered_at = 7, 1_700.0
    pace.save(file)
    later = Pace.resume(file, 1_000.0, 2_110.0, 10.0)
    assert later.delivered == 7
    assert later.county_of(2_110.0) == 2_700.0
    assert later.county_of(2_111.0) == 2_710.0
    for moment in (900.0, 1_050.0, 1_105.0, 1_500.0, 2_112.5):
        assert later.real_of(later.county_of(moment)) == pytest.approx(moment)


def test_the_process_delivers_and_leaves_on_sigterm(centre: Path, upstairs: Upstairs) -> None:
    command = [sys.executable, "-m", "data_adapters.demo.feed", "--url", upstairs.url]
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen([*command, "--folder", str(centre), "--speed", "50000"], cwd=root) as process:
        try:
            while len(upstairs.taken) < 50 and process.poll() is None:
                threading.Event().wait(0.05)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()
    assert len(upstairs.taken) >= 50
    assert (centre / PROGRESS_FILE).is_file()


def test_the_process_leaves_when_its_parent_is_gone(centre: Path) -> None:
    code = (
        "import subprocess, sys; "
        "child = subprocess.Popen([sys.executable, '-m', 'data_adapters.demo.feed', *sys.argv[1:]]); "
        "print(child.pid, flush=True); input()"
    )
    root = Path(__file__).resolve().parents[3]
    parent = subprocess.Popen(
        [sys.executable, "-c", code, "--url", "http://127.0.0.1:1", "--folder", str(centre)],
        cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert parent.stdout is not None
    assert parent.stderr is not None
    int(parent.stdout.readline())
    while not (centre / PROGRESS_FILE).is_file():  # the feed knows its parent before it writes this
        threading.Event().wait(0.05)
    parent.kill()
    parent.wait()
    # The child holds the other end of this pipe: it ends when the child does.
    rest = threading.Thread(target=parent.stderr.read)
    rest.start()
    rest.join(timeout=20)
    assert not rest.is_alive()
    for pipe in (parent.stdin, parent.stdout, parent.stderr):
        if pipe is not None:
            pipe.close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--url", "http://127.0.0.1:1", "--folder", "nowhere"], "找不到"),
        (["--url", "ftp://x", "--folder", "."], "--url"),
    ],
)
def test_a_wrong_call_is_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-m", "data_adapters.demo.feed", *arguments],
        cwd=root, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
