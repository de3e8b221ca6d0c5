"""Whether the process lives, whether it can serve, and its figures for Prometheus."""

from __future__ import annotations

from contextlib import suppress

from flask import Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from dashboard.access import is_loopback, scope_of_request
from dashboard.api.problem import answer, reply
from dashboard.lane import Busy, StoreSilent
from dashboard.services import Services

#: Of `WallFigures`: what walls say of themselves every 10 s, the worst of them.
_WALL_METRICS = {
    "walls": ("yiping_walls", "Walls that reported in the last 30 s"),
    "lag": ("yiping_wall_lag", "Changes that the last wall is behind the log"),
    "lag_ms": ("yiping_wall_lag_milliseconds", "How late a wall last painted, by its own measure"),
    "heap_mb": ("yiping_wall_heap_megabytes", "The largest heap of a wall"),
    "nodes": ("yiping_wall_nodes", "The most nodes in a wall's page"),
    "errors": ("yiping_wall_errors", "Errors in the pages of all walls since they were loaded"),
    "paint_age_s": ("yiping_wall_paint_age_seconds", "How long ago a wall last painted"),
}


def routes(server: Flask, services: Services) -> None:
    """Health and metrics."""
    registry = CollectorRegistry()
    top = Gauge("yiping_log_seq", "Number of the last committed change", registry=registry)
    viewers = Gauge("yiping_viewers", "Connected viewers of the live feed", registry=registry)
    failures = Gauge(
        "yiping_background_failures", "Failures of background work since the start", registry=registry
    )

    walls = {name: Gauge(metric, about, registry=registry) for name, (metric, about) in _WALL_METRICS.items()}
    silent = Gauge("yiping_store_silent_seconds", "How long ago the store last answered", registry=registry)
    missed = Gauge(
        "yiping_canary_missed", "Viewers that had not painted the last canary in 10 s", registry=registry
    )
    slowest = Gauge(
        "yiping_canary_slowest_seconds", "The slowest wall to paint the last canary", registry=registry
    )

    ground = Gauge("yiping_ground_map_fault", "1 while the ground map's service fails", registry=registry)

    @server.get("/healthz")
    def healthz() -> Response:
        return reply({"status": "ok"})

    @server.get("/readyz")
    def readyz() -> Response:
        if not services.feed_ready():
            return answer(503, "实时日志尚未载入")
        try:
            epoch, seq = services.read(services.ledger.position)
        except (SQLAlchemyError, StoreSilent, Busy) as error:
            return answer(503, f"存储没有应答：{type(error).__name__}")
        # A wall without its ground map is a wall: it is told, and no reason to take the server out.
        fault = services.basemap.fault if services.basemap is not None else None
        return reply({"status": "ready", "epoch": epoch, "seq": seq} | ({"ground": fault} if fault else {}))

    @server.get("/metrics")
    def metrics() -> Response:
        if not is_loopback(request) and scope_of_request(services) is None:
            return answer(401, "需要显示令牌")
        with suppress(
            SQLAlchemyError, StoreSilent, Busy
        ):  # what is known without the store is told without it
            top.set(services.read(services.ledger.position)[1])
        silent.set(services.pulse.silent_s)
        viewers.set(services.viewer_count())
        failures.set(services.failures)
        ground.set(services.basemap is not None and services.basemap.fault is not None)
        if services.feed is not None:
            told = services.feed.wall_figures()
            for name, gauge in walls.items():
                gauge.set(getattr(told, name))
            canary = services.feed.canary
            missed.set(canary.missed)
            slowest.set(canary.slowest_s)
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
