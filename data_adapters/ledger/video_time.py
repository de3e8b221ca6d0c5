"""Seconds that video points were online, from their transitions: K63b and K67 without reading any transition.

A transition at time t of a day adds to the day how the number online changed, and that change times the seconds from t
to the end of the day. The seconds of a period follow from the days' sums alone: what was online at the beginning, for
the whole period; what changed on a day, for the days after it; and the rest of the day itself. A day has 86,400
seconds here; where clocks change, numerator and denominator are off alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY_S = 86_400
#: ``online``/``expected``: change of the number online, or known at all; ``_s``: times the seconds left of the day.
#: ``restored``: points that came back.
FLOWS = ("online", "online_s", "expected", "expected_s", "restored")
_DAY_0 = date(1970, 1, 1).toordinal()
Delta = tuple[int, str, int]


class Transition(NamedTuple):
    """A point has had this status since then."""

    at: datetime
    status: str


def flows(
    transitions: Sequence[Transition], zone: ZoneInfo, before: Transition | None = None
) -> Iterator[Delta]:
    """(local day, measure, n) of a point's transitions, oldest first; ``before`` is the one ahead of them."""
    for now in transitions:
        yield from _step(before, now, zone)
        before = now


def _step(before: Transition | None, now: Transition, zone: ZoneInfo) -> Iterator[Delta]:
    local = now.at.astimezone(zone)
    day = local.toordinal() - _DAY_0
    since = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    left = DAY_S - int(since.total_seconds())
    was_on, is_on = before is not None and before.status == "ON", now.status == "ON"
    if was_on != is_on:
        change = int(is_on) - int(was_on)
        yield day, "online", change
        yield day, "online_s", change * left
        if is_on and before is not None:
            yield day, "restored", 1
    if before is None:
        yield day, "expected", 1
        yield day, "expected_s", left
