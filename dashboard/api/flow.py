"""``GET /flow``: how accepted cases came, how they were dealt with, and what became of them (SD4).

What flows in is what was accepted; what flows out and what is in hand is the same number.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, Response, request

from dashboard.api.guard import grid_or_404, integer, reading
from dashboard.api.honesty import DAYS, honest, lacking
from dashboard.api.problem import reply
from dashboard.services import Services
from data_adapters.ledger import Snapshot, passage
from data_adapters.ledger.snapshot import GridRow
from data_adapters.records.dictionary import OUTCOME, RESOLUTION_METHOD, SOURCE_CHANNEL

MOST_DAYS = 366
_UNSAID = "未注明"
_CHANNELS = SOURCE_CHANNEL | {passage.UNKNOWN: _UNSAID}
_METHODS = RESOLUTION_METHOD | {passage.UNKNOWN: _UNSAID}
#: What is still in hand has no method yet.
_PENDING = "PENDING"
_ENDS = {passage.IN_HAND: "在办"} | OUTCOME | {passage.VOID: "并案或作废", passage.UNKNOWN: "结果未注明"}


def routes(api: Blueprint, services: Services) -> None:
    """Reading the flow."""

    @api.get("/flow")
    @services.off_loop
    def get_flow() -> Response:
        days = integer("days", DAYS, 1, MOST_DAYS)
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, request.args.get("grid"))
            return reply(flow(snapshot, here, days))


def flow(snapshot: Snapshot, here: GridRow, days: int) -> dict[str, Any]:
    """``channels``, ``methods``, ``ends``: nodes {id, label, n}, the largest first; ``links``: {from, to, n} between
    channel and method (``first``) and method and end (``second``). ``total`` is what was accepted."""
    today = snapshot.today
    counted = snapshot.counts.spans(here.path, "flow", today - days + 1, today)
    first, second = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for number, n in counted.items():
        channel, method, end = passage.parts(number)
        if method == passage.UNKNOWN and end == passage.IN_HAND:
            method = _PENDING
        first[channel, method] += n
        second[method, end] += n
    channels, methods, ends = Counter[str](), Counter[str](), Counter[str]()
    for (channel, method), n in first.items():
        channels[channel] += n
        methods[method] += n
    for (_, end), n in second.items():
        ends[end] += n
    open_now = ends[passage.IN_HAND]
    return honest(
        snapshot,
        here,
        ("case",),
        days,
        (
            lacking(channels[passage.UNKNOWN], "未注明渠道"),
            lacking(methods[passage.UNKNOWN], "已了结而未注明方式"),
            lacking(ends[passage.UNKNOWN], "未注明结果"),
        ),
    ) | {
        "total": counted.total(),
        "in_hand": open_now,
        "out": counted.total() - open_now,
        "channels": _nodes(channels, _CHANNELS),
        "methods": _nodes(methods, _METHODS | {_PENDING: "办理中"}),
        "ends": _nodes(ends, _ENDS),
        "first": _links(first),
        "second": _links(second),
    }


def _nodes(counted: Counter[str], labels: dict[str, str]) -> list[dict[str, Any]]:
    return [{"id": id_, "label": labels[id_], "n": n} for id_, n in counted.most_common() if n]


def _links(counted: Counter[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"from": one, "to": other, "n": n} for (one, other), n in counted.most_common() if n]
