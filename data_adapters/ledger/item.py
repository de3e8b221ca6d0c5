"""What a change says on the live feed: the place, the kind and the stage of a case. No person, no free text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.contributions import STAGE
from data_adapters.ledger.display import display_category, display_point
from data_adapters.ledger.scope import lineage


def stamp(value: datetime | None) -> str | None:
    """RFC 3339 with an offset, to the second."""
    return None if value is None else value.isoformat(timespec="seconds")


def place_names(path: str, label_of: Mapping[str, str]) -> tuple[str | None, str | None]:
    """(where, within which township) of a grid path, as the feed writes it: ("3组 2片区", "柳湾").

    The township is the grid under the root; below it the last two steps are named.
    """
    labels = [label_of[step] for step in lineage(path)[1:] if step in label_of]
    if not labels:
        return label_of.get(path), None
    return (" ".join(labels[1:][-2:]), labels[0]) if len(labels) > 1 else (labels[0], None)


def case_item(row: dict[str, Any], atlas: Atlas) -> dict[str, Any]:
    """The body of a ``case`` change. ``paths`` are the codes of its grids from the root down."""
    codes = [code for path in lineage(row["path"]) if (code := atlas.code_of.get(path)) is not None]
    grid_name, parent_name = place_names(row["path"], atlas.label_of)
    point = display_point(row["lon"], row["lat"], row["category"]) if row["placed"] else None
    return {
        "case_no": row["case_no"],
        "kind": row["kind"],
        "category": display_category(row["category"]),
        "grade": row["grade"],
        "state": row["state"],
        "stage": STAGE[row["state"]],
        "light": row["light"],
        "open": row["is_open"],
        "reported_at": stamp(row["reported_at"]),
        "placed": row["placed"],
        "grid_code": codes[-1] if codes else None,
        "grid_name": grid_name,
        "parent_name": parent_name,
        "paths": codes,
        "lon": point[0] if point else None,
        "lat": point[1] if point else None,
    }
