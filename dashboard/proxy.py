"""What a reverse proxy on this machine says about the browser's side of the connection."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class BehindLocalProxy:
    """Believes ``X-Forwarded-Proto`` and ``X-Forwarded-Host`` from this machine alone.

    The map's tile addresses must be absolute and say https where the browser does. Who the client is stays
    untouched: see `dashboard.access.is_loopback`.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._direct = app
        self._proxied = ProxyFix(app, x_for=0, x_proto=1, x_host=1)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return (self._proxied if _is_local(environ.get("REMOTE_ADDR", "")) else self._direct)(
            environ, start_response
        )


def _is_local(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
