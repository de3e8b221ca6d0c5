"""Millions of disputes by column, with the shares, seasons and lives of the demo county's.

The steps of a life are those of :func:`data_adapters.demo.life.live`, drawn for many at once: one column of times a
step, NaN where a life does not have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_adapters.demo import facts as fact_book
from data_adapters.demo.disputes import DISPUTES as COUNTY_DISPUTES
from data_adapters.demo.disputes import TRANSFERRED, WHERE
from data_adapters.demo.life import HANDLING, LIMIT_DAYS, STATE_AFTER, TIME_OF
from data_adapters.demo.mesh import Floats, Ints
from data_adapters.demo.province_places import Places
from data_adapters.demo.rhythm import CUMULATED, DAY_S, OFFSET_S, calendar, day_factor

Mask = NDArray[np.bool_]
_MINUTE, _HOUR = 60.0, 3_600.0
CATEGORIES = tuple(category.name for category in fact_book.CATEGORIES)
GRADES = tuple(fact_book.GRADES)
STATES = tuple(dict.fromkeys(STATE_AFTER.values()))
#: Steps in the order in which they happen. A case that was given back is assigned twice.
STEPS = (
    "REPORT", "REGISTER", "ACCEPT", "GRADE", "TRIAGE", "ASSIGN", "RETURN", "ASSIGN", "RECEIVE", "START", "REPORT_UP",
    "SUSPEND", "RESUME", "MEDIATE", "RESOLVE", "TRANSFER", "CLOSE", "FEEDBACK", "FOLLOWUP", "ARCHIVE",
)  # fmt: skip
(REPORT, REGISTER, ACCEPT, GRADE, TRIAGE, ASSIGN, RETURN, ASSIGN_AGAIN, RECEIVE, START, REPORT_UP, SUSPEND, RESUME,
 MEDIATE, RESOLVE, TRANSFER, CLOSE, FEEDBACK, FOLLOWUP, ARCHIVE) = range(len(STEPS))  # fmt: skip
REASONS = {"RETURN": "NOT_OURS", "SUSPEND": "APPRAISAL"}
DESTINATIONS = ("LAWSUIT", "ARBITRATION", "RECONSIDERATION")


class Words(NamedTuple):
    """A text column: which of `words` each row says, -1 for none."""

    codes: NDArray[np.int8]
    words: tuple[str, ...]

    def take(self, chosen: Ints) -> Words:
        """Some of the rows."""
        return Words(self.codes[chosen], self.words)


@dataclass
class Disputes:
    """One batch. ``times`` (n, steps) in seconds, NaN for a step that is not taken; texts as `Words`."""

    leaf: Ints
    spots: Floats
    where: Words
    serial: Ints
    texts: dict[str, Words]
    times: Floats
    occurred: Floats
    due: Floats
    suspended_s: Floats
    visits: Ints
    destination: Ints

    def __len__(self) -> int:
        """How many."""
        return len(self.leaf)

    def take(self, chosen: Ints) -> Disputes:
        """Some of them."""
        return Disputes(
            leaf=self.leaf[chosen],
            spots=self.spots[chosen],
            where=self.where.take(chosen),
            serial=self.serial[chosen],
            texts={name: words.take(chosen) for name, words in self.texts.items()},
            times=self.times[chosen],
            occurred=self.occurred[chosen],
            due=self.due[chosen],
            suspended_s=self.suspended_s[chosen],
            visits=self.visits[chosen],
            destination=self.destination[chosen],
        )


def day_weights(now: float, days: int, seed: int) -> tuple[Ints, Floats]:
    """The local days of the history and what share of all reports each has; today as far as it has come."""
    today = int((now + OFFSET_S) // DAY_S)
    every = np.arange(today - days + 1, today + 1)
    luck = np.random.default_rng([seed, 365]).gamma(40, 1 / 40, days)
    weight = np.array([day_factor(day) for day in every.tolist()]) * luck
    weight[-1] *= np.interp((now + OFFSET_S) % DAY_S / _HOUR, np.arange(25), CUMULATED)
    return every, weight / weight.sum()


def reports(now: float, days: int, cases: int, seed: int) -> tuple[Ints, Ints]:
    """(local days, how many reports on each): `cases` in all."""
    every, weight = day_weights(now, days, seed)
    running = np.round(np.cumsum(weight) * cases).astype(np.int64)
    return every, np.diff(np.r_[0, running])


def make_disputes(days: Ints, counts: Ints, places: Places, now: float, seed: int) -> Disputes:
    """The disputes reported on these days, in order of report; the same for the same seed and first day."""
    rng = np.random.default_rng([seed, int(days[0])])
    n = int(counts.sum())
    day = np.repeat(days, counts)
    share = rng.random(n)
    most = np.interp((now + OFFSET_S) % DAY_S / _HOUR, np.arange(25), CUMULATED)
    share[day == int((now + OFFSET_S) // DAY_S)] *= most
    reported = np.floor(day * DAY_S - OFFSET_S + np.interp(share, CUMULATED, np.arange(25)) * _HOUR)
    order = np.lexsort((reported, day))
    reported, day = np.minimum(reported[order], now), day[order]
    begins = np.r_[0, np.cumsum(counts)[:-1]]
    leaf, spots = places.draw(n, rng)
    texts, orgs_level = _facts(day, places.urban[leaf], bent_shares(places), rng)
    times, due, suspended = _lives(reported, texts["grade"].codes, rng)
    delay = np.minimum(rng.lognormal(8.6, 1.2, n), 40 * _HOUR)
    walked_in = np.isin(
        texts["source_channel"].codes, [_CHANNELS.index(w) for w in ("WINDOW", "LETTERS_VISITS")]
    )
    return Disputes(
        leaf=leaf,
        spots=spots,
        where=_pick(tuple(WHERE), np.array(list(WHERE.values())), n, rng),
        serial=np.arange(n) - np.repeat(begins, counts) + 1,
        texts=texts | {"level": orgs_level},
        times=times,
        occurred=np.floor(reported - delay),
        due=due,
        suspended_s=suspended,
        visits=np.where(walked_in, np.array([1, 1, 1, 1, 1, 2, 2, 3])[rng.integers(8, size=n)], -1),
        destination=rng.integers(len(DESTINATIONS), size=n),
    )


_CHANNELS = tuple(fact_book.CHANNELS)
LEVELS = ("grid", "village", "township", "county", "above")
_METHODS = tuple(dict.fromkeys(word for odds in fact_book.METHODS.values() for word in odds))


def _facts(
    day: Ints, urban: Floats, shares: Floats, rng: np.random.Generator
) -> tuple[dict[str, Words], Words]:
    n = len(day)
    category = _categories(day, urban, shares, rng)
    serious = np.array([[fact_book.grade_odds(g, c) for g in GRADES] for c in CATEGORIES])
    usual = (_SHARES[:, None] * serious).sum(axis=0)
    odds = np.array(list(fact_book.GRADES.values())) * serious / usual
    grade = Words(_rows(odds[category.codes], rng), GRADES)
    level = _by(grade.codes, [fact_book.LEVELS[g] for g in GRADES], LEVELS, rng)
    channel = _pick(_CHANNELS, np.array(list(fact_book.CHANNELS.values())), n, rng)
    method = _by(level.codes, [fact_book.METHODS[word] for word in LEVELS], _METHODS, rng)
    ordinary = (grade.codes == GRADES.index("ORDINARY")).astype(np.int8)
    scale = _by(ordinary, [{"01": 70, "02": 28, "03": 2}, {"01": 97, "02": 3}], ("01", "02", "03"), rng)
    urgency = _by(ordinary, [{"02": 60, "01": 40}, {"03": 70, "02": 26, "01": 4}], ("01", "02", "03"), rng)
    satisfied = fact_book.SATISFACTION
    return {
        "category": category,
        "grade": grade,
        "source_channel": channel,
        "origin_level": _origins(channel, rng),
        "resolved_level": level,
        "resolution_method": method,
        "scale": scale,
        "urgency": urgency,
        "satisfaction": _pick(tuple(satisfied), np.array(list(satisfied.values())), n, rng),
    }, level


def _origins(channel: Words, rng: np.random.Generator) -> Words:
    desk = [
        {"grid": 1} if word in {"GRID", "PATROL", "PUBLIC_APP"}
        else {"village": 40, "township": 45, "county": 15} if word == "WINDOW"
        else {"above": 1} if word == "SUPERIOR" else {"county": 1}
        for word in _CHANNELS
    ]  # fmt: skip
    return _by(channel.codes, desk, LEVELS, rng)


def _categories(day: Ints, urban: Floats, shares: Floats, rng: np.random.Generator) -> Words:
    """By share, month and how urban the place is."""
    days, which = np.unique(day, return_inverse=True)
    month = np.array([calendar(int(one)).month for one in days])[which]
    return Words(_rows(_SEASON[month] * shares * _town(urban), rng), CATEGORIES)


_SEASON = np.array([[1.7 if month in c.months else 1.0 for c in fact_book.CATEGORIES] for month in range(13)])
_SHARES = np.array([c.share for c in fact_book.CATEGORIES], dtype=float) / sum(
    c.share for c in fact_book.CATEGORIES
)


def _town(urban: Floats) -> Floats:
    found: Floats = np.exp(urban[:, None] * np.log([c.in_town for c in fact_book.CATEGORIES]))
    return found


def bent_shares(places: Places) -> Floats:
    """Shares that, bent by season and town, come out as the published ones over the year and all places."""
    rng = np.random.default_rng(869)
    leaf, _ = places.draw(20_000, rng)
    bent = _SEASON[rng.integers(1, 13, len(leaf))] * _town(places.urban[leaf])
    shares = _SHARES.copy()
    for _ in range(20):
        odds = bent * shares
        shares = shares * _SHARES / (odds / odds.sum(axis=1, keepdims=True)).mean(axis=0)
    return shares


def _pick(words: tuple[str, ...], odds: Floats, n: int, rng: np.random.Generator) -> Words:
    return Words(rng.choice(len(words), n, p=odds / odds.sum()).astype(np.int8), words)


def _by(
    codes: NDArray[np.int8], odds: list[dict[str, Any]], words: tuple[str, ...], rng: np.random.Generator
) -> Words:
    table = np.array([[row.get(word, 0.0) for word in words] for row in odds], dtype=float)
    return Words(_rows(table[codes], rng), words)


def _rows(odds: Floats, rng: np.random.Generator) -> NDArray[np.int8]:
    """One column a row, by the row's own odds."""
    running = np.cumsum(odds, axis=1)
    drawn = rng.random(len(odds)) * running[:, -1]
    found: NDArray[np.int8] = np.minimum((running <= drawn[:, None]).sum(axis=1), odds.shape[1] - 1).astype(
        np.int8
    )
    return found


