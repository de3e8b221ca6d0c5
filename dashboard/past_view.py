"""The state of the wall as it was known at a moment: the same shape as `view`, from the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.indicators.figures import Figures, figures
from dashboard.indicators.indicator import Indicator
from dashboard.indicators.tiles import tiles
from dashboard.services import Services
from dashboard.view import ALERTS, alert_rows, centre, feed, open_cases, place, sources, too_many
from data_adapters.ledger import Snapshot
from data_adapters.ledger.item import stamp
from data_adapters.ledger.past_counts import NotKept
from data_adapters.ledger.past_snapshot import PastSnapshot
from data_adapters.ledger.snapshot import GridRow

#: What a screen says where something is not known as it was then; see `docs/replay.md`.
NO_GRID = "本网格当时尚未设立"
DIRECTORY = "视频目录此后整批更新过"
PART = "在办案件太多，图上只有其中一部分"
NOT_KEPT = "当时的数没有留存"


def past_view(services: Services, snapshot: Snapshot, code: str | None) -> dict[str, Any] | None:
    """The state of the grid `code` (None: the scope's own) at the moment of `snapshot`. None if there is none.

    Besides the keys of `view`: ``as_known_at``; ``exact``: whether it is what was known then or inferred from the times
    of the stages; ``known_from``; ``notes``: what is not as it was then, in words.
    """
    if not isinstance(snapshot, PastSnapshot):
        raise TypeError("a snapshot of the past is needed")
    here = snapshot.grid_or_today(code)
    if here is None:
        return None
    epoch, seq = snapshot.position()
    return place(services, snapshot, here) | {
        "epoch": epoch,
        "seq": seq,
        **server_time(services),
        "as_known_at": snapshot.now.astimezone(snapshot.zone).isoformat(timespec="milliseconds"),
        "exact": snapshot.exact,
        "known_from": stamp(snapshot.known_from),
        "notes": _notes(snapshot, here),
        "centre": centre(services),
        "sources": sources(snapshot),
        "feed": feed(snapshot, here.path),
        "cases": open_cases(snapshot, here.path),
        "alerts": alert_rows(snapshot, snapshot.alerts.standing(here.path, ALERTS)),
        "unacknowledged": snapshot.alerts.unacknowledged(here.path),
        "boundaries": snapshot.boundaries(here.path),
        "replay": {"idle_s": services.settings.replay.idle},
        "figures": past_figures(snapshot, here.path, services.catalogue.tiles),
    }


def server_time(services: Services) -> dict[str, Any]:
    """By which a page sets its clock: the time of the answer, whatever moment it is about."""
    return {"server_time": services.now().isoformat(timespec="milliseconds")}


def past_figures(snapshot: PastSnapshot, path: str, shown: Sequence[Indicator]) -> Figures:
    """`figures` at the moment of `snapshot`; a tile of what is not kept says so."""
    return with_tiles(figures(snapshot, path, ()), snapshot, path, shown)


def with_tiles(found: Figures, snapshot: Snapshot, path: str, shown: Sequence[Indicator]) -> Figures:
    """Figures and their tiles; one of what is not kept says so."""
    for indicator in shown:
        try:
            tile = tiles(snapshot, path, [indicator])[indicator.id]
        except NotKept:
            tile = _unknown(indicator)
        found[f"tile.{indicator.id}"] = tile
    return found


def _unknown(indicator: Indicator) -> dict[str, Any]:
    return {
        "id": indicator.id,
        "label": indicator.label,
        "value": None,
        "text": "—",
        "unit": indicator.unit,
        "numerator": None,
        "denominator": None,
        "of": "",
        "period": NOT_KEPT,
        "comparison": {"text": NOT_KEPT},
        "spark": [],
        "light": None,
        "formula": indicator.formula,
        "kinds": list(indicator.kinds),
        "sources": [],
        "note": NOT_KEPT,
    }


def _notes(snapshot: PastSnapshot, here: GridRow) -> list[str]:
    found = []
    if not snapshot.exact:
        known = snapshot.known_from.astimezone(snapshot.zone)
        found.append(f"早于 {known.month}月{known.day}日 {known:%H:%M}，按各环节的时间推定，不是当时所见")
    if snapshot.grid(here.code) is None:
        found.append(NO_GRID)
    if snapshot.past.directory_came_later:
        found.append(DIRECTORY)
    if too_many(snapshot, here.path):
        found.append(PART)
    return found
