"""How a video point fails and comes back: 50 days between failures, a day or so until it is mended."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from data_adapters.demo.rhythm import DAY_S

MTBF_S = 50 * DAY_S
#: A recorder or its line goes down this often in the county, and takes its points with it.
BATCH_EVERY_S = 3.5 * DAY_S
CAUSES = {"NETWORK": 42, "DEVICE": 24, "POWER": 22, "MAINTENANCE": 7, "UNKNOWN": 5}
FAULTS = {"OFF": 72, "VLOST": 17, "DEFECT": 11}


class Outage(NamedTuple):
    """One stretch in which a point does not deliver; seconds since the epoch, the end may lie ahead."""

    start: int
    end: int
    status: str
    cause: str


def fail(at: float, rng: Random) -> Outage:
    """An outage of one point that starts at `at`: 8 to 48 hours mostly, a few wait a week for a part."""
    status = rng.choices(list(FAULTS), list(FAULTS.values()))[0]
    cause = rng.choices(list(CAUSES), list(CAUSES.values()))[0] if status == "OFF" else "DEVICE"
    lasts_s = min(max(rng.lognormvariate(11.27, 0.62), 1_200), 9 * DAY_S)
    return Outage(int(at), int(at + lasts_s), status, cause)


def fail_together(at: float, points: int, rng: Random) -> list[Outage]:
    """Outages of all points of one recorder: down within four minutes, back within seven."""
    back, cause = at + rng.uniform(2, 22) * 3_600, rng.choice(("POWER", "NETWORK"))
    return [
        Outage(int(at + rng.uniform(0, 240)), int(back + rng.uniform(0, 420)), "OFF", cause)
        for _ in range(points)
    ]
