"""A whole centre in one thread and no time: store, server processes, lines that break, walls. All from one seed.

The server's own machines run in it: `Tail` on a store in memory, `Desk` and its `Viewer`s. The walls are a twin
of the page's rules (assets/10_state.js, 20_link.js). ``python -m tests.dashboard.live.simulator SEED`` replays
one run and tells what happened.
"""

from __future__ import annotations

import heapq
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from dashboard.live.desk import Desk, Letter
from dashboard.live.tail import Tail
from dashboard.live.viewer import PACE_S, Viewer
from data_adapters.ledger import Scope
from tests.dashboard.live.client import Client
from tests.dashboard.live.store import PATHS, Away, Store

FAULTS_S = 25.0
HEAL_S = 60.0
CLIENTS = 4
SERVERS = 2


class Line:
    """One connection: messages arrive in order, after a while, or, once it is broken, not at all."""

    def __init__(self, world: World, client: Client, server: Server, sid: str) -> None:
        self.world, self.client, self.server, self.sid = world, client, server, sid
        self.broken = False
        self._arrival = {"up": 0.0, "down": 0.0}

    def up(self, event: str, message: dict[str, Any]) -> None:
        """From the wall to the server."""
        # A frame or an ack that is lost is asked for again; what a page looks at is said once, on a line that holds.
        self._carry("up", lambda: self.server.hear(self, event, message), sure=event == "resume")

    def down(self, event: str, message: dict[str, Any]) -> None:
        """From the server to the wall."""
        self._carry("down", lambda: self.client.hear(self, event, message))

    def _carry(self, way: str, deliver: Callable[[], None], *, sure: bool = False) -> None:
        world = self.world
        if world.faulty and not sure and world.random.random() < 0.01:
            world.tell(f"a message {way} of {self.sid} is lost")
            return
        slow = 3.0 if world.faulty and world.random.random() < 0.02 else 0.02
        when = max(self._arrival[way] + 1e-6, world.now + world.random.random() * slow)
        self._arrival[way] = when
        world.at(when, lambda: None if self.broken else deliver())

    def breaks(self) -> None:
        """Nothing arrives any more; both sides notice, each at its own time."""
        if self.broken:
            return
        self.broken = True
        self.world.after(self.world.random.uniform(0, 5), lambda: self.client.lost(self))
        self.world.after(self.world.random.uniform(0, 10), lambda: self.server.gone(self.sid))


