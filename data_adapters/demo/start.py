"""Where the feed takes over from the files: the unfinished lives, the broken points, places for what comes next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from data_adapters.demo.life import Life, Step
from data_adapters.demo.outage import Outage
from data_adapters.demo.site import Leaf, Place

START_FILE = Path("feed/start.json")
PROGRESS_FILE = Path("feed/progress.json")


class Point(Protocol):
    """What the feed needs of a video point."""

    point_id: str
    recorder: str

    def outage_at(self, at: float) -> Outage | None:
        """The outage that the point is in at `at`."""


@dataclass(frozen=True)
class Start:
    """The county at the moment ``at`` (seconds since the epoch), as far as the future depends on it.

    ``points``: (point id, recorder id); ``down``: point id -> when it will be back.
    """

    seed: int
    at: float
    lives: list[Life]
    points: list[tuple[str, str]]
    down: dict[str, int]
    places: list[Place]

    @classmethod
    def of(
        cls, seed: int, at: float, lives: Sequence[Life], cameras: Sequence[Point], places: Sequence[Place]
    ) -> Start:
        """From the whole history: keeps what is not over at `at`."""
        outages = ((camera.point_id, camera.outage_at(at)) for camera in cameras)
        return cls(
            seed=seed,
            at=at,
            lives=[life for life in lives if life.steps[-1].at > at],
            points=[(camera.point_id, camera.recorder) for camera in cameras],
            down={point_id: outage.end for point_id, outage in outages if outage is not None},
            places=list(places),
        )


def write_start(folder: Path, start: Start) -> None:
    """Write ``feed/start.json`` and forget how far an earlier feed had come."""
    path = folder / START_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    leaves = sorted({place.leaf for place in start.places})
    index = {leaf: number for number, leaf in enumerate(leaves)}
    content = {
        "seed": start.seed,
        "at": start.at,
        "lives": [[life.facts, life.ending, life.due_at, life.steps] for life in start.lives],
        "points": start.points,
        "down": start.down,
        "leaves": leaves,
        "places": [[place.lon, place.lat, index[place.leaf]] for place in start.places],
    }
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    (folder / PROGRESS_FILE).unlink(missing_ok=True)


def read_start(folder: Path) -> Start:
    """Read what :func:`write_start` wrote.

    Raises:
        FileNotFoundError: `folder` is no demo centre.
    """
    content: dict[str, Any] = json.loads((folder / START_FILE).read_text(encoding="utf-8"))
    leaves = [Leaf(*leaf) for leaf in content["leaves"]]
    return Start(
        seed=content["seed"],
        at=content["at"],
        lives=[
            Life(facts, ending, due_at, [Step(*step) for step in steps])
            for facts, ending, due_at, steps in content["lives"]
        ],
        points=[(point_id, recorder) for point_id, recorder in content["points"]],
        down=content["down"],
        places=[Place(lon, lat, leaves[number]) for lon, lat, number in content["places"]],
    )
