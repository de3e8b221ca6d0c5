"""What the walls say of themselves, and whether they paint in time. Pure: no socket, no clock of its own.

A page reports every 10 s (event ``wall``). And once a minute a change goes through the log that says nothing
(type ``canary``): whoever has not acknowledged it in `PAINTED_S` shows old things, whatever it believes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

#: A wall that has not painted the canary by then is counted as missing it.
PAINTED_S = 10.0
#: A report is of use for so long: three that were due.
FRESH_S = 30.0
_MOST = 1e9
_MEASURES = ("lag_ms", "heap_mb", "nodes", "errors", "paint_age_s")
_SHOWN = ("scene", "grid", "case", "order", "carousel", "visitors")
_TEXT = 64
#: Walls of one process that `/remote` lists.
MOST_NAMED = 200


@dataclass(frozen=True, slots=True)
class Report:
    """One wall at one time. ``lag`` is how many changes it was behind; what it did not tell is None."""

    heard_at: float
    lag: int
    lag_ms: float | None
    heap_mb: float | None
    nodes: float | None
    errors: float | None
    paint_age_s: float | None
    #: What it is called and shows, where it can be sent something from `/remote`; else None.
    name: str | None = None
    shows: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WallFigures:
    """All walls of this process together: the worst of each, and the sum of the errors."""

    walls: int
    lag: int
    lag_ms: float
    heap_mb: float
    nodes: float
    errors: float
    paint_age_s: float


class Walls:
    """The last report of each connection."""

    def __init__(self) -> None:
        self._reports: dict[str, Report] = {}

    def report(self, sid: str, told: Any, epoch: str, top: int, now: float) -> bool:
        """Take a report; False where it is none. One of another life of the store tells no lag: it is being reset."""
        if not isinstance(told, dict):
            return False
        seq = told.get("seq")
        if (
            not isinstance(seq, int)
            or isinstance(seq, bool)
            or seq < 0
            or not isinstance(told.get("epoch"), str)
        ):
            return False
        lag = max(0, top - seq) if told["epoch"] == epoch else top
        measures = {name: _number(told.get(name)) for name in _MEASURES}
        name = told.get("wall")
        shows = told.get("shows")
        self._reports[sid] = Report(
            now,
            lag,
            **measures,
            name=name[:_TEXT] if isinstance(name, str) and name else None,
            shows=_shown(shows) if isinstance(shows, dict) else {},
        )
        return True

    def named(self) -> dict[str, tuple[str, dict[str, str]]]:
        """(name, what it shows) by connection, of the walls that can be sent something."""
        found = {sid: (one.name, one.shows) for sid, one in self._reports.items() if one.name is not None}
        return dict(list(found.items())[:MOST_NAMED])

    def gone(self, sid: str) -> None:
        """The connection has ended."""
        self._reports.pop(sid, None)

    def figures(self, now: float) -> WallFigures:
        """What the walls said that were heard of lately."""
        fresh = [report for report in self._reports.values() if now - report.heard_at <= FRESH_S]
        return WallFigures(
            walls=len(fresh),
            lag=max((report.lag for report in fresh), default=0),
            lag_ms=_most(report.lag_ms for report in fresh),
            heap_mb=_most(report.heap_mb for report in fresh),
            nodes=_most(report.nodes for report in fresh),
            errors=sum(report.errors or 0.0 for report in fresh),
            paint_age_s=_most(report.paint_age_s for report in fresh),
        )


class Canary:
    """The last canary of the log, and who has not painted it. ``missed`` is of the last one that is decided."""

    def __init__(self) -> None:
        self.seq = 0
        self.seen_at = -math.inf
        self.missed = 0
        self.missed_ever = 0
        self.slowest_s = 0.0
        self._waiting: set[str] = set()
        self._decided = True

    def seen(self, seq: int, now: float, sids: Iterable[str]) -> None:
        """A canary stands in the log at `seq`; `sids` are those who are to paint it."""
        self.decide(math.inf)
        self.seq, self.seen_at, self.slowest_s = seq, now, 0.0
        self._waiting = set(sids)
        self._decided = not self._waiting

    def waits_for(self, sid: str) -> bool:
        """Whether the viewer has still to paint the last canary."""
        return sid in self._waiting

    def applied(self, sid: str, seq: int, now: float) -> None:
        """A viewer has applied everything up to `seq`."""
        if seq >= self.seq and sid in self._waiting:
            self._waiting.discard(sid)
            self.slowest_s = max(self.slowest_s, now - self.seen_at)

    def gone(self, sid: str) -> None:
        """The connection has ended: it says itself that it is stale."""
        self._waiting.discard(sid)

    def decide(self, now: float) -> int:
        """How many missed the canary, told once, when its time is over; else 0."""
        if self._decided or now - self.seen_at <= PAINTED_S:
            return 0
        self._decided = True
        self.missed = len(self._waiting)
        self.missed_ever += self.missed
        return self.missed


def _number(value: Any) -> float | None:
    """A measure as told, if it can be one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
        return None
    return float(value)


def _shown(told: dict[Any, Any]) -> dict[str, str]:
    """What it says it shows: a few short texts."""
    return {name: told[name][:_TEXT] for name in _SHOWN if isinstance(told.get(name), str)}


def _most(values: Iterable[float | None]) -> float:
    return max((value for value in values if value is not None), default=0.0)
