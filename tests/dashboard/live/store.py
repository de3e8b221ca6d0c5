"""The simulated store: a change log as the ledger keeps it, and what was true after each of its changes."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from data_adapters.ledger.scope import Scope

#: A county, three towns, and a village in the first.
PATHS = ["000", "000000", "000001", "000002", "000000000"]
_THEN = datetime(2026, 11, 22, tzinfo=UTC)
#: case number -> (path, version)
Cases = dict[str, tuple[str, int]]


class Away(Exception):
    """The store does not answer."""


@dataclass(frozen=True, slots=True)
class Row:
    """One change, with the columns that the ledger's log has."""

    seq: int
    type: str
    accepted_at: datetime
    path: str
    path_before: str | None
    body: str


class Store:
    """Every life of the log. What a tail asks of a ledger it answers, as the ledger does."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.away = False
        self.epoch = "life 0"
        self.lives: dict[str, list[Row]] = {self.epoch: []}
        #: epoch -> what was true after each change, the empty store first
        self.truths: dict[str, list[Cases]] = {self.epoch: [{}]}
        self._versions = 0

    @property
    def rows(self) -> list[Row]:
        """The log of this life."""
        return self.lives[self.epoch]

    @property
    def cases(self) -> Cases:
        """What is true now."""
        return self.truths[self.epoch][-1]

    def position(self) -> tuple[str, int]:
        self._answers()
        return self.epoch, len(self.rows)

    def log_after(self, seq: int, limit: int) -> list[Row]:
        self._answers()
        return self.rows[seq : seq + limit]

    def look(self, top: int, limit: int) -> tuple[str, int, list[Row]]:
        self._answers()
        begins = max(0, top - 1)
        return self.epoch, len(self.rows), self.rows[begins : begins + limit] if len(self.rows) > top else []

    def renew_epoch(self, seen: str) -> tuple[str, int]:
        self._answers()
        if self.epoch == seen:
            self._begin_life(self.rows, self.truths[seen])
        return self.position()

    def view(self, scope: Scope) -> tuple[str, int, dict[str, int]]:
        """(epoch, seq, version of each case in the scope), of one moment."""
        self._answers()
        return self.epoch, len(self.rows), inside(self.cases, scope)

    def figures(self, path: str) -> dict[str, Any]:
        """The figures of a grid: how many cases it has, one of several fields, and one that comes and goes."""
        self._answers()
        here = inside(self.cases, Scope(path))
        tile = {"label": "件", "n": len(here), "latest": max(here.values(), default=None)}
        if len(here) % 5 == 0:  # a field that is there at times
            tile["light"] = "RED"
        return {"n": len(here), "tile": tile} | {
            f"odd.{case}": 1 for case, version in here.items() if version % 7 == 0
        }

    def commit(self) -> None:
        """A case is new, or goes on, or moves to another grid."""
        if self.away:
            return
        case = f"C{self._dice.randrange(40)}"
        before = self.cases.get(case)
        path = self._dice.choice(PATHS) if before is None or self._dice.random() < 0.5 else before[0]
        self._versions += 1
        body = json.dumps({"case_no": case, "version": self._versions})
        was = before[0] if before is not None and before[0] != path else None
        self._append("case", path, was, body, self.cases | {case: (path, self._versions)})

    def bulk(self) -> None:
        """A whole load: everything may be different, and the log says only that it was."""
        if self.away:
            return
        self._versions += 1
        wanted = self._dice.sample(range(40), 15)
        loaded = {f"C{n}": (self._dice.choice(PATHS), self._versions) for n in wanted}
        self._append("bulk", "000", None, '{"kind": "case"}', self.cases | loaded)

    def restore(self, *, new_epoch: bool) -> None:
        """Back to an earlier moment; what came after it never was."""
        if self.away:
            return
        keep = self._dice.randint(len(self.rows) // 2, len(self.rows))
        rows, truths = self.rows[:keep], self.truths[self.epoch][: keep + 1]
        if new_epoch:
            self._begin_life(rows, truths)
        else:
            self.lives[self.epoch], self.truths[self.epoch] = rows, truths

    def _begin_life(self, rows: list[Row], truths: list[Cases]) -> None:
        self.epoch = f"life {len(self.lives)}"
        self.lives[self.epoch], self.truths[self.epoch] = list(rows), list(truths)

    def _append(self, type_: str, path: str, before: str | None, body: str, truth: Cases) -> None:
        self.rows.append(Row(len(self.rows) + 1, type_, _THEN, path, before, body))
        self.truths[self.epoch].append(truth)

    def _answers(self) -> None:
        if self.away:
            raise Away


def inside(cases: Cases, scope: Scope) -> dict[str, int]:
    """Version of each case in a scope."""
    return {case: version for case, (path, version) in cases.items() if scope.covers(path)}
