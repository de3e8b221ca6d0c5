"""When the county's time is ours: a clock of straight pieces, each with its speed, that survives restarts.

While no accelerated feed runs, the county lives on at the real rate, so after a pause its backlog is real too.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Anchor(NamedTuple):
    """From ``real`` on (our seconds since the epoch) the county, then at ``county``, passes ``speed`` times as fast."""

    real: float
    county: float
    speed: float


@dataclass
class Pace:
    """The clock, and how many happenings have been delivered (the last of them at ``delivered_at``, county time)."""

    anchors: list[Anchor]
    delivered: int = 0
    delivered_at: float = field(default=0.0)

    @classmethod
    def resume(cls, path: Path, start_at: float, now: float, speed: float) -> Pace:
        """Go on from `path` (or from the county's beginning) at `now` with `speed` times the real rate."""
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            anchors = [Anchor(*anchor) for anchor in kept["anchors"]]
            pace = cls(anchors, int(kept["delivered"]), float(kept["delivered_at"]))
        except FileNotFoundError:
            pace = cls([Anchor(start_at, start_at, 1.0)], 0, start_at)
        last = pace.anchors[-1]
        if last.speed != 1.0:
            # Nobody knows when the last run ended but that it had delivered so much.
            reached = max(pace.delivered_at, last.county)
            pace.anchors.append(Anchor(pace.real_of(reached), reached, 1.0))
        if speed != 1.0:
            pace.anchors.append(Anchor(now, pace.county_of(now), speed))
        return pace

    def real_of(self, county: float) -> float:
        """Our time of a moment in the county."""
        anchor = next((a for a in reversed(self.anchors) if a.county <= county), self.anchors[0])
        speed = anchor.speed if county >= anchor.county else 1.0
        return anchor.real + (county - anchor.county) / speed

    def county_of(self, real: float) -> float:
        """The county's time at a moment of ours."""
        anchor = next((a for a in reversed(self.anchors) if a.real <= real), self.anchors[0])
        speed = anchor.speed if real >= anchor.real else 1.0
        return anchor.county + (real - anchor.real) * speed

    def save(self, path: Path) -> None:
        """Keep the clock and the count; a crash leaves the old file or the new one, never half of one."""
        content = {"anchors": self.anchors, "delivered": self.delivered, "delivered_at": self.delivered_at}
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(content), encoding="utf-8")
        os.replace(draft, path)
