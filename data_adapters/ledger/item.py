"""What a change says on the live feed: the place, the kind and the stage of a case. No person, no free text."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.contributions import STAGE
from data_adapters.ledger.display import display_point
from data_adapters.ledger.scope import lineage


def stamp(value: datetime | None) -> str | None:
    """RFC 3339 with an offset, to the second."""
    return None if value is None else value.isoformat(timespec="seconds")


def case_item(row: dict[str, Any], atlas: Atlas) -> dict[str, Any]:
    """The body of a ``case`` change. ``paths`` are the codes of its grids from the root down."""
    codes = [code for path in lineage(row["path"]) if (code := atlas.code_of.get(path)) is not None]
    point = display_point(row["lon"], row["lat"], row["category"]) if row["placed"] else None
    return {
        "case_no": row["case_no"],
        "kind": row["kind"],
        "category": row["category"],
        "grade": row["grade"],
        "state": row["state"],
        "stage": STAGE[row["state"]],
        "light": row["light"],
        "open": row["is_open"],
        "reported_at": stamp(row["reported_at"]),
        "placed": row["placed"],
        "grid_code": codes[-1] if codes else None,
        "paths": codes,
        "lon": point[0] if point else None,
        "lat": point[1] if point else None,
    }
