"""The peer of the live feed: an incident posted is `emit`ted to everyone at once. Keeps nothing, promises nothing."""

from __future__ import annotations

import socket
import sys
from datetime import UTC, datetime
from typing import Any

from flask import Flask, request
from flask_socketio import SocketIO
from gevent import pywsgi


def item(incident: dict[str, Any]) -> dict[str, Any]:
    """An incident as walls get it: as much as an item of ours says, accepted now."""
    found = {name: incident[name] for name in ("kind", "category", "grade", "state", "reported_at")}
    found |= {"accepted_at": datetime.now(UTC).isoformat(timespec="milliseconds"), "seq": 1, "type": "case"}
    found |= {"case_no": incident["source_id"], "stage": "ACCEPT", "light": "GREEN", "open": True}
    return found | incident["location"] | {"grid_code": "62051", "paths": ["6205", "62051"], "placed": True}


def create(mode: str) -> tuple[Flask, SocketIO]:
    """Flask-SocketIO on ``gevent`` or on threads (``threading``), as its documentation shows it."""
    server = Flask("plain")
    socketio = SocketIO(server, async_mode=mode, transports=["websocket"])
    socketio.on_event("connect", lambda *_: None, namespace="/live")

    @server.post("/api/v1/incidents")
    def post() -> dict[str, Any]:
        socketio.emit("incident", item(request.get_json()), namespace="/live")
        return {}

    @server.get("/readyz")
    def ready() -> dict[str, Any]:
        return {}

    return server, socketio


if __name__ == "__main__":
    at, mode = int(sys.argv[1]), sys.argv[2]
    app, live = create(mode)
    if mode == "threading":
        live.run(app, "127.0.0.1", at, allow_unsafe_werkzeug=True)
        raise SystemExit
    listener = pywsgi.WSGIServer(("127.0.0.1", at), app, log=None)
    listener.init_socket()
    listener.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.serve_forever()
