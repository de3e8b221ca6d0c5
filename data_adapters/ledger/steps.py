"""The steps of cases as they are kept, and what a source told of a case beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from data_adapters.ledger.history import CASE, from_text, to_text
from data_adapters.ledger.tables import case_event
from data_adapters.records.case import CONTENT

#: What the place of a case may say of its quality.
PLACE_FLAGS = ("unknown_grid", "outside_declared_grid")
#: What of a row is kept as told, where steps move the case: the source's fields and what they imply.
TOLD = (
    *(name for name in CONTENT if name != "case_no"),
    *("source_updated_at", "left_at", "reopened_at", "closed_before_at", "due_told", "quality"),
)
#: The column ``told`` of a case whose row is what its source told.
NOTHING = "{}"
_CHUNK = 800
_FOLDED = [
    case_event.c[name]
    for name in (
        "case_id number type at org direction from_level to_level reason outcome satisfaction due_after source "
        "source_id corrected taken"
    ).split()
]


def load(connection: sa.Connection, ids: Iterable[int], *, sealed: bool = False) -> dict[int, list[Any]]:
    """case id -> its steps in the order in which they came: what a replay looks at; ``sealed``: and their hashes."""
    columns = [*_FOLDED, case_event.c.hash] if sealed else _FOLDED
    wanted = sorted(ids)
    found: dict[int, list[Any]] = {case_id: [] for case_id in wanted}
    for start in range(0, len(wanted), _CHUNK):
        where = case_event.c.case_id.in_(wanted[start : start + _CHUNK])
        chosen = sa.select(*columns).where(where).order_by(case_event.c.case_id, case_event.c.number)
        for row in connection.execute(chosen):
            found[row.case_id].append(row)
    return found


def told_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as the source alone tells it: itself, where no step has moved the case."""
    if row["told"] is None:
        return dict(row)
    values = from_text(CASE, row["told"])
    # Where it lies is not told once for all: the grids may have changed since.
    placed = [flag for flag in row["quality"].split(",") if flag in PLACE_FLAGS]
    quality = values.get("quality", row["quality"]).split(",")
    rest = [flag for flag in quality if flag and flag not in PLACE_FLAGS]
    return dict(row) | values | {"quality": ",".join([*placed, *rest])}


def told_text(told: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """For the column ``told``: what a source told (`told_row`) otherwise than its steps have left it in `row`."""
    return to_text({name: told[name] for name in TOLD if told[name] != row[name]})
