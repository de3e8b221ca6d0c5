"""`create_app`: the web application of one centre. No module-level app, no side effects on import."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request
from flask_compress import Compress
from flask_socketio import SocketIO

from dashboard import api
from dashboard.access import COOKIE, scope_of_request
from dashboard.api.problem import answer
from dashboard.appearance import Appearance, remember
from dashboard.bundle import FOREVER, PREFIX, Bundles
from dashboard.kept import Kept
from dashboard.languages.catalogue import LANGUAGES, Language, Words, words
from dashboard.languages.skeleton import translated
from dashboard.live.door import Door
from dashboard.live.socket import MAX_MESSAGE, LiveFeed
from dashboard.pages import remote, sources, wall
from dashboard.pages.document import WallDash
from dashboard.proxy import BehindLocalProxy
from dashboard.services import Services

MAX_BODY = 8 * 1024 * 1024
#: Dash's own scripts: their addresses change with their content.
SUITES = "/_dash-component-suites/"
#: Paths that tell nothing about a centre and need no token.
_PAGES = {"/", "/sources", "/remote", "/favicon.ico", "/_dash-layout", "/_dash-dependencies"}
_PAGE_PARTS = (
    "/grid/",
    "/case/",
    "/assets/",
    PREFIX,
    SUITES,
    "/_favicon.ico",
    "/_reload-hash",
)
_OPEN = ("/healthz", "/readyz", "/metrics", "/api/", "/socket.io/")


class _PackedSuites:
    """Dash's scripts as they go over the wire, packed once. Everything else changes, and is packed each time."""

    def __init__(self) -> None:
        self._packed: Kept[bytes] = Kept(64)

    def get(self, key: str) -> bytes | None:
        """What was packed; ``key`` is the packer and the path."""
        return self._packed.get(key)

    def set(self, key: str, packed: bytes) -> None:
        """Keep it, if it is one of Dash's scripts."""
        if key.partition(";")[2].startswith(SUITES):
            self._packed.put(key, packed)


def assets_folder() -> Path:
    """The CSS, scripts and fonts: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).parent
    packaged = here / "assets"
    return packaged if packaged.is_dir() else here.parent / "assets"


def create_app(services: Services) -> tuple[Flask, SocketIO]:
    """The Flask server with the Dash pages, the API and the live feed of `services`."""
    server = Flask("yiping", static_folder=None)
    server.config["SECRET_KEY"] = secrets.token_hex(32)
    server.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    server.config["COMPRESS_MIMETYPES"] = [
        "text/html",
        "text/css",
        "application/javascript",
        "text/javascript",
        "application/json",
        "application/vnd.mapbox-vector-tile",
    ]
    server.config["COMPRESS_CACHE_BACKEND"] = _PackedSuites
    server.config["COMPRESS_CACHE_KEY"] = lambda asked: asked.path
    _guard(server, services)
    Compress(server)
    api.register(server, services)
    spoken: dict[Language, Words] = {
        name: words(name, services.catalogue, services.scenes) for name in LANGUAGES
    }
    bundles = Bundles.of(assets_folder(), {name: one.script() for name, one in spoken.items() if one})
    bundles.routes(server)
    sources.routes(server, services, bundles.desk_styles.address, spoken)
    remote.routes(server, services, bundles)
    dash = WallDash(
        "dashboard",
        server=server,
        assets_folder=str(assets_folder()),
        include_assets_files=False,
        title=services.settings.centre.name,
        update_title="",
        serve_locally=True,
        suppress_callback_exceptions=True,
        enable_mcp=False,
    )
    dash.bundles = bundles
    dash.appearance = lambda: Appearance.of_request(services.settings)
    dash.layout = lambda: translated(
        wall.layout(services.catalogue, services.scenes), spoken[dash.appearance().language]
    )
    policy = _policy(dash)

    @server.after_request
    def _headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if response.status_code == 200:
            _keep(response)
            if response.mimetype == "text/html":
                remember(response)
        return response

    socketio = SocketIO(
        server,
        async_mode="gevent",
        transports=["websocket"],
        ping_interval=5,
        ping_timeout=5,
        max_http_buffer_size=MAX_MESSAGE,
        cors_allowed_origins=None,
    )
    services.feed = LiveFeed(services, socketio)
    server.wsgi_app = Door(BehindLocalProxy(server.wsgi_app))  # type: ignore[method-assign]
    return server, socketio


def _keep(response: Response) -> None:
    """How long a browser may keep what is not data: for good where the address changes with the content."""
    versioned = request.path.startswith("/assets/") and request.query_string
    if versioned or request.path.startswith(SUITES):
        response.headers["Cache-Control"] = FOREVER
    elif request.path == "/_favicon.ico":
        response.headers["Cache-Control"] = "public, max-age=86400"


def _guard(server: Flask, services: Services) -> None:
    """One door in front of every page: a display's token, once in the address, then as a cookie."""

    @server.before_request
    def _door() -> Response | None:
        token = request.args.get("display")
        if token is not None and request.method == "GET" and not request.path.startswith(_OPEN):
            scope = scope_of_request(services)
            if scope is None:
                return answer(401, "显示令牌不正确")
            kept = request.args.to_dict()
            kept.pop("display")
            # One leading slash only: two would lead to another host.
            target = "/" + request.path.lstrip("/") + (f"?{urlencode(kept)}" if kept else "")
            response: Response = redirect(target)  # type: ignore[assignment]
            response.set_cookie(
                COOKIE,
                token,
                max_age=400 * 86_400,
                httponly=True,
                samesite="Strict",
                secure=request.is_secure,
            )
            return response
        known = request.path in _PAGES or request.path.startswith((*_OPEN, *_PAGE_PARTS))
        if not known or "//" in request.path:
            # Dash's catch-all would answer 200 with the wall for anything.
            return answer(404, "没有这个页面")
        if not request.path.startswith(_OPEN) and scope_of_request(services) is None:
            return answer(401, "需要显示令牌：请用 /?display=TOKEN 打开一次；未配置 [[displays]] 时只限本机")
        return None


def _policy(dash: WallDash) -> str:
    """A content security policy without ``unsafe-eval``; MapLibre's worker is a blob."""
    parts = {
        "default-src": "'self'",
        "script-src": "'self' " + " ".join(dash.csp_hashes()),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "worker-src": "'self' blob:",
        "child-src": "blob:",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())
