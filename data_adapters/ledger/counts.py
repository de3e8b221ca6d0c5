"""Counts for any grid and any period: from rollups where a subtree is large, from its own rows where it is small.

Both ways sum the same `contributions`, so they agree by construction; a test proves it on random histories.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from data_adapters.ledger import contributions, questions, span_rows
from data_adapters.ledger.months import stretches
from data_adapters.ledger.scope import STEP, depth, under
from data_adapters.ledger.tables import (
    cases,
    grid,
    tally,
    video_day,
    video_point,
)
from data_adapters.ledger.video_past import pasts
from data_adapters.ledger.video_time import FLOWS as VIDEO_FLOWS
from data_adapters.ledger.video_time import flows as video_flows

Flows = Counter[str]
EVER = -(10**6)
#: Who asks for a few recent days of a grid without rollups soon asks for a month and the one before it.
_RECENT_DAYS = 62


class Counts:
    """The counts of one snapshot. Paths must have been checked against the viewer's scope already."""

    def __init__(self, connection: sa.Connection, zone: ZoneInfo, rollup_depth: int, span_depth: int) -> None:
        self._connection = connection
        self._zone = zone
        self._rollup_depth = rollup_depth
        self._span_depth = span_depth
        # A screen asks for the same sums and stocks many times; within one snapshot they cannot differ.
        self._summed: dict[tuple[str, int, int], Flows] = {}
        self._days: dict[str, Days] = {}
        self._earlier: dict[str, tuple[int, Flows]] = {}
        self._stocks: dict[str, Counter[str]] = {}
        self._histories: dict[tuple[str, int], tuple[int, dict[str, dict[int, Flows]]]] = {}
        self._spread: dict[str, dict[tuple[int, str, int], int]] = {}
        self._spans: dict[tuple[str, str, int, int], Counter[int]] = {}

    def rolled_up(self, path: str) -> bool:
        """Whether the days of the grid at `path` are kept in sums."""
        return depth(path) <= self._rollup_depth

    def flows(self, path: str, first_day: int, last_day: int) -> Flows:
        """measure -> count over the local days `first_day` to `last_day`, both included."""
        return self._sums(path, first_day, last_day)

    def daily(self, path: str, first_day: int, last_day: int) -> dict[int, Flows]:
        """day -> (measure -> count); days without any are absent."""
        if depth(path) > self._rollup_depth:
            return self._from_rows(path, first_day, last_day).get(path, {})
        kept = self._days.get(path)
        if kept is None or not kept.holds(first_day, last_day):
            kept = self._stored(path, first_day, last_day)
        return kept.each(first_day, last_day)

    def daily_of(self, path: str, measure: str, first_day: int, last_day: int) -> dict[int, int]:
        """day -> count of one measure; days without any may be absent."""
        if depth(path) > self._rollup_depth:
            found = self._from_rows(path, first_day, last_day).get(path, {})
            return {day: flows[measure] for day, flows in found.items()}
        asked = {"path": path, "first": first_day, "last": last_day}
        return dict(self._connection.execute(questions.days_of(measure), asked).all())

    def keep(self, path: str, first_day: int, last_day: int) -> None:
        """Read these days of a grid now: what is asked later of any days among them is added up from memory."""
        if depth(path) <= self._rollup_depth:
            self._days[path] = self._stored(path, first_day, last_day)

    def _stored(self, path: str, first_day: int, last_day: int) -> Days:
        asked = {"path": path, "first": first_day, "last": last_day}
        return Days(first_day, last_day, self._connection.execute(questions.DAYS, asked).all())

    def waiting(self, path: str, first_day: int, last_day: int) -> dict[int, int]:
        """day -> how many of those accepted on it are open."""
        kept = self._days.get(path)
        if depth(path) > self._rollup_depth or (kept is not None and kept.holds(first_day, last_day)):
            return open_of(self.daily(path, first_day, last_day))
        asked = {"path": path, "first": first_day, "last": last_day}
        return {row.day: row.accepted_open for row in self._connection.execute(questions.WAITING, asked)}

    def before(self, path: str, day: int) -> Flows:
        """measure of `questions.EARLIER` -> count over every day before `day`."""
        known, kept = self._earlier.get(path), self._days.get(path)
        if known is not None and known[0] == day:
            return known[1]
        if known is not None and known[0] < day and kept is not None and kept.holds(known[0], day - 1):
            return known[1] + earlier(self._sums(path, known[0], day - 1))
        self._earlier[path] = day, self._before(path, day)
        return self._earlier[path][1]

    def _before(self, path: str, day: int) -> Flows:
        if depth(path) > self._rollup_depth:
            return earlier(self._sums(path, EVER, day - 1))
        asked = {"path": path, "first": EVER, "last": day - 1}
        return flows_of(self._connection.execute(questions.BEFORE, asked).one(), questions.EARLIER)

    def children(self, path: str, first_day: int, last_day: int) -> dict[str, Flows]:
        """child path -> (measure -> count) over the days; children without any are absent."""
        child = len(path) + STEP
        totals: dict[str, Flows] = defaultdict(Counter)
        if depth(path) + 1 > self._rollup_depth:
            for key, days in self._from_rows(path, first_day, last_day, child).items():
                for counted in days.values():
                    totals[key].update(counted)
            totals.pop(path, None)
            return dict(totals)
        # By the children's own keys: a range over the whole subtree would read every grid's days.
        below = sa.select(grid.c.path).where(grid.c.parent_path == path)
        where = sa.and_(tally.c.path.in_(below), tally.c.day.between(first_day, last_day))
        chosen = sa.select(tally.c.path, *questions.SUMS).where(where).group_by(tally.c.path)
        return {row["path"]: as_flows(row) for row in self._rows(chosen)}

    def gauges(self, path: str) -> Counter[str]:
        """measure -> stock now: open cases by light, stage, category and grade; video points by state."""
        if path not in self._stocks:
            self._stocks[path] = self._count_stocks(path)
        return self._stocks[path]

    def spread(
        self, path: str, first_day: int, last_day: int, measures: tuple[str, ...] = contributions.RARE
    ) -> Flows:
        """rare measure -> count over the days, both included (`contributions.RARE`); of ``agreed`` bucket 0 only."""
        found: Flows = Counter()
        for measure, bucket, n in self._spread_sums(path, measures, first_day, last_day):
            found[measure if bucket == 0 else f"{measure}.{bucket}"] += n
        return found

    def spans(self, path: str, measure: str, first_day: int, last_day: int) -> Counter[int]:
        """bucket -> how many (`buckets`) over the days, both included: of `contributions.SPANS`, or ``arrive``."""
        if measure not in contributions.SPANS:
            rare = self._spread_sums(path, (measure,), first_day, last_day)
            return Counter({bucket: n for _, bucket, n in rare})
        if depth(path) > self._span_depth:
            return self._spans_from_rows(path, measure, first_day, last_day)
        found: Counter[int] = Counter()
        for first, last in stretches(first_day, last_day):
            asked = {"path": path, "measure": measure, "first": first, "last": last}
            for bucket, n in self._connection.execute(questions.SPANS, asked):
                found[bucket] += int(n)
        return Counter({bucket: n for bucket, n in found.items() if n})

    def _spans_from_rows(self, path: str, measure: str, first_day: int, last_day: int) -> Counter[int]:
        """A histogram of a small subtree from those of its rows that were accepted or reported in the period."""
        key = (path, measure, first_day, last_day)
        if key not in self._spans:
            found = self._span_rows(path, len(path), measure, first_day, last_day)
            self._spans[key] = found.get(path, Counter())
        return self._spans[key]

    def _span_rows(
        self, path: str, length: int, measure: str, first_day: int, last_day: int
    ) -> dict[str, Counter[int]]:
        """path of `length` -> histogram of the rows under `path`."""
        since, until = (_day_start(day, self._zone) for day in (first_day, last_day + 1))
        return span_rows.read(self._connection, path, length, measure, since, until)

    def _spread_sums(
        self, path: str, measures: tuple[str, ...], first_day: int, last_day: int
    ) -> list[tuple[str, int, int]]:
        if depth(path) > self._rollup_depth:
            total: Counter[tuple[str, int]] = Counter()
            for (day, measure, bucket), n in self._spread_rows(path).items():
                if measure in measures and first_day <= day <= last_day:
                    total[measure, bucket] += n
            return [(*key, n) for key, n in total.items()]
        asked = {"path": path, "first": first_day, "last": last_day}
        rows = self._connection.execute(questions.rare(measures), asked)
        return [(measure, bucket, int(n)) for measure, bucket, n in rows if n]

    def _spread_rows(self, path: str) -> dict[tuple[int, str, int], int]:
        """The spreads of a small subtree from its rows, each looked at once."""
        if path not in self._spread:
            found: Counter[tuple[int, str, int]] = Counter()
            columns = [cases.c[name] for name in contributions.COLUMNS]
            for row in self._connection.execute(sa.select(*columns).where(under(cases.c.path, path))):
                found.update(contributions.spreads(row, self._zone))
            self._spread[path] = dict(found)
        return self._spread[path]

    def video_days(self, path: str, last_day: int) -> dict[int, Flows]:
        """day -> (measure of `video_time.FLOWS` -> n) over every day to `last_day`."""
        if depth(path) <= self._rollup_depth:
            where = sa.and_(video_day.c.path == path, video_day.c.day <= last_day)
            rows = self._rows(sa.select(video_day).where(where))
            return {row["day"]: Counter({name: int(row[name]) for name in VIDEO_FLOWS}) for row in rows}
        found: dict[int, Flows] = defaultdict(Counter)
        for _, past in pasts(self._connection, under(video_point.c.path, path)):
            for day, measure, n in video_flows(past, self._zone):
                if day <= last_day:
                    found[day][measure] += n
        return dict(found)

    def video_sums(self, path: str, first_day: int, last_day: int) -> Counter[str]:
        """What the seconds of a period are formed of (`video_time`), for ``online`` and ``expected``:
        the number ``_before`` the period, its change within, that change times the day (``_days``), and ``_s``.
        """
        if depth(path) > self._rollup_depth:
            found: Counter[str] = Counter()
            for day, flows in self.video_days(path, last_day).items():
                for name in ("online", "expected"):
                    if day < first_day:
                        found[f"{name}_before"] += flows[name]
                    else:
                        found[name] += flows[name]
                        found[f"{name}_days"] += flows[name] * day
                        found[f"{name}_s"] += flows[f"{name}_s"]
                if day >= first_day:
                    found["restored"] += flows["restored"]
            return found
        asked = {"path": path, "first": first_day, "last": last_day}
        row = self._connection.execute(questions.VIDEO, asked).mappings().one()
        return Counter({name: int(n) for name, n in row.items()})

    def turned_late(self, path: str, now: datetime) -> int:
        """Open cases whose due time has passed since the last tick: their light says so a minute later."""
        found = self._connection.execute(questions.TURNED_LATE, questions.within(path) | {"now": now})
        return int(found.scalar_one())

    def late_since(self, path: str, since: datetime, now: datetime) -> int:
        """Open cases, not suspended, that were due in [`since`, `now`)."""
        asked = questions.within(path) | {"since": since, "now": now}
        return int(self._connection.execute(questions.LATE_SINCE, asked).scalar_one())

    def key_sites(self, path: str) -> tuple[int, int]:
        """(key sites with a point that is in the network, key sites that any point names) under `path`."""
        found = self._connection.execute(questions.KEY_SITES, questions.within(path)).one()
        return int(found[0]), int(found[1])

    def staff(self, path: str) -> int | None:
        """Grid staff under `path` as the grids say, of the lowest level that says it; None where none does."""
        rows = self._connection.execute(questions.STAFF, questions.within(path)).first()
        return None if rows is None else int(rows.n)

    def _count_stocks(self, path: str) -> Counter[str]:
        if depth(path) <= self._rollup_depth:
            rows = self._connection.execute(questions.STOCKS, {"path": path})
            return Counter({row.measure: row.n for row in rows if row.n})
        stocks: Counter[str] = Counter()
        for _, measures in self._own_stocks(path):
            stocks.update(measures)
        return stocks

    def _own_stocks(self, path: str) -> Iterator[tuple[str, Iterator[str]]]:
        """(grid path, measures) of every row of a small subtree that is in some stock."""
        columns = [cases.c.path, *(cases.c[name] for name in contributions.COLUMNS)]
        noted = sa.or_(cases.c.is_open, ~cases.c.placed, cases.c.edge.is_not(None))
        wanted = sa.and_(under(cases.c.path, path), noted)
        for row in self._connection.execute(sa.select(*columns).where(wanted)):
            yield row.path, contributions.gauges(row)
        for row in self._connection.execute(sa.select(video_point).where(under(video_point.c.path, path))):
            yield row.path, contributions.point_gauges(row)

    def _sums(self, path: str, first_day: int, last_day: int) -> Flows:
        key = (path, first_day, last_day)
        if key not in self._summed:
            self._summed[key] = self._sum(path, first_day, last_day)
        return self._summed[key]

    def _sum(self, path: str, first_day: int, last_day: int) -> Flows:
        if depth(path) > self._rollup_depth:
            total: Flows = Counter()
            for counted in self._from_rows(path, first_day, last_day).get(path, {}).values():
                total.update(counted)
            return total
        kept = self._days.get(path)
        if kept is not None and kept.holds(first_day, last_day):
            return kept.sum(first_day, last_day)
        asked = {"path": path, "first": first_day, "last": last_day}
        return flows_of(self._connection.execute(questions.FLOWS, asked).one())

    def staffing(self, path: str) -> tuple[int, int, int]:
        """(grids with staff, grids that say how many they have or need, grids that say neither) under `path`."""
        found = self.manning(path)
        return found["grids.staffed"], found["grids.staff_known"], found["grids"] - found["grids.staff_known"]

    def manning(self, path: str) -> Counter[str]:
        """The current grids under `path`: how many, how many say and have staff, and a party group."""
        found = self._connection.execute(questions.MANNING, questions.within(path)).mappings().one()
        return Counter({name: n for name, n in found.items() if n})

    def reporting(self, path: str, since: datetime, until: datetime) -> tuple[int, int]:
        """(lowest grids with a case reported in [`since`, `until`) that still stands, lowest grids) under `path`."""
        first, end = (contributions.local_day(at, self._zone) for at in (since, until))
        asked = questions.within(path) | {"since": since, "until": until, "first": first, "last": end - 1}
        reported, lowest = self._connection.execute(questions.reporting(self._rollup_depth), asked).one()
        return reported, lowest

    def _from_rows(
        self, path: str, first_day: int, last_day: int, key_length: int | None = None
    ) -> dict[str, dict[int, Flows]]:
        """The counts of a small subtree by grid and day: a row is looked at once or twice however often it is asked."""
        key = (path, key_length or len(path))
        kept = self._histories.get(key)
        if kept is None or kept[0] > first_day:
            since = last_day - _RECENT_DAYS
            since = since if since <= first_day else EVER
            kept = self._histories[key] = (since, self._history(*key, since))
        return {
            grid_path: {day: counted for day, counted in days.items() if first_day <= day <= last_day}
            for grid_path, days in kept[1].items()
        }

    def _history(self, path: str, length: int, since: int) -> dict[str, dict[int, Flows]]:
        """Right from the day `since` on: of cases that have nothing from then on the store does not tell."""
        columns = [cases.c.path, *(cases.c[name] for name in contributions.COLUMNS)]
        wanted = under(cases.c.path, path)
        if since > EVER:
            start = _day_start(since, self._zone)
            wanted = sa.and_(wanted, sa.or_(*(cases.c[name] >= start for name in contributions.FLOW_TIMES)))
        found: dict[str, dict[int, Flows]] = defaultdict(lambda: defaultdict(Counter))
        for row in self._connection.execute(sa.select(*columns).where(wanted)):
            days = found[row.path[:length]]
            for day, measure in contributions.flows(row, self._zone):
                days[day][measure] += 1
        return found

    def _rows(self, statement: sa.Select[Any]) -> Iterator[Any]:
        yield from self._connection.execute(statement).mappings()


