"""One entry of the catalogue: what it is called, what it counts over what, and in which period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Literal

from dashboard.indicators.reading import Reading
from dashboard.indicators.share import few, rounded, wilson
from data_adapters.ledger import behind
from data_adapters.ledger.facts import Figure
from data_adapters.ledger.finals import Restated
from data_adapters.ledger.lanes import times_of

Measure = Callable[[Reading], tuple[int | None, int | None]]
#: Rows that were not counted: why, and how many (a sum of counts, or what tells it).
LeftOut = tuple[str, str | Callable[[Reading], int]]
Terms = tuple[tuple[int, str], ...]

FLOW = "期内发生"
NOW = "此刻存量，与期间无关"
END = "期末存量"
COHORT = "期内一批的现状，随时间上升"
EXPIRED = "时限在期内届满的，今日届满的次日起计"

LATEST = "所问期间结束前最近一期的报数"
SUM = "所问期间内各期报数之和；没有整期的取覆盖它的一期，再没有取最近一期"
#: Of figures that are reported, for periods of their own.
REPORTED = frozenset({LATEST, SUM})

CASE = ("case",)
VIDEO = ("video_point", "video_status")
GRID = ("grid",)
FACT = ("indicator",)
Part = Literal["numerator", "denominator", "rest"]
PARTS: tuple[Part, ...] = ("numerator", "denominator", "rest")
_PERCENT = Fraction(100)


@cache
def terms(text: str) -> Terms:
    """``a + b - c`` as ((1, a), (1, b), (-1, c)); nothing of "". Catalogue entries only: they are right."""
    signs = {"+": 1, "-": -1}
    words = text.split()
    if words and words[0] not in signs:
        words.insert(0, "+")
    return tuple((signs[sign], name) for sign, name in zip(words[::2], words[1::2], strict=True))


def _percent(_: Reading) -> Fraction:
    return _PERCENT


@dataclass(frozen=True, slots=True)
class Indicator:
    """``counts``: the numerator and the denominator as sums of counts (`Reading.count`), such as ``("closed",
    "opening + accepted")``; so the rows behind a figure are found by the words that counted them. A count has no
    denominator of its own. ``own_measure`` gives both where no sum does; of a numerator of None nothing is known,
    which is not 0.

    ``better`` is the direction one wants, "" where there is none. ``factor`` makes the value of n / N; without
    ``interval`` the numerator is no part of the denominator. ``minimum``: a smaller numerator is not shown.
    ``figure`` is the reported figure that it
    rests on, ``parts`` what a score is made of. ``per_s``: the numerator is a span in seconds, shown in units of as
    many; the denominator says how many it rests on. ``board``: where it is looked at together with others.
    """

    id: str
    label: str
    label_en: str
    unit: str
    formula: str
    own_measure: Measure | None = None
    counts: tuple[str, ...] = ()
    numerator: str = ""
    denominator: str = ""
    better: Literal["up", "down", ""] = ""
    period: str = FLOW
    kinds: tuple[str, ...] = CASE
    left_out: tuple[LeftOut, ...] = ()
    factor: Callable[[Reading], Fraction] = _percent
    interval: bool = True
    minimum: int = 0
    figure: Callable[[Reading], Figure | None] | None = None
    parts: Callable[[Reading], list[dict[str, Any]]] | None = None
    per_s: int = 0
    board: str = ""

    @property
    def wanted(self) -> str:
        """The count asked for: of limits only the days that are over."""
        return "expired" if self.period == EXPIRED else "flows"

    def measure(self, reading: Reading) -> tuple[int | None, int | None]:
        """(numerator, denominator) of a grid and period."""
        if self.own_measure is not None:
            return self.own_measure(reading)
        found = [self.total(text, reading) for text in self.counts]
        return found[0], found[1] if len(found) > 1 else None

    def total(self, text: str, reading: Reading) -> int:
        """What a sum of counts comes to."""
        return sum(sign * reading.count(name, self.wanted) for sign, name in terms(text))

    def rows(self, reading: Reading, part: Part, after: str, limit: int) -> behind.Page:
        """The rows behind the numerator, the denominator, or what is in this one only (``rest``)."""
        n, whole = (terms(text) for text in (*self.counts, "", "")[:2])
        told = {"numerator": (n, ()), "denominator": (whole, ()), "rest": (whole, n)}[part]
        asked = reading.asked(self.period == EXPIRED)
        total = self._sum_of(reading, part) if self.own_measure is None else None
        return reading.snapshot.behind.rows(told[0], asked, after, limit, less=told[1], total=total)

    def _sum_of(self, reading: Reading, part: Part) -> int | None:
        """What the rows of a part add up to, where none of them takes away: the list ends there. None: not known."""
        texts = (*self.counts, "", "")[:2]
        wanted = {"numerator": texts[:1], "denominator": texts[1:], "rest": texts if self.interval else ()}[
            part
        ]
        every = [one for text in wanted for one in terms(text)]
        if not every or any(sign < 0 or name in {"opening", "closing"} for sign, name in every):
            return None
        if part == "rest":
            return self.total(texts[1], reading) - self.total(texts[0], reading)
        return self.total(wanted[0], reading)

    def kind_of_rows(self, part: Part) -> str | None:
        """``case``, ``grid``, ``video_point`` or ``key_site``; None where no rows are behind that part."""
        n, whole = (terms(text) for text in (*self.counts, "", "")[:2])
        kind = behind.kind_of(n if part == "numerator" else whole)
        return None if part == "rest" and behind.kind_of(n) != kind else kind

    def left(self, reading: Reading) -> list[tuple[str, int]]:
        """(why, how many) of the rows that were not counted; reasons that hold for none are left out."""
        told = [
            (why, self.total(which, reading) if isinstance(which, str) else which(reading))
            for why, which in self.left_out
        ]
        return [(why, n) for why, n in told if n]

    def value(self, reading: Reading, numerator: int | None, denominator: int | None) -> float | None:
        """What is shown: the count itself, or n / N to one decimal; None where N is 0 or unknown, or n too small."""
        if not self.denominator or numerator is None:
            return numerator
        if denominator is None or denominator <= 0 or numerator < self.minimum:
            return None
        if self.per_s:
            return rounded(Fraction(numerator, self.per_s))
        return rounded(Fraction(numerator, denominator) * self.factor(reading))

    def bounds(self, numerator: int | None, denominator: int | None) -> tuple[float, float] | None:
        """The 95 % Wilson interval in percent, None for what is no share."""
        shared = self.denominator and self.interval and numerator is not None
        return wilson(numerator or 0, denominator or 0) if shared else None

    def restated(self, reading: Reading) -> list[Restated]:
        """The days of the period of which, after they were final, something was told that this figure counts."""
        if self.period != FLOW or "case" not in self.kinds:
            return []
        times = {at for text in self.counts for _, name in terms(text) for at in times_of(name)}
        return [one for one in reading.restated if any(times & {*times_of(name)} for name in one.changed)]

    def doubt(self, reading: Reading) -> str:
        """What is wrong with the counts themselves: a stock that its own flows do not come to."""
        stocks = {name for text in self.counts for _, name in terms(text)} & {"closing", "opening", "open"}
        if not stocks or (found := reading.imbalance) is None:
            return ""
        return f"存量不平：流量推得 {found[0]}，在办 {found[1]}"

    def note(self, numerator: int | None, denominator: int | None) -> str:
        """What must be said beside the value."""
        if self.per_s and numerator is None:
            return "过半未结，尚无中位数" if denominator else "分母为 0"
        if numerator is None:
            return "没有报数"
        if not self.denominator:
            return ""
        if denominator is None or denominator <= 0:
            return "分母为 0"
        if numerator < self.minimum:
            return f"不足 {self.minimum} 件，不显示"
        return "样本不足" if few(denominator) else ""
