"""Organisations into the ledger: one row a code, each on the ground it serves, under a parent that is there."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa

from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.outcome import DUPLICATE, Outcome, rejected, unknown_grid
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.tables import org
from data_adapters.ledger.transaction import Transaction
from data_adapters.records.org import Org
from data_adapters.suggestion import nearest

_CONTENT = "code name short_name org_type level parent grid_code mediator_count".split()


class OrgWriter:
    """Writes organisations within one transaction. A parent must be in the ledger or in the same batch."""

    def __init__(self, transaction: Transaction, atlas: Atlas, zone: ZoneInfo) -> None:
        self._tx = transaction
        self._atlas = atlas
        self._today = transaction.now.astimezone(zone).date()
        rows = transaction.connection.execute(sa.select(org)).mappings()
        self._known: dict[str, dict[str, Any]] = {row["code"]: dict(row) for row in rows}

    def write(self, records: Sequence[Org]) -> list[Outcome]:
        """One outcome each, in order. One change in the log for all of them."""
        told = {record.code: record for record in records}
        fresh: dict[str, dict[str, Any]] = {}
        changed: dict[str, dict[str, Any]] = {}
        outcomes: list[Outcome] = []
        for record in records:
            fault = self._parent_fault(record, told)
            path = None if fault else self._path(record, told)
            if fault is not None or path is None:
                outcomes.append(fault or unknown_grid(record.grid_code or "", self._atlas))
                continue
            before = self._known.get(record.code)
            row = self._row(record, path, before)
            if row is None:
                outcomes.append(DUPLICATE)
                continue
            self._known[record.code] = row
            (fresh if before is None or record.code in fresh else changed)[record.code] = row
            outcomes.append(Outcome("accepted" if before is None else "updated"))
        self._flush(fresh, changed)
        return outcomes

    def withdraw(self, source: str, kept: Collection[str]) -> int:
        """The organisations of a source but those `kept` are no longer current; returns how many those are."""
        gone = {
            code: row | {"current": False}
            for code, row in self._known.items()
            if row["source"] == source and row["current"] and code not in kept
        }
        self._flush({}, gone)
        return len(gone)

    def place_anew(self) -> None:
        """After grids came or moved: every organisation on the ground that its grid code means by now."""
        moved = {}
        for code, row in self._known.items():
            above: str | None = code
            while above in self._known and not self._known[above]["grid_code"]:
                above = self._known[above]["parent"]
            grid_code = self._known[above]["grid_code"] if above in self._known else None
            path = self._atlas.resolve(grid_code, self._today) if grid_code else None
            if path is not None and path != row["path"]:
                moved[code] = row | {"path": path, "digest": b""}
        self._flush({}, moved)

    def _parent_fault(self, record: Org, told: dict[str, Org]) -> Outcome | None:
        seen = [record.code]
        above = record.parent
        while above is not None:
            if above in seen:
                return rejected("parent", "parent_cycle", f"上级绕成一圈：{' → '.join([*seen, above])}")
            if above not in told and above not in self._known:
                near = nearest(above, [*self._known, *told])
                reason = f"上级单位 {above} 不存在" + (f"，最接近的是 {near}" if near is not None else "")
                return rejected("parent", "unknown_org", reason)
            seen.append(above)
            above = self._parent_of(above, told)
        return None

    def _parent_of(self, code: str, told: dict[str, Org]) -> str | None:
        if code in told:
            return told[code].parent
        parent: str | None = self._known[code]["parent"]
        return parent

    def _path(self, record: Org, told: dict[str, Org]) -> str | None:
        """The ground it serves: its own, else that of the nearest one above which has one; None for an unknown code."""
        code: str | None = record.code
        grid_code = record.grid_code
        while (
            grid_code is None and (code := self._parent_of(code, told) if code in told else None) is not None
        ):
            if code not in told:
                known: str = self._known[code]["path"]
                return known
            grid_code = told[code].grid_code
        return ROOT if grid_code is None else self._atlas.resolve(grid_code, self._today)

    def _row(self, record: Org, path: str, before: dict[str, Any] | None) -> dict[str, Any] | None:
        content = {name: getattr(record, name) for name in _CONTENT}
        digest = hashlib.blake2b(orjson.dumps(content | {"path": path}), digest_size=16).digest()
        if before is not None:
            told_at, known_at = record.source_updated_at, before["source_updated_at"]
            older = told_at is not None and known_at is not None and told_at < known_at
            if older or (before["digest"] == digest and before["current"]):
                return None
        row = content | {"path": path, "current": True, "digest": digest, "source": record.source}
        row |= {"source_updated_at": record.source_updated_at, "ingested_at": self._tx.now}
        return row | ({"id": before["id"]} if before is not None and "id" in before else {})

    def _flush(self, fresh: dict[str, dict[str, Any]], changed: dict[str, dict[str, Any]]) -> None:
        if fresh:
            self._tx.connection.execute(sa.insert(org), list(fresh.values()))
        if changed:
            names = [column.name for column in org.c if column.name not in {"id", "code"}]
            statement = sa.update(org).where(org.c.code == sa.bindparam("key"))
            statement = statement.values({name: sa.bindparam(f"new_{name}") for name in names})
            rows = [{"key": code} | {f"new_{n}": row[n] for n in names} for code, row in changed.items()]
            self._tx.connection.execute(statement, rows)
        if fresh or changed:
            self._tx.log_bulk("org", ROOT)
