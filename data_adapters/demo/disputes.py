"""The 12,432 disputes of three years: exact shares, exact results, each with its whole life."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import nlargest
from random import Random
from typing import Any

from data_adapters.demo import facts as fact_book
from data_adapters.demo.life import Life, live
from data_adapters.demo.rhythm import DAY_S, calendar, day_of, report_times
from data_adapters.demo.site import Place

DISPUTES = 12_432
RESOLVED = 12_360
TRANSFERRED = 12
OVERDUE = 7
#: A little under three years, so that what happened a day before its report is within them too.
DAYS = 1_093
_UNFINISHED = DISPUTES - RESOLVED - TRANSFERRED
#: How a dispute says where it is: its leaf and coordinates, coordinates only, a village or township, nowhere.
WHERE = {"leaf": 0.70, "coordinates": 0.285, "village": 0.012, "outside": 0.0015, "nowhere": 0.0015}
_DESTINATIONS = ("LAWSUIT", "LAWSUIT", "ARBITRATION", "RECONSIDERATION")


def make_history(places: Sequence[Place], now: float, seed: int, outside: tuple[float, float]) -> list[Life]:
    """The lives of all disputes in order of report, of which exactly the published numbers are resolved at `now`.

    `places`: one for each dispute. `outside`: a spot beyond the county for the few with wrong coordinates.
    """
    rng = Random(f"{seed}/disputes")
    times = report_times(DISPUTES, now, DAYS, rng)
    months = [calendar(day_of(at)).month for at in times]

    def odds_of_category(index: int, name: str) -> float:
        return fact_book.category_odds(fact_book.BY_NAME[name], months[index], places[index].leaf.urban)

    categories = deal({c.name: c.share for c in fact_book.CATEGORIES}, odds_of_category, DISPUTES, rng)
    grades = deal(
        fact_book.GRADES, lambda index, grade: fact_book.grade_odds(grade, categories[index]), DISPUTES, rng
    )
    where = deal(WHERE, lambda index, how: 1.0, DISPUTES, rng)
    makers = [
        _Maker(seed, number, int(at), category, grade, locate(how, place, outside, rng), place)
        for number, (at, category, grade, how, place) in enumerate(
            zip(times, categories, grades, where, places, strict=True)
        )
    ]
    _number(makers)
    return _settle(makers, now, rng)


def deal(
    shares: dict[str, int] | dict[str, float], odds: Callable[[int, str], float], count: int, rng: Random
) -> list[str]:
    """One key for each of `count` items, in exactly the given shares (largest remainder), rarest keys first choice.

    An item gets a key in proportion to ``odds(item, key)`` as long as there are some left.
    """
    total = sum(shares.values())
    exact = {key: share * count / total for key, share in shares.items()}
    quota = {key: int(value) for key, value in exact.items()}
    for key in nlargest(count - sum(quota.values()), exact, key=lambda key: exact[key] - quota[key]):
        quota[key] += 1
    *rarer, commonest = sorted(quota, key=lambda key: quota[key])
    dealt = [commonest] * count
    free = list(range(count))
    for key in rarer:
        luck = {index: rng.random() ** (1 / odds(index, key)) for index in free}
        for index in nlargest(quota[key], free, key=luck.__getitem__):
            dealt[index] = key
        free = [index for index in free if dealt[index] != key]
    return dealt


def locate(how: str, place: Place, outside: tuple[float, float], rng: Random) -> dict[str, Any]:
    """The location fields of a dispute that happened at `place` and says so in the way `how` (a key of WHERE)."""
    coordinates = {"lon": place.lon, "lat": place.lat}
    if how == "leaf":
        return coordinates | {"grid_code": place.leaf.code}
    if how == "coordinates":
        return coordinates
    if how == "village":
        return {"grid_code": place.leaf.village_code if rng.random() < 0.7 else place.leaf.township_code}
    if how == "outside":
        return {
            "lon": round(outside[0] + rng.uniform(0, 0.2), 6),
            "lat": round(outside[1] + rng.uniform(0, 0.2), 6),
        }
    return {}


class _Maker:
    """Everything about one dispute but when it is resolved, so that its life can be drawn again with another end."""

    def __init__(
        self,
        seed: int,
        number: int,
        reported_at: int,
        category: str,
        grade: str,
        where: dict[str, Any],
        place: Place,
    ) -> None:
        self._key = f"{seed}/life/{number}"
        rng = Random(self._key)
        self.reported_at = reported_at
        self.facts, self._ending, self._orgs = fact_book.draw(category, grade, place.leaf, rng)
        self.facts |= {"occurred_at": int(reported_at - fact_book.delay_before_report(rng))} | where

    def make(self, resolve_at: int | None = None, transfer_to: str | None = None) -> Life:
        rng = Random(self._key + "/steps")
        return live(self.facts, self._ending, self.reported_at, self._orgs, rng, resolve_at, transfer_to)


def _number(makers: list[_Maker]) -> None:
    """Case numbers in the source's own system: day and running number of the day."""
    day, running = 0, 0
    for maker in makers:
        today = day_of(maker.reported_at)
        day, running = (day, running + 1) if today == day else (today, 1)
        maker.facts["source_id"] = f"ZZ{calendar(day):%Y%m%d}{running:04d}"


def _settle(makers: list[_Maker], now: float, rng: Random) -> list[Life]:
    """Draw all lives, then bend the ends of a few until the published numbers hold at `now`."""
    lives = [maker.make() for maker in makers]
    ends = {index: life.at("RESOLVE") or 0 for index, life in enumerate(lives)}

    def bend(index: int, resolve_at: float, transfer_to: str | None = None) -> None:
        lives[index] = makers[index].make(int(resolve_at), transfer_to)

    grave = [i for i, life in enumerate(lives) if life.facts["grade"] != "ORDINARY"]
    old = [i for i in grave if now - makers[i].reported_at > 40 * DAY_S]
    for index in rng.sample(old, TRANSFERRED):
        bend(index, ends.pop(index), rng.choice(_DESTINATIONS))

    fallen_due = [i for i in ends if now - 6 * DAY_S <= lives[i].due_at < now]
    late = 0
    for index in rng.sample(fallen_due, len(fallen_due)):
        if late == OVERDUE:
            break
        bend(index, now + rng.uniform(0.2, 6) * DAY_S)
        if lives[index].at("SUSPEND"):  # the longer span made room for a pause, which moves the limit
            bend(index, ends[index])
        else:
            late += bool(ends.pop(index))
    for index in [i for i, end in ends.items() if end > now > lives[i].due_at]:
        started = lives[index].at("START") or 0
        ends[index] = int(max(started + 60, lives[index].due_at + 0.5 * (now - lives[index].due_at)))
        bend(index, ends[index])

    # A few too many or too few are still open: finish those that are nearly done, keep open those just finished.
    still_open = sorted((i for i, end in ends.items() if end > now), key=ends.__getitem__)
    surplus = len(still_open) - (_UNFINISHED - late)
    ready = [i for i in still_open if (lives[i].at("START") or now) + 120 < now]
    for index in ready[: max(surplus, 0)]:
        bend(index, now - rng.uniform(0.05, 0.9) * (now - (lives[index].at("START") or 0) - 60))
    yesterday = now - 0.6 * DAY_S  # the very last ones stay: they wait for their check
    done = sorted(
        (i for i, end in ends.items() if end <= yesterday and now < lives[i].due_at), key=ends.__getitem__
    )
    for index in done[len(done) + min(surplus, 0) :]:
        bend(index, now + min(rng.expovariate(1 / DAY_S), 0.9 * (lives[index].due_at - now)))
    return lives
