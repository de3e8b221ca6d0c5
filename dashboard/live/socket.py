"""The Socket.IO namespace ``/live``: hello, resume, frame, ack, beat, reset.

One greenlet looks at the log and serves every viewer; another beats. Database work runs on native threads of
their own, so that neither ever holds up the sockets, nor waits behind intake. Who gets what is decided at the
desk (`dashboard.live.desk`), in rounds that wait for nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

import gevent
from flask import request
from flask_socketio import SocketIO
from gevent.event import Event
from gevent.threadpool import ThreadPool
from sqlalchemy.exc import SQLAlchemyError

from dashboard.access import scope_of_request
from dashboard.indicators.figures import Figures
from dashboard.live.desk import Desk, Letter
from dashboard.live.pipe import MAX_MESSAGE, Pipe, pipe_of
from dashboard.live.tail import Tail
from dashboard.live.viewer import PACE_S, Viewer
from dashboard.services import Services, offload
from dashboard.view import sources
from data_adapters.ledger import Scope

__all__ = ["MAX_MESSAGE", "NAMESPACE", "LiveFeed"]

NAMESPACE = "/live"
BEAT_S = 2.0
MAX_VIEWERS = 2_000
#: Messages that may wait for a viewer who does not take them: a frame, and beats while it is slow.
MAX_WAITING = 8
#: An event we do not know costs as much as so many that we do: three of them, and the line is cut.
_UNKNOWN_COST = 30.0
#: Without a look at the log for so long nobody is told that the feed lives.
_BLIND_S = 4.0
_LOOK_S = 0.1
_P = ParamSpec("_P")
_R = TypeVar("_R")


class LiveFeed:
    """Every connected viewer of this process. `start` begins to serve; until then sockets are refused."""

    def __init__(self, services: Services, socketio: SocketIO) -> None:
        self._services = services
        self._server = socketio.server
        self._desk = Desk()
        self._tail: Tail | None = None
        self._wake = Event()
        self._refresh = False
        self._looked_at = float("-inf")
        self._threads = ThreadPool(2)
        # One viewer's messages are handled in the order they come, without a greenlet and a request each.
        self._server.async_handlers = False
        self._server.eio._async = self._server.eio._async | {"websocket": Pipe}
        socketio.on_event("connect", self._connect, namespace=NAMESPACE)
        self._server.on("disconnect", self._disconnect, namespace=NAMESPACE)
        self._server.on("resume", self._resume, namespace=NAMESPACE)
        self._server.on("ack", self._ack, namespace=NAMESPACE)
        self._server.on("*", self._unknown, namespace=NAMESPACE)

    @property
    def ready(self) -> bool:
        """Whether the end of the log is known: before that nobody can be told where he is."""
        return self._tail is not None

    @property
    def viewers(self) -> int:
        """How many viewers are connected."""
        return len(self._desk.viewers)

    def start(self) -> None:
        """Load the end of the log and begin to serve."""
        self._tail = self._in_thread(Tail, self._services.ledger)
        poke = gevent.get_hub().loop.async_()
        poke.start(self._wake.set)
        # Commits happen on native threads; `send` is the one call of the loop that they may make.
        self._services.ledger.on_commit(poke.send)
        gevent.spawn(self._forever, self.dispatch, 0.0)
        gevent.spawn(self._forever, self.beat, BEAT_S)
        gevent.spawn(self._forever, self._each_minute, 1.0)

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
            told = {"grid": offload(self._top_grid, scope), "name": scope.name}
        except SQLAlchemyError as error:
            self._services.note_failure("connect", error)
            self._end(request.environ)
            return False
        # The greeting goes out after the answer to the connection itself, which follows this function.
        gevent.spawn(self._greet, sid, scope, told)
        return None

    def _greet(self, sid: str, scope: Scope, told: dict[str, Any]) -> None:
        tail = self._tail
        if tail is None or not self._server.manager.is_connected(sid, NAMESPACE):
            return
        self._desk.viewers[sid] = Viewer(sid, scope, tail.epoch, tail.top, time.monotonic())
        hello = {"epoch": tail.epoch, "seq": tail.top, "server_time": self._server_time(), "scope": told}
        self._send(Letter("hello", hello, [sid]))

    def _disconnect(self, sid: str, *_reason: Any) -> None:
        self._desk.viewers.pop(sid, None)

    def _resume(self, sid: str, *told: Any) -> None:
        if self._heard(sid) is None:
            return
        # Asking again and again without taking what was sent would pile it up.
        if self._waiting(sid) > MAX_WAITING:
            self._cut(sid)
            return
        self._desk.ask(sid, told[0] if told and isinstance(told[0], dict) else {"epoch": None})
        self._wake.set()

    def _ack(self, sid: str, *told: Any) -> None:
        viewer = self._heard(sid)
        if viewer is not None and told and isinstance(told[0], dict):
            # No wake: what has gathered goes out with the next round, the same for many.
            viewer.ack(told[0].get("epoch"), told[0].get("seq"))

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
            self._in_thread(tail.poll)
        except Exception:
            self._desk.put_back(asked)
            raise
        self._desk.answer(asked, tail)
        self._looked_at = time.monotonic()
        behind = [v.cursor for v in self._desk.viewers.values() if v.lacks(tail.epoch, tail.top)]
        if behind and tail.after(min(behind), 1) is None:
            self._in_thread(tail.fetch_older, behind)
        self._look_up()
        refresh, self._refresh = self._refresh, False
        paths = self._desk.paths_to_count(tail) | (self._desk.paths_shown() if refresh else set())
        figures = self._count(paths)
        now = time.monotonic()
        letters, cut = self._desk.round(tail, now, figures, self._server_time())
        if refresh:
            letters += self._desk.refresh(tail, figures)
        for letter in letters:
            self._send(letter)
        for sid in cut:
            self._cut(sid)
        if letters:
            gevent.sleep(max(0.0, now + PACE_S - time.monotonic()))

    def _look_up(self) -> None:
        """Find the grids that pages have said they show."""
        wanted = {(v.scope, v.grid_code) for v in self._desk.viewers.values() if v.looking}
        for scope, code in wanted:
            if code is None:
                continue
            path = self._in_thread(self._path_of, scope, code)
            for viewer in self._desk.viewers.values():
                if viewer.scope == scope:
                    viewer.found(code, path)

    def _count(self, paths: Iterable[str]) -> dict[str, Figures]:
        """Fresh figures of these grids. Where that fails, the viewers of that grid wait, the others do not."""
        found = {}
        for path in paths:
            try:
                found[path] = self._in_thread(self._services.figures.get, self._services.ledger, path)[1]
            except Exception as error:  # one grid's trouble is not everybody's
                self._services.note_failure(f"figures {path}", error)
        return found

    def beat(self) -> None:
        """Say that the feed lives and how old each source is; have figures looked at that only the clock moved.

        Nobody is told so while the log cannot be looked at: silence makes the walls say that they are stale.
        """
        tail = self._tail
        if tail is None or not self.viewers:
            return
        ages = self._in_thread(self._ages)
        now = time.monotonic()
        if now - self._looked_at > _BLIND_S:
            return
        message = {"epoch": tail.epoch, "seq": tail.top, "server_time": self._server_time(), "sources": ages}
        served = self._desk.served(now)
        for sid in served:
            if self._waiting(sid) > MAX_WAITING:
                self._cut(sid)
        if served:
            self._send(Letter("beat", message, served))
        self._refresh = True

    def _each_minute(self) -> None:
        gevent.sleep(60 - time.time() % 60)
        offload(self._services.ledger.tick)

    # Native threads

    def _in_thread(self, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return self._threads.apply(work, args, kwargs)  # type: ignore[no-any-return]

    def _path_of(self, scope: Scope, code: str) -> str | None:
        with self._services.ledger.read(scope) as snapshot:
            grid = snapshot.grid(code)
        return grid.path if grid is not None else None

    def _top_grid(self, scope: Scope) -> str | None:
        with self._services.ledger.read(scope) as snapshot:
            top = snapshot.top_grid()
        return top.code if top is not None else None

    def _ages(self) -> list[dict[str, Any]]:
        with self._services.ledger.read(Scope.everything()) as snapshot:
            return sources(snapshot)

    # The wire

    def _server_time(self) -> str:
        return self._services.now().isoformat(timespec="milliseconds")

    def _send(self, letter: Letter) -> None:
        self._server.emit(letter.event, letter.message, to=letter.sids, namespace=NAMESPACE)

    def _waiting(self, sid: str) -> int:
        """How many messages wait to be taken by a viewer."""
        line = self._server.eio.sockets.get(self._server.manager.eio_sid_from_sid(sid, NAMESPACE))
        return line.queue.qsize() if line is not None else 0

    def _cut(self, sid: str) -> None:
        """End a viewer's connection under it; a client that is well comes back and resumes."""
        self._desk.viewers.pop(sid, None)
        self._end(self._server.get_environ(sid, NAMESPACE))

    @staticmethod
    def _end(environ: dict[str, Any] | None) -> None:
        pipe = pipe_of(environ)
        if pipe is not None:
            pipe.end()
