"""How long things took in a grid whose histograms are not kept: from its own rows of the period, of which only the span
itself is read. The same buckets as `contributions.spreads` gives; a test holds them together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from functools import cache
from typing import Any

import numpy as np
import sqlalchemy as sa

from data_adapters.ledger import contributions, passage
from data_adapters.ledger.buckets import EDGES
from data_adapters.ledger.scope import PAST_EVERY_STEP
from data_adapters.ledger.tables import cases, grid
from data_adapters.ledger.types import Instant
from data_adapters.records import life

_DAY_MS = 86_400_000
_EDGES = np.array(EDGES)


def _ms(name: str) -> sa.ColumnElement[int]:
    return sa.type_coerce(cases.c[name], sa.BigInteger)


def _took(start: str, end: str) -> sa.ColumnElement[int]:
    """Whole seconds."""
    return sa.type_coerce((_ms(end) - _ms(start)) // 1_000, sa.BigInteger)


_sure = cases.c.quality.not_like("%accepted_at_inferred%")
_done = sa.and_(cases.c.closed_at.is_not(None), cases.c.state.in_(life.CLOSED))
_fresh = _ms("ingested_at") - _ms("reported_at") <= contributions.FRESH_DAYS * _DAY_MS
#: Measure -> (the time that puts a case into the period, what it took in seconds, which cases).
_SPANS = {
    "accept": ("accepted_at", _took("reported_at", "accepted_at"), _sure),
    "triage": ("accepted_at", _took("accepted_at", "assigned_at"), cases.c.assigned_at.is_not(None)),
    "handle": (
        "accepted_at",
        _took("accepted_at", "closed_at") - sa.func.coalesce(cases.c.suspended_s, 0),
        _done,
    ),
    "fresh": ("reported_at", _took("reported_at", "ingested_at"), _fresh),
}
_WAY = ("source_channel", "resolution_method", "state", "is_open", "outcome")


def read(
    connection: sa.Connection, path: str, length: int, measure: str, since: datetime, until: datetime
) -> dict[str, Counter[int]]:
    """path of `length` -> (bucket -> how many) of one of `contributions.SPANS`, in [`since`, `until`)."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    asked = {"path": path, "past": path + PAST_EVERY_STEP, "since": since, "until": until}
    if measure == "flow":
        for place, channel, method, state, is_open, outcome, n in connection.execute(_ways(), asked):
            standing = passage.end(state, is_open, outcome)
            found[place[:length]][passage.code(channel, method, standing)] += n
        return found
    for place, seconds in connection.execute(_spans(measure), asked):
        buckets = np.searchsorted(_EDGES, np.fromstring(seconds, dtype=np.int64, sep=","), side="right")
        for bucket, n in zip(*(one.tolist() for one in np.unique(buckets, return_counts=True)), strict=True):
            found[place[:length]][bucket] += n
    return found


@cache
def _spans(measure: str) -> sa.Select[Any]:
    """(path, the spans of its cases as one text): a row a case would cost more than finding it."""
    time, took, which = _SPANS[measure]
    together = sa.func.aggregate_strings(sa.cast(took, sa.String), ",")
    return sa.select(cases.c.path, together).where(_within(time), which).group_by(cases.c.path)


@cache
def _ways() -> sa.Select[Any]:
    columns = [cases.c.path, *(cases.c[name] for name in _WAY)]
    return sa.select(*columns, sa.func.count()).where(_within("accepted_at")).group_by(*columns)


def _within(time: str) -> sa.ColumnElement[bool]:
    # Grid by grid, so that the index on (path, time) answers each.
    below = sa.and_(grid.c.path >= sa.bindparam("path"), grid.c.path < sa.bindparam("past"))
    paths = sa.select(grid.c.path).where(below).distinct()
    at = cases.c[time]
    since, until = (sa.bindparam(name, type_=Instant()) for name in ("since", "until"))
    return sa.and_(cases.c.path.in_(paths), at >= since, at < until)
