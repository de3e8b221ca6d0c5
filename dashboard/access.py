"""Who may look, and who may write. One answer for pages, API, tiles and the live feed.

Reading: a display's token (``/?display=TOKEN`` once, then a cookie, or ``Authorization: Bearer``) gives the
scope of that display. Where no display is configured, the machine itself (loopback) sees everything and nobody
else sees anything. Writing: a token of ``[api] tokens``, or loopback where none is configured.
"""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from flask import Request, request

from dashboard.services import Services, offload
from data_adapters.ledger import Scope

COOKIE = "yiping_display"
#: A path that no grid has: the scope of a display whose grid is not known (yet). It sees nothing.
_NOWHERE = "!"


def is_loopback(req: Request) -> bool:
    """Whether the request comes from this machine itself, not through a proxy on it, and for it by its own name.

    A browser on this machine may be led here by a foreign page: by a name that resolves to us (then the ``Host``
    is that name), or by a form or script of another origin (then ``Origin`` says so).
    """
    if "X-Forwarded-For" in req.headers or "Forwarded" in req.headers:
        return False
    origin = urlsplit(req.headers.get("Origin", ""))
    if origin.scheme and origin.netloc != req.host:
        return False
    return _is_this_machine(req.remote_addr or "") and _is_this_machine(
        urlsplit(f"//{req.host}").hostname or ""
    )


def _is_this_machine(name: str) -> bool:
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def given_token(req: Request) -> str | None:
    """The display token of a request: in the address, as bearer, or in the cookie."""
    bearer = req.headers.get("Authorization", "")
    if bearer.startswith("Bearer "):
        return bearer.removeprefix("Bearer ").strip()
    return req.args.get("display") or req.cookies.get(COOKIE)


def scope_of_request(services: Services) -> Scope | None:
    """What the current request may see; None: nothing at all."""
    displays = services.settings.displays
    if not displays:
        return Scope.everything() if is_loopback(request) else None
    token = given_token(request)
    if token is None:
        return None
    found = None
    # Every token is compared in full, so that the time taken tells nothing.
    for display in displays:
        if hmac.compare_digest(display.token.encode(), token.encode()):
            found = display
    if found is None:
        return None
    path = offload(services.ledger.atlas).by_code.get(found.grid)
    return Scope(path if path is not None else _NOWHERE, found.name)


def may_write(services: Services) -> bool:
    """Whether the current request may write."""
    tokens = services.settings.api.tokens
    if not tokens:
        return is_loopback(request)
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    matches = [hmac.compare_digest(token.encode(), bearer.encode()) for token in tokens]
    return any(matches)
