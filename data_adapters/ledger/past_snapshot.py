"""A look at the ledger as it was known at a moment: the same questions as `Snapshot`, answered for then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data_adapters.ledger.alerts import OPEN, SEVERITY, STANDING, AlertLog
from data_adapters.ledger.counts import Counts
from data_adapters.ledger.facts import Facts, Figure, Rule
from data_adapters.ledger.past import Past
from data_adapters.ledger.past_counts import NotKept, PastCounts
from data_adapters.ledger.row import Row
from data_adapters.ledger.scope import Scope, under
from data_adapters.ledger.snapshot import GridRow, Snapshot
from data_adapters.ledger.sources import SourceState
from data_adapters.ledger.tables import alert, cases, grid, indicator_fact
from data_adapters.ledger.types import to_milliseconds


class PastSnapshot(Snapshot):
    """See `Snapshot` and `Past`; ``now`` is the moment. The grids are those that were valid on its day."""

    def __init__(self, connection: sa.Connection, scope: Scope, zone: ZoneInfo, at: datetime) -> None:
        super().__init__(connection, scope, zone, at, on=at.astimezone(zone).date())
        self.past = Past(connection, at, self._stream.known_from)

    @property
    def exact(self) -> bool:
        """Whether this is what was known then, or what the times of the stages let infer."""
        return self.past.exact

    @property
    def known_from(self) -> datetime:
        """From when on the past is known."""
        known: datetime = self._stream.known_from
        return known

    def position(self) -> tuple[str, int]:
        """(epoch, seq) of the last change that was in the log by then."""
        return self._stream.epoch, self._seq

    @cached_property
    def _seq(self) -> int:
        return self.past.seq(int(self._stream.top))

    @cached_property
    def counts(self) -> Counts:
        """Counts by path, as they were."""
        depths = self._stream.rollup_depth, self._stream.span_depth
        return PastCounts(self._connection, self.zone, *depths, self.past)

    @cached_property
    def alerts(self) -> AlertLog:
        """The alerts, as they stood."""
        return PastAlerts(self._connection, self.scope, self.past)

    @cached_property
    def facts(self) -> Facts:
        """Reported figures, where none has come since."""
        return PastFacts(self._connection, self.now)

    def sources(self) -> list[SourceState]:
        """Every source; when it was last read then is not kept."""
        return [replace(state, last_ok_at=None, error=None) for state in super().sources()]

    def grid_or_today(self, code: str | None) -> GridRow | None:
        """The grid of this code (None: the scope's own) on that day; the one of today where there was none yet."""
        found = self.top_grid() if code is None else self.grid(code)
        if found is not None:
            return found
        then, self._standing = self._standing, grid.c.current
        try:
            return self.top_grid() if code is None else self.grid(code)
        finally:
            self._standing = then

    def of_children(self, here: GridRow) -> tuple[Snapshot, list[GridRow]]:
        """(this snapshot, the children): what has changed is known for all of them, the rest is read one by one."""
        self.past.cases(here.path)
        return self, self.children(here.path)

    # Cases

    def latest_cases(self, path: str, limit: int, *span: datetime) -> Sequence[Any]:
        """The cases of a grid that were reported last by then, newest first."""
        changed = self._changed(path)
        last = (cases.c.reported_at.desc(), cases.c.id.desc())
        wanted = [self._inside(path)]
        if span:
            wanted += [cases.c.reported_at >= span[0], cases.c.reported_at < span[1]]
        # Only the ids, which an index has: a large grid's own rows are not all read to be sorted.
        chosen = sa.select(cases.c.id).where(*wanted).order_by(*last)
        same: list[Any] = []
        with self._connection.execute(chosen.execution_options(yield_per=200)) as rows:
            for part in rows.scalars().partitions(200):
                of_part = sa.select(cases).where(cases.c.id.in_(part)).order_by(*last)
                same += [row for row in self._connection.execute(of_part) if row.case_no not in changed]
                if len(same) >= limit:
                    break
        del same[limit:]
        every: list[Any] = [*same, *(row for row in self._then(path) if _reported_in(row, span))]
        return sorted(every, key=lambda row: (row.reported_at, row.id), reverse=True)[:limit]

    def unfinished_cases(
        self, path: str, *names: str, limit: int | None = None, span: Sequence[datetime] = ()
    ) -> Sequence[Any]:
        """The cases of a grid that were open, or reported and waiting to be accepted; by path."""
        wanted = tuple(dict.fromkeys((*names, "id", "path", "case_no"))) if names else ()
        changed = self._changed(path)
        same = [
            row for row in super().unfinished_cases(path, *wanted, span=span) if row.case_no not in changed
        ]
        waiting = {"REPORTED", "REGISTERED"}
        then = [
            row
            for row in self._then(path)
            if (row.is_open or row.state in waiting) and _reported_in(row, span)
        ]
        every: list[Any] = [*same, *then]
        return sorted(every, key=lambda row: (row.path, row.id))[:limit]

    def reported_count(self, path: str, since: datetime, until: datetime) -> int:
        """How many cases of a grid were reported in [`since`, `until`), as far as was known."""
        return super().reported_count(path, since, until) + sum(
            sign for _, sign in self._moved(path, since, until)
        )

    def reported_by(
        self, path: str, since: datetime, until: datetime, step_s: int
    ) -> list[tuple[int, str, int]]:
        """(number of the span of `step_s` seconds after `since`, grade, how many)."""
        total: Counter[tuple[int, str]] = Counter()
        for number, grade, n in super().reported_by(path, since, until, step_s):
            total[number, grade] += n
        start = to_milliseconds(since)
        for row, sign in self._moved(path, since, until):
            total[(to_milliseconds(row.reported_at) - start) // (step_s * 1_000), row.grade] += sign
        return [(number, grade, n) for (number, grade), n in sorted(total.items()) if n]

    def reported_between(self, path: str, since: datetime, until: datetime, *names: str) -> Sequence[Any]:
        """Columns `names` of the cases reported in [`since`, `until`), as far as was known."""
        changed = self._changed(path)
        rows = super().reported_between(
            path, since, until, *dict.fromkeys((*names, "case_no", "reported_at"))
        )
        same = [row for row in rows if row.case_no not in changed]
        then = [row for row in self._then(path) if since <= row.reported_at < until]
        every: list[Any] = [*same, *then]
        return sorted(every, key=lambda row: row.reported_at)

    def _moved(self, path: str, since: datetime, until: datetime) -> list[tuple[Row, int]]:
        """The cases reported within the span that are not as they were: now -1, then +1."""
        return [
            (row, sign)
            for pair in self.past.cases(path)
            for row, sign in ((pair.now, -1), (pair.then, +1))
            if row is not None and row.path.startswith(path) and since <= row.reported_at < until
        ]

    def _then(self, path: str) -> list[Row]:
        """The cases that are not as they were and lay under `path`: as they were."""
        if not self.scope.covers(path):
            return []
        pairs = self.past.cases(path)
        return [pair.then for pair in pairs if pair.then is not None and pair.then.path.startswith(path)]

    def _changed(self, path: str) -> set[str]:
        return {str((pair.now or pair.then).case_no) for pair in self.past.cases(path)}  # type: ignore[union-attr]


def _reported_in(row: Row, span: Sequence[datetime]) -> bool:
    return not span or span[0] <= row.reported_at < span[1]


class PastAlerts(AlertLog):
    """The alerts that a scope might see then."""

    def __init__(self, connection: sa.Connection, scope: Scope, past: Past) -> None:
        super().__init__(connection, scope)
        self._past = past

    def standing(self, path: str, limit: int) -> Sequence[Any]:
        """Those of a grid that were not over: unacknowledged first, the gravest first, the newest first."""
        rows = sorted(
            self._then(path),
            key=lambda row: (
                row.state != OPEN,
                -SEVERITY.get(row.severity, 0),
                -to_milliseconds(row.last_at),
                row.id,
            ),
        )
        return rows[:limit]

    def unacknowledged(self, path: str) -> int:
        """How many of a grid nobody had taken note of."""
        return sum(row.state == OPEN for row in self._then(path))

    def _then(self, path: str) -> list[Any]:
        if not self._scope.covers(path):
            return []
        pairs = self._past.alerts(path)
        changed = {pair.now.id for pair in pairs if pair.now is not None}
        chosen = sa.select(alert).where(alert.c.state.in_(STANDING), under(alert.c.path, path))
        if not self._past.exact:
            chosen = chosen.where(alert.c.first_at <= self._past.at)
        same = [row for row in self._connection.execute(chosen) if row.id not in changed]
        then = [pair.then for pair in pairs if pair.then is not None]
        return same + [row for row in then if row.state in STANDING and row.path.startswith(path)]


class PastFacts(Facts):
    """Reported figures, as long as none of the grid has come or been revised since."""

    def __init__(self, connection: sa.Connection, at: datetime) -> None:
        super().__init__(connection)
        self._at = at

    def figure(
        self, path: str, indicator: str, first: date, end: date, today: date, rule: Rule
    ) -> Figure | None:
        """As `Facts.figure`. Raises `NotKept` where one came later: what it was before is not kept."""
        later = sa.select(indicator_fact.c.id).where(
            indicator_fact.c.indicator == indicator,
            indicator_fact.c.ingested_at > self._at,
            under(indicator_fact.c.path, path),
        )
        if self._connection.execute(later.limit(1)).first() is not None:
            raise NotKept
        return super().figure(path, indicator, first, end, today, rule)
