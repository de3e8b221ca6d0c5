"""Reported figures into the ledger: which revision counts, which period is a grid's latest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.item import stamp
from data_adapters.ledger.outcome import DUPLICATE, Outcome, unknown_grid
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.tables import indicator_fact as fact
from data_adapters.ledger.transaction import Transaction
from data_adapters.records.indicator import IndicatorFact

#: What names a figure: (indicator, grid code, first day, day after the last).
FactKey = tuple[str, str, date, date]
_CHUNK = 400
_KEY = (fact.c.indicator, fact.c.grid_code, fact.c.period_from, fact.c.period_to)


def key_of(record: IndicatorFact) -> FactKey:
    """What names the figure, whichever source tells it."""
    return record.id, record.grid_code, record.period_from, record.period_to


class FactWriter:
    """Writes figures within one transaction."""

    def __init__(self, transaction: Transaction, atlas: Atlas, zone: ZoneInfo) -> None:
        self._tx = transaction
        self._atlas = atlas
        self._today = transaction.now.astimezone(zone).date()

    def write(self, records: Sequence[IndicatorFact], *, bulk: bool) -> list[Outcome]:
        """One outcome a figure, in order. ``bulk``: one change in the log for all, else one each.

        The same figure told anew replaces the one before, unless it is as of an earlier time.
        """
        known = self._stored({(record.id, record.grid_code) for record in records})
        fresh: dict[FactKey, dict[str, Any]] = {}
        changed: dict[FactKey, dict[str, Any]] = {}
        outcomes: list[Outcome] = []
        bulk_seq: int | None = None
        for record in records:
            path = self._atlas.resolve(record.grid_code, self._day(record))
            if path is None:
                outcomes.append(unknown_grid(record.grid_code, self._atlas))
                continue
            key = key_of(record)
            before = known.get(key)
            row = _row(record, path, before, self._tx.now)
            if row is None:
                outcomes.append(DUPLICATE)
                continue
            known[key] = row
            (fresh if before is None or key in fresh else changed)[key] = row
            if bulk:
                seq = bulk_seq = bulk_seq or self._tx.log_bulk("indicator", ROOT)
            else:
                seq = self._tx.log("indicator", path, _body(row), before["path"] if before else None)
            outcomes.append(Outcome("accepted" if before is None else "updated", seq))
        self._mark_latest(known, fresh, changed)
        self._flush(fresh, changed)
        return outcomes

    def withdraw(self, source: str, kept: Collection[FactKey]) -> int:
        """Take away the figures of a source but those `kept`; returns how many. The one before becomes the latest."""
        rows = self._tx.connection.execute(sa.select(fact).where(fact.c.source == source)).mappings().all()
        gone = [row for row in rows if tuple(row[column.name] for column in _KEY) not in kept]
        if not gone:
            return 0
        for start in range(0, len(gone), _CHUNK):
            ids = [row["id"] for row in gone[start : start + _CHUNK]]
            self._tx.connection.execute(sa.delete(fact).where(fact.c.id.in_(ids)))
        left = self._stored({(row["indicator"], row["grid_code"]) for row in gone})
        changed: dict[FactKey, dict[str, Any]] = {}
        self._mark_latest(left, {}, changed)
        self._flush({}, changed)
        self._tx.log_bulk("indicator", ROOT)
        return len(gone)

    def place_anew(self) -> None:
        """After grids came or moved: every figure where its grid code means by now. Unknown ones stay."""
        moved = []
        for row in self._tx.connection.execute(sa.select(fact.c.id, fact.c.path, *_KEY)):
            path = self._atlas.resolve(row.grid_code, self._day(row))
            if path is not None and path != row.path:
                moved.append({"key": row.id, "new": path})
        if moved:
            where = fact.c.id == sa.bindparam("key")
            self._tx.connection.execute(sa.update(fact).where(where).values(path=sa.bindparam("new")), moved)

    def _day(self, told: Any) -> date:
        """The day on which its grid code is understood: the last of its period that has come."""
        day: date = max(told.period_from, min(self._today, told.period_to - timedelta(days=1)))
        return day

    def _stored(self, pairs: set[tuple[str, str]]) -> dict[FactKey, dict[str, Any]]:
        """Every figure of these (indicator, grid code)."""
        codes: dict[str, set[str]] = defaultdict(set)
        for indicator, grid_code in pairs:
            codes[indicator].add(grid_code)
        found: dict[FactKey, dict[str, Any]] = {}
        for indicator, wanted in codes.items():
            every = sorted(wanted)
            for start in range(0, len(every), _CHUNK):
                where = sa.and_(
                    fact.c.indicator == indicator, fact.c.grid_code.in_(every[start : start + _CHUNK])
                )
                for row in self._tx.connection.execute(sa.select(fact).where(where)).mappings():
                    found[row["indicator"], row["grid_code"], row["period_from"], row["period_to"]] = dict(
                        row
                    )
        return found

    @staticmethod
    def _mark_latest(
        known: dict[FactKey, dict[str, Any]],
        fresh: dict[FactKey, dict[str, Any]],
        changed: dict[FactKey, dict[str, Any]],
    ) -> None:
        """The latest figure of a grid: it ends last, and of those that end alike it is the shortest."""
        newest: dict[tuple[str, str], FactKey] = {}
        for key in known:
            pair = key[:2]
            if pair not in newest or (key[3], key[2]) > (newest[pair][3], newest[pair][2]):
                newest[pair] = key
        for key, row in known.items():
            latest = newest[key[:2]] == key
            if row["latest"] != latest:
                row["latest"] = latest
                if key not in fresh:
                    changed[key] = row

    def _flush(self, fresh: dict[FactKey, dict[str, Any]], changed: dict[FactKey, dict[str, Any]]) -> None:
        if fresh:
            self._tx.connection.execute(sa.insert(fact), list(fresh.values()))
        if changed:
            names = [column.name for column in fact.c if column.name != "id"]
            statement = sa.update(fact).where(fact.c.id == sa.bindparam("key"))
            statement = statement.values({name: sa.bindparam(f"new_{name}") for name in names})
            rows = [
                {"key": row["id"]} | {f"new_{name}": row[name] for name in names} for row in changed.values()
            ]
            self._tx.connection.execute(statement, rows)


def _row(
    record: IndicatorFact, path: str, before: dict[str, Any] | None, now: datetime
) -> dict[str, Any] | None:
    """The row after this revision, or None where it says nothing new or is as of an earlier time."""
    figures = (record.numerator, record.denominator)
    revisions = 0
    if before is not None:
        if before["as_of"] is not None and record.as_of is not None and record.as_of < before["as_of"]:
            return None
        as_of = record.as_of or before["as_of"]
        same = figures == (before["numerator"], before["denominator"])
        if same and path == before["path"] and as_of == before["as_of"]:
            return None
        revisions = before["revisions"] + (not same)
    row = {
        "indicator": record.id,
        "grid_code": record.grid_code,
        "path": path,
        "period_from": record.period_from,
        "period_to": record.period_to,
        "numerator": record.numerator,
        "denominator": record.denominator,
        "as_of": record.as_of or (before and before["as_of"]),
        "latest": before is not None and before["latest"],
        "revisions": revisions,
        "source": record.source,
        "ingested_at": now,
    }
    return row | ({"id": before["id"]} if before is not None and "id" in before else {})


def _body(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["indicator"],
        "grid_code": row["grid_code"],
        "from": row["period_from"].isoformat(),
        "to": row["period_to"].isoformat(),
        "numerator": row["numerator"],
        "denominator": row["denominator"],
        "as_of": stamp(row["as_of"]),
        "revised": row["revisions"] > 0,
    }
