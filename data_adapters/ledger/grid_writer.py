"""Grids into the ledger: paths for new ones, dated versions for changed ones."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pyproj
import shapely
import sqlalchemy as sa

from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.bulk import make_indexes
from data_adapters.ledger.depths import cases_about, depths_of
from data_adapters.ledger.fact_writer import FactWriter
from data_adapters.ledger.org_writer import OrgWriter
from data_adapters.ledger.outcome import DUPLICATE, Outcome, rejected
from data_adapters.ledger.placing import PlaceAnew
from data_adapters.ledger.rebuild import rebuild_counts
from data_adapters.ledger.scope import ROOT, ordinal, step
from data_adapters.ledger.tables import grid, stream
from data_adapters.ledger.transaction import Transaction
from data_adapters.records.grid import Grid

_ELLIPSOID = pyproj.Geod(a=6378137.0, rf=298.257222101)  # CGCS2000
_KEPT = (
    "code name level short_name code_scheme grid_type admin_code population households staff_required staff_count "
    "has_party_group valid_from valid_to predecessor source"
).split()


class GridWriter:
    """Writes the grids of one transaction. Parents must be in the ledger or earlier in the list."""

    def __init__(self, transaction: Transaction, root_code: str | None, zone: ZoneInfo) -> None:
        self._tx = transaction
        self._root_code = root_code
        self._zone = zone
        self._today = transaction.now.astimezone(zone).date()
        rows = transaction.connection.execute(sa.select(grid).where(grid.c.current)).all()
        self._current: dict[str, Any] = {row.code: row for row in rows}
        self._paths = {row.code: row.path for row in rows}
        self._next = Counter[str]()
        every = transaction.connection.execute(sa.select(grid.c.path, grid.c.parent_path).distinct()).all()
        for path, parent in every:
            if parent is not None:
                self._next[parent] = max(self._next[parent], ordinal(path) + 1)
        self._new: list[dict[str, Any]] = []
        #: Whether anything may lie elsewhere now; a new name moves nothing.
        self._relaid = False

    def write(self, grids: list[Grid]) -> list[Outcome]:
        """One outcome a grid, in order. One change in the log for all of them and for what lies elsewhere now."""
        outcomes = [self._one(record) for record in grids]
        if self._new:
            self._tx.connection.execute(sa.insert(grid), self._new)
            self._tx.log_bulk("grid", ROOT)
            before = self._tx.rollup_depth, self._tx.span_depth
            if self._tx.loading:  # which is over, with this
                make_indexes(self._tx.connection)
            self._tx.roll_up(*depths_of(self._paths.values(), cases_about(self._tx.connection)))
            moved = sa.update(stream).where(stream.c.id == 1)
            self._tx.connection.execute(moved.values(grid_revision=stream.c.grid_revision + 1))
            recount = (self._tx.rollup_depth, self._tx.span_depth) != before
            if self._relaid:
                atlas = Atlas.load(self._tx.connection)
                PlaceAnew(self._tx, atlas, self._zone, counting=not recount).run()
                FactWriter(self._tx, atlas, self._zone).place_anew()
                OrgWriter(self._tx, atlas, self._zone).place_anew()
            if recount:
                rebuild_counts(self._tx, self._zone)
        return outcomes

    def _one(self, record: Grid) -> Outcome:
        parent_path = None
        if record.parent is not None:
            parent_path = self._paths.get(record.parent)
            if parent_path is None:
                return rejected("parent", "unknown_parent", f"上级网格 {record.parent} 不存在，应先导入上级")
        elif self._root_code is not None and record.code != self._root_code:
            return rejected("parent", "missing", f"缺少上级网格；只有根网格 {self._root_code} 可以没有上级")
        before = self._current.get(record.code)
        path = self._path(record, parent_path, before)
        if path is None:
            return rejected(
                "code", "second_root", f"根网格已是 {self._root_code or '另一个网格'}，不能再有第二个"
            )
        digest = _digest(record, path)
        if before is not None and before.digest == digest:
            return DUPLICATE
        row = _row(record, path, parent_path, digest)
        row["ingested_at"] = self._tx.now
        if before is not None:
            self._supersede(before, row)
        self._relaid = self._relaid or _relaid(before, row, record)
        self._new.append(row)
        self._paths[record.code] = path
        return Outcome("accepted" if before is None else "updated")

    def _path(self, record: Grid, parent_path: str | None, before: Any) -> str | None:
        if parent_path is None:
            return ROOT if before is not None or ROOT not in self._paths.values() else None
        if before is not None and before.parent_path == parent_path:
            return str(before.path)
        path = parent_path + step(self._next[parent_path])
        self._next[parent_path] += 1
        return path

    def _supersede(self, before: Any, row: dict[str, Any]) -> None:
        """Close the version before; one that began the same day was a correction and is replaced. What only says when
        it ends began when it was known to.
        """
        if row["valid_from"] is None and row["valid_to"] is not None:
            row["valid_from"] = before.valid_from
            self._tx.connection.execute(sa.delete(grid).where(grid.c.id == before.id))
            return
        start: date = row["valid_from"] or self._today
        if row["valid_from"] is None and before.valid_from != self._today:
            row["valid_from"] = start
        where = grid.c.id == before.id
        if before.valid_from == start or (before.valid_from is None and row["valid_from"] is None):
            self._tx.connection.execute(sa.delete(grid).where(where))
        else:
            self._tx.connection.execute(sa.update(grid).where(where).values(current=False, valid_to=start))


def _relaid(before: Any, row: dict[str, Any], record: Grid) -> bool:
    dated = record.valid_from is not None or record.valid_to is not None
    return dated or before is None or (before.path, before.geometry) != (row["path"], row["geometry"])


def _digest(record: Grid, path: str) -> bytes:
    parts = [
        repr([getattr(record, name) for name in _KEPT]),
        path,
        record.parent or "",
        ",".join(record.quality),
    ]
    hashed = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16)
    if record.geometry is not None:
        hashed.update(shapely.to_wkb(record.geometry))
    return hashed.digest()


def _row(record: Grid, path: str, parent_path: str | None, digest: bytes) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(record, name) for name in _KEPT}
    row |= {"path": path, "parent_path": parent_path, "digest": digest, "quality": ",".join(record.quality)}
    row |= {"current": record.valid_to is None}
    geometry = record.geometry
    row |= dict.fromkeys(("area_km2", "lon", "lat", "west", "south", "east", "north", "geometry"))
    if geometry is not None:
        inside = geometry.representative_point()
        centre = geometry.centroid
        label = centre if geometry.contains(centre) else inside
        west, south, east, north = geometry.bounds
        area_m2, _ = _ELLIPSOID.geometry_area_perimeter(geometry)
        row |= {"area_km2": round(abs(area_m2) / 1e6, 4), "lon": label.x, "lat": label.y}
        row |= {
            "west": west,
            "south": south,
            "east": east,
            "north": north,
            "geometry": shapely.to_wkb(geometry),
        }
    return row
