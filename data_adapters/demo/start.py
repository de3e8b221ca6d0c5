"""Where the feed takes over from the files: the unfinished lives, the broken points, places for what comes next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from data_adapters.demo.life import Life, Step
from data_adapters.demo.outage import BATCH_EVERY_S, Outage
from data_adapters.demo.rhythm import MEAN_A_DAY
from data_adapters.demo.site import Leaf, Place

START_FILE = Path("feed/start.json")
POINTS_FILE = Path("feed/points.npz")
PROGRESS_FILE = Path("feed/progress.json")


class Point(Protocol):
    """What the feed needs of a video point."""

    point_id: str
    recorder: str

    def outage_at(self, at: float) -> Outage | None:
        """The outage that the point is in at `at`."""


class PointTable:
    """Video points and the recorder of each, in a few bytes a point: there may be millions."""

    def __init__(self, point_ids: Sequence[str], recorders: Sequence[str]) -> None:
        self._ids = np.asarray(point_ids, dtype="S")
        self._recorders = np.asarray(recorders, dtype="S")
        codes, unique = pd.factorize(self._recorders)
        #: How many recorders there are.
        self.recorders = len(unique)
        self._order = np.argsort(codes, kind="stable")
        self._begins = np.searchsorted(codes[self._order], np.arange(len(unique) + 1))

    def __len__(self) -> int:
        """How many points."""
        return len(self._ids)

    def __getitem__(self, number: int) -> str:
        """The id of a point."""
        return str(self._ids[number], "ascii")

    def of_recorder(self, number: int) -> list[str]:
        """The ids of the points of one recorder."""
        return [self[n] for n in self._order[self._begins[number] : self._begins[number + 1]].tolist()]

    def save(self, path: Path) -> None:
        """Keep the table in a file."""
        np.savez(path, ids=self._ids, recorders=self._recorders)

    @classmethod
    def load(cls, path: Path) -> PointTable:
        """What `save` kept."""
        with np.load(path) as kept:
            return cls(kept["ids"], kept["recorders"])


@dataclass(frozen=True)
class Start:
    """The county at the moment ``at`` (seconds since the epoch), as far as the future depends on it.

    ``down``: point id -> when it will be back; ``reports_a_day``: on average; ``batch_every_s``: seconds between two
    recorders that go down.
    """

    seed: int
    at: float
    lives: list[Life]
    points: PointTable
    down: dict[str, int]
    places: list[Place]
    reports_a_day: float = MEAN_A_DAY
    batch_every_s: float = BATCH_EVERY_S

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
            points=PointTable(
                [camera.point_id for camera in cameras], [camera.recorder for camera in cameras]
            ),
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
        "reports_a_day": start.reports_a_day,
        "batch_every_s": start.batch_every_s,
        "down": start.down,
        "leaves": leaves,
        "places": [[place.lon, place.lat, index[place.leaf]] for place in start.places],
    }
    start.points.save(folder / POINTS_FILE)
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
        points=PointTable.load(folder / POINTS_FILE),
        down=content["down"],
        places=[Place(lon, lat, leaves[number]) for lon, lat, number in content["places"]],
        reports_a_day=content["reports_a_day"],
        batch_every_s=content["batch_every_s"],
    )
