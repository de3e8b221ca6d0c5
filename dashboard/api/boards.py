"""``GET /boards/{board}``: indicators that are looked at together: who is on site, what is covered, scores.

Which ones is for the county to say (``board`` of ``[[indicators]]``); staff and whistles are every centre's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from dashboard.api.guard import grid_or_404, reading
from dashboard.api.honesty import DAYS, honest
from dashboard.api.indicators import item
from dashboard.api.problem import Problem, reply
from dashboard.indicators.indicator import Indicator
from dashboard.indicators.reading import Reading
from dashboard.indicators.reported import words
from dashboard.services import Services
from data_adapters.indicator_settings import BOARDS
from data_adapters.ledger import Snapshot
from data_adapters.ledger.snapshot import GridRow

#: What every centre has on these boards.
OWN = {"staff": ("K43", "K42"), "whistles": ("K50", "K51", "K52.p50", "K52a", "K52b")}
_NAMES = (*BOARDS, *OWN)
#: Grids without staff, and units with a score, that are named.
NAMED = 60


def routes(api: Blueprint, services: Services) -> None:
    """Reading boards."""

    @api.get("/boards/<board>")
    @services.off_loop
    def get_board(board: str) -> Response:
        if board not in _NAMES:
            raise Problem(404, f"只有 {'、'.join(_NAMES)}")
        chosen = [one for one in services.catalogue if one.board == board or one.id in OWN.get(board, ())]
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, request.args.get("grid"))
            found = _board(snapshot, here, chosen)
            if (more := _MORE.get(board)) is not None:
                found |= more(snapshot, here, chosen)
        return reply({"board": board} | found)


def _board(snapshot: Snapshot, here: GridRow, chosen: list[Indicator]) -> dict[str, Any]:
    read = _reading(snapshot, here.path)
    sources = {state.name: state.kind for state in snapshot.sources()}
    items = []
    for indicator in chosen:
        parts = indicator.parts(read) if indicator.parts is not None else []
        figure = indicator.figure(read) if indicator.figure is not None else None
        more = {
            "parts": parts,
            "score": bool(parts),
            "span": bool(indicator.per_s),
            "reported": words(figure, snapshot.zone) if figure is not None else None,
        }
        items.append(item(indicator, read, sources) | more)
    kinds = {kind for indicator in chosen for kind in indicator.kinds}
    silent = [one["label"] for one in items if one["numerator"] is None]
    missing = f"没有报数：{'、'.join(silent)}" if silent and len(silent) < len(items) else ""
    return honest(snapshot, here, kinds, DAYS, (missing,)) | {"items": items}


def _reading(snapshot: Snapshot, path: str) -> Reading:
    return Reading(snapshot, path, snapshot.today - DAYS + 1, snapshot.today)


def _unstaffed(snapshot: Snapshot, here: GridRow, _: list[Indicator]) -> dict[str, Any]:
    """The grids that say that they have no staff, with the grid above each."""
    rows = snapshot.unstaffed(here.path, NAMED)
    above = {
        one.path: one.label for one in snapshot.grids_at(sorted({row.parent_path or "" for row in rows}))
    }
    items = [
        {"code": row.code, "name": row.label, "parent_name": above.get(row.parent_path or "")} for row in rows
    ]
    return {"unstaffed": {"n": snapshot.unstaffed_count(here.path), "items": items}}


def _units(snapshot: Snapshot, here: GridRow, chosen: list[Indicator]) -> dict[str, Any]:
    """The score of each child, the highest first; those without one last."""
    scores = [indicator for indicator in chosen if indicator.parts is not None][:1]
    units: list[dict[str, Any]] = []
    family, children = snapshot.of_children(here) if scores else (snapshot, [])
    for child in children:
        read = _reading(family, child.path)
        numerator, denominator = scores[0].measure(read)
        value = scores[0].value(read, numerator, denominator)
        units.append({"code": child.code, "name": child.label, "value": value})
    units.sort(key=lambda one: (one["value"] is None, -(one["value"] or 0), str(one["code"])))
    return {"units": units[:NAMED]}


_MORE: dict[str, Callable[[Snapshot, GridRow, list[Indicator]], dict[str, Any]]] = {
    "staff": _unstaffed,
    "score": _units,
}
