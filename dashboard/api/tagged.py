"""Answers with a tag: what a browser has already is not sent again."""

from __future__ import annotations

import hashlib

from flask import Response, request

from data_adapters.ledger import Scope


def tagged(scope: Scope, data: bytes, mime: str) -> Response:
    """`data`, or 304 where the request names the tag it would have; 204 where it is empty.

    The scope is part of the tag, so that no cache ever answers one viewer with another's.
    """
    if not data:
        return _private(Response(status=204))
    tag = hashlib.blake2b(scope.path.encode() + b"\0" + data, digest_size=12).hexdigest()
    unchanged = request.if_none_match.contains(tag)
    response = Response(status=304) if unchanged else Response(data, content_type=mime)
    response.set_etag(tag)
    return _private(response)


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie, Authorization"
    return response
