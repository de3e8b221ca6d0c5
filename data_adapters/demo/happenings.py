"""What happens in the demo county from the moment its files were written: endless, the same for the same start.

Times are the county's own (seconds since the epoch); :mod:`data_adapters.demo.pace` says when that is for us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from random import Random
from typing import Any, NamedTuple

from data_adapters.demo import facts as fact_book
from data_adapters.demo.disputes import WHERE, locate
from data_adapters.demo.life import Life, as_of, changes_file, live
from data_adapters.demo.outage import MTBF_S, Outage, fail, fail_together
from data_adapters.demo.rhythm import calendar, day_of, next_arrival
from data_adapters.demo.start import Start

CASE, STATUS = "case", "video_status"
_SHARES = {category.name: category.share for category in fact_book.CATEGORIES}


class Happening(NamedTuple):
    """``kind`` CASE: ``record`` is a whole revision of a case; STATUS: one change of a video point.

    Fields are ours; those ending in ``at`` are seconds since the epoch.
    """

    at: float
    kind: str
    record: dict[str, Any]


def happenings(start: Start) -> Iterator[Happening]:
    """All happenings after ``start.at`` in order of time, without end."""
    stream = _Stream(start)
    while True:
        yield from stream.advance()


class _Stream:
    def __init__(self, start: Start) -> None:
        self._start = start
        self._queue: list[tuple[float, int, Callable[[float], list[Happening]]]] = []
        self._scheduled = 0
        self._cases = 0
        self._arrivals = Random(f"{start.seed}/{start.at:.0f}/arrivals")
        self._faults = Random(f"{start.seed}/{start.at:.0f}/faults")
        self._down = set(start.down)
        for life in start.lives:
            self._follow(life, start.at)
        for point_id, back in start.down.items():
            self._schedule(back, self._restore(point_id))
        self._schedule(next_arrival(start.at, self._arrivals, start.reports_a_day), self._arrive)
        self._schedule(start.at + self._faults.expovariate(self._failure_rate), self._fail_one)
        self._schedule(
            start.at + self._faults.expovariate(1 / self._start.batch_every_s), self._fail_recorder
        )

    @property
    def _failure_rate(self) -> float:
        return len(self._start.points) / MTBF_S

    def advance(self) -> list[Happening]:
        """Take the next entry of the diary; it may add later ones, and tells nothing or one happening."""
        at, _, what = heappop(self._queue)
        return what(at)

    def _schedule(self, at: float, what: Callable[[float], list[Happening]]) -> None:
        self._scheduled += 1
        heappush(self._queue, (at, self._scheduled, what))

    def _follow(self, life: Life, after: float) -> None:
        """Schedule the next step after `after` that changes what is on file."""
        following = next(
            (step.at for step in life.steps if step.at > after and changes_file(step.type)), None
        )
        if following is not None:
            self._schedule(following, lambda at: self._step(life, at))

    def _step(self, life: Life, at: float) -> list[Happening]:
        self._follow(life, at)
        return [Happening(at, CASE, as_of(life, at))]

    def _arrive(self, at: float) -> list[Happening]:
        self._schedule(next_arrival(at, self._arrivals, self._start.reports_a_day), self._arrive)
        self._cases += 1
        return self._step(new_life(self._start, self._cases, int(at)), int(at))

    def _fail_one(self, at: float) -> list[Happening]:
        self._schedule(at + self._faults.expovariate(self._failure_rate), self._fail_one)
        point_id = self._start.points[self._faults.randrange(len(self._start.points))]
        return self._break(point_id, fail(at, self._faults))

    def _fail_recorder(self, at: float) -> list[Happening]:
        self._schedule(at + self._faults.expovariate(1 / self._start.batch_every_s), self._fail_recorder)
        points = self._start.points.of_recorder(self._faults.randrange(self._start.points.recorders))
        for point_id, outage in zip(points, fail_together(at, len(points), self._faults), strict=True):
            self._schedule(outage.start, self._breaking(point_id, outage))
        return []

    def _breaking(self, point_id: str, outage: Outage) -> Callable[[float], list[Happening]]:
        return lambda at: self._break(point_id, outage)

    def _break(self, point_id: str, outage: Outage) -> list[Happening]:
        if point_id in self._down:
            return []
        self._down.add(point_id)
        self._schedule(outage.end, self._restore(point_id))
        return [_status(outage.start, point_id, outage.status, outage.cause)]

    def _restore(self, point_id: str) -> Callable[[float], list[Happening]]:
        def back(at: float) -> list[Happening]:
            self._down.discard(point_id)
            return [_status(at, point_id, "ON", None)]

        return back


def new_life(start: Start, number: int, reported_at: int) -> Life:
    """The `number`-th dispute that the feed reports."""
    rng = Random(f"{start.seed}/{start.at:.0f}/case/{number}")
    place = rng.choice(start.places)
    date = calendar(day_of(reported_at))
    odds = {
        name: share * fact_book.category_odds(fact_book.BY_NAME[name], date.month, place.leaf.urban)
        for name, share in _SHARES.items()
    }
    category = fact_book.pick(odds, rng)
    grades = {
        grade: share * fact_book.grade_odds(grade, category) / _usual_grade_odds(grade)
        for grade, share in fact_book.GRADES.items()
    }
    facts, ending, orgs = fact_book.draw(category, fact_book.pick(grades, rng), place.leaf, rng)
    facts |= {
        "source_id": f"ZZ{date:%Y%m%d}L{number:06d}",
        "occurred_at": int(reported_at - fact_book.delay_before_report(rng)),
    }
    facts |= locate(fact_book.pick(WHERE, rng), place, (place.lon - 1.2, place.lat + 0.7), rng)
    transferred = rng.choice(("LAWSUIT", "ARBITRATION")) if rng.random() < 0.001 else None
    return live(facts, ending, reported_at, orgs, rng, None, transferred)


def _usual_grade_odds(grade: str) -> float:
    weighted = sum(share * fact_book.grade_odds(grade, name) for name, share in _SHARES.items())
    return weighted / sum(_SHARES.values())


def _status(at: float, point_id: str, status: str, cause: str | None) -> Happening:
    return Happening(at, STATUS, {"point_id": point_id, "status": status, "at": at, "cause": cause})
