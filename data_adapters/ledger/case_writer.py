"""Cases into the ledger: which revision counts, where it lies, how far it is, what it adds to the counts."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
import sqlalchemy as sa

from data_adapters import failpoint
from data_adapters.ledger import contributions, steps
from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.bulk import insert_mappings, update_mappings
from data_adapters.ledger.case_columns import cases_of, columns_of
from data_adapters.ledger.case_loader import CaseLoader, known_cases, known_ids
from data_adapters.ledger.case_numbers import claim
from data_adapters.ledger.columns import MISSING, Columns, Mask
from data_adapters.ledger.digest import digest, digests
from data_adapters.ledger.history import CASE
from data_adapters.ledger.item import case_item
from data_adapters.ledger.outcome import DUPLICATE, Outcome
from data_adapters.ledger.replay import FACTS, replay
from data_adapters.ledger.row import Row
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.tables import case_number, cases
from data_adapters.ledger.transaction import Transaction, insert_of
from data_adapters.ledger.types import to_milliseconds
from data_adapters.records import life, time_limit
from data_adapters.records.case import CONTENT, Case
from data_adapters.records.time_limit import Limits

_INFERRED = {"accepted_at": "accepted_at_inferred", "closed_at": "closed_at_inferred"}
_CHUNK = 400  # bound parameters of one SELECT … IN, two a case
_BACKDATED = timedelta(minutes=5)
# Statements made once: making one costs a single case more than running it.
_STORED = sa.select(cases).where(
    cases.c.source == sa.bindparam("by"), cases.c.source_id.in_(sa.bindparam("ids", expanding=True))
)
_NAMES = [column.name for column in cases.c if column.name != "id"]
_NUMBERED = sa.select(case_number).where(case_number.c.day.in_(sa.bindparam("days", expanding=True)))


@functools.cache
def _number_on(dialect: str) -> Any:
    statement = insert_of(dialect, case_number)
    return statement.on_conflict_do_update(index_elements=["day"], set_={"top": statement.excluded.top})


class CaseWriter:
    """Writes cases within one transaction."""

    def __init__(self, transaction: Transaction, atlas: Atlas, root_code: str, limits: Limits) -> None:
        self._tx = transaction
        self._atlas = atlas
        self._prefix = root_code[:6]
        self._limits = limits
        self._zone = limits.zone
        self._steps: dict[int, list[Any]] = {}
        self._fresh: dict[tuple[str, str], dict[str, Any]] = {}
        self._changed: dict[tuple[str, str], dict[str, Any]] = {}

    def write(self, records: Sequence[Case], *, bulk: bool) -> list[Outcome]:
        """One outcome a record, in order. ``bulk``: one change in the log for all, else one each."""
        if bulk:
            return self._load(columns_of(records), records) if records else []
        return self._revisions(records)

    def write_columns(self, told: Columns, prepared: Columns | None = None) -> Counter[str]:
        """The same in bulk of cases by column (the fields of `Case`): how many had which outcome.

        ``prepared``: their rows, made beforehand, for those that are new.
        """
        known = known_cases(self._tx.connection, told)
        new, same = ~_repeats(told, keep="first"), np.zeros(len(told), dtype=bool)
        if known:
            names = zip(told["source"].tolist(), told["source_id"].tolist(), strict=True)
            new &= np.array([name not in known for name in names], dtype=bool)
            same = _unchanged(told, known) & ~_repeats(told, keep=False)
        seq = None
        if new.any():
            seq = self._tx.log_bulk("case", ROOT)
            if prepared is not None:
                self._loader().store(prepared if new.all() else prepared.take(new), seq)
            else:
                self.load(told if new.all() else told.take(new), seq)
        left = cases_of(told.take(~(new | same)))
        counted = Counter(outcome.status for outcome in self._revisions(left, bulk=True, bulk_seq=seq))
        counted.update(accepted=int(new.sum()), duplicate=int(same.sum()))
        return counted

    def load(self, told: Columns, seq: int) -> Columns:
        """Cases by column, none of them known, under the change `seq`; returns their rows (see `CaseLoader`)."""
        return self._loader().load(told, seq)

    def _loader(self) -> CaseLoader:
        return CaseLoader(self._tx, self._atlas, self._prefix, self._limits)

    def _load(self, told: Columns, records: Sequence[Case]) -> list[Outcome]:
        """The new ones by column, what is left (revisions) one by one, all under one change."""
        chosen = ~_repeats(told, keep="first") & ~known_ids(self._tx.connection, told)
        fresh, rest = np.flatnonzero(chosen), np.flatnonzero(~chosen)
        outcomes: list[Outcome] = [DUPLICATE] * len(told)
        seq = None
        if len(fresh):
            seq = self._tx.log_bulk("case", ROOT)
            numbers = self.load(told.take(fresh), seq)["case_no"].tolist()
            for number, case_no in zip(fresh.tolist(), numbers, strict=True):
                outcomes[number] = Outcome("accepted", seq, case_no)
        left = [records[number] for number in rest.tolist()]
        revised = self._revisions(left, bulk=True, bulk_seq=seq)
        for number, outcome in zip(rest.tolist(), revised, strict=True):
            outcomes[number] = outcome
        return outcomes

    def _revisions(
        self, records: Sequence[Case], bulk: bool = False, bulk_seq: int | None = None
    ) -> list[Outcome]:
        known = self._stored({(record.source, record.source_id) for record in records})
        moved = {row["id"] for row in known.values() if row["told"] is not None}
        self._steps = steps.load(self._tx.connection, moved)
        paths = self._place(records)
        given = {
            key: no for record in records if (no := record.case_no) and (key := _key(record)) not in known
        }
        claim(self._tx, self._prefix, list(given.values()))
        numbers = self._numbers(records, known)
        outcomes: list[Outcome] = []
        for record, placed in zip(records, paths, strict=True):
            key = (record.source, record.source_id)
            before = known.get(key)
            after = self._revise(record, placed, before)
            if after is None:
                outcomes.append(
                    DUPLICATE if before is None else replace(DUPLICATE, case_no=before["case_no"])
                )
                continue
            if before is None:
                after["case_no"] = record.case_no or next(numbers[self._day(record.reported_at)])
            if bulk and bulk_seq is None:
                bulk_seq = self._tx.log_bulk("case", ROOT)
            seq = self.put(before, after, bulk_seq)
            known[key] = after
            outcomes.append(Outcome("accepted" if before is None else "updated", seq, after["case_no"]))
        self.flush()
        return outcomes

    def put(self, before: dict[str, Any] | None, after: dict[str, Any], bulk_seq: int | None = None) -> int:
        """Store `after` in the place of `before`: row, counts and change together. Returns the change's number."""
        if bulk_seq is None:
            body = case_item(after, self._atlas)
            path_before = before["path"] if before is not None else None
            after["seq"] = self._tx.log("case", after["path"], body, path_before)
        else:
            after["seq"] = bulk_seq
        self.amend(before, after)
        return int(after["seq"])

    def amend(self, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
        """Store `after` in the place of `before`, row and counts, under a change that is in the log already."""
        self._count(before, after)
        if before is None:
            self._tx.history.born(CASE, after["case_no"], after["path"])
        else:
            self._tx.history.changed(CASE, after["case_no"], before, after)
        key = (after["source"], after["source_id"])
        if before is None or key in self._fresh:
            self._fresh[key] = after
        else:
            self._changed[key] = after

    def _count(self, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
        """Take away what the case contributed and add what it does; where it stays where it is, only what differs."""
        now = self._contributed(after)
        if before is not None:
            then = self._contributed(before)
            if before["path"] == after["path"]:
                then, now = _less(then, now), _less(now, then)
            self._tally(before["path"], then, -1)
        self._tally(after["path"], now, +1)

    def _tally(self, path: str, parts: list[list[Any]], sign: int) -> None:
        flows, gauges, spreads = parts
        self._tx.count(path, flows, gauges, sign, spreads)

    def _contributed(self, row: dict[str, Any]) -> list[list[Any]]:
        """What a row adds to the flows, the gauges and the spreads."""
        case = Row(row)
        flows, spreads = contributions.flows(case, self._zone), contributions.spreads(case, self._zone)
        return [list(flows), list(contributions.gauges(case)), list(spreads)]

    def flush(self) -> None:
        """Send the collected rows to the database."""
        failpoint.reach("before-insert")
        if self._fresh:
            insert_mappings(self._tx.connection, cases, list(self._fresh.values()))
        update_mappings(self._tx.connection, cases, _NAMES, list(self._changed.values()))
        failpoint.reach("after-insert")
        self._fresh, self._changed = {}, {}

    def _stored(self, keys: set[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
        by_source: dict[str, list[str]] = {}
        for source, source_id in keys:
            by_source.setdefault(source, []).append(source_id)
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for source, ids in by_source.items():
            for start in range(0, len(ids), _CHUNK):
                wanted = {"by": source, "ids": ids[start : start + _CHUNK]}
                for row in self._tx.connection.execute(_STORED, wanted).mappings():
                    found[source, row["source_id"]] = dict(row)
        return found

    def _place(self, records: Sequence[Case]) -> list[tuple[str, bool, tuple[str, ...]]]:
        """(path, placed, flags) of each record: by its grid code, else by its location, else 待定位."""
        searched = [
            n for n, record in enumerate(records) if record.lon is not None and record.lat is not None
        ]
        lon = np.array([records[n].lon for n in searched], dtype=float)
        lat = np.array([records[n].lat for n in searched], dtype=float)
        days = [record.occurred_at.astimezone(self._zone).date() for record in records]
        located = dict(zip(searched, self._atlas.locate(lon, lat, [days[n] for n in searched]), strict=True))
        placements = []
        for number, record in enumerate(records):
            by_point = located.get(number)
            flags: tuple[str, ...] = ()
            path = None
            if record.grid_code is not None:
                path = self._atlas.resolve(record.grid_code, days[number])
                if path is None:
                    flags = ("unknown_grid",)
                elif number in located and (by_point is None or not by_point.startswith(path)):
                    flags = ("outside_declared_grid",)
                elif by_point is not None:
                    path = by_point
            else:
                path = by_point
            if path is None:
                path = by_point
            placements.append((path or ROOT, path is not None, flags))
        return placements

    def _numbers(self, records: Iterable[Case], known: dict[tuple[str, str], Any]) -> dict[int, Any]:
        """A source of case numbers for each local day that needs some; the days' counters move on at once."""
        fresh = {
            (record.source, record.source_id): self._day(record.reported_at)
            for record in reversed(list(records))
            if record.case_no is None and (record.source, record.source_id) not in known
        }
        wanted = Counter(fresh.values())
        if not wanted:
            return {}
        rows = self._tx.connection.execute(_NUMBERED, {"days": list(wanted)}).all()
        tops = {row.day: row.top for row in rows}
        self._tx.connection.execute(
            _number_on(self._tx.connection.dialect.name),
            [{"day": day, "top": tops.get(day, 0) + n} for day, n in wanted.items()],
        )
        return {day: self._series(day, tops.get(day, 0)) for day in wanted}

    def _series(self, day: int, top: int) -> Any:
        date = (contributions.DAY_0 + timedelta(days=day)).strftime("%Y%m%d")
        while True:
            top += 1
            yield f"{self._prefix}-{date}-{top:05d}"

    def _day(self, value: datetime) -> int:
        return contributions.local_day(value, self._zone)

    def _confirm(self, before: dict[str, Any], said: datetime) -> None:
        """The same again, told later: what was true between the two, should it still come, is out of date."""
        before["source_updated_at"] = said
        key = (before["source"], before["source_id"])
        if key not in self._fresh:
            self._changed[key] = before

    def _revise(
        self, record: Case, placed: tuple[str, bool, tuple[str, ...]], before: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        """The row after this revision, or None where it says nothing new or is older than what is known."""
        content = {name: getattr(record, name) for name in CONTENT if name != "case_no"}
        told = digest(content)
        base: dict[str, Any] | None = None
        if before is not None:
            said, known = record.source_updated_at, before["source_updated_at"]
            if before["digest"] == told:
                if said is not None and (known is None or said > known):
                    self._confirm(before, said)
                return None
            if said is not None and known is not None and said < known:
                return None
            base = steps.told_row(before)
            # Unknown never overwrites known: an update that leaves a field out does not erase it. A due time that
            # was computed is computed anew.
            if not base["due_told"]:
                base["due_at"] = None
            content = {name: base[name] if value is None else value for name, value in content.items()}
        path, is_placed, flags = placed
        if before is not None and record.grid_code is None and record.lon is None:
            path, is_placed, flags = before["path"], before["placed"], ()
        row = dict.fromkeys(FACTS) | content
        row |= {
            "case_no": before["case_no"] if before else None,
            "source": record.source,
            "source_id": record.source_id,
            "source_updated_at": record.source_updated_at or (before and before["source_updated_at"]),
            "ingested_at": before["ingested_at"] if before else self._tx.now,
            "digest": told,
            "path": path,
            "placed": is_placed,
            "yellow_at": None,
            "turn_at": None,
            "told": None,
            "due_told": content["due_at"] is not None,
        }
        if before is not None and base is not None:
            row |= {name: base[name] for name in ("left_at", "reopened_at", "closed_before_at")}
            if "id" in before:
                row["id"] = before["id"]
            # What was inferred stays so until the source tells it.
            told_now = {name for name in _INFERRED if getattr(record, name) is not None}
            flags += tuple(
                _INFERRED[name]
                for name in _INFERRED
                if name not in told_now and _INFERRED[name] in base["quality"].split(",")
            )
            if {base["state"], before["state"]} <= life.CLOSED and row["state"] in life.OPEN:
                flags += ("reopened_inferred",)
                _reopen(row, record, before, record.source_updated_at or self._tx.now)
        settle(row, flags, self._tx.now, self._limits)
        if before is not None and before["told"] is not None:
            row["told"] = steps.NOTHING
            return self.replayed(row, self._steps.get(before["id"], []))
        return row

    def replayed(self, row: dict[str, Any], taken: Sequence[Any]) -> dict[str, Any]:
        """The row of a case as its steps leave it: what its source told, and what was done since."""
        told = steps.told_row(row)
        found = replay(told, taken, self._limits).row
        after = row | {name: found[name] for name in (*steps.TOLD, *FACTS)}
        flags = tuple(filter(None, found["quality"].split(",")))
        settle(after, flags, self._tx.now, self._limits)
        after["told"] = steps.told_text(told, after)
        return after


def _less(parts: list[list[Any]], others: list[list[Any]]) -> list[list[Any]]:
    """Of each part what the other one does not have, as often as it has it more."""
    return [
        [] if part == other else list((Counter(part) - Counter(other)).elements())
        for part, other in zip(parts, others, strict=True)
    ]


def _key(record: Case) -> tuple[str, str]:
    return record.source, record.source_id


def _repeats(told: Columns, *, keep: Literal["first", False]) -> Mask:
    """Which rows tell of a case of which another row here tells too: all but the first one, or all."""
    ids = told["source_id"].tolist()
    if len(told.factor("source")[1]) == 1 and len(set(ids)) == len(ids):
        return np.zeros(len(told), dtype=bool)
    names = pd.DataFrame({"source": told["source"], "id": told["source_id"]})
    return np.asarray(names.duplicated(keep=keep), dtype=bool)


def _unchanged(told: Columns, known: dict[tuple[str, str], tuple[int, datetime | None]]) -> Mask:
    """Which cases say what is known of them already, and not at a later time: the way of most of a second read."""
    said = told["source_updated_at"].tolist()
    rows = zip(told["source"].tolist(), told["source_id"].tolist(), digests(told).tolist(), said, strict=True)
    same = []
    for source, source_id, told_now, at in rows:
        before, until = known.get((source, source_id), (None, None))
        older = at == MISSING or (until is not None and at <= to_milliseconds(until))
        same.append(before == told_now and older)
    return np.array(same, dtype=bool)


def _reopen(row: dict[str, Any], record: Case, before: dict[str, Any], at: datetime) -> None:
    """A case that its source showed closed and now shows open was reopened: what concluded it holds no more."""
    for name in ("resolved_at", "closed_at", "due_at", "outcome"):
        row[name] = getattr(record, name)
    row |= {"reopened_at": at, "closed_before_at": before["closed_at"]}
    row["reopened_count"] = record.reopened_count or (before["reopened_count"] or 0) + 1


def settle(row: dict[str, Any], flags: tuple[str, ...], now: datetime, limits: Limits) -> None:
    """Complete a case's row from its state: inferred stage times, limits, light. What is inferred is flagged."""
    state = row["state"]
    inferred = list(flags)
    told_at = row["source_updated_at"] or now
    if state in life.BEFORE:
        # The state is what a source stands by: one set back to before its acceptance is not accepted.
        row["accepted_at"] = None
        inferred = [flag for flag in inferred if flag != "accepted_at_inferred"]
    elif row["accepted_at"] is None:
        row["accepted_at"] = row["registered_at"] or row["reported_at"]
        inferred.append("accepted_at_inferred")
    if state in life.CLOSED and row["closed_at"] is None:
        row["closed_at"] = row["resolved_at"] or told_at
        inferred.append("closed_at_inferred")
    if state not in life.LEFT and state != "NOT_ACCEPTED":
        row["left_at"] = None
    elif row["left_at"] is None:
        row["left_at"] = row["closed_at"] or told_at
        inferred += ["decided_at_inferred"] if state == "NOT_ACCEPTED" else []
    stages = [row[name] for name in ("reported_at", "accepted_at", "resolved_at", "closed_at") if row[name]]
    if any(later + _BACKDATED < earlier for earlier, later in pairwise(stages)):
        inferred.append("stages_out_of_order")
    row["is_open"] = state in life.OPEN
    row["org"] = row["handling_org"] or row["lead_org"]
    row["invalid"] = bool(row["invalid"]) or state in {"CANCELLED", "NOT_ACCEPTED"}
    row["edge"] = life.EDGES.get(state, row["edge"])
    row["quality"] = ",".join(dict.fromkeys(inferred))
    limit(row, now, limits)


def limit(row: dict[str, Any], now: datetime, limits: Limits) -> None:
    """The limits of a case, and its light. A due time that was given stays as it is."""
    grade, accepted = row["grade"], row["accepted_at"]
    # A case that was reopened has its limit anew.
    start = row["reopened_at"] or accepted
    if accepted is not None and row["due_at"] is None:
        due = limits.due(grade, start)
        paused = timedelta(seconds=row["suspended_s"] or 0) if row["reopened_at"] is None else timedelta()
        row["due_at"] = due and due + paused
    row["decide_by"] = limits.decide_by(grade, row["reported_at"])
    row["sign_by"] = limits.sign_by(grade, row["assigned_at"]) if row["assigned_at"] else None
    concluded = row["closed_at"] if row["state"] in life.CLOSED else None
    row["follow_by"] = limits.follow_by(grade, concluded) if concluded else None
    limited = accepted is not None and row["due_at"] is not None
    row["yellow_at"] = limits.yellow_from(grade, start, row["due_at"]) if limited else None
    row["light"] = time_limit.light(row["state"], row["due_at"], row["yellow_at"], row["closed_at"], now)
    row["turn_at"] = time_limit.turns(row["light"], row["due_at"], row["yellow_at"], row["is_open"])
