"""The Socket.IO namespace ``/live``: hello, resume, frame, ack, beat, reset, and what walls say of themselves.

One greenlet looks at the log and serves every viewer; another beats. Database work runs on native threads of
their own, so that neither ever holds up the sockets, nor waits behind intake. Who gets what is decided at the
desk (`dashboard.live.desk`), in rounds that wait for nothing.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import gevent
import orjson
from flask import request
from flask_socketio import SocketIO
from gevent.event import Event
from sqlalchemy.exc import SQLAlchemyError

from dashboard.access import scope_of_request
from dashboard.indicators.figures import Figures
from dashboard.lane import Busy, Lane, StoreSilent
from dashboard.live.desk import Desk, Letter
from dashboard.live.pipe import MAX_MESSAGE, Pipe, pipe_of
from dashboard.live.switchboard import Switchboard
from dashboard.live.tail import Tail
from dashboard.live.viewer import Viewer
from dashboard.live.walls import Canary, WallFigures, Walls
from dashboard.live.websocket import frame
from dashboard.services import Services
from dashboard.view import sources
from data_adapters import failpoint
from data_adapters.ledger import Scope
from data_adapters.ledger.high_water import HighWater

__all__ = ["MAX_MESSAGE", "NAMESPACE", "LiveFeed"]

NAMESPACE = "/live"
BEAT_S = 2.0
MAX_VIEWERS = 2_000
#: How a message of our namespace begins on the line: a Socket.IO event.
_SAYS = b"42/live,"
#: Who was let in and has not been told so for so long is not there.
_JOIN_S = 10.0
#: An event we do not know costs as much as so many that we do: three of them, and the line is cut.
_UNKNOWN_COST = 30.0
#: Without a look at the log for so long nobody is told that the feed lives.
_BLIND_S = 4.0
_LOOK_S = 0.1
#: How often it is looked whether walls show something else, and how often they are noted down anyhow.
_NOTE_S, _NOTE_ANYHOW_S = 1.0, 15.0
_log = logging.getLogger("yiping")


class LiveFeed:
    """Every connected viewer of this process. `start` begins to serve; until then sockets are refused."""

    def __init__(self, services: Services, socketio: SocketIO) -> None:
        self._services = services
        self._server = socketio.server
        self._desk = Desk()
        self.walls = Walls()
        self.canary = Canary()
        self._tail: Tail | None = None
        self._high_water = HighWater(services.settings.high_water)
        self._wake = Event()
        self._refresh = False
        self._looked_at = float("-inf")
        self._told_of: set[tuple[str, str, str]] = set()
        self._told_at = float("-inf")
        # The tail is read by one thread at a time, to the end: nobody gives up on it and begins beside it.
        self._tail_lane = Lane.alone()
        self._lane = services.lane(4, MAX_VIEWERS)
        # One viewer's messages are handled in the order they come, without a greenlet and a request each.
        self._server.async_handlers = False
        self._server.eio._async = self._server.eio._async | {"websocket": partial(Pipe, Switchboard())}
        socketio.on_event("connect", self._connect, namespace=NAMESPACE)
        self._server.on("disconnect", self._disconnect, namespace=NAMESPACE)
        self._handlers: dict[str, Callable[..., None]] = {
            "resume": self._resume,
            "ack": self._ack,
            "wall": self._wall,
        }
        for event, handler in self._handlers.items():
            self._server.on(event, handler, namespace=NAMESPACE)
        self._server.on("*", self._unknown, namespace=NAMESPACE)
        self._pipes: dict[str, Pipe] = {}
        self._last_said: tuple[bytes | None, Callable[..., None], list[Any]] = (None, self._unknown, [])

    @property
    def ready(self) -> bool:
        """Whether the end of the log is known: before that nobody can be told where he is."""
        return self._tail is not None

    @property
    def viewers(self) -> int:
        """How many viewers are connected."""
        return len(self._desk.viewers)

    def wall_figures(self) -> WallFigures:
        """What the walls last said of themselves."""
        return self.walls.figures(time.monotonic())

    def start(self) -> None:
        """Load the end of the log and begin to serve."""
        self._tail = self._tail_lane.run(self._load)
        self._services.pulse.start()
        poke = gevent.get_hub().loop.async_()
        poke.start(self._wake.set)
        # Commits happen on native threads; `send` is the one call of the loop that they may make.
        self._services.ledger.on_commit(poke.send)
        self._services.ledger.hear_others(poke.send)
        gevent.spawn(self._forever, self.dispatch, 0.0)
        gevent.spawn(self._forever, self.beat, BEAT_S)
        gevent.spawn(self._forever, self._each_minute, 1.0)
        gevent.spawn(self._forever, self._note_walls, _NOTE_S)
        if self._services.settings.live.canary:
            gevent.spawn(self._forever, self._send_canary, 1.0)

    def _load(self) -> Tail:
        self._high_water.renew_if_restored(self._services.ledger)
        return Tail(self._services.ledger)

    def _look(self, tail: Tail) -> None:
        tail.poll()
        if tail.last is not None:
            self._high_water.note(tail.epoch, tail.last)

    def _forever(self, step: Callable[[], None], pause_s: float) -> None:
        while True:
            try:
                step()
            except Exception as error:  # the feed outlives a store that is away; viewers see it by the beat
                self._services.note_failure(step.__name__, error)
                gevent.sleep(1.0)
            gevent.sleep(pause_s)

    # The viewers' side

    def _connect(self, _auth: Any = None) -> bool | None:
        """False refuses for good; who may come again later has his line ended, so that any client tries again."""
        sid = str(request.sid)  # type: ignore[attr-defined]
        if self._tail is None or self.viewers >= MAX_VIEWERS:
            self._end(request.environ)
            return False
        try:
            scope = scope_of_request(self._services)
            if scope is None:
                return False
            told = {"grid": self._services.places.atlas().code_of.get(scope.path), "name": scope.name}
        except (SQLAlchemyError, StoreSilent, Busy) as error:
            self._services.note_failure("connect", error)
            self._end(request.environ)
            return False
        # The greeting goes out after the answer to the connection itself, which follows this function.
        gevent.spawn(self._greet, sid, pipe_of(request.environ), scope, told)
        return None

    def _greet(self, sid: str, pipe: Pipe | None, scope: Scope, told: dict[str, Any]) -> None:
        tail = self._tail
        if pipe is None or not pipe.joined.wait(_JOIN_S) or tail is None:
            return
        if not self._server.manager.is_connected(sid, NAMESPACE):
            return
        pipe.hear = partial(self._hear, sid)
        self._pipes[sid] = pipe
        self._desk.viewers[sid] = Viewer(sid, scope, tail.epoch, tail.top, time.monotonic())
        hello = {"epoch": tail.epoch, "seq": tail.top, "server_time": self._server_time(), "scope": told}
        self._send(Letter("hello", hello, [sid]))

    def _disconnect(self, sid: str, *_reason: Any) -> None:
        self._forget(sid)

    def _forget(self, sid: str) -> None:
        self._desk.viewers.pop(sid, None)
        self._pipes.pop(sid, None)
        self.walls.gone(sid)
        self.canary.gone(sid)

    def _resume(self, sid: str, *told: Any) -> None:
        if self._heard(sid) is None:
            return
        self._desk.ask(sid, told[0] if told and isinstance(told[0], dict) else {"epoch": None})
        self._wake.set()

    def _hear(self, sid: str, text: bytes) -> bool:
        """A text as it came: whether it was one of ours, said as the protocol wants it."""
        # Walls that were sent the same say the same.
        before, handler, said = self._last_said
        if text != before:
            told = _said(text)
            if told is None or told[0] not in self._handlers:
                return False
            handler, said = self._handlers[told[0]], told[1:]
            self._last_said = text, handler, said
        handler(sid, *said)
        return True

    def _ack(self, sid: str, *told: Any) -> None:
        failpoint.reach("before-ack")
        viewer = self._desk.viewers.get(sid)
        said = told[0] if told and isinstance(told[0], dict) else {}
        if viewer is None:
            return
        if not viewer.ack(said.get("epoch"), said.get("seq")):
            # One for each frame is what we asked for, and there are no more frames than we send: others have a price.
            self._heard(sid)
        # No wake: what has gathered goes out with the next round, the same for many.
        elif self.canary.waits_for(sid):
            self.canary.applied(sid, viewer.applied, time.monotonic())

    def _wall(self, sid: str, *told: Any) -> None:
        tail = self._tail
        if self._heard(sid) is None or tail is None:
            return
        if not self.walls.report(sid, told[0] if told else None, tail.epoch, tail.top, time.monotonic()):
            self._heard(sid, _UNKNOWN_COST)

    def _unknown(self, _event: str, sid: str, *_told: Any) -> None:
        self._heard(sid, _UNKNOWN_COST)

    def _heard(self, sid: str, cost: float = 1.0) -> Viewer | None:
        viewer = self._desk.viewers.get(sid)
        if viewer is not None and not viewer.speaks(time.monotonic(), cost):
            self._cut(sid)
            return None
        return viewer

    # The server's side

    def dispatch(self) -> None:
        """Look at the log once and give every viewer who has credit what it lacks."""
        self._wake.wait(_LOOK_S)
        self._wake.clear()
        tail = self._tail
        if tail is None:
            return
        asked = self._desk.asked()
        try:
            self._tail_lane.run(self._look, tail)
        except Exception:
            self._desk.put_back(asked)
            raise
        self._desk.answer(asked, tail)
        self._looked_at = time.monotonic()
        self._watch_canary(tail, asked)
        behind = [v.cursor for v in self._desk.viewers.values() if v.lacks(tail.epoch, tail.top)]
        if behind and tail.after(min(behind), 1) is None:
            self._tail_lane.run(tail.fetch_older, behind)
        self._look_up()
        refresh, self._refresh = self._refresh, False
        paths = self._desk.paths_to_count(tail) | (self._desk.paths_shown() if refresh else set())
        # Whoever needs no figures does not wait for them; a viewer's next frame is due so long after this look.
        now = self._looked_at
        sent = bool(paths) and self._round(tail, now, {})
        figures = self._count(paths)
        sent = self._round(tail, now, figures) or sent
        if refresh:
            for letter in self._desk.refresh(tail, figures):
                self._send(letter)
        self._prove(tail, asked)
        # Nor is the log looked at for each commit where nobody looks at us: a burst of intake needs the time itself.
        if sent or not self._desk.viewers:
            gevent.sleep(max(0.0, now + self._desk.pause(now) - time.monotonic()))

    def _round(self, tail: Tail, now: float, figures: Mapping[str, Figures]) -> bool:
        """Give every viewer who has credit what it lacks; whether anything was sent."""
        letters, cut = self._desk.round(tail, now, figures, self._server_time())
        for letter in letters:
            self._send(letter)
        for sid in cut:
            self._cut(sid)
        return bool(letters)

    def _prove(self, tail: Tail, asked: Mapping[str, dict[str, Any]]) -> None:
        """A beat at once for whoever asked for one: what it hears first after a silence may have left long before."""
        echoes = {sid: told["echo"] for sid, told in asked.items() if type(told.get("echo")) is int}
        if not echoes:
            return
        message = {"epoch": tail.epoch, "seq": tail.top, "server_time": self._server_time()}
        for sid in echoes.keys() & set(self._desk.served(time.monotonic())):
            self._send(Letter("beat", message | {"echo": echoes[sid]}, [sid]))

    def _look_up(self) -> None:
        """Find the grids that pages have said they show."""
        wanted = {(v.scope, v.grid_code) for v in self._desk.viewers.values() if v.looking}
        for scope, code in wanted:
            if code is None:
                continue
            path = self._lane.run(self._path_of, scope, code)
            for viewer in self._desk.viewers.values():
                if viewer.scope == scope:
                    viewer.found(code, path)

    def _count(self, paths: Iterable[str]) -> dict[str, Figures]:
        """Fresh figures of these grids. Where that fails, the viewers of that grid wait, the others do not."""
        found = {}
        for path in paths:
            try:
                found[path] = self._lane.run(self._services.figures.get, self._services.ledger, path)[1]
            except Exception as error:  # one grid's trouble is not everybody's
                self._services.note_failure(f"figures {path}", error)
        return found

    def beat(self) -> None:
        """Say that the feed lives and how old each source is; have figures looked at that only the clock moved.

        Nobody is told so while the log cannot be looked at, or who is owed something for long: they are told that
        we are blind, which proves nothing, and so the walls say that they are stale.
        """
        tail = self._tail
        if tail is None or not self.viewers:
            return
        ages = self._ages_now()
        now = time.monotonic()
        served = self._desk.served(now) if ages is not None and now - self._looked_at <= _BLIND_S else []
        message = {"epoch": tail.epoch, "seq": tail.top, "server_time": self._server_time()}
        self._send(Letter("beat", message | {"sources": ages}, served))
        blind_s = round(now - self._looked_at, 1)
        unserved = list(self._desk.viewers.keys() - set(served))
        self._send(Letter("blind", message | {"blind_s": blind_s}, unserved))
        self._refresh = bool(served)

    def _ages_now(self) -> list[dict[str, Any]] | None:
        """Every source's age; None where the store does not tell."""
        try:
            return self._lane.run(self._ages)
        except (SQLAlchemyError, StoreSilent, Busy):
            return None

    def _each_minute(self) -> None:
        gevent.sleep(60 - time.time() % 60)
        self._services.write(self._services.ledger.tick)

    def _note_walls(self) -> None:
        """Note down in the store what our walls show, for the `/remote` of any process."""
        shown = {
            (name, viewer.scope.path, orjson.dumps(shows).decode())
            for sid, (name, shows) in self.walls.named().items()
            if (viewer := self._desk.viewers.get(sid)) is not None
        }
        now = time.monotonic()
        if not shown or (shown == self._told_of and now - self._told_at < _NOTE_ANYHOW_S):
            return
        self._told_of, self._told_at = shown, now
        told = [(name, path, orjson.loads(shows)) for name, path, shows in sorted(shown)]
        self._services.write(self._services.ledger.walls_seen, told)

    # The canary

    def _send_canary(self) -> None:
        """Put a canary into the log where none came for so long, from whichever process; none for nobody."""
        gevent.sleep(random.uniform(0.0, 2.0))
        due = time.monotonic() - self._services.settings.live.canary
        if self.viewers and self.canary.seen_at <= due and self._looked_at > due:
            self._services.write(self._services.ledger.canary)

    def _watch_canary(self, tail: Tail, resumed: Iterable[str]) -> None:
        now = time.monotonic()
        if tail.canary > self.canary.seq or tail.top < self.canary.seq:
            self.canary.seen(tail.canary, now, self._desk.served(now))
        for sid in resumed:
            if (viewer := self._desk.viewers.get(sid)) is not None:
                self.canary.applied(sid, viewer.applied, now)
        if missed := self.canary.decide(now):
            _log.warning("canary %s: not painted in time by %s of the walls", self.canary.seq, missed)

    # Native threads

    def _path_of(self, scope: Scope, code: str) -> str | None:
        with self._services.ledger.read(scope) as snapshot:
            grid = snapshot.grid(code)
        return grid.path if grid is not None else None

    def _ages(self) -> list[dict[str, Any]]:
        with self._services.ledger.read(Scope.everything()) as snapshot:
            return sources(snapshot)

    # The wire

    def _server_time(self) -> str:
        return self._services.now().isoformat(timespec="milliseconds")

    def _send(self, letter: Letter) -> None:
        """Write one letter once, for whoever gets it."""
        if letter.sids:
            data = frame(_SAYS + orjson.dumps([letter.event, letter.message]))
            for sid in letter.sids:
                if (pipe := self._pipes.get(sid)) is not None:
                    pipe.push(data)

    def _cut(self, sid: str) -> None:
        """End a viewer's connection under it; a client that is well comes back and resumes."""
        pipe = self._pipes.get(sid)
        self._forget(sid)
        if pipe is not None:
            pipe.end()

    @staticmethod
    def _end(environ: dict[str, Any] | None) -> None:
        pipe = pipe_of(environ)
        if pipe is not None:
            pipe.end()


def _said(text: bytes) -> list[Any] | None:
    """[event, what it tells, …] of a text on our namespace; None where it is none."""
    if not text.startswith(_SAYS):
        return None
    try:
        told = orjson.loads(text[len(_SAYS) :])
    except ValueError:
        return None
    return told if isinstance(told, list) and told and isinstance(told[0], str) else None
