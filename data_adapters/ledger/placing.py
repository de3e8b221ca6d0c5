"""Where cases and video points lie, by column; and placed anew, once the grids have changed under them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import sqlalchemy as sa

from data_adapters.ledger import case_columns, contributions, history, point_columns, rollup, video_past
from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.columns import Column, Columns, Mask, local_days
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.steps import PLACE_FLAGS as FLAGS
from data_adapters.ledger.tables import cases, video_point
from data_adapters.ledger.transaction import Transaction

#: Rows looked at in one go.
_PAGE = 20_000
_CASES = ["id", "path", "placed", "quality", "lon", "lat", "grid_code", "occurred_at"]
_POINTS = ["id", "path", "placed", "lon", "lat", "grid_code"]


def place_cases(rows: Columns, atlas: Atlas, zone: ZoneInfo) -> dict[str, Mask]:
    """Set ``path`` and ``placed``: by the grid code, else by the location, else 待定位. Returns the flags."""
    spot = np.flatnonzero(rows.known("lon") & rows.known("lat"))
    days = local_days(rows["occurred_at"], zone)
    by_point = np.full(len(rows), None, dtype=object)
    by_point[spot] = atlas.locate_columns(rows["lon"][spot], rows["lat"][spot], days[spot])
    coded = atlas.resolve_columns(rows["grid_code"], days)
    named, known = rows.known("grid_code"), pd.notna(coded)
    located, found = np.zeros(len(rows), dtype=bool), pd.notna(by_point)
    located[spot] = True
    inside = np.zeros(len(rows), dtype=bool)
    both = np.flatnonzero(known & found)
    inside[both] = [
        point.startswith(code)
        for point, code in zip(by_point[both].tolist(), coded[both].tolist(), strict=True)
    ]
    _set(rows, np.where(known & ~inside, coded, by_point))
    return {"unknown_grid": named & ~known, "outside_declared_grid": known & located & ~inside}


def place_points(rows: Columns, atlas: Atlas, today: int) -> None:
    """Set ``path`` and ``placed`` of video points: by the location, else by the grid code, else 待定位."""
    spot = np.flatnonzero(rows.known("lon") & rows.known("lat"))
    path = np.full(len(rows), None, dtype=object)
    path[spot] = atlas.locate_columns(rows["lon"][spot], rows["lat"][spot], np.full(len(spot), today))
    coded = atlas.resolve_columns(rows["grid_code"], np.full(len(rows), today))
    _set(rows, np.where(pd.isna(path), coded, path))


def _set(rows: Columns, path: Column) -> None:
    rows["placed"] = pd.notna(path)
    path[pd.isna(path)] = ROOT
    rows["path"] = path


@dataclass(frozen=True, slots=True)
class PlaceAnew:
    """Cases and video points after the grids changed, within the transaction that changed them.

    ``counting``: keep the rollups with every move; not where they are about to be made anew.
    """

    tx: Transaction
    atlas: Atlas
    zone: ZoneInfo
    counting: bool

    def run(self) -> int:
        """Move what lies elsewhere now; how many. Memory is that of one page, however many rows there are."""
        today = contributions.local_day(self.tx.now, self.zone)
        moved = 0
        for rows in self._pages(cases, _CASES):
            now = rows.copy()
            flags = place_cases(now, self.atlas, self.zone)
            now["quality"] = _requalified(rows["quality"], flags)
            moved += self._move(rows, now, contributions.COLUMNS, self._count_cases)
        for rows in self._pages(video_point, _POINTS):
            now = rows.copy()
            place_points(now, self.atlas, today)
            points = self._move(rows, now, contributions.POINT_COLUMNS, self._count_points)
            if points:
                self.tx.video_changed()
            moved += points
        return moved

    def _pages(self, table: sa.Table, names: list[str]) -> Iterator[Columns]:
        last = self.tx.connection.execute(sa.select(sa.func.max(table.c.id))).scalar_one() or 0
        for start in range(0, last, _PAGE):
            # Pages of their own, not one long answer: the rows are changed in between.
            page = table.c.id.between(start + 1, start + _PAGE)
            yield from Columns.read(self.tx.connection, table, names, page, chunk=_PAGE)

    def _move(
        self, before: Columns, after: Columns, counted: list[str], count: Callable[[Columns, int], None]
    ) -> int:
        names = [name for name in ("path", "placed", "quality") if name in after]
        differs = np.zeros(len(before), dtype=bool)
        for name in names:
            differs |= before[name] != after[name]
        if not differs.any():
            return 0
        after = after.take(differs)
        if self.counting:
            count(self._counted(after, counted), -1)
        self._remember(before.take(differs), after, names)
        values = zip(*(after.listed(name) for name in [*names, "id"]), strict=True)
        _update(self.tx.connection, after.table, names, list(values))
        if self.counting:
            count(self._counted(after, counted), +1)
            self.tx.flush_counts()
        return len(after)

    def _remember(self, before: Columns, after: Columns, names: list[str]) -> None:
        """Where they lay until now. A great move is not written down one by one."""
        if len(after) > history.MOST:
            self.tx.history.forget()
            return
        table = after.table
        kind, name = (history.CASE, "case_no") if table is cases else (history.POINT, "point_id")
        page = table.c.id.between(int(after["id"].min()), int(after["id"].max()))
        rows = self.tx.connection.execute(sa.select(table.c.id, table.c[name]).where(page))
        subject = {row.id: row[1] for row in rows}
        lists = [held.listed(one) for held in (before, after) for one in names]
        for id_, *values in zip(after.listed("id"), *lists, strict=True):
            half = len(names)
            was, now = (dict(zip(names, part, strict=True)) for part in (values[:half], values[half:]))
            self.tx.history.moved(kind, subject[id_], was, now)

    def _counted(self, chosen: Columns, names: list[str]) -> Columns:
        """The stored columns that are counted of the rows of a page."""
        table, ids = chosen.table, chosen["id"]
        page = table.c.id.between(int(ids.min()), int(ids.max()))
        names = list(dict.fromkeys(["id", "path", *names]))
        (rows,) = Columns.read(self.tx.connection, table, names, page, chunk=_PAGE)
        return rows.take(np.isin(rows["id"], ids))

    def _count_cases(self, rows: Columns, sign: int) -> None:
        flows = rollup.tallied(rows["path"], self.tx.rollup_depth, case_columns.flows(rows, self.zone))
        spreads = case_columns.spreads(rows, self.zone)
        self.tx.count_columns(flows, rows["path"], case_columns.gauges(rows), sign, spreads)

    def _count_points(self, rows: Columns, sign: int) -> None:
        self.tx.count_columns(None, rows["path"], point_columns.gauges(rows), sign)
        video_past.count(self.tx, video_point.c.id.in_(rows["id"].tolist()), self.zone, sign)


def _requalified(quality: Column, flags: dict[str, Mask]) -> Column:
    """The quality of rows with what their place says of it now, before the rest."""
    said = np.zeros(len(quality), dtype=np.int64)
    for number, name in enumerate(FLAGS):
        said += flags[name].astype(np.int64) << number
    codes, unique = pd.factorize(quality)
    rest = [[flag for flag in text.split(",") if flag and flag not in FLAGS] for text in unique]
    worth = {
        (code, bits): ",".join(
            [*(name for number, name in enumerate(FLAGS) if bits >> number & 1), *rest[code]]
        )
        for code, bits in set(zip(codes.tolist(), said.tolist(), strict=True))
    }
    found = np.empty(len(quality), dtype=object)
    found[:] = [worth[key] for key in zip(codes.tolist(), said.tolist(), strict=True)]
    return found


def _update(
    connection: sa.Connection, table: sa.Table, names: list[str], rows: list[tuple[Any, ...]]
) -> None:
    statement = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("key"))
        .values({name: sa.bindparam(f"new_{name}") for name in names})
    )
    keys = [*(f"new_{name}" for name in names), "key"]
    flags = {f"new_{name}" for name in names if isinstance(table.c[name].type, sa.Boolean)}
    connection.execute(
        statement,
        [
            {key: bool(value) if key in flags else value for key, value in zip(keys, row, strict=True)}
            for row in rows
        ],
    )
