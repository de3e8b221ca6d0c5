"""The Socket.IO namespace ``/live``: hello, resume, frame, ack, beat, reset.

One greenlet looks at the log and serves every viewer; another beats. Database work runs on native threads, so
neither ever holds up the sockets.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gevent
from flask import request
from flask_socketio import SocketIO
from gevent.event import Event

from dashboard.access import scope_of_request
from dashboard.indicators.figures import Figures, changed
from dashboard.live.tail import Tail
from dashboard.live.viewer import FRAME_CHANGES, Cut, Reset, Send, Viewer
from dashboard.services import Services, offload
from dashboard.view import sources
from data_adapters.ledger import Scope
from data_adapters.ledger.snapshot import visible_item

NAMESPACE = "/live"
BEAT_S = 2.0
_LOOK_S = 0.1
#: Engine.IO's own limits: the page's messages are tiny.
MAX_MESSAGE = 64 * 1024


class LiveFeed:
    """Every connected viewer of this process. `start` begins to serve; until then sockets are refused."""

    def __init__(self, services: Services, socketio: SocketIO) -> None:
        self._services = services
        self._socketio = socketio
        self._viewers: dict[str, Viewer] = {}
        self._tail: Tail | None = None
        self._wake = Event()
        self._items: dict[tuple[str, int], dict[str, Any] | None] = {}
        socketio.on_event("connect", self._connect, namespace=NAMESPACE)
        socketio.on_event("disconnect", self._disconnect, namespace=NAMESPACE)
        socketio.on_event("resume", self._resume, namespace=NAMESPACE)
        socketio.on_event("ack", self._ack, namespace=NAMESPACE)

    @property
    def ready(self) -> bool:
        """Whether the end of the log is known: before that nobody can be told where he is."""
        return self._tail is not None

    @property
    def viewers(self) -> int:
        """How many viewers are connected."""
        return len(self._viewers)

    def start(self) -> None:
        """Load the end of the log and begin to serve."""
        self._tail = offload(Tail, self._services.ledger)
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
            except (
                Exception
            ) as error:  # the feed outlives a database that is away; viewers see it by the beat
                self._services.note_failure(step.__name__, error)
                gevent.sleep(1.0)
            gevent.sleep(pause_s)

    # The viewers' side

    def _connect(self, _auth: Any = None) -> bool | None:
        scope = scope_of_request(self._services)
        if self._tail is None or scope is None:
            return False
        sid = _sid()
        self._viewers[sid] = Viewer(sid, scope, self._tail.epoch, self._tail.top, time.monotonic())
        hello = {"epoch": self._tail.epoch, "seq": self._tail.top, "server_time": self._server_time()}
        self._emit(sid, "hello", hello | {"scope": self._scope_name(scope)})
        return None

    def _disconnect(self, *_reason: Any) -> None:
        self._viewers.pop(_sid(), None)

    def _resume(self, message: Any = None) -> None:
        viewer = self._viewers.get(_sid())
        if viewer is None or self._tail is None:
            return
        told = message if isinstance(message, dict) else {}
        viewer.resume(told.get("epoch"), told.get("seq"), self._tail.top)
        if "grid" in told:
            self._look(viewer, told["grid"])
        self._wake.set()

    def _ack(self, message: Any = None) -> None:
        viewer = self._viewers.get(_sid())
        if viewer is not None and isinstance(message, dict):
            viewer.ack(message.get("epoch"), message.get("seq"))
            self._wake.set()

    def _look(self, viewer: Viewer, code: Any) -> None:
        """The page says which grid it shows; its figures then travel with the frames."""
        viewer.grid_path = viewer.grid_code = viewer.shown = None
        if not isinstance(code, str) or len(code) > 64:
            return
        with self._services.ledger.read(viewer.scope) as snapshot:
            found = snapshot.grid(code)
        if found is not None:
            viewer.grid_path, viewer.grid_code = found.path, found.code

    # The server's side

    def dispatch(self) -> None:
        """Look at the log once and give every viewer who has credit what it lacks."""
        self._wake.wait(_LOOK_S)
        self._wake.clear()
        tail = self._tail
        if tail is None:
            return
        if offload(tail.poll):
            self._items.clear()
        now = time.monotonic()
        figures: dict[str, Figures] = {}
        for viewer in list(self._viewers.values()):
            done = viewer.awaiting is None and viewer.cursor >= tail.top and viewer.epoch == tail.epoch
            if viewer.reset_due or not done:
                self._serve(viewer, tail, now, figures)

    def _serve(self, viewer: Viewer, tail: Tail, now: float, figures: dict[str, Figures]) -> None:
        pending = None if viewer.awaiting is not None else tail.after(viewer.cursor, FRAME_CHANGES)
        bulk = any(row.type == "bulk" for row in pending or ())
        after = viewer.cursor
        move = viewer.next_move(tail.epoch, tail.top, now, bulk=bulk)
        if isinstance(move, Reset):
            viewer.shown = None
            self._emit(viewer.sid, "reset", {"epoch": tail.epoch, "seq": move.seq})
        elif isinstance(move, Cut):
            self._viewers.pop(viewer.sid, None)
            self._socketio.server.disconnect(viewer.sid, namespace=NAMESPACE)
        elif isinstance(move, Send):
            rows = [row for row in pending or () if after < row.seq <= move.to]
            self._emit(viewer.sid, "frame", self._frame(viewer, tail, rows, move, figures))

    def _frame(
        self, viewer: Viewer, tail: Tail, rows: list[Any], move: Send, figures: dict[str, Figures]
    ) -> dict[str, Any]:
        items = [item for row in rows if (item := self._item(row, viewer.scope)) is not None]
        frame = {"epoch": tail.epoch, "from": move.after + 1, "to": move.to, "sent_at": self._server_time()}
        frame["items"] = items
        # Nothing visible happened: then no figure of this viewer's grid moved either.
        if viewer.grid_path is not None and (items or viewer.shown is None):
            frame |= {"grid": viewer.grid_code, "figures": self._news(viewer, viewer.grid_path, figures)}
        return frame

    def _news(self, viewer: Viewer, path: str, figures: dict[str, Figures]) -> Figures:
        if path not in figures:
            figures[path] = offload(self._services.figures.get, self._services.ledger, path)[1]
        news = changed(viewer.shown or {}, figures[path])
        viewer.shown = figures[path]
        return news

    def _item(self, row: Any, scope: Scope) -> dict[str, Any] | None:
        key = (scope.path, row.seq)
        if key not in self._items:
            self._items[key] = visible_item(row, scope)
        return self._items[key]

    def beat(self) -> None:
        """Say that the feed lives and how old each source is, and refresh figures that only the clock moved."""
        tail = self._tail
        if tail is None or not self._viewers:
            return
        ages = offload(self._ages)
        message = {"epoch": tail.epoch, "seq": tail.top, "server_time": self._server_time(), "sources": ages}
        for viewer in list(self._viewers.values()):
            self._emit(viewer.sid, "beat", message)
        figures: dict[str, Figures] = {}
        for viewer in list(self._viewers.values()):
            idle = viewer.awaiting is None and viewer.cursor == tail.top
            if idle and viewer.grid_path is not None:
                news = self._news(viewer, viewer.grid_path, figures)
                if news:
                    told = {"grid": viewer.grid_code, "seq": tail.top, "figures": news}
                    self._emit(viewer.sid, "figures", told)

    def _each_minute(self) -> None:
        gevent.sleep(60 - time.time() % 60)
        offload(self._services.ledger.tick)

    def _ages(self) -> list[dict[str, Any]]:
        with self._services.ledger.read(Scope.everything()) as snapshot:
            return sources(snapshot)

    def _scope_name(self, scope: Scope) -> dict[str, Any]:
        with self._services.ledger.read(scope) as snapshot:
            top = snapshot.top_grid()
        return {"grid": top.code if top else None, "name": scope.name}

    def _server_time(self) -> str:
        return self._services.now().isoformat(timespec="milliseconds")

    def _emit(self, sid: str, event: str, message: dict[str, Any]) -> None:
        self._socketio.emit(event, message, to=sid, namespace=NAMESPACE)


def _sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]