def _lives(
    reported: Floats, grade: NDArray[np.int8], rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """(times, due, suspended seconds): see `live`, whose numbers these are."""
    n = len(reported)
    times = np.full((n, len(STEPS)), np.nan)
    ordinary = grade == GRADES.index("ORDINARY")
    complex_ = grade == GRADES.index("COMPLEX")
    grave = ~ordinary & ~complex_

    def after(step: Floats, minutes: float) -> Floats:
        return _office(step + rng.exponential(minutes * _MINUTE, n), rng)

    times[:, REPORT] = reported
    times[:, REGISTER] = _waking(reported + rng.exponential(10 * _MINUTE, n), rng)
    accepted = times[:, ACCEPT] = after(times[:, REGISTER], 25)
    limit = np.array([LIMIT_DAYS[word] for word in GRADES])[grade]
    due = (np.floor((accepted + OFFSET_S) / DAY_S) + limit + 1) * DAY_S - OFFSET_S - 1
    last = np.where(ordinary, accepted, after(accepted, 15))
    times[:, GRADE] = np.where(ordinary, np.nan, last)
    last = times[:, TRIAGE] = after(last, 45)
    assigned = rng.random(n) >= np.where(ordinary, 0.65, np.where(complex_, 0.25, 0.0))
    first = after(last, 40)
    back = assigned & (rng.random(n) < 0.03)
    returned = after(first, 180)
    again = after(returned, 120)
    times[:, ASSIGN] = np.where(assigned, first, np.nan)
    times[:, RETURN] = np.where(back, returned, np.nan)
    times[:, ASSIGN_AGAIN] = np.where(back, again, np.nan)
    received = after(np.where(back, again, first), 150)
    times[:, RECEIVE] = np.where(assigned, received, np.nan)
    started = times[:, START] = after(np.where(assigned, received, last), 50)
    median, spread = np.array([HANDLING[word] for word in GRADES]).T
    drawn = _office(accepted + DAY_S * median[grade] * np.exp(rng.normal(0, 1, n) * spread[grade]), rng)
    end = np.maximum(drawn, started + 20 * _MINUTE)
    transferred = ~ordinary & (rng.random(n) < TRANSFERRED / COUNTY_DISPUTES / 0.15)
    suspended = _middle(times, started, end, ordinary, grave, transferred, rng)
    times[:, RESOLVE] = np.where(transferred, np.nan, end)
    times[:, TRANSFER] = np.where(transferred, end, np.nan)
    closed = _office(end + 10 * _MINUTE + rng.exponential(5 * _HOUR, n), rng)
    visited = ~transferred & (rng.random(n) < 0.965)
    visit = _office(closed + DAY_S * rng.uniform(0.8, 6.4, n), rng)
    times[:, CLOSE] = np.where(transferred, np.nan, closed)
    times[:, FEEDBACK] = np.where(transferred, np.nan, closed + rng.uniform(1, 30, n) * _MINUTE)
    times[:, FOLLOWUP] = np.where(visited, visit, np.nan)
    times[:, ARCHIVE] = np.where(visited, after(visit, 360), np.nan)
    return np.floor(times), due + suspended, suspended


def _middle(
    times: Floats, started: Floats, end: Floats, ordinary: Mask, grave: Mask, transferred: Mask,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """The steps between start and end; returns the seconds that a suspension adds to the limit."""
    n, span = len(started), end - started
    times[:, REPORT_UP] = np.where(grave & ~transferred, started + 0.05 * span, np.nan)
    paused = ~ordinary & ~transferred & (span > 5 * DAY_S) & (rng.random(n) < 0.12)
    times[:, SUSPEND] = np.where(paused, started + 0.3 * span, np.nan)
    times[:, RESUME] = np.where(paused, started + 0.5 * span, np.nan)
    mediated = ~ordinary | (rng.random(n) < 0.5) | transferred
    at = np.where(transferred, 0.8, rng.uniform(0.7, 0.98, n))
    times[:, MEDIATE] = np.where(mediated, started + at * span, np.nan)
    return np.where(paused, np.round(0.2 * span / DAY_S) * DAY_S, 0.0)


def _waking(at: Floats, rng: np.random.Generator) -> Floats:
    hour = (at + OFFSET_S) % DAY_S / _HOUR
    day = np.floor((at + OFFSET_S) / DAY_S) + (hour >= 22.5)
    morning = day * DAY_S - OFFSET_S + 7.5 * _HOUR + rng.exponential(25 * _MINUTE, len(at))
    return np.where((hour >= 6.5) & (hour < 22.5), at, morning)


def _office(at: Floats, rng: np.random.Generator) -> Floats:
    hour = (at + OFFSET_S) % DAY_S / _HOUR
    day = np.floor((at + OFFSET_S) / DAY_S) + (hour >= 18)
    morning = day * DAY_S - OFFSET_S + 8.5 * _HOUR
    late = np.minimum(rng.exponential(35 * _MINUTE, len(at)), 3 * _HOUR)
    return np.where((hour >= 8.5) & (hour < 18), at, morning + late)


def states(times: Floats, now: float) -> tuple[Words, Floats]:
    """(the state at `now`, the time of the last step so far)."""
    done = np.where(times <= now, times, -np.inf)
    last = np.zeros(len(times), dtype=np.int8)
    for step, name in enumerate(STEPS):
        if name in STATE_AFTER:
            last[np.isfinite(done[:, step])] = STATES.index(STATE_AFTER[name])
    return Words(last, STATES), done.max(axis=1)


#: Which column each stage time is; a second assignment counts where there was one.
STAGES = {TIME_OF[name]: step for step, name in enumerate(STEPS) if name in TIME_OF and step != ASSIGN_AGAIN}
