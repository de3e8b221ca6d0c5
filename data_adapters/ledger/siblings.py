"""Counts of many grids at once: the children of one grid, each figure read for all of them in one pass.

What an indicator asks of one grid it will ask of the next one too, so the first question is answered for all. Grids
below the rollups come from the rows of the parent, read once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data_adapters.ledger import contributions, questions
from data_adapters.ledger.counts import EVER, Counts, Flows, as_flows, flows_of, open_of
from data_adapters.ledger.months import stretches
from data_adapters.ledger.questions import video_columns
from data_adapters.ledger.scope import STEP, depth, under
from data_adapters.ledger.tables import cases, gauge, spread, tally, video_day, video_point


class Siblings(Counts):
    """The counts of the children of the grid at `parent`; of any other grid as `Counts` has them."""

    def __init__(
        self, connection: sa.Connection, zone: ZoneInfo, rollup_depth: int, span_depth: int, parent: str
    ) -> None:
        super().__init__(connection, zone, rollup_depth, span_depth)
        self._parent = parent
        self._length = len(parent) + STEP
        self._all_paths: list[str] | None = None
        self._all_before: dict[int, dict[str, Flows]] = {}
        self._by_day: dict[tuple[str, int, int], dict[int, Flows]] = {}
        self._all_sites: dict[str, tuple[int, int]] | None = None
        self._all_spans: dict[tuple[str, int, int], dict[str, Counter[int]]] = {}
        self._all_spread: dict[tuple[tuple[str, ...], int, int], dict[str, list[tuple[str, int, int]]]] = {}
        self._all_video: dict[tuple[int, int], dict[str, Counter[str]]] = {}
        self._all_histories: dict[int, dict[str, dict[int, Flows]]] = {}
        self._all_stocks: dict[str, Counter[str]] | None = None
        self._all_span_rows: dict[tuple[str, int, int], dict[str, Counter[int]]] = {}
        self._all_late: dict[tuple[sa.Select[str], datetime | None], Counter[str]] = {}
        self._all_rows: dict[str, dict[tuple[int, str, int], int]] | None = None

    def _mine(self, path: str) -> bool:
        return len(path) == self._length and path.startswith(self._parent)

    @property
    def _children(self) -> sa.Select[str]:
        return questions.CHILDREN.params(parent=self._parent)

    def _rolled(self, path: str) -> bool:
        return self._mine(path) and depth(path) <= self._rollup_depth

    def _sum(self, path: str, first_day: int, last_day: int) -> Flows:
        if not self._rolled(path):
            return super()._sum(path, first_day, last_day)
        asked = {"parent": self._parent, "first": first_day, "last": last_day}
        for row in self._connection.execute(questions.CHILD_FLOWS, asked).all():
            self._summed[row[0], first_day, last_day] = flows_of(row[1:])
        for child in self._paths():
            self._summed.setdefault((child, first_day, last_day), Counter())
        return self._summed.get((path, first_day, last_day), Counter())

    def _before(self, path: str, day: int) -> Flows:
        if not self._rolled(path):
            return super()._before(path, day)
        if day not in self._all_before:
            asked = {"parent": self._parent, "first": EVER, "last": day - 1}
            rows = self._connection.execute(questions.CHILD_BEFORE, asked)
            self._all_before[day] = {row[0]: flows_of(row[1:], questions.EARLIER) for row in rows}
        return self._all_before[day].get(path, Counter())

    def _paths(self) -> list[str]:
        if self._all_paths is None:
            self._all_paths = [row.path for row in self._connection.execute(self._children)]
        return self._all_paths

    def _history(self, path: str, length: int, since: int) -> dict[str, dict[int, Flows]]:
        if not self._mine(path) or length != self._length:
            return super()._history(path, length, since)
        if since not in self._all_histories:
            self._all_histories[since] = super()._history(self._parent, length, since)
        found = self._all_histories[since]
        return {path: found[path]} if path in found else {}

    def _count_stocks(self, path: str) -> Counter[str]:
        if not self._mine(path):
            return super()._count_stocks(path)
        if self._all_stocks is None:
            found: dict[str, Counter[str]] = defaultdict(Counter)
            if depth(path) <= self._rollup_depth:
                chosen = sa.select(gauge).where(gauge.c.path.in_(self._children), gauge.c.n != 0)
                for row in self._connection.execute(chosen):
                    found[row.path][row.measure] = row.n
            else:
                for one, measures in self._own_stocks(self._parent):
                    found[one[: self._length]].update(measures)
            self._all_stocks = found
        return self._all_stocks.get(path, Counter())

    def _spread_sums(
        self, path: str, measures: tuple[str, ...], first_day: int, last_day: int
    ) -> list[tuple[str, int, int]]:
        if not self._rolled(path):
            return super()._spread_sums(path, measures, first_day, last_day)
        key = (measures, first_day, last_day)
        if key not in self._all_spread:
            found: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
            by = (spread.c.path, spread.c.measure, spread.c.bucket)
            where = (
                spread.c.path.in_(self._children),
                spread.c.measure.in_(measures),
                spread.c.day.between(first_day, last_day),
            )
            for row in self._connection.execute(
                sa.select(*by, sa.func.sum(spread.c.n)).where(*where).group_by(*by)
            ):
                if row[3]:
                    found[row[0]].append((row[1], row[2], int(row[3])))
            self._all_spread[key] = found
        return self._all_spread[key].get(path, [])

    def _spread_rows(self, path: str) -> dict[tuple[int, str, int], int]:
        if not self._mine(path):
            return super()._spread_rows(path)
        if self._all_rows is None:
            found: dict[str, Counter[tuple[int, str, int]]] = defaultdict(Counter)
            columns = [cases.c.path, *(cases.c[name] for name in contributions.COLUMNS)]
            for row in self._connection.execute(sa.select(*columns).where(under(cases.c.path, self._parent))):
                found[row.path[: self._length]].update(contributions.spreads(row, self._zone))
            self._all_rows = {one: dict(counted) for one, counted in found.items()}
        return self._all_rows.get(path, {})

    def waiting(self, path: str, first_day: int, last_day: int) -> dict[int, int]:
        """As `Counts.waiting`, of what `daily` says."""
        return open_of(self.daily(path, first_day, last_day))

    def spans(self, path: str, measure: str, first_day: int, last_day: int) -> Counter[int]:
        """As `Counts.spans`."""
        if not self._mine(path) or depth(path) > self._span_depth or measure not in contributions.SPANS:
            return super().spans(path, measure, first_day, last_day)
        key = (measure, first_day, last_day)
        if key not in self._all_spans:
            found: dict[str, Counter[int]] = defaultdict(Counter)
            by = (spread.c.path, spread.c.bucket)
            chosen = sa.select(*by, sa.func.sum(spread.c.n)).where(
                spread.c.path.in_(self._children), spread.c.measure == measure
            )
            for stretch in stretches(first_day, last_day):
                days = spread.c.day.between(*stretch)
                for child, bucket, n in self._connection.execute(chosen.where(days).group_by(*by)):
                    found[child][bucket] += int(n)
            self._all_spans[key] = {child: +histogram for child, histogram in found.items()}
        return self._all_spans[key].get(path, Counter())

    def _spans_from_rows(self, path: str, measure: str, first_day: int, last_day: int) -> Counter[int]:
        if not self._mine(path):
            return super()._spans_from_rows(path, measure, first_day, last_day)
        key = (measure, first_day, last_day)
        if key not in self._all_span_rows:
            self._all_span_rows[key] = self._span_rows(self._parent, self._length, *key)
        return self._all_span_rows[key].get(path, Counter())

    def turned_late(self, path: str, now: datetime) -> int:
        """As `Counts.turned_late`."""
        if not self._mine(path):
            return super().turned_late(path, now)
        return self._late(path, questions.TURNED_LATE_PATHS, now=now)

    def late_since(self, path: str, since: datetime, now: datetime) -> int:
        """As `Counts.late_since`."""
        if not self._mine(path):
            return super().late_since(path, since, now)
        return self._late(path, questions.LATE_SINCE_PATHS, since=since, now=now)

    def _late(self, path: str, below: sa.Select[str], **times: datetime) -> int:
        key = (below, times.get("since"))
        if key not in self._all_late:
            found = self._connection.execute(below, questions.within(self._parent) | times).scalars()
            self._all_late[key] = Counter(one[: self._length] for one in found)
        return self._all_late[key][path]

    def daily(self, path: str, first_day: int, last_day: int) -> dict[int, Flows]:
        """As `Counts.daily`."""
        if not self._rolled(path):
            return super().daily(path, first_day, last_day)
        key = (path, first_day, last_day)
        if key not in self._by_day:
            where = sa.and_(tally.c.path.in_(self._children), tally.c.day.between(first_day, last_day))
            found: dict[str, dict[int, Flows]] = {child: {} for child in self._paths()}
            for row in self._rows(sa.select(tally).where(where)):
                found.setdefault(row["path"], {})[row["day"]] = as_flows(row)
            self._by_day |= {(child, *key[1:]): days for child, days in found.items()}
        return self._by_day.get(key, {})

    def video_sums(self, path: str, first_day: int, last_day: int) -> Counter[str]:
        """As `Counts.video_sums`."""
        if not self._rolled(path):
            return super().video_sums(path, first_day, last_day)
        key = (first_day, last_day)
        if key not in self._all_video:
            where = (video_day.c.path.in_(self._children), video_day.c.day <= last_day)
            chosen = sa.select(video_day.c.path, *video_columns(first_day)).where(*where)
            found = {}
            for row in self._rows(chosen.group_by(video_day.c.path)):
                found[row["path"]] = Counter({n: int(v) for n, v in row.items() if n != "path"})
            self._all_video[key] = found
        return self._all_video[key].get(path, Counter())

    def key_sites(self, path: str) -> tuple[int, int]:
        """As `Counts.key_sites`."""
        if not self._mine(path):
            return super().key_sites(path)
        if self._all_sites is None:
            named: dict[str, set[str]] = defaultdict(set)
            linked: dict[str, set[str]] = defaultdict(set)
            where = (
                video_point.c.key_site.is_not(None),
                video_point.c.secrecy == 0,
                under(video_point.c.path, self._parent),
            )
            columns = (video_point.c.path, video_point.c.key_site, video_point.c.networked)
            for row in self._connection.execute(sa.select(*columns).where(*where)):
                named[row.path[: self._length]].add(row.key_site)
                if row.networked is not False:
                    linked[row.path[: self._length]].add(row.key_site)
            self._all_sites = {one: (len(linked[one]), len(sites)) for one, sites in named.items()}
        return self._all_sites.get(path, (0, 0))
