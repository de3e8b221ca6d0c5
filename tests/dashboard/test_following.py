"""`yiping serve` with streams: each followed by a process of its own, beside one that is broken."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.broker import RedisBroker, make
from tests.fixtures.port import free_port
from tests.fixtures.wall import Wall, make_centre

PATIENCE_S = 120


def body(number: int) -> dict[str, Any]:
    return {"id": str(number), "at": "2026-11-02 14:20:00", "state": "REPORTED", "x": 106.2, "y": 34.5}


def until(true: Callable[[], object], what: str) -> None:
    end_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_at:
        if true():
            return
        time.sleep(0.1)
    pytest.fail(f"never: {what}")


@pytest.fixture
def centre(tmp_path: Path, redis_broker: RedisBroker) -> Iterator[Wall]:
    """A centre that follows a Redis, and an MQTT broker that is not there."""
    store = f"sqlite:///{tmp_path / 'yiping.db'}"
    make_centre(tmp_path, store)
    config = tmp_path / "yiping.toml"
    away = make("mqtt", tmp_path).source("away")
    config.write_text(config.read_text("utf-8") + redis_broker.source() + away, "utf-8")
    wall = Wall(tmp_path, store, free_port())
    wall.start()
    yield wall
    if wall.process is not None and wall.process.poll() is None:
        wall.kill()
    until(lambda: not followers(wall), "the followers gone")


def followers(wall: Wall) -> dict[str, int]:
    """The sources that processes of this centre follow, and their process ids."""
    found = {}
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        if "data_adapters.follow" in words and str(wall.folder / "yiping.toml") in words:
            found[words[words.index("--source") + 1]] = int(line.parent.name)
    return found


def source(wall: Wall, name: str) -> dict[str, Any]:
    items: list[dict[str, Any]] = wall.get("/api/v1/sources")[1]["items"]
    return next(item for item in items if item["name"] == name)


def count(wall: Wall) -> int:
    return int(wall.sql("SELECT count(*) FROM cases"))


def test_a_stream_is_followed_shown_and_left_by_nobody(centre: Wall, redis_broker: RedisBroker) -> None:
    until(lambda: followers(centre).keys() == {"away", "stream"}, "both followed")
    redis_broker.send(*map(body, range(20)), b"poison")
    until(lambda: count(centre) == 20, "the cases")
    until(lambda: source(centre, "away")["status"] == "failing", "the broken one told")
    good, away = source(centre, "stream"), source(centre, "away")
    assert (good["status"], good["read"], good["accepted"], good["refused"]) == ("good", 21, 20, 1)
    assert good["last_message_at"]
    until(lambda: source(centre, "stream")["lag"] == 0, "nothing waits")
    assert [refusal["code"] for refusal in good["refusals"]] == ["not_json"]
    assert "连不上" in away["error"]
    assert away["retry_at"]
    page = centre.get("/sources")[1]
    assert "一直跟着" in page
    assert "条等着" in page

    centre.kill()
    until(lambda: not followers(centre), "the followers of a server that was killed gone")
    redis_broker.send(*map(body, range(20, 30)))
    centre.start()
    until(lambda: count(centre) == 30, "the cases that came meanwhile")
    assert centre.stop() == 0
    until(lambda: not followers(centre), "the followers of a server that ended gone")


def test_a_follower_that_was_killed_is_begun_again(centre: Wall, redis_broker: RedisBroker) -> None:
    until(lambda: "stream" in followers(centre), "the stream followed")
    before = followers(centre)["stream"]
    os.kill(before, signal.SIGKILL)
    redis_broker.send(body(1))
    until(lambda: count(centre) == 1, "the case")
    assert followers(centre)["stream"] != before


def test_a_stream_that_floods_and_one_that_is_broken_delay_no_other_source(
    centre: Wall, redis_broker: RedisBroker
) -> None:
    redis_broker.send(*map(body, range(3_000)))
    until(lambda: source(centre, "grids")["status"] == "good", "the grids read")
    until(lambda: count(centre) == 3_000, "the cases")
    until(lambda: source(centre, "away")["status"] == "failing", "the broken one told")
