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

from dashboard.services import Services
from data_adapters.ledger import Scope
from data_adapters.settings import Display

COOKIE = "yiping_display"
#: A path that no grid has: the scope of a display whose grid is not known (yet). It sees nothing.
_NOWHERE = "!"


def is_loopback(req: Request) -> bool:
    """Whether the request comes from this machine itself, not through a proxy on it, and for it by its own name.

    A browser on this machine may be led here by a foreign page: by a name that resolves to us (then the ``Host``
    is that name), or by a form or script of another origin (then ``Origin`` says so, ``null`` where that page hides
    its own).
    """
    if "X-Forwarded-For" in req.headers or "Forwarded" in req.headers:
        return False
    origin = req.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != req.host:
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
    if not services.settings.displays:
        return Scope.everything() if is_loopback(request) else None
    found = _display(services)
    if found is None:
        return None
    path = services.places.atlas().by_code.get(found.grid)
    return Scope(path if path is not None else _NOWHERE, found.name)


def acknowledger(services: Services) -> str | None:
    """In whose name the current request may take note of an alert; None: it may not."""
    display = _display(services)
    if display is not None and display.duty:
        return display.name
    if not services.settings.displays and is_loopback(request):
        return services.settings.centre.name
    return "接口" if services.settings.api.tokens and may_write(services) else None


def commander(services: Services) -> str | None:
    """In whose name the current request may tell walls what to show; None: it may not."""
    if not services.settings.displays:
        return services.settings.centre.name if is_loopback(request) else None
    display = _display(services)
    return display.name if display is not None and display.duty else None


def is_duty(services: Services, token: str) -> bool:
    """Whether a token that somebody typed in is the duty's. Without displays the machine itself is the duty."""
    if not services.settings.displays:
        return is_loopback(request)
    found = _display_of(services, token)
    return found is not None and found.duty


def _display(services: Services) -> Display | None:
    return _display_of(services, given_token(request))


def _display_of(services: Services, token: str | None) -> Display | None:
    found = None
    # Every token is compared in full, so that the time taken tells nothing.
    for display in services.settings.displays if token is not None else ():
        if hmac.compare_digest(display.token.encode(), (token or "").encode()):
            found = display
    return found


def may_write(services: Services) -> bool:
    """Whether the current request may write."""
    tokens = services.settings.api.tokens
    if not tokens:
        return is_loopback(request)
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    matches = [hmac.compare_digest(token.encode(), bearer.encode()) for token in tokens]
    return any(matches)
