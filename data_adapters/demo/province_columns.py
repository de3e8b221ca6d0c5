"""Disputes as their system would tell them at some moment: columns for the ledger, and lives for the feed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from data_adapters.demo import facts as fact_book
from data_adapters.demo import province_cases as lives
from data_adapters.demo.life import Life, Step, changes_file
from data_adapters.demo.mesh import Floats, Ints
from data_adapters.demo.province_cases import DESTINATIONS, REASONS, STEPS, Disputes, Words
from data_adapters.demo.province_places import Places
from data_adapters.demo.rhythm import OFFSET_S, calendar
from data_adapters.demo.vocabulary import CASE_SOURCE, EVENT_SOURCE
from data_adapters.ledger.columns import MISSING, Column, Columns, Mask
from data_adapters.ledger.tables import case_event, cases

_DAY_S = 86_400
_VILLAGE_DESK = {"REPORT", "REGISTER", "FOLLOWUP"}
_HANDLER = {"RETURN", "RECEIVE", "START", "SUSPEND", "RESUME", "MEDIATE", "RESOLVE", "TRANSFER"}
_DEPARTMENTS = np.array([category.department for category in fact_book.CATEGORIES], dtype=object)
#: Spots that are wrong lie about as far off as those of the demo county do.
_ASTRAY = (-9.0, 6.0)


@dataclass(frozen=True)
class Desks:
    """The three desks of every dispute of a batch, as texts."""

    village: Column
    township: Column
    handler: Column

    @classmethod
    def of(cls, disputes: Disputes, places: Places) -> Desks:
        """The desks of these disputes."""
        village = (places.village_names + "调委会")[places.village[disputes.leaf]]
        township = (places.township_names + "综治中心")[places.township[disputes.leaf]]
        level = disputes.texts["level"].codes
        department = _DEPARTMENTS[disputes.texts["category"].codes]
        above = np.full(len(level), "省级联合调解中心", dtype=object)
        return cls(village, township, np.choose(level, [village, village, township, department, above]))

    def take(self, chosen: Ints) -> Desks:
        """Those of some of the disputes."""
        return Desks(self.village[chosen], self.township[chosen], self.handler[chosen])


def case_columns(disputes: Disputes, places: Places, desks: Desks, now: float) -> Columns:
    """What is on file of every dispute at `now`."""
    state, updated = lives.states(disputes.times, now)
    done = np.where(disputes.times <= now, disputes.times, np.nan)
    n = len(disputes)
    told = Columns(cases, n)
    told["source"] = np.full(n, CASE_SOURCE, dtype=object)
    told["source_id"] = source_ids(disputes)
    told["kind"] = np.full(n, "DISPUTE", dtype=object)
    told["state"] = texts(state)
    for name in ("category", "grade", "source_channel", "origin_level", "scale", "urgency"):
        told[name] = texts(disputes.texts[name])
    told["handling_org"] = desks.handler
    told["occurred_at"] = _milliseconds(disputes.occurred)
    for name, step in lives.STAGES.items():
        told[name] = _milliseconds(done[:, step])
    again = np.isfinite(done[:, lives.ASSIGN_AGAIN])
    told["assigned_at"] = np.where(again, _milliseconds(done[:, lives.ASSIGN_AGAIN]), told["assigned_at"])
    told["returned_at"] = _milliseconds(done[:, lives.RETURN])
    told["source_updated_at"] = _milliseconds(updated)
    resumed = np.isfinite(done[:, lives.RESUME])
    pause = done[:, lives.RESUME] - done[:, lives.SUSPEND]
    told["suspended_s"] = np.where(resumed, np.nan_to_num(pause), MISSING).astype(np.int64)
    due = np.where(resumed, disputes.due, disputes.due - disputes.suspended_s)
    accepted = np.isfinite(done[:, lives.ACCEPT])
    told["due_at"] = _milliseconds(np.where(accepted, due, np.nan))
    told["visit_count"] = np.where(disputes.visits >= 0, disputes.visits, MISSING)
    resolved, left = np.isfinite(done[:, lives.RESOLVE]), np.isfinite(done[:, lives.TRANSFER])
    told["outcome"] = np.array([None, "SUCCESS", "TRANSFERRED"], dtype=object)[resolved + 2 * left]
    for name in ("resolution_method", "resolved_level"):
        told[name] = _where(resolved, texts(disputes.texts[name]))
    told["satisfaction"] = _where(np.isfinite(done[:, lives.FOLLOWUP]), texts(disputes.texts["satisfaction"]))
    _locate(told, disputes, places)
    return told


def _locate(told: Columns, disputes: Disputes, places: Places) -> None:
    how = texts(disputes.where)
    leaf = disputes.leaf
    code = _where(how == "leaf", places.code[leaf])
    vague = np.flatnonzero(how == "village")
    villages = places.village_codes[places.village[leaf[vague]]]
    code[vague] = [one[:9] if n % 10 < 3 else one for n, one in enumerate(villages.tolist())]
    told["grid_code"] = code
    outside = how == "outside"
    spots = disputes.spots + np.where(outside[:, None], _ASTRAY, (0.0, 0.0))
    shown = outside | (how == "leaf") | (how == "coordinates")
    told["lon"] = np.where(shown, np.round(spots[:, 0], 6), np.nan)
    told["lat"] = np.where(shown, np.round(spots[:, 1], 6), np.nan)


def event_columns(disputes: Disputes, desks: Desks, now: float, since: float) -> tuple[Columns, Column]:
    """(the steps so far of the disputes reported from `since` on, the number of each one's dispute in its system)."""
    recent = (disputes.times[:, lives.REPORT] >= since)[:, None]
    row, step = np.nonzero((disputes.times <= now) & recent)
    first = np.searchsorted(row, row)
    number = np.arange(len(row)) - first + 1
    ids = source_ids(disputes)
    told = Columns(case_event, len(row))
    told["source"] = np.full(len(row), EVENT_SOURCE, dtype=object)
    cases_of = ids[row]
    told["source_id"] = np.array(
        [f"{case}-{n:02d}" for case, n in zip(cases_of.tolist(), number.tolist(), strict=True)], dtype=object
    )
    told["type"] = np.array(STEPS, dtype=object)[step]
    told["at"] = _milliseconds(disputes.times[row, step])
    which = np.array([0 if name in _VILLAGE_DESK else 2 if name in _HANDLER else 1 for name in STEPS])[step]
    told["org"] = np.choose(which, [desks.village[row], desks.township[row], desks.handler[row]])
    told["reason"] = _reasons(disputes, row, step)
    return told, cases_of


def _reasons(disputes: Disputes, row: Ints, step: Ints) -> Column:
    reason = np.array([REASONS.get(name) for name in STEPS], dtype=object)[step]
    left = step == lives.TRANSFER
    reason[left] = np.array(DESTINATIONS, dtype=object)[disputes.destination[row[left]]]
    failed = (step == lives.MEDIATE) & np.isfinite(disputes.times[row, lives.TRANSFER])
    reason[failed] = "FAILED"
    return reason


def unfinished(disputes: Disputes, places: Places, desks: Desks, now: float) -> list[Life]:
    """The lives that go on after `now`, for the feed."""
    filed = np.array([changes_file(name) for name in STEPS])
    chosen = np.flatnonzero(((disputes.times > now) & filed).any(axis=1))
    if len(chosen) == 0:
        return []
    told = case_columns(disputes, places, desks, now)
    steady = (
        "source_id kind category grade source_channel origin_level handling_org scale urgency visit_count "
        "occurred_at grid_code lon lat"
    ).split()
    lists = {name: told.take(chosen).listed(name) for name in steady}
    ending = {
        name: texts(disputes.texts[name])[chosen].tolist()
        for name in ("resolution_method", "resolved_level", "satisfaction")
    }
    events, _ = event_columns(disputes.take(chosen), desks.take(chosen), np.inf, -np.inf)
    steps: list[list[Step]] = [[] for _ in chosen]
    row, _ = np.nonzero(np.isfinite(disputes.times[chosen]))
    at = (events["at"] // 1000).tolist()
    for n, kind, when, org, reason in zip(
        row.tolist(),
        events["type"].tolist(),
        at,
        events["org"].tolist(),
        events["reason"].tolist(),
        strict=True,
    ):
        steps[n].append(Step(kind, when, org, reason))
    found = []
    for n, number in enumerate(chosen.tolist()):
        facts: dict[str, Any] = {name: values[n] for name, values in lists.items() if values[n] is not None}
        facts["occurred_at"] //= 1000
        gone = np.isfinite(disputes.times[number, lives.TRANSFER])
        outcome = {"outcome": "TRANSFERRED" if gone else "SUCCESS"}
        end = outcome | {name: values[n] for name, values in ending.items()}
        found.append(Life(facts, end, int(disputes.due[number]), steps[n]))
    return found


def source_ids(disputes: Disputes) -> Column:
    """Numbers in the disputes' own system: day and running number of the day."""
    day = np.floor((disputes.times[:, lives.REPORT] + OFFSET_S) / _DAY_S).astype(np.int64)
    days, which = np.unique(day, return_inverse=True)
    heads = [f"ZZ{calendar(int(one)):%Y%m%d}" for one in days]
    numbered = [
        f"{heads[n]}{serial:05d}" for n, serial in zip(which.tolist(), disputes.serial.tolist(), strict=True)
    ]
    return np.array(numbered, dtype=object)


def texts(column: Words) -> Column:
    """The words themselves."""
    found: Column = np.array([*column.words, None], dtype=object)[column.codes]
    return found


def _where(mask: Mask, values: Column) -> Column:
    """`values` where `mask` holds, unknown elsewhere."""
    found = values.copy()
    found[~mask] = None
    return found


def _milliseconds(seconds: Floats) -> Column:
    known = np.isfinite(seconds)
    return np.where(known, np.where(known, seconds, 0).astype(np.int64) * 1000, MISSING)
