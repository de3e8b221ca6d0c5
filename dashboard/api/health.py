"""Whether the process lives, whether it can serve, and its figures for Prometheus."""

from __future__ import annotations

from flask import Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from dashboard.access import is_loopback, scope_of_request
from dashboard.api.problem import answer, reply
from dashboard.services import Services, offload


def routes(server: Flask, services: Services) -> None:
    """Health and metrics."""
    registry = CollectorRegistry()
    top = Gauge("yiping_log_seq", "Number of the last committed change", registry=registry)
    viewers = Gauge("yiping_viewers", "Connected viewers of the live feed", registry=registry)
    failures = Gauge(
        "yiping_background_failures", "Failures of background work since the start", registry=registry
    )

    @server.get("/healthz")
    def healthz() -> Response:
        return reply({"status": "ok"})

    @server.get("/readyz")
    def readyz() -> Response:
        if not services.feed_ready():
            return answer(503, "实时日志尚未载入")
        try:
            epoch, seq = offload(services.ledger.position)
        except SQLAlchemyError as error:
            return answer(503, f"存储没有应答：{type(error).__name__}")
        return reply({"status": "ready", "epoch": epoch, "seq": seq})

    @server.get("/metrics")
    def metrics() -> Response:
        if not is_loopback(request) and scope_of_request(services) is None:
            return answer(401, "需要显示令牌")
        top.set(offload(services.ledger.position)[1])
        viewers.set(services.viewer_count())
        failures.set(services.failures)
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
