"""What stands under every panel: of which grid and period it is, as of when, from which sources, what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from dashboard.indicators.reading import day_date
from data_adapters.ledger import Snapshot
from data_adapters.ledger.item import stamp
from data_adapters.ledger.snapshot import GridRow

#: Days that a panel looks back over where it is asked for no others.
DAYS = 30


def honest(
    snapshot: Snapshot,
    here: GridRow,
    kinds: Iterable[str],
    days: int | None = DAYS,
    missing: Iterable[str] = (),
) -> dict[str, Any]:
    """The head of an answer. ``days`` None: of this moment. ``period.to`` is the day after the last one."""
    wanted = set(kinds)
    today = day_date(snapshot.today)
    period = None
    if days is not None:
        period = {
            "from": (today - timedelta(days=days - 1)).isoformat(),
            "to": (today + timedelta(days=1)).isoformat(),
            "days": days,
        }
    return {
        "grid": here.code,
        "as_of": stamp(snapshot.now),
        "period": period,
        "sources": [state.name for state in snapshot.sources() if state.kind in wanted],
        "missing": [text for text in missing if text],
    }


def lacking(n: int, reason: str) -> str:
    """``3 件未注明渠道``, nothing where there are none."""
    return f"{n} 件{reason}" if n else ""
