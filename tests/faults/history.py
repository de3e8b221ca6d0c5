"""What producers handed in, what the log holds and what walls applied: the three things that must agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from data_adapters.ledger import engine
from data_adapters.ledger.tables import cases, change, grid, stream

#: ``open`` until there is an answer; ``ok`` is a promise; ``unknown`` may be in or not; ``refused`` must not be.
Outcome = Literal["open", "ok", "unknown", "refused"]


@dataclass(slots=True)
class Post:
    """One revision of one incident, handed in once or again until it is answered."""

    source_id: str
    state: str
    outcome: Outcome = "open"
    epoch: str | None = None
    #: When it was last handed in, on the clock of the running loop.
    begun_s: float = 0.0

    @property
    def revision(self) -> tuple[str, str]:
        """What tells it from every other post."""
        return self.source_id, self.state


@dataclass(slots=True)
class Life:
    """What a wall applied since it loaded its state at ``start``: ``items`` cover the log up to ``end``."""

    epoch: str
    start: int
    end: int
    items: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Watch:
    """One wall: the path of the grid that it may see, and its lives, the current one last."""

    name: str
    path: str
    lives: list[Life] = field(default_factory=list)


@dataclass(slots=True)
class Log:
    """The change log of one life of the store. ``source_ids``: number of the case -> the source's own."""

    epoch: str
    rows: Sequence[Any]
    source_ids: dict[str, str]

    @property
    def top(self) -> int:
        """The last change."""
        return int(self.rows[-1].seq) if self.rows else 0


def read_log(url: str) -> Log:
    """The log as it lies in the store."""
    store = engine.connect(url, writing=False)
    try:
        with store.connect() as connection:
            epoch = connection.execute(sa.select(stream.c.epoch)).scalar_one()
            rows = connection.execute(sa.select(change).order_by(change.c.seq)).all()
            known = connection.execute(sa.select(cases.c.case_no, cases.c.source_id)).all()
        return Log(epoch, rows, {row.case_no: row.source_id for row in known})
    finally:
        store.dispose()


def read_position(url: str) -> tuple[str, int]:
    """(epoch, seq) of the end of the log."""
    store = engine.connect(url, writing=False)
    try:
        with store.connect() as connection:
            return tuple(connection.execute(sa.select(stream.c.epoch, stream.c.top)).one())
    finally:
        store.dispose()


def read_paths(url: str) -> dict[str, str]:
    """The path of each grid, by code."""
    store = engine.connect(url, writing=False)
    try:
        with store.connect() as connection:
            return {row.code: row.path for row in connection.execute(sa.select(grid.c.code, grid.c.path))}
    finally:
        store.dispose()
