"""Upstreams that hand in incidents over HTTP and keep a history of what they were answered."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from typing import Any

import orjson

from tests.faults.history import Post
from tests.fixtures.town import SOUTH, WEST
from tests.fixtures.wall import incident

STATES = ("REPORTED", "ACCEPTED", "IN_PROGRESS")
ANSWER_S = 15.0


class Answer(Exception):
    """A status that is not 200."""

    def __init__(self, status: int, retry_after: str | None) -> None:
        super().__init__(status)
        self.status, self.retry_after = status, retry_after


class Line:
    """One kept HTTP connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._pair: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: Any) -> Any:
        """The JSON of a 200. `Answer` for another status, OSError or EOFError where there was none."""
        data = orjson.dumps(body)
        try:
            async with asyncio.timeout(ANSWER_S):
                if self._pair is None:
                    self._pair = await asyncio.open_connection("127.0.0.1", self.port)
                reader, writer = self._pair
                writer.write(
                    f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(data)}\r\n\r\n".encode()
                    + data
                )
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                lines = [line.partition(":") for line in head.split("\r\n")[1:]]
                fields = {name.lower(): value.strip() for name, _, value in lines}
                told = await reader.readexactly(int(fields["content-length"]))
        except BaseException:
            self.close()
            raise
        status = int(head.split(" ", 2)[1])
        if fields.get("connection", "").lower() == "close":
            self.close()
        if status != 200:
            raise Answer(status, fields.get("retry-after"))
        return orjson.loads(told)

    async def insist(self, path: str, body: Any, tries: int = 30) -> Any:
        """As `post`, again and again where the answer is that it is too busy, or none."""
        for left in reversed(range(tries)):
            try:
                return await self.post(path, body)
            except (Answer, OSError, EOFError):
                if left == 0:
                    raise
                await asyncio.sleep(1)
        raise AssertionError(tries)

    def close(self) -> None:
        """Hang up."""
        if self._pair is not None:
            self._pair[1].transport.abort()
            self._pair = None


class Producer:
    """Hands in new incidents and further revisions, singly and in batches, again and again until it is answered.

    ``gives_up``: the share of posts that are not tried again after an answer that did not come.
    """

    def __init__(
        self, name: str, port: int, dice: random.Random, *, pause_s: float = 0.02, gives_up: float = 0.1
    ) -> None:
        self.posts: list[Post] = []
        self.answers: dict[int, int] = {}
        self.answered = 0
        self.slowest_s = 0.0
        self._name, self._dice = name, dice
        self._line = Line(port)
        self._pause_s, self._gives_up = pause_s, gives_up
        self._numbers = 0
        #: source_id -> (its next step, where it is): of what waits for an answer, and of what has it.
        self._in_hand: dict[str, tuple[int, float]] = {}
        self._going_on: dict[str, tuple[int, float]] = {}
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._stopping = False
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End after the post in hand is answered, whatever that takes."""
        self._stopping = True
        if self._task is not None:
            await self._task
        self._line.close()

    def move(self, port: int) -> None:
        """Go on with another address."""
        self._line.close()
        self._line.port = port

    async def _run(self) -> None:
        while not self._stopping:
            size = self._dice.choice((1, 1, 1, self._dice.randint(2, 12)))
            bodies, posts = zip(*(self._next() for _ in range(size)), strict=True)
            self.posts += posts
            await self._hand_in(list(bodies), list(posts))
            await asyncio.sleep(self._pause_s * (0.5 + self._dice.random()))

    def _next(self) -> tuple[dict[str, Any], Post]:
        """A new incident, or the next revision of one whose last was accepted."""
        if self._going_on and self._dice.random() < 0.3:
            source_id = self._dice.choice(list(self._going_on))
            step, lon = self._going_on.pop(source_id)
        else:
            self._numbers += 1
            source_id, step, lon = f"{self._name}-{self._numbers}", 0, self._dice.random() * 2.98
        if self._dice.random() < 0.1:
            lon = self._dice.random() * 2.98  # it may leave a town for another
        if step + 1 < len(STATES):
            self._in_hand[source_id] = (step + 1, lon)
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        body = incident(0, source=self._name, source_id=source_id, state=STATES[step], source_updated_at=now)
        body["location"] = {"lon": WEST + lon, "lat": SOUTH + 0.3, "crs": "EPSG:4490"}
        return body, Post(source_id, STATES[step])

    async def _hand_in(self, bodies: list[dict[str, Any]], posts: list[Post]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            for post in posts:
                post.begun_s = begun
            try:
                told = await self._line.post("/api/v1/incidents", bodies)
            except Answer as answer:
                self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
            except (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError):
                self.answers[0] = self.answers.get(0, 0) + 1
            else:
                self.slowest_s = max(self.slowest_s, loop.time() - begun)
                self._note(told, posts)
                return
            for post in posts:
                post.outcome = "unknown"
            if self._stopping or self._dice.random() < self._gives_up:
                return
            await asyncio.sleep(0.1 + 0.2 * self._dice.random())

    def _note(self, told: dict[str, Any], posts: list[Post]) -> None:
        for post, result in zip(posts, told["results"], strict=True):
            if result["status"] == "rejected":
                post.outcome = "refused"
                continue
            post.outcome, post.epoch = "ok", told["epoch"]
            self.answered += 1
            if post.source_id in self._in_hand:
                self._going_on[post.source_id] = self._in_hand.pop(post.source_id)
