"""Streams while processes are killed and brokers go away: nothing is lost, nothing is done twice, it mends itself."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from data_adapters.ledger import Ledger
from data_adapters.ledger.tables import cases, change
from data_adapters.sync import sync
from tests.fixtures.broker import Broker, MqttBroker, RedisBroker, make
from tests.fixtures.county_files import settings
from tests.fixtures.follower import Follow, end, lose
from tests.fixtures.town import grids

T = "2026-11-02 14:20:00"
STATES = ("REPORTED", "ACCEPTED", "ASSIGNED", "IN_PROGRESS")
CASES = 300
PATIENCE_S = 120


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """The ledger that the configuration in the test's folder names, with the grids of the small county."""
    opened = Ledger.open(f"sqlite:///{tmp_path / 'store.db'}", root="6205")
    opened.write_grids(grids())
    yield opened
    opened.close()


def body(number: int, state: str = "REPORTED") -> dict[str, Any]:
    """Without a time of its own: only our place in the stream can tell that a message came before."""
    return {"id": str(number), "at": T, "state": state, "x": 106.2, "y": 34.5}


def rows(ledger: Ledger, statement: sa.Select[Any]) -> list[Any]:
    with ledger._reading.connect() as connection:
        return list(connection.execute(statement))


def lives(ledger: Ledger) -> dict[str, list[str]]:
    """The states of each case in the order in which they were committed."""
    names = {
        row.case_no: row.source_id for row in rows(ledger, sa.select(cases.c.case_no, cases.c.source_id))
    }
    told: dict[str, list[str]] = {}
    for row in rows(ledger, sa.select(change.c.body).where(change.c.type == "case").order_by(change.c.seq)):
        item = json.loads(row.body)
        told.setdefault(names[item["case_no"]], []).append(item["state"])
    return told


def read(ledger: Ledger) -> int:
    state = ledger.source_state("stream")
    return state.read if state is not None else 0


def until(true: Callable[[], object], what: str) -> None:
    end_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_at:
        if true():
            return
        time.sleep(0.05)
    pytest.fail(f"never: {what}")


def begun(broker: Broker, folder: Path, ledger: Ledger) -> None:
    """The source has been there once, so that the broker keeps what comes."""
    assert sync(settings(folder, broker.source()), ledger, "stream").exit_code == 0


def all_lives() -> list[dict[str, Any]]:
    """Every state of every case, ten cases at a time: a batch holds several states of the same one."""
    blocks = [range(first, first + 10) for first in range(0, CASES, 10)]
    return [body(number, state) for block in blocks for state in STATES for number in block]