class Server:
    """One server process, as `dashboard.live.socket` drives the desk."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.desk = Desk()
        self.tail: Tail | None = None
        self.lines: dict[str, Line] = {}
        self.life = 0
        self.up = False

    def start(self) -> None:
        if self.up:
            return
        self.up = True
        self.life += 1
        self.desk, self.tail, self.lines = Desk(), None, {}
        self._load(self.life)

    def _load(self, life: int) -> None:
        if life != self.life:
            return
        try:
            self.tail = Tail(self.world.store)  # type: ignore[arg-type]  # what a tail needs of a ledger
        except Away:
            self.world.after(1.0, lambda: self._load(life))
            return
        self._rounds(life)
        self._beats(life)

    def kill(self) -> None:
        self.life += 1
        self.up, self.tail = False, None
        for line in list(self.lines.values()):
            line.breaks()

    def connect(self, client: Client) -> Line | None:
        """A wall connects; refused while the end of the log is not known."""
        if self.tail is None:
            return None
        line = Line(self.world, client, self, f"{client.name}#{self.world.number()}")
        self.lines[line.sid] = line
        viewer = Viewer(line.sid, client.scope, self.tail.epoch, self.tail.top, self.world.now)
        self.desk.viewers[line.sid] = viewer
        line.down("hello", {"epoch": self.tail.epoch, "seq": self.tail.top})
        return line

    def gone(self, sid: str) -> None:
        self.desk.viewers.pop(sid, None)
        self.lines.pop(sid, None)

    def hear(self, line: Line, event: str, message: dict[str, Any]) -> None:
        viewer = self.desk.viewers.get(line.sid)
        if viewer is None or self.tail is None:
            return
        if not viewer.speaks(self.world.now):
            self._cut(line.sid)
        elif event == "resume":
            self.desk.ask(line.sid, message)
        else:
            viewer.ack(message["epoch"], message["seq"])

    def _cut(self, sid: str) -> None:
        self.world.tell(f"{self.name} cuts {sid}")
        self.desk.viewers.pop(sid, None)
        if sid in self.lines:
            self.lines[sid].breaks()

    def _rounds(self, life: int) -> None:
        if life != self.life or self.tail is None:
            return
        with suppress(Away):
            self._round(self.tail)
        self.world.after(PACE_S + self.world.random.random() * 0.02, lambda: self._rounds(life))

    def _round(self, tail: Tail, refresh: bool = False) -> None:
        world, desk = self.world, self.desk
        asked = desk.asked()
        try:
            tail.poll()
        except Away:
            desk.put_back(asked)
            raise
        desk.answer(asked, tail)
        behind = [v.cursor for v in desk.viewers.values() if v.lacks(tail.epoch, tail.top)]
        tail.fetch_older(behind)
        for viewer in desk.viewers.values():
            if viewer.looking:
                viewer.found(viewer.grid_code or "", viewer.grid_code)
        paths = desk.paths_to_count(tail) | (desk.paths_shown() if refresh else set())
        figures = {path: world.store.figures(path) for path in paths}
        letters, cut = desk.round(tail, world.now, figures, "now")
        if refresh:
            letters += desk.refresh(tail, figures)
        for letter in letters:
            self._send(letter)
        for sid in cut:
            self._cut(sid)

    def _beats(self, life: int) -> None:
        if life != self.life or self.tail is None:
            return
        with suppress(Away):
            self._round(self.tail, refresh=True)
            beat = {"epoch": self.tail.epoch, "seq": self.tail.top}
            self._send(Letter("beat", beat, self.desk.served(self.world.now)))
        self.world.after(2.0, lambda: self._beats(life))

    def _send(self, letter: Letter) -> None:
        for sid in letter.sids:
            if sid in self.lines:
                self.lines[sid].down(letter.event, letter.message)


class World:
    """The clock, the dice and everybody in it."""

    def __init__(self, seed: int, tell: Callable[[str], None] | None = None, *, faults: bool = True) -> None:
        self.random = random.Random(seed)
        self.now = 0.0
        self.faulty = faults
        self._tell = tell
        self._numbers = 0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self.store = Store(self.random)
        self.servers = [Server(self, f"server {n}") for n in range(SERVERS)]
        scopes = [Scope(PATHS[0]), *(Scope(self.random.choice(PATHS)) for _ in range(CLIENTS - 1))]
        self.clients = [Client(self, f"wall {n}", scope) for n, scope in enumerate(scopes)]

    def number(self) -> int:
        """A number that was not given before."""
        self._numbers += 1
        return self._numbers

    def at(self, when: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (when, self.number(), do))

    def after(self, pause: float, do: Callable[[], None]) -> None:
        self.at(self.now + pause, do)

    def tell(self, what: str) -> None:
        if self._tell is not None:
            self._tell(f"{self.now:8.3f} {what}")

    def run(self) -> None:
        """Faults, then none; AssertionError where the promise is broken."""
        for server in self.servers:
            server.start()
        for client in self.clients:
            client.open()
        self._commit()
        self._fault()
        self._until(FAULTS_S)
        self.faulty = False
        self.store.away = False
        for server in self.servers:
            server.start()
        while self.now < FAULTS_S + HEAL_S and not all(client.current() for client in self.clients):
            self._until(self.now + 1.0)
        for client in self.clients:
            client.check()

    def _until(self, end: float) -> None:
        while self._queue and self._queue[0][0] <= end:
            self.now, _, do = heapq.heappop(self._queue)
            do()
        self.now = end

    def _commit(self) -> None:
        if self.now >= FAULTS_S:
            return
        burst = self.random.random() < 0.1
        for _ in range(self.random.randint(50, 300) if burst else 1):
            self.store.commit()
        self.after(self.random.expovariate(3.0), self._commit)

    def _fault(self) -> None:
        if not self.faulty:
            return
        name = self.random.choice(["line", "line", "hang", "server", "away", "bulk", "restore", "silent"])
        self.tell(f"fault: {name}")
        getattr(self, f"_{name}")()
        self.after(self.random.expovariate(0.7), self._fault)

    def _line(self) -> None:
        line = self.random.choice(self.clients).line
        if line is not None:
            line.breaks()

    def _hang(self) -> None:
        self.random.choice(self.clients).hangs_until = self.now + self.random.uniform(0, 12)

    def _server(self) -> None:
        server = self.random.choice(self.servers)
        server.kill()
        self.after(self.random.uniform(0.1, 4), server.start)

    def _away(self) -> None:
        self.store.away = True
        self.after(self.random.uniform(0.1, 6), lambda: setattr(self.store, "away", False))

    def _bulk(self) -> None:
        self.store.bulk()

    def _restore(self) -> None:
        self.store.restore(new_epoch=True)

    def _silent(self) -> None:
        """A backup put back without a new epoch: a server that runs sees that the log went back."""
        running = [server for server in self.servers if server.tail is not None]
        if running and not self.store.away:
            tail = self.random.choice(running).tail
            assert tail is not None
            tail.poll()
            self.store.restore(new_epoch=False)
            tail.poll()


def main(arguments: list[str]) -> None:
    """Replay one seed and tell what happens."""
    World(int(arguments[0]), print).run()


if __name__ == "__main__":
    main(sys.argv[1:])
