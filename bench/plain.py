"""The peer of the live feed: an incident posted is `emit`ted to everyone at once. Keeps nothing, promises nothing."""

from __future__ import annotations

import socket
import sys
from datetime import UTC, datetime
from typing import Any

from flask import Flask, request
from flask_socketio import SocketIO
from gevent import pywsgi


def create_app() -> Flask:
    """Flask-SocketIO on gevent, as its documentation shows it."""
    server = Flask("plain")
    socketio = SocketIO(server, async_mode="gevent", transports=["websocket"])
    socketio.on_event("connect", lambda *_: None, namespace="/live")

    @server.post("/api/v1/incidents")
    def post() -> dict[str, Any]:
        incident = request.get_json()
        # As much as an item of ours says.
        item = {name: incident[name] for name in ("kind", "category", "grade", "state", "reported_at")}
        item |= {
            "accepted_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "seq": 1,
            "type": "case",
        }
        item |= {"case_no": incident["source_id"], "stage": "ACCEPT", "light": "GREEN", "open": True}
        item |= incident["location"] | {"grid_code": "62051", "paths": ["6205", "62051"], "placed": True}
        socketio.emit("incident", item, namespace="/live")
        return {}

    @server.get("/readyz")
    def ready() -> dict[str, Any]:
        return {}

    return server


if __name__ == "__main__":
    listener = pywsgi.WSGIServer(("127.0.0.1", int(sys.argv[1])), create_app(), log=None)
    listener.init_socket()
    listener.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.serve_forever()
