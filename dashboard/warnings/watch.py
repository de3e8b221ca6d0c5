"""Follows the change log and keeps the alerts true: what changed is judged, what a bulk load changed is judged whole.

One process is enough, several do no harm: what is so is worked out from the ledger each time, and whether it is news
is decided in the write transaction. How far the log was read is kept there too, so nothing is skipped by a restart.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import gevent

from dashboard.lane import Lane
from dashboard.services import Services
from dashboard.warnings import major, overdue, stale_source
from data_adapters.ledger import Scope, Snapshot
from data_adapters.ledger.alerts import Condition, Followed, Key
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.snapshot import CaseRow

NAME = "warnings"
CASE_RULES = (overdue, major)
#: What of a case the rules read: whole rows would cost a busy intake more than the intake itself.
_JUDGED = (
    *("case_no", "path", "kind", "category", "grade", "state"),
    *("is_open", "light", "due_at", "event_level", "scale"),
)
#: Changes looked at in one go; and how many may pass without an alert before the place is written down.
STEP, FORGET = 500, 2_000
LOOK_S, SOURCES_S = 0.5, 15.0


class Watch:
    """`start` returns at once; `look` does one step and says whether there is more. One at a time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._at: Followed | None = None
        self._kept = 0
        self._lane = Lane.alone()
        self._sources_at = float("-inf")

    def start(self) -> None:
        """Begin to follow the log."""
        gevent.spawn(self._forever)

    def _forever(self) -> None:
        while True:
            try:
                more = self._lane.run(self.look)
            except (
                Exception
            ) as error:  # the store may be away; the walls go on, and so does this when it is back
                self._services.note_failure("预警", error)
                more = False
                gevent.sleep(5.0)
            if not more:
                gevent.sleep(LOOK_S)

    def look(self) -> bool:
        """Judge the next changes, and now and then the sources. True where there are more changes."""
        ledger = self._services.ledger
        with ledger.read(Scope.everything()) as snapshot:
            epoch, top = snapshot.position()
            at = self._at or snapshot.alerts.followed(NAME)
            looked_at: set[Key] = set()
            conditions: list[Condition] = []
            if at is None or at.epoch != epoch or at.seq > top:
                done = Followed(NAME, epoch, top)
                looked_at, conditions = _everything(snapshot)
            elif at.seq < top:
                numbers, seq = snapshot.changed_cases(at.seq, STEP)
                done = Followed(NAME, epoch, seq)
                looked_at, conditions = (
                    _everything(snapshot) if numbers is None else _cases(snapshot, numbers)
                )
            else:
                done = at
            if time.monotonic() - self._sources_at >= SOURCES_S:
                self._sources_at = time.monotonic()
                keys, found = _sources(snapshot)
                looked_at, conditions = looked_at | keys, conditions + found
            standing = snapshot.alerts.standing_keys("CASE") | snapshot.alerts.standing_keys("SOURCE")
        news = bool(looked_at & standing) or bool(conditions)
        if news or done.epoch != (at.epoch if at else None) or done.seq - self._kept >= FORGET:
            ledger.settle_alerts(looked_at, conditions, done)
            self._kept = done.seq
        self._at = done
        return done.seq < top


def _everything(snapshot: Snapshot) -> tuple[set[Key], list[Condition]]:
    """All standing alerts of cases, and all cases that might have one."""
    return snapshot.alerts.standing_keys("CASE"), _judged(snapshot.unfinished_cases(ROOT, *_JUDGED))


def _cases(snapshot: Snapshot, numbers: set[str]) -> tuple[set[Key], list[Condition]]:
    rows = snapshot.cases_numbered(numbers, *_JUDGED)
    keys = {(rule.RULE, "CASE", row.case_no) for rule in CASE_RULES for row in rows}
    return keys, _judged(rows)


def _judged(rows: Iterable[CaseRow]) -> list[Condition]:
    return [found for row in rows for rule in CASE_RULES if (found := rule.judge(row)) is not None]


def _sources(snapshot: Snapshot) -> tuple[set[Key], list[Condition]]:
    states = snapshot.sources()
    keys = {(stale_source.RULE, "SOURCE", state.name) for state in states}
    found = [
        condition for state in states if (condition := stale_source.judge(state, snapshot.now)) is not None
    ]
    return keys | snapshot.alerts.standing_keys("SOURCE"), found
