"""Video points: changes of status in; one of them and the nearest ones out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response

from dashboard.api.batch import source_of, take_in
from dashboard.api.body import RepeatedKeys
from dashboard.api.guard import integer, number, reading
from dashboard.api.problem import Problem, reply
from dashboard.services import Services
from data_adapters.ledger import Outcome, Snapshot
from data_adapters.ledger.display import display_category
from data_adapters.ledger.item import stamp
from data_adapters.records import dictionary, video
from data_adapters.records.field import Context
from data_adapters.records.record import Fault
from data_adapters.records.video import VideoStatus
from layers.case import nearest_case
from layers.nearest import nearest


def routes(api: Blueprint, services: Services) -> None:
    """Video status intake and the nearest points of a place."""

    @api.post("/video-points/status")
    def post_status() -> Response:
        return take_in(services, "video_status", "状态", _parse, write)

    def write(statuses: Sequence[VideoStatus]) -> list[Outcome]:
        return services.write_of(statuses[0].source, services.ledger.write_statuses, statuses)

    @api.get("/video-points/near")
    @services.off_loop
    def get_near() -> Response:
        lon, lat = number("lon", -180, 180), number("lat", -90, 90)
        limit = integer("limit", 10, 1, 100)
        with reading(services) as snapshot:
            items = nearest(services.tiles.video.index(snapshot), lon, lat, limit)
            told_by = snapshot.sources_of_points([item["point_id"] for item in items])
            as_of = stamp(snapshot.now)
        for item in items:
            item["source"] = told_by.get(item["point_id"])
        sources = sorted(set(told_by.values()))
        return reply({"items": items, "next": None, "as_of": as_of, "sources": sources})

    @api.get("/video-points/<point_id>")
    @services.off_loop
    def get_point(point_id: str) -> Response:
        with reading(services) as snapshot:
            row = snapshot.point(point_id)
            if row is None:
                raise Problem(404, "没有这个视频点位")
            return reply(_card(snapshot, row))


def _card(snapshot: Snapshot, row: Any) -> dict[str, Any]:
    """What of a point may be shown: no name, no address, no network identity beyond its place on the map."""
    found = nearest_case(snapshot, row.lon, row.lat) if row.lon is not None else None
    near = None
    if found is not None:
        one, distance = found
        near = {name: getattr(one, name) for name in ("case_no", "kind", "grade", "light", "state")}
        near |= {"category": display_category(one.category), "reported_at": stamp(one.reported_at)}
        near["distance_m"] = round(distance, 1)
    return {
        "point_id": row.point_id,
        "lon": None if row.lon is None else round(row.lon, 6),
        "lat": None if row.lat is None else round(row.lat, 6),
        "status": row.status,
        "status_label": dictionary.VIDEO_STATUS[row.status],
        "status_at": stamp(row.status_at),
        "cause": row.status_cause,
        "cause_label": dictionary.VIDEO_CAUSE.get(row.status_cause or ""),
        "class": row.point_class,
        "class_label": dictionary.POINT_CLASS.get(row.point_class or ""),
        "should_network": row.should_network,
        "networked": row.networked,
        "integrated": row.integrated,
        "placed": row.placed,
        "source": row.source,
        "grids": [
            {"code": above.code, "name": above.label, "level": above.level}
            for above in snapshot.ancestors(row.path)
        ],
        "case_near": near,
        "as_of": stamp(snapshot.now),
    }


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
