"""The state of the wall of a moment that is too dear to be taken back: what its whole days counted, and no more.

The same shape as `past_view`; what is not known is left out, and the notes say so.
"""

from __future__ import annotations

from typing import Any

from dashboard.indicators.figures import Figures, day_figures
from dashboard.past_view import server_time, with_tiles
from dashboard.services import Services
from dashboard.view import centre, feed, place, sources
from data_adapters.ledger.day_snapshot import DaySnapshot

#: What a screen says; see `docs/replay.md`.
WHOLE_DAY = "此后变化太多：数字是前一整日的，按现在的账计；列表按各环节的时间推定"
REDRAWN = "网格此后调整过，没有各下级当时的数"
LEFT_OUT = "在办案件、预警和灯没有当时的样子，请下钻到下级看"


def day_view(services: Services, snapshot: DaySnapshot, code: str | None) -> dict[str, Any] | None:
    """The state of the grid `code` (None: the scope's own). None if there is none."""
    here = snapshot.top_grid() if code is None else snapshot.grid(code)
    if here is None:
        return None
    epoch, seq = snapshot.position()
    moment = snapshot.now.astimezone(snapshot.zone)
    redrawn = snapshot.redrawn(here.path)
    figures: Figures = day_figures(snapshot, here, with_children=not redrawn)
    return place(services, snapshot, here) | {
        "epoch": epoch,
        "seq": seq,
        **server_time(services),
        "as_known_at": moment.isoformat(timespec="milliseconds"),
        "exact": False,
        "known_from": None,
        "notes": [WHOLE_DAY, LEFT_OUT, *([REDRAWN] if redrawn else [])],
        "centre": centre(services),
        "sources": [source | {"age_s": None} for source in sources(snapshot)],
        "feed": feed(snapshot, here.path),
        "cases": [],
        "alerts": [],
        "unacknowledged": None,
        "boundaries": snapshot.boundaries(here.path),
        "replay": {"idle_s": services.settings.replay.idle},
        "figures": with_tiles(figures, snapshot, here.path, services.catalogue.tiles),
    }
