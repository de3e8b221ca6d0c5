"""``GET /loop``: the double loop (上报 and 交办), its counts, its stuck points and the cases that are stuck (QS4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request

from dashboard.api.cases import listed
from dashboard.api.guard import grid_or_404, integer, reading
from dashboard.api.honesty import DAYS, honest, lacking
from dashboard.api.problem import reply
from dashboard.indicators.share import few, percent
from dashboard.services import Services
from data_adapters.ledger import Snapshot
from data_adapters.ledger.item import stamp
from data_adapters.ledger.snapshot import CaseRow, GridRow
from data_adapters.records import life
from data_adapters.records.dictionary import LEVEL

#: Edge -> (what stands there, since when, until when it should have gone on).
EDGES = {
    "UP": ("上报待受理或答复", "reported_at", "decide_by"),
    "DOWN": ("交办待签收", "assigned_at", "sign_by"),
    "FEEDBACK": ("办结未反馈", "closed_at", None),
}
STUCK = 20
#: Beyond so many they come by grid, not by age: all of them would have to be sorted.
_SORTED = 5_000


def routes(api: Blueprint, services: Services) -> None:
    """Reading the double loop."""

    @api.get("/loop")
    @services.off_loop
    def get_loop() -> Response:
        limit = integer("limit", STUCK, 1, 200)
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, request.args.get("grid"))
            return reply(loop(snapshot, here, limit))


def loop(snapshot: Snapshot, here: GridRow, limit: int = STUCK) -> dict[str, Any]:
    """``steps``: what passed in the period; ``closed_loop``: K19; ``edges``: how many are stuck now, and who."""
    today = snapshot.today
    flows = snapshot.counts.flows(here.path, today - DAYS + 1, today)
    stocks = snapshot.counts.gauges(here.path)
    known, looped = flows["loop_known"], flows["looped"]
    edges: list[dict[str, Any]] = []
    for edge, (label, since, until) in EDGES.items():
        n = stocks[f"edge.{edge}"]
        rows = snapshot.stuck_cases(here.path, edge, since if n <= _SORTED else None, limit) if n else []
        items = _items(snapshot, rows, since, until)
        told = {"id": edge, "label": label, "indicator": f"K19.{edge}", "n": n, "cases": items}
        edges.append(told | {"levels": _levels(edge, stocks)})
    return honest(
        snapshot,
        here,
        ("case", "case_event"),
        DAYS,
        (lacking(flows["finished"] - known, "结案没有流转记录"),),
    ) | {
        "steps": {
            "reported": flows["reported"],
            "accepted": flows["accepted"],
            "assigned": flows["assigned"],
            "closed": flows["finished"],
            "looped": looped,
        },
        "closed_loop": {
            "value": percent(looped, known),
            "numerator": looped,
            "denominator": known,
            "small": few(known),
        },
        "edges": edges,
    }


def _levels(edge: str, stocks: Mapping[str, int]) -> list[dict[str, Any]]:
    """The edge between each two levels next to each other: how many wait there; of the way back, at which level."""
    found = []
    for level in life.WAITS[edge]:
        told: dict[str, Any] = {"to": level, "to_label": LEVEL[level], "n": stocks[f"edge.{edge}.{level}"]}
        if edge != "FEEDBACK":
            start = life.below(level) if edge == "UP" else life.above(level)
            told |= {"from": start, "from_label": LEVEL[start or level], "indicator": f"K19.{edge}.{level}"}
        found.append(told)
    return found


def _items(
    snapshot: Snapshot, rows: Sequence[CaseRow], since: str, until: str | None
) -> list[dict[str, Any]]:
    found = []
    for row, item in zip(rows, listed(snapshot, rows), strict=True):
        limit = getattr(row, until) if until is not None else None
        found.append(
            item
            | {
                "stuck_since": stamp(getattr(row, since)),
                "stuck_until": stamp(limit),
                "turn": LEVEL.get(life.waits_at(row.edge, row.origin_level, row.handling_level) or ""),
                "late": limit is not None and limit < snapshot.now,
            }
        )
    return found
