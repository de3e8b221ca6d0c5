"""A simulated wall: the page's rules for the live feed, and a history that is checked against the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data_adapters.ledger import Scope
from data_adapters.ledger.snapshot import visible_item
from tests.dashboard.live.store import Away, inside

if TYPE_CHECKING:
    from tests.dashboard.live.simulator import Line, World


class Client:
    """``history`` holds, since the last state that was loaded, the items in the order they were applied."""

    def __init__(self, world: World, name: str, scope: Scope) -> None:
        self.world, self.name, self.scope = world, name, scope
        self.line: Line | None = None
        self.hangs_until = 0.0
        self.resets = 0
        self.epoch: str | None = None
        self.seq = self.start = self.figures_seq = 0
        self.cases: dict[str, int] = {}
        self.figures: dict[str, Any] = {}
        self.history: list[dict[str, Any]] = []
        self.loading = False
        self.painting = False
        self.beat_seq: int | None = None
        # Not a page: it wants no figures, and just goes on from the state it has loaded, as it may.
        self.is_page = world.random.random() < 0.7
        self.takes_parts = world.random.random() < 0.7  # the rest are pages of an older server

    # The line

    def open(self) -> None:
        if self.epoch is None:
            self._load()
        self._connect()

    def _connect(self) -> None:
        self.line = self.world.random.choice(self.world.servers).connect(self)
        if self.line is None:
            self._retry()

    def _retry(self) -> None:
        self.world.after(self.world.random.uniform(0.5, 5), lambda: self.line or self._connect())

    def lost(self, line: Line) -> None:
        if self.line is line:
            self.line = None
            self._retry()

    def hear(self, line: Line, event: str, message: dict[str, Any]) -> None:
        if line is not self.line:
            return
        if self.world.now < self.hangs_until:
            self.world.at(self.hangs_until, lambda: self.hear(line, event, message))
            return
        getattr(self, f"_on_{event}")(message)

    def _say(self, event: str) -> None:
        if self.line is not None and self.epoch is not None:
            grid = {"grid": self.scope.path, "parts": self.takes_parts} if self.is_page else {}
            self.line.up(event, {"epoch": self.epoch, "seq": self.seq} | grid)

    # The state

    def _load(self) -> None:
        if not self.loading:
            self.loading = True
            self.world.after(self.world.random.uniform(0.01, 0.5), self._ask_view)

    def _ask_view(self) -> None:
        try:
            epoch, seq, cases = self.world.store.view(self.scope)
            figures = self.world.store.figures(self.scope.path)
        except Away:
            self.world.after(1.0, self._ask_view)
            return
        pause = self.world.random.uniform(0.01, 0.5)
        self.world.after(pause, lambda: self._settle(epoch, seq, cases, figures))

    def _settle(self, epoch: str, seq: int, cases: dict[str, int], figures: dict[str, Any]) -> None:
        self.check_history()
        first = self.epoch is None
        self.loading = False
        self.epoch, self.seq, self.start, self.figures_seq = epoch, seq, seq, seq
        self.cases, self.figures, self.history = dict(cases), dict(figures), []
        if first or self.is_page:
            self._say("resume")

    # What the server says

    def _on_hello(self, hello: dict[str, Any]) -> None:
        self.beat_seq = None
        if self.epoch is None:
            return
        if hello["epoch"] != self.epoch:
            self._load()
        else:
            self._say("resume")

    def _on_frame(self, frame: dict[str, Any]) -> None:
        if self.epoch is None:
            return
        if frame["epoch"] != self.epoch:
            self._load()
        elif frame["from"] > self.seq + 1:
            self._say("resume")
        elif frame["to"] <= self.seq:
            self._take_figures(frame, frame["to"])
            self._say("ack")
        else:
            for item in frame["items"]:
                if item["seq"] > self.seq:
                    self._apply(item)
            self.seq = frame["to"]
            self._take_figures(frame, frame["to"])
            self._paint()

    def _paint(self) -> None:
        if not self.painting:
            self.painting = True
            self.world.after(self.world.random.uniform(0, 0.25), self._painted)

    def _painted(self) -> None:
        self.painting = False
        self._say("ack")

    def _on_figures(self, message: dict[str, Any]) -> None:
        self._take_figures(message, message["seq"])

    def _on_reset(self, _reset: dict[str, Any]) -> None:
        self.resets += 1
        self._load()

    def _on_beat(self, beat: dict[str, Any]) -> None:
        if self.epoch is None:
            return
        if beat["epoch"] != self.epoch:
            self._load()
            return
        if beat["seq"] > self.seq and self.beat_seq == self.seq:
            self._say("resume")
        self.beat_seq = self.seq

    def _apply(self, item: dict[str, Any]) -> None:
        self.history.append(item)
        if item.get("removed"):
            self.cases.pop(item["case_no"], None)
        elif item["type"] == "case":
            self.cases[item["case_no"]] = item["version"]

    def _take_figures(self, message: dict[str, Any], seq: int) -> None:
        if message.get("grid") != self.scope.path or seq < self.figures_seq:
            return
        self.figures_seq = seq
        if message.get("whole"):
            self.figures.clear()
        for key, value in message["figures"].items():
            if value is None:
                self.figures.pop(key, None)
            else:
                self.figures[key] = value
        for key, fields in message.get("parts", {}).items():
            if key in self.figures:
                self.figures[key] = self.figures[key] | fields

    # The promise

    def current(self) -> bool:
        """Whether it has all there is."""
        store = self.world.store
        at_the_end = (self.epoch, self.seq) == (store.epoch, len(store.rows))
        return at_the_end and self._figures_are_right()

    def check(self) -> None:
        """At the end everything has arrived, in order, once, and nothing else."""
        store = self.world.store
        assert (self.epoch, self.seq) == (store.epoch, len(store.rows)), f"{self.name} did not reach the end"
        self.check_history()
        assert self.cases == inside(store.cases, self.scope), f"{self.name} shows something else"
        assert self._figures_are_right(), f"{self.name} shows other figures"

    def check_history(self) -> None:
        """What was applied since the last load is the log, as its scope may see it."""
        rows = self.world.store.lives.get(self.epoch or "", [])
        if self.epoch is None or len(rows) < self.seq:
            return  # a life that was cut short under us: nobody can tell any more
        own = rows[self.start : self.seq]
        wanted = [item for row in own if (item := visible_item(row, self.scope)) is not None]
        assert self.history == wanted, f"{self.name} applied something else than the log"
        assert all(row.type != "bulk" for row in own), f"{self.name} went over a whole load"

    def _figures_are_right(self) -> bool:
        return not self.is_page or self.figures == self.world.store.figures(self.scope.path)
