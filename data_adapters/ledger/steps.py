"""The steps of cases as they are kept, and what a source told of a case beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from data_adapters.ledger.tables import case_event, cases
from data_adapters.ledger.types import Instant, from_milliseconds, to_milliseconds

#: What the place of a case may say of its quality.
PLACE_FLAGS = ("unknown_grid", "outside_declared_grid")
_CHUNK = 800
_INSTANTS = frozenset(column.name for column in cases.c if isinstance(column.type, Instant))


def load(connection: sa.Connection, ids: Iterable[int]) -> dict[int, list[Any]]:
    """case id -> its steps in the order in which they came."""
    wanted = sorted(ids)
    found: dict[int, list[Any]] = {case_id: [] for case_id in wanted}
    for start in range(0, len(wanted), _CHUNK):
        where = case_event.c.case_id.in_(wanted[start : start + _CHUNK])
        chosen = sa.select(case_event).where(where).order_by(case_event.c.case_id, case_event.c.number)
        for row in connection.execute(chosen):
            found[row.case_id].append(row)
    return found


def told_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as the source alone tells it: itself, where no step has moved the case."""
    if row["told"] is None:
        return dict(row)
    values: dict[str, Any] = orjson.loads(row["told"])
    for name in _INSTANTS.intersection(values):
        if values[name] is not None:
            values[name] = from_milliseconds(values[name])
    # Where it lies is not told once for all: the grids may have changed since.
    placed = [flag for flag in row["quality"].split(",") if flag in PLACE_FLAGS]
    rest = [flag for flag in values["quality"].split(",") if flag and flag not in PLACE_FLAGS]
    return dict(row) | values | {"quality": ",".join([*placed, *rest])}


def to_text(values: Mapping[str, Any]) -> str:
    """What a source told, for the column ``told``."""
    plain = {
        name: to_milliseconds(value) if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    return orjson.dumps(plain).decode()