def test_killed_at_many_moments_it_loses_nothing_and_does_nothing_twice(
    broker: Broker, tmp_path: Path, ledger: Ledger, follow: Follow
) -> None:
    begun(broker, tmp_path, ledger)
    chance = random.Random(7)
    bodies, sent = all_lives(), 0
    for place in ["before-insert", "after-insert", "before-commit", "after-commit", ""] * 3:
        before = read(ledger)
        process = follow(failpoint=f"{place}:{chance.randrange(1, 4)}" if place else "")
        end_at = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < end_at:
            if sent - read(ledger) < 20:
                lot = bodies[: chance.randrange(1, 30)]
                broker.send(*lot)
                sent += len(lot)
                del bodies[: len(lot)]
            time.sleep(chance.uniform(0, 0.1))
            if not place and read(ledger) > before:
                time.sleep(chance.uniform(0, 0.1))
                lose(process)
        assert process.returncode == -signal.SIGKILL, f"{place} was never reached"
    broker.send(*bodies)
    process = follow()
    until(lambda: read(ledger) >= CASES * len(STATES), "all messages read")
    until(lambda: broker.waiting() in {0, None}, "all messages settled")
    assert end(process) == 0
    told = lives(ledger)
    assert len(told) == CASES
    assert set(map(tuple, told.values())) == {STATES}
    assert read(ledger) == CASES * len(STATES)
    numbers = [row.seq for row in rows(ledger, sa.select(change.c.seq).order_by(change.c.seq))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_sigterm_and_a_starter_that_is_gone_end_it_well(
    broker: Broker, tmp_path: Path, ledger: Ledger, follow: Follow
) -> None:
    begun(broker, tmp_path, ledger)
    process = follow()
    broker.send(body(1))
    until(lambda: read(ledger) == 1, "the message read")
    process.terminate()
    assert process.wait(60) == 0
    lose(process)
    process = follow()
    broker.send(body(2))
    until(lambda: read(ledger) == 2, "the message read")
    assert end(process) == 0


@pytest.mark.parametrize("hard", [False, True], ids=["stopped", "killed"])
def test_a_broker_that_goes_away_is_told_in_one_line_and_found_again(
    broker: Broker, tmp_path: Path, ledger: Ledger, follow: Follow, hard: bool
) -> None:
    if isinstance(broker, MqttBroker):
        broker.careful = True
        broker.stop()
        broker.start()
    begun(broker, tmp_path, ledger)
    process = follow()
    broker.send(*map(body, range(20)))
    until(lambda: read(ledger) == 20, "the messages before")
    broker.stop(hard)
    until(lambda: (state := ledger.source_state("stream")) and state.error, "the error")
    state = ledger.source_state("stream")
    assert state is not None
    assert "\n" not in (state.error or "")
    assert "127.0.0.1" in (state.error or "")
    assert state.read == 20
    assert state.retry_at is not None
    broker.start()
    until(lambda: (state := ledger.source_state("stream")) and not state.error, "the mending")
    broker.send(*map(body, range(20, 40)))
    until(lambda: read(ledger) >= 40, "the messages after")
    assert end(process) == 0
    assert {n: len(life) for n, life in lives(ledger).items()} == {str(n): 1 for n in range(40)}


def test_a_broker_that_is_not_there_at_the_start_is_waited_for(tmp_path: Path, ledger: Ledger) -> None:
    for name in ("redis", "mqtt"):
        away = make(name, tmp_path)
        report = sync(settings(tmp_path, away.source(name)), ledger, name)
        assert report.exit_code == 2
        assert "连不上" in (report.sources[0].error or "")
        away.start()
        assert sync(settings(tmp_path, away.source(name)), ledger, name).exit_code == 0
        away.stop(hard=True)


@pytest.mark.parametrize("name", ["redis", "mqtt"])
def test_a_wrong_password_is_one_clear_line_without_the_password(
    tmp_path: Path, ledger: Ledger, name: str
) -> None:
    broker = make(name, tmp_path, password="right-one")
    broker.start()
    try:
        good = broker.source()
        assert sync(settings(tmp_path, good), ledger, "stream").exit_code == 0
        report = sync(settings(tmp_path, good.replace("right-one", "wrong-one")), ledger, "stream")
        (told,) = report.sources
        assert (report.exit_code, told.error_code) == (2, "login")
        assert "登录被拒绝" in (told.error or "")
        assert "wrong-one" not in (told.error or "")
        assert "\n" not in (told.error or "")
    finally:
        broker.stop(hard=True)


@pytest.mark.parametrize("how", ["flushall", "del", "destroy", "destroy and more"])
def test_a_redis_that_was_emptied_or_lost_the_group_goes_on_by_itself(
    redis_broker: RedisBroker, tmp_path: Path, ledger: Ledger, follow: Follow, how: str
) -> None:
    begun(redis_broker, tmp_path, ledger)
    process = follow()
    for state in STATES[:2]:
        redis_broker.send(*(body(n, state) for n in range(10)))
    until(lambda: read(ledger) == 20, "the messages before")
    with redis_broker.client() as client:
        if how == "flushall":
            client.flushall()
        elif how == "del":
            client.delete("incidents")
        elif how == "destroy":
            client.xgroup_destroy("incidents", "yiping")
        else:
            lose(process)
            client.xgroup_destroy("incidents", "yiping")
            redis_broker.send(*(body(n) for n in range(10, 15)))
            process = follow()
    redis_broker.send(*(body(n) for n in range(15, 20)))
    until(lambda: "19" in lives(ledger) and redis_broker.waiting() == 0, "the messages after")
    assert end(process) == 0
    told = lives(ledger)
    assert all(told[str(n)] == list(STATES[:2]) for n in range(10))
    assert all(told[str(n)] == ["REPORTED"] for n in range(10 if "more" in how else 15, 20))


def test_what_another_consumer_left_behind_is_taken_up(
    redis_broker: RedisBroker, tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(redis_broker, tmp_path, ledger)
    redis_broker.send(*map(body, range(5)))
    with redis_broker.client() as client:
        client.xreadgroup("yiping", "gone", {"incidents": ">"}, count=3)
    monkeypatch.setattr("data_adapters.readers.redis_stream._IDLE_S", 2.0)
    time.sleep(2.1)
    (told,) = sync(settings(tmp_path, redis_broker.source()), ledger, "stream").sources
    assert (told.read, told.new, redis_broker.waiting()) == (5, 5, 0)


def test_an_entry_that_was_trimmed_before_it_was_read_is_told(
    redis_broker: RedisBroker, tmp_path: Path, ledger: Ledger
) -> None:
    begun(redis_broker, tmp_path, ledger)
    redis_broker.send(*map(body, range(3)))
    with redis_broker.client() as client:
        client.xreadgroup("yiping", "yiping", {"incidents": ">"}, count=2)
        client.xtrim("incidents", maxlen=1, approximate=False)
    (told,) = sync(settings(tmp_path, redis_broker.source()), ledger, "stream").sources
    assert (told.read, told.new, told.refused) == (3, 1, 2)
    assert ("*", "trimmed") in told.reasons
    assert redis_broker.waiting() == 0


def test_two_that_follow_the_same_stream_store_each_message_once(
    broker: Broker, tmp_path: Path, ledger: Ledger, follow: Follow
) -> None:
    begun(broker, tmp_path, ledger)
    both = [follow(), follow()]
    for number, state in enumerate(STATES, 1):
        broker.send(*(body(n, state) for n in range(100)))
        # What comes out of its order is late, and another life.
        until(lambda: read(ledger) >= 100 * number, f"all messages read of {state}")  # noqa: B023
    assert [end(process) for process in both] == [0, 0]
    assert read(ledger) == 400
    assert set(map(tuple, lives(ledger).values())) == {STATES}


def test_the_store_that_is_away_costs_nothing(
    broker: Broker, tmp_path: Path, ledger: Ledger, follow: Follow
) -> None:
    begun(broker, tmp_path, ledger)
    process = follow()
    broker.send(body(0))
    until(lambda: read(ledger) == 1, "the first message")
    blocker = ledger._writing.connect()
    with blocker.begin():
        broker.send(*map(body, range(1, 30)))
        until(lambda: "再试" in (tmp_path / "follow.log").read_text("utf-8"), "the trouble told")
    blocker.close()
    until(lambda: read(ledger) == 30, "the messages")
    assert end(process) == 0
    assert len(lives(ledger)) == 30
