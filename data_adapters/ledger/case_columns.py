"""Cases by column: what `settle` and `contributions` say of one row, said of many at once.

Row by row is the definition; a test proves on random cases that both give the same rows and the same counts.
Whatever asks the calendar calls the row's own function, once for each different key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import sqlalchemy as sa

from data_adapters.ledger import contributions, passage
from data_adapters.ledger.buckets import EDGES
from data_adapters.ledger.columns import (
    DAY_MS,
    MISSING,
    Column,
    Columns,
    Mask,
    as_date,
    local_days,
    once_each,
)
from data_adapters.ledger.display import display_category
from data_adapters.ledger.rollup import Spread
from data_adapters.ledger.tables import cases as cases_table
from data_adapters.ledger.types import Instant, from_milliseconds, to_milliseconds
from data_adapters.records import life
from data_adapters.records.case import Case
from data_adapters.records.time_limit import Limits

_BACKDATED_MS = 300_000
_ASKED_KEPT = 50_000
CASE_FIELDS = tuple(field.name for field in fields(Case))
#: (measure, the local day it belongs to, where it holds); a measure may come more than once.
Flow = tuple[str, Column, Mask]


def columns_of(records: Sequence[Case]) -> Columns:
    """Cases by column."""
    return Columns.of(cases_table, CASE_FIELDS, map(attrgetter(*CASE_FIELDS), records))


def cases_of(told: Columns) -> list[Case]:
    """Cases by column as records again."""
    lists = []
    for name in CASE_FIELDS:
        values, kind = told.listed(name), cases_table.c[name].type
        if isinstance(kind, Instant):
            values = [None if value is None else from_milliseconds(value) for value in values]
        elif isinstance(kind, sa.Boolean):
            values = [None if value is None else bool(value) for value in values]
        lists.append(values)
    return [Case(**dict(zip(CASE_FIELDS, values, strict=True))) for values in zip(*lists, strict=True)]


def settle_columns(cases: Columns, flags: dict[str, Mask], now: datetime, limits: Limits) -> None:
    """`case_writer.settle` for cases that are new. `flags`: what is known of their quality, in order."""
    told = np.where(cases.known("source_updated_at"), cases["source_updated_at"], to_milliseconds(now))
    before = cases.is_in("state", life.BEFORE)
    closed, left = cases.is_in("state", life.CLOSED), cases.is_in("state", life.LEFT)
    not_accepted = cases.is_in("state", {"NOT_ACCEPTED"})
    flags["accepted_at_inferred"] = ~before & ~cases.known("accepted_at")
    told_first = cases.first("accepted_at", "registered_at", "reported_at")
    cases["accepted_at"] = np.where(before, MISSING, told_first)
    flags["closed_at_inferred"] = closed & ~cases.known("closed_at")
    concluded = cases.first("closed_at", "resolved_at")
    cases["closed_at"] = np.where(
        flags["closed_at_inferred"], np.where(concluded == MISSING, told, concluded), cases["closed_at"]
    )
    gone = np.where(cases.known("closed_at"), cases["closed_at"], told)
    cases["left_at"] = np.where(left | not_accepted, gone, MISSING)
    flags["decided_at_inferred"] = not_accepted
    cases["due_told"] = cases.known("due_at")
    _limit(cases, closed, limits)
    flags["stages_out_of_order"] = _out_of_order(cases)
    cases["is_open"] = cases.is_in("state", life.OPEN)
    cases["org"] = np.where(cases.known("handling_org"), cases["handling_org"], cases["lead_org"])
    cases["invalid"] = cases.is_in("state", {"CANCELLED", "NOT_ACCEPTED"})
    cases["edge"] = np.select(
        [cases.is_in("state", {"REPORTED", "REGISTERED"}), cases.is_in("state", {"ASSIGNED"})],
        [np.array("UP", object), np.array("DOWN", object)],
        np.array(None, object),
    )
    cases["light"] = _lights(cases, to_milliseconds(now), closed, before | left)
    green, yellow = cases.is_in("light", {"GREEN"}), cases.is_in("light", {"YELLOW"})
    late = cases["due_at"] + 1
    cases["turn_at"] = np.where(
        (cases["is_open"] == 1) & (green | yellow),
        np.where(green & cases.known("yellow_at"), cases["yellow_at"], late),
        MISSING,
    )
    cases["quality"] = _named(flags)


def _limit(cases: Columns, closed: Mask, limits: Limits) -> None:
    """`case_writer.limit`, the calendar asked once for each grade and day, or time of day where it matters."""
    grade, accepted, assigned = cases["grade"], cases["accepted_at"], cases["assigned_at"]
    told = cases.known("due_at")

    def ends(ask: Callable[[str, datetime], datetime | None], where: Mask, start: str) -> Column:
        def end(name: str, at: int) -> int:
            return _end(limits, ask.__name__, name, at)

        return once_each(end, where, grade, _key_times(limits, ask, cases, start))

    due = ends(limits.due, (accepted != MISSING) & ~told, "accepted_at")
    paused = np.where(cases.known("suspended_s"), cases["suspended_s"], 0) * 1_000
    cases["due_at"] = np.where(told, cases["due_at"], np.where(due == MISSING, MISSING, due + paused))
    cases["decide_by"] = ends(limits.decide_by, np.ones(len(cases), dtype=bool), "reported_at")
    cases["sign_by"] = ends(limits.sign_by, assigned != MISSING, "assigned_at")
    cases["follow_by"] = ends(limits.follow_by, closed, "closed_at")

    def yellow(name: str, at: int, due_at: int) -> int:
        return _yellow(limits, name, at, due_at)

    limited = (accepted != MISSING) & cases.known("due_at")
    start = _key_times(limits, limits.due, cases, "accepted_at")
    cases["yellow_at"] = once_each(yellow, limited, grade, start, cases["due_at"])


# The same few days and grades come back with every batch of a load.
@lru_cache(maxsize=_ASKED_KEPT)
def _end(limits: Limits, ask: str, grade: str, at: int) -> int:
    found: datetime | None = getattr(limits, ask)(grade, from_milliseconds(at))
    return MISSING if found is None else to_milliseconds(found)


@lru_cache(maxsize=_ASKED_KEPT)
def _yellow(limits: Limits, grade: str, at: int, due_at: int) -> int:
    return to_milliseconds(limits.yellow_from(grade, from_milliseconds(at), from_milliseconds(due_at)))


@lru_cache(maxsize=_ASKED_KEPT)
def _noon(day: int, zone: ZoneInfo) -> int:
    return to_milliseconds(datetime.combine(as_date(day), contributions.NOON, zone))


def _key_times(
    limits: Limits, ask: Callable[[str, datetime], datetime | None], cases: Columns, start: str
) -> Column:
    """The times to ask the calendar about: noon stands for the day where only the day matters."""
    day = cases.days(start, limits.zone)
    noon = once_each(lambda number: _noon(number, limits.zone), day != MISSING, day)
    exact = [name for name in cases.factor("grade")[1] if not limits.by_day(name, ask)]
    found: Column = np.where(cases.is_in("grade", exact), cases[start], noon)
    return found


def _out_of_order(cases: Columns) -> Mask:
    wrong = np.zeros(len(cases), dtype=bool)
    latest = cases["reported_at"]
    for name in ("accepted_at", "resolved_at", "closed_at"):
        known = cases.known(name)
        wrong |= known & (cases[name] + _BACKDATED_MS < latest)
        latest = np.where(known, cases[name], latest)
    return wrong


def _lights(cases: Columns, now_ms: int, closed: Mask, idle: Mask) -> Column:
    due, yellow = cases["due_at"], cases["yellow_at"]
    grey = ~cases.known("due_at") | cases.is_in("state", {"SUSPENDED"}) | idle
    late = np.where(closed, cases["closed_at"] > due, now_ms > due)
    turned = ~closed & cases.known("yellow_at") & (now_ms >= yellow)
    words = np.array(["GREY", "RED", "YELLOW", "GREEN"], dtype=object)
    found: Column = words[np.select([grey, late, turned], [0, 1, 2], 3)]
    return found


def _named(flags: dict[str, Mask]) -> Column:
    """The names of the flags that hold, row by row, with commas between."""
    bits = np.zeros(len(next(iter(flags.values()))), dtype=np.int64)
    for number, held in enumerate(flags.values()):
        bits |= held.astype(np.int64) << number
    codes, unique = pd.factorize(bits)
    texts = [",".join(name for number, name in enumerate(flags) if bit >> number & 1) for bit in unique]
    found: Column = np.array(texts, dtype=object)[codes]
    return found


def flows(cases: Columns, zone: ZoneInfo) -> Iterator[Flow]:
    """`contributions.flows` of many cases."""
    void = cases.is_in("state", life.VOID)
    assigned = cases.known("assigned_at")
    day = cases.days("assigned_at", zone)
    yield "assigned", day, assigned
    yield "returned", day, assigned & cases.known("returned_at")
    yield from _cohorts(cases, void, zone)
    yield from _limits(cases, ~void, zone)
    yield from _conclusion(cases, ~void, zone)
    yield from _stock(cases, zone)
    waiting = (cases["is_open"] == 1) & cases.known("due_at") & ~cases.is_in("state", {"SUSPENDED"})
    yield "due_open", cases.days("due_at", zone), waiting
    followed = cases.known("followed_up_at")
    day = cases.days("followed_up_at", zone)
    yield "followed", day, followed
    answered = followed & cases.known("satisfaction") & ~cases.is_in("satisfaction", {"NO_ANSWER"})
    yield "answered", day, answered
    yield "satisfied", day, answered & cases.is_in("satisfaction", {"VERY_SATISFIED", "SATISFIED"})


def _cohorts(cases: Columns, void: Mask, zone: ZoneInfo) -> Iterator[Flow]:
    succeeded = cases.is_in("outcome", {"SUCCESS"}) & ~cases.is_in("state", life.BEFORE) & ~void
    day = cases.days("reported_at", zone)
    yield "reported", day, np.ones(len(cases), dtype=bool)
    yield "reported_located", day, cases["placed"] == 1
    yield "reported_classified", day, ~cases.is_in("category", contributions.UNCLASSIFIED)
    yield "reported_void", day, void
    late = cases["ingested_at"] - cases["reported_at"] > contributions.FRESH_DAYS * DAY_MS
    yield "backfilled", day, late
    yield "reported_succeeded", day, succeeded
    accepted = cases.known("accepted_at")
    day = cases.days("accepted_at", zone)
    yield "accepted", day, accepted
    yield "accepted_void", day, accepted & void
    yield "accepted_succeeded", day, accepted & succeeded
    yield "accepted_closed", day, accepted & cases.is_in("state", life.CLOSED)
    yield "accepted_open", day, accepted & (cases["is_open"] == 1)


def _limits(cases: Columns, stands: Mask, zone: ZoneInfo) -> Iterator[Flow]:
    flagged = contributions.decision_unknown
    codes, unique = cases.factor("quality")
    unknown = np.array([flagged(text) for text in unique], dtype=bool)[codes]
    refused = cases.is_in("state", {"NOT_ACCEPTED"})
    decided, by = np.where(refused, cases["left_at"], cases["accepted_at"]), cases["decide_by"]
    day, due = local_days(by, zone), stands & ~unknown & (by != MISSING)
    yield "decision_due", day, due
    yield "decision_timely", day, due & (decided != MISSING) & (decided < by + 1_000)
    received, by = cases["received_at"], cases["sign_by"]
    signed = (received != MISSING) | cases.is_in("state", {"ASSIGNED"})
    day, due = local_days(by, zone), stands & signed & (by != MISSING)
    yield "sign_due", day, due
    yield "sign_timely", day, due & (received != MISSING) & (received < by + 1_000)
    day, due = cases.days("follow_by", zone), stands & cases.known("follow_by")
    yield "follow_due", day, due
    yield "follow_done", day, due & cases.known("followed_up_at")


def _conclusion(cases: Columns, stands: Mask, zone: ZoneInfo) -> Iterator[Flow]:
    concluded = cases.first("resolved_at", "left_at")
    some = stands & ~cases.is_in("state", life.BEFORE) & (concluded != MISSING)
    day = local_days(concluded, zone)
    yield "failed", day, some & cases.is_in("outcome", {"FAIL"})
    succeeded = some & cases.is_in("outcome", {"SUCCESS"})
    yield "succeeded", day, succeeded
    for level, measure in contributions.RESOLVED.items():
        yield measure, day, succeeded & cases.is_in("resolved_level", {level})


def _stock(cases: Columns, zone: ZoneInfo) -> Iterator[Flow]:
    undone = cases.known("reopened_at") & cases.known("closed_before_at")
    yield "closed", cases.days("closed_before_at", zone), undone
    yield "reopened", cases.days("reopened_at", zone), undone
    closed = cases.known("closed_at") & cases.is_in("state", life.CLOSED)
    day = cases.days("closed_at", zone)
    limited = closed & cases.known("due_at")
    yield "closed", day, closed
    yield "finished", day, closed
    joint = cases.known("whistles") | (cases["orgs"] >= 2)
    yield "joint", day, closed & joint
    local = closed & cases.is_in("origin_level", {"grid", "village"})
    yield "origin_local", day, local
    yield "one_grid", day, local & ~joint & (cases["resolved_level"] == cases["origin_level"])
    yield "loop_known", day, closed & cases.known("looped")
    yield "looped", day, closed & (cases["looped"] == 1)
    yield "due_closed", day, limited
    yield "on_time", day, limited & (cases["closed_at"] <= cases["due_at"])
    visited = closed & cases.known("visit_count")
    yield "visits_known", day, visited
    yield "visited_once", day, visited & (cases["visit_count"] <= 1)
    left = ~closed & cases.known("left_at")
    day = cases.days("left_at", zone)
    yield "left", day, left & cases.is_in("state", life.LEFT)
    yield "transferred", day, left & cases.is_in("state", {"TRANSFERRED"})
    yield "rejected", day, left & cases.is_in("state", {"NOT_ACCEPTED"})


def gauges(cases: Columns) -> Iterator[tuple[str, Mask]]:
    """`contributions.gauges` of many cases: (measure, where it holds)."""
    is_open = cases["is_open"] == 1
    yield "unplaced", cases["placed"] != 1
    yield "open", is_open
    for prefix, name, said in (
        ("open.light.", "light", str),
        ("open.stage.", "state", contributions.STAGE.__getitem__),
        ("open.category.", "category", display_category),
        ("open.grade.", "grade", str),
    ):
        for word in pd.unique(cases[name][is_open]):
            yield prefix + said(word), is_open & cases.is_in(name, {word})
    for kind in contributions.JOINT:
        yield f"open.joint.{kind}", is_open & cases.is_in("joint_type", {kind})
    hazard = is_open & cases.is_in("kind", {"HAZARD"})
    yield "hazard", hazard
    yield "hazard.overdue", hazard & cases.is_in("light", {"RED"})
    yield "hazard.major", hazard & cases.is_in("grade", contributions.GRAVE)
    for edge in pd.unique(cases["edge"]):
        if edge is not None:
            stuck = cases.is_in("edge", {edge})
            yield f"edge.{edge}", stuck
            yield from _waiting(cases, edge, stuck)


def _waiting(cases: Columns, edge: str, stuck: Mask) -> Iterator[tuple[str, Mask]]:
    """At which level those that are `stuck` on an edge wait."""
    rows = np.flatnonzero(stuck)
    told = zip(cases["origin_level"][rows].tolist(), cases["handling_level"][rows].tolist(), strict=True)
    levels = np.array([life.waits_at(edge, *one) or "" for one in told], dtype=object)
    for level in life.WAITS[edge]:
        here = np.zeros(len(cases), dtype=bool)
        here[rows[levels == level]] = True
        yield f"edge.{edge}.{level}", here


def spreads(cases: Columns, zone: ZoneInfo) -> Iterator[Spread]:
    """`contributions.spreads` of many cases. The few with whistles or agreements are taken row by row."""
    none = np.zeros(len(cases), dtype=np.int64)
    accepted = cases.days("accepted_at", zone)
    known = accepted != MISSING
    sure = known & ~cases.flagged("accepted_at_inferred")
    yield "accept", accepted, _buckets(cases["reported_at"], cases["accepted_at"], none), sure
    assigned = known & cases.known("assigned_at")
    taken = _buckets(cases["accepted_at"], cases["assigned_at"], none)
    yield "triage", accepted, taken, assigned
    closed = known & cases.known("closed_at") & cases.is_in("state", life.CLOSED)
    paused = np.where(cases.known("suspended_s"), cases["suspended_s"], 0)
    taken = _buckets(cases["accepted_at"], cases["closed_at"], paused)
    yield "handle", accepted, taken, closed
    reported = cases.days("reported_at", zone)
    late = cases["ingested_at"] - cases["reported_at"] > contributions.FRESH_DAYS * DAY_MS
    yield "fresh", reported, _buckets(cases["reported_at"], cases["ingested_at"], none), ~late
    basic = cases.known("followed_up_at") & cases.is_in("satisfaction", {"BASIC"})
    yield "satisfied_basic", cases.days("followed_up_at", zone), none, basic
    yield "reported_invalid", reported, none, cases["invalid"] == 1
    major = cases.is_in("grade", contributions.GRAVE) & known & ~cases.is_in("state", life.VOID)
    led = major & cases.known("lead_org")
    yield "major", accepted, none, major
    yield "major_led", accepted, none, led
    yield "major_led_closed", accepted, none, led & cases.is_in("state", life.CLOSED)
    yield from _hazards(cases, reported, none, zone)
    yield from _transfers(cases, zone)
    yield "flow", accepted, _ways(cases), known
    yield from _joint(cases, closed & cases.known("due_at"), zone)
    for number in np.flatnonzero(cases.known("whistles") | cases.known("agreed_at")).tolist():
        row = cases.row(number)
        here = np.zeros(len(cases), dtype=bool)
        here[number] = True
        for day, measure, bucket in contributions.called(row, zone):
            yield measure, np.full(len(cases), day), np.full(len(cases), bucket), here


def _hazards(cases: Columns, reported: Column, none: Column, zone: ZoneInfo) -> Iterator[Spread]:
    hazard = cases.is_in("kind", {"HAZARD"})
    if not hazard.any():
        return
    cleared = hazard & cases.known("closed_at") & cases.is_in("state", life.CLOSED)
    yield "hazard_found", reported, none, hazard
    yield "hazard_cleared", reported, none, cleared
    yield "hazard_closed", cases.days("closed_at", zone), none, cleared
    gone = hazard & ~cleared & cases.known("left_at")
    yield "hazard_left", cases.days("left_at", zone), none, gone


def _transfers(cases: Columns, zone: ZoneInfo) -> Iterator[Spread]:
    gone = cases.is_in("state", {"TRANSFERRED"}) & cases.known("left_at") & cases.known("transfer_to")
    if gone.any():
        kinds = [contributions.TRANSFER.get(where, 0) for where in cases["transfer_to"].tolist()]
        day = local_days(cases["left_at"], zone)
        yield "transferred_to", day, np.array(kinds, dtype=np.int64), gone


def _ways(cases: Columns) -> Column:
    """`passage.code` of every case; of no use where it was never accepted."""
    void, transferred = cases.is_in("state", life.VOID), cases.is_in("state", {"TRANSFERRED"})
    outcome = _places(cases["outcome"], passage.ENDS)
    fixed = [passage.ENDS.index(name) for name in (passage.IN_HAND, passage.VOID, "TRANSFERRED")]
    standing = np.select([cases["is_open"] == 1, void, transferred], fixed, outcome)
    channel = _places(cases["source_channel"], passage.CHANNELS)
    method = _places(cases["resolution_method"], passage.METHODS)
    found: Column = (channel * len(passage.METHODS) + method) * len(passage.ENDS) + standing
    return found


def _places(words: Column, names: tuple[str, ...]) -> Column:
    """Where each word stands among `names`; the unknown one where there is none."""
    codes, unique = pd.factorize(words)
    places = [names.index(word) for word in unique]
    found: Column = np.array([*places, names.index(passage.UNKNOWN)], dtype=np.int64)[codes]
    return found


def _joint(cases: Columns, limited: Mask, zone: ZoneInfo) -> Iterator[Spread]:
    joint = limited & cases.known("joint_type")
    if not joint.any():
        return
    day = cases.days("closed_at", zone)
    kinds = np.array(
        [contributions.JOINT.get(kind, 0) for kind in cases["joint_type"].tolist()], dtype=np.int64
    )
    yield "joint_due", day, kinds, joint
    yield "joint_on_time", day, kinds, joint & (cases["closed_at"] <= cases["due_at"])


def _buckets(start: Column, end: Column, less_s: Column) -> Column:
    known = (start != MISSING) & (end != MISSING)
    spans = np.where(known, end - start, 0) // 1_000 - less_s
    found: Column = np.searchsorted(np.array(EDGES), spans, side="right")
    return found
