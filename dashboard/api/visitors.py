"""``POST /visitors/leave``: the duty's token, typed in where visitors have gone; it ends the visitor mode of a wall."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Blueprint, Response, request

from dashboard.access import is_duty
from dashboard.api.body import raw_body, read_json
from dashboard.api.guard import viewer_scope
from dashboard.api.problem import Problem
from dashboard.services import Services

_MOST = 512


class Attempts:
    """How often a token may be tried: ``most`` times in ``span_s`` seconds an address, and four times that in all."""

    def __init__(
        self, most: int = 5, span_s: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._span_s, self._clock = most, span_s, clock
        self._tried: list[tuple[float, str]] = []

    def take(self, address: str) -> bool:
        """Account for one attempt; False where there were too many."""
        since = self._clock() - self._span_s
        self._tried = [one for one in self._tried if one[0] > since]
        mine = sum(who == address for _, who in self._tried)
        if mine >= self._most or len(self._tried) >= 4 * self._most:
            return False
        self._tried.append((self._clock(), address))
        return True


def routes(api: Blueprint, services: Services) -> None:
    """The way out of the visitor mode."""
    attempts = Attempts()

    @api.post("/visitors/leave")
    def post_leave() -> Response:
        viewer_scope(services)
        told = read_json(raw_body())
        token = told.get("token") if isinstance(told, dict) else None
        if not isinstance(token, str) or len(token) > _MOST:
            raise Problem(422, "token 应为文本")
        # The page asks first whether a token is needed at all: without one typed in nothing is guessed.
        if token and not attempts.take(request.remote_addr or ""):
            raise Problem(429, "试得太多，请一分钟后再试")
        if not is_duty(services, token):
            raise Problem(401, "需要值班令牌（[[displays]] 里 duty = true）")
        return Response(status=204)
