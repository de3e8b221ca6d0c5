"""Video points: changes of status in, the nearest ones out."""

from __future__ import annotations

from flask import Blueprint, Response

from dashboard.api.body import RepeatedKeys, read_json
from dashboard.api.guard import integer, must_write, number, reading
from dashboard.api.incidents import as_list, result, source_of
from dashboard.api.problem import reply
from dashboard.services import Services, offload
from data_adapters.ledger import Outcome
from data_adapters.records import video
from data_adapters.records.field import Context
from data_adapters.records.record import Fault
from data_adapters.records.video import VideoStatus
from layers.nearest import nearest


def routes(api: Blueprint, services: Services) -> None:
    """Video status intake and the nearest points of a place."""

    @api.post("/video-points/status")
    def post_status() -> Response:
        must_write(services)
        context = Context(services.ledger.zone, services.now())
        parsed = [_parse(item, context) for item in as_list(read_json(), "状态")]
        good = [record for record in parsed if isinstance(record, VideoStatus)]
        outcomes = iter(services.write(services.ledger.write_statuses, good) if good else [])
        results = []
        for index, record in enumerate(parsed):
            outcome = (
                next(outcomes)
                if isinstance(record, VideoStatus)
                else Outcome("rejected", faults=tuple(record))
            )
            results.append(result(index, outcome))
        services.heard_from("video_status", {record.source for record in good})
        return reply({"epoch": offload(services.ledger.position)[0], "results": results})

    @api.get("/video-points/near")
    def get_near() -> Response:
        lon, lat = number("lon", -180, 180), number("lat", -90, 90)
        limit = integer("limit", 10, 1, 100)
        with reading(services) as snapshot:
            points = snapshot.points()
        return reply({"items": nearest(points, lon, lat, limit), "next": None})


def _parse(item: object, context: Context) -> VideoStatus | list[Fault]:
    if not isinstance(item, dict):
        return [Fault("", "type", f"应为对象，收到 {type(item).__name__}")]
    if isinstance(item, RepeatedKeys):
        return [Fault("", "repeated_key", "同一对象里有重复的键")]
    source = source_of(item, context)
    parsed = video.parse_status(item, context, source if isinstance(source, str) else "")
    if isinstance(source, Fault):
        return [source, *(parsed if isinstance(parsed, list) else [])]
    return parsed
