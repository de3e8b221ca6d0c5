"""What walls are told to show, and what they show: orders are changes of the log, sightings are not.

An order goes to the walls of one name, or to all (the name ``""``), from somebody who sees the scope at ``scope``. It
reaches the walls whose own scope lies inside that one and which may see what is ordered: both are decided here, for the
log and for a page that loads (`WallLog.orders`), so that no wall is ever sent beyond its scope or beyond its sender's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from data_adapters.ledger.item import stamp
from data_adapters.ledger.scope import Scope, depth, lineage
from data_adapters.ledger.tables import wall_order, wall_seen
from data_adapters.ledger.transaction import Transaction, upsert

#: The type of an order in the change log.
TYPE = "wall"
#: The name that means every wall.
ALL = ""
#: A wall not heard of for so long is forgotten.
FORGOTTEN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Order:
    """What the walls called ``wall`` are to show until ``until``; one that has passed is a release.

    ``path`` is the grid that a wall must be able to see for it: that of ``grid_code`` or of the case.
    """

    wall: str
    scope: str
    by: str
    until: datetime
    path: str | None = None
    scene: str | None = None
    grid_code: str | None = None
    case_no: str | None = None
    lock: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """One wall as it last told of itself: its name, the path of its scope, what it shows."""

    name: str
    path: str
    shows: dict[str, Any]
    heard_at: datetime


class WallWriter:
    """Writes orders and sightings inside one write transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def order(self, orders: Iterable[Order]) -> list[dict[str, Any]]:
        """Give orders, each a change of the log; as they go over the wire."""
        told = []
        for order in orders:
            row = {
                "wall": order.wall,
                "scope": order.scope,
                "path": order.path,
                "scene": order.scene,
                "grid_code": order.grid_code,
                "case_no": order.case_no,
                "lock": order.lock,
                "until": order.until,
                "by": order.by[:64],
                "at": self._tx.now,
            }
            item = _item(row)
            seq = self._tx.log(TYPE, order.scope, item | {"scope": order.scope, "path": order.path})
            statement = upsert(self._tx.connection, wall_order).values(row | {"seq": seq})
            changed = {name: value for name, value in row.items() if name not in {"wall", "scope"}} | {
                "seq": seq
            }
            self._tx.connection.execute(
                statement.on_conflict_do_update(index_elements=["wall", "scope"], set_=changed)
            )
            told.append(item | {"seq": seq})
        return told

    def seen(self, sightings: Iterable[tuple[str, str, dict[str, Any]]]) -> None:
        """Remember (name, path of its scope, what it shows) of walls heard of now."""
        run, now = self._tx.connection.execute, self._tx.now
        for name, path, shows in sightings:
            told = {"shows": orjson.dumps(shows).decode(), "heard_at": now}
            statement = upsert(self._tx.connection, wall_seen).values(name=name, path=path, **told)
            run(statement.on_conflict_do_update(index_elements=["name", "path"], set_=told))
        run(sa.delete(wall_seen).where(wall_seen.c.heard_at < now - FORGOTTEN))


class WallLog:
    """Walls and orders as a scope may see them."""

    def __init__(self, connection: sa.Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    def orders(self) -> list[dict[str, Any]]:
        """The last order to each name that reaches a wall of this scope; a page picks those to itself."""
        chosen = sa.select(wall_order).where(wall_order.c.scope.in_(lineage(self._scope.path)))
        rows = self._connection.execute(chosen.order_by(wall_order.c.seq)).mappings()
        return [_item(row) | {"seq": row["seq"]} for row in rows if reaches(row, self._scope)]

    def seen(self) -> Sequence[Sighting]:
        """The walls whose own scope lies inside this one, by name."""
        chosen = sa.select(wall_seen).where(self._scope.rows(wall_seen.c.path))
        rows = self._connection.execute(chosen.order_by(wall_seen.c.name, wall_seen.c.path))
        return [Sighting(row.name, row.path, orjson.loads(row.shows), row.heard_at) for row in rows]


def reaches(order: Any, scope: Scope) -> bool:
    """Whether an order (its ``scope`` and ``path``) reaches a wall of this scope."""
    path = order["path"]
    return Scope(order["scope"]).covers(scope.path) and (path is None or scope.covers(path))


def visible_order(body: dict[str, Any], scope: Scope) -> dict[str, Any] | None:
    """What a scope may see of an order in the change log; None where it does not reach it."""
    if not reaches(body, scope):
        return None
    return {name: value for name, value in body.items() if name not in {"scope", "path"}}


def _item(row: Any) -> dict[str, Any]:
    """The body of a ``wall`` change. ``depth``: how far below the root its sender stands; a lock of less depth wins."""
    return {
        "wall": row["wall"],
        "scene": row["scene"],
        "grid": row["grid_code"],
        "case_no": row["case_no"],
        "lock": row["lock"],
        "until": stamp(row["until"]),
        "by": row["by"],
        "at": stamp(row["at"]),
        "depth": depth(row["scope"]),
    }