class Days:
    """The flows of one grid on the days `first` to `last`, both included: ``rows`` of (day, every flow of it)."""

    def __init__(self, first: int, last: int, rows: Sequence[Any]) -> None:
        self.first, self.last = first, last
        table = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(
            -1, 1 + len(contributions.FLOWS)
        )
        table = table[np.argsort(table[:, 0])]
        self._days, self._flows = table[:, 0], table[:, 1:]
        self._told: dict[int, Flows] = {}

    def holds(self, first_day: int, last_day: int) -> bool:
        """Whether all of these days are among them."""
        return self.first <= first_day and last_day <= self.last

    def _between(self, first_day: int, last_day: int) -> slice:
        return slice(*np.searchsorted(self._days, [first_day, last_day + 1]).tolist())

    def each(self, first_day: int, last_day: int) -> dict[int, Flows]:
        """day -> (measure -> count), which are not to be changed; days without any are absent."""
        chosen = self._between(first_day, last_day)
        told = {}
        for place, day in enumerate(self._days[chosen].tolist(), chosen.start):
            if day not in self._told:
                self._told[day] = flows_of(self._flows[place].tolist())
            told[day] = self._told[day]
        return told

    def sum(self, first_day: int, last_day: int) -> Flows:
        """measure -> count over these days."""
        return flows_of(self._flows[self._between(first_day, last_day)].sum(axis=0).tolist())


def open_of(days: dict[int, Flows]) -> dict[int, int]:
    """day -> how many of those accepted on it are open."""
    return {day: flows["accepted_open"] for day, flows in days.items() if flows["accepted_open"]}


def _day_start(number: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(contributions.DAY_0 + timedelta(days=number), time(), zone)


def as_flows(row: Any) -> Flows:
    """measure -> count of a row of the tally, those that are not 0."""
    return flows_of([row[name] for name in contributions.FLOWS])


def flows_of(values: Sequence[Any], names: Sequence[str] = contributions.FLOWS) -> Flows:
    """The same of the values alone, in the order of `names`."""
    return Counter({name: int(n) for name, n in zip(names, values, strict=True) if n})


def earlier(flows: Flows) -> Flows:
    """Those of `questions.EARLIER` alone."""
    return Counter({name: n for name in questions.EARLIER if (n := flows[name])})
