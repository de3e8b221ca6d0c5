"""The whole state of the wall for one grid: what a page loads first, after a reset, and when it drills."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from dashboard.services import Services
from data_adapters.ledger import Scope, Snapshot
from data_adapters.ledger.alerts import AlertRow, alert_item
from data_adapters.ledger.contributions import STAGE
from data_adapters.ledger.display import display_category, display_point
from data_adapters.ledger.item import place_names, stamp
from data_adapters.ledger.scope import lineage
from data_adapters.ledger.snapshot import CaseRow, GridRow

FEED_ROWS = 40
ALERTS = 40
#: More open cases than this come as tiles: some 170 bytes each, and no answer is larger than 300 KB.
OPEN_CASES = 1_000


def view(services: Services, scope: Scope, code: str | None) -> dict[str, Any] | None:
    """The state of the grid `code` (None: the scope's own). None if no such grid lies in the scope."""
    with services.ledger.read(scope) as snapshot:
        here = snapshot.top_grid() if code is None else snapshot.grid(code)
        if here is None:
            return None
        epoch, seq = snapshot.position()
        state = _logged(services, snapshot, here, (epoch, seq)) | {
            "epoch": epoch,
            "seq": seq,
            "server_time": snapshot.now.isoformat(timespec="milliseconds"),
            "centre": centre(services),
            "sources": sources(snapshot),
            "replay": {"idle_s": services.settings.replay.idle},
        }
    # Counted after the position was taken: figures may be newer than `seq`, never older.
    state["figures"] = services.figures.get(services.ledger, here.path)[1]
    return state


def _logged(
    services: Services, snapshot: Snapshot, here: GridRow, position: tuple[str, int]
) -> dict[str, Any]:
    """What only the log changes: worked out once, however many walls ask for it, as all do after a `reset`."""
    asked = (snapshot.scope.path, here.path, *position, snapshot.grid_version())
    found = services.views.get(asked)
    if found is None:
        found = place(services, snapshot, here) | {
            "feed": feed(snapshot, here.path),
            "cases": None if too_many(snapshot, here.path) else open_cases(snapshot, here.path),
            "alerts": alert_rows(snapshot, snapshot.alerts.standing(here.path, ALERTS)),
            "unacknowledged": snapshot.alerts.unacknowledged(here.path),
            "boundaries": snapshot.boundaries(here.path),
            "orders": snapshot.walls.orders(),
        }
        services.views.put(asked, found)
    return found


def centre(services: Services) -> dict[str, Any]:
    """Who the wall belongs to, and whether it is a demo and how fast."""
    own = services.settings.centre
    return {"name": own.name, "timezone": own.timezone, "demo": services.demo, "speed": services.speed}


def sources(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Every source: what it brings, seconds since its last good read by this machine's clock, its interval."""
    return [
        {
            "name": state.name,
            "kind": state.kind,
            "age_s": None
            if state.last_ok_at is None
            else max(0, round((snapshot.now - state.last_ok_at).total_seconds())),
            "every_s": state.every_s,
        }
        for state in snapshot.sources()
    ]


def feed(snapshot: Snapshot, path: str, *span: datetime) -> list[dict[str, Any]]:
    """The latest cases of a grid, newest report first. ``span``: only those reported within [since, until)."""
    rows = snapshot.latest_cases(path, FEED_ROWS, *span)
    wanted = {step for row in rows for step in lineage(row.path)}
    grids = {found.path: found for found in snapshot.grids_at(sorted(wanted))}
    return [feed_row(row, grids) for row in rows]


def feed_row(row: CaseRow, grids: dict[str, GridRow]) -> dict[str, Any]:
    """One line of the feed: category, grade, place and stage. No person, no free text."""
    here = grids.get(row.path)
    grid_name, parent_name = place_names(row.path, {path: known.label for path, known in grids.items()})
    return {
        "case_no": row.case_no,
        "seq": row.seq,
        "reported_at": stamp(row.reported_at),
        "kind": row.kind,
        "category": display_category(row.category),
        "grade": row.grade,
        "state": row.state,
        "stage": STAGE[row.state],
        "light": row.light,
        "open": row.is_open,
        "placed": row.placed,
        "grid_code": here.code if here else None,
        "grid_name": grid_name,
        "parent_name": parent_name,
    }


def alert_rows(snapshot: Snapshot, rows: Iterable[AlertRow]) -> list[dict[str, Any]]:
    """Alerts for the wire, as the live feed has them; grids above the scope are cut off."""
    found = list(rows)
    wanted = sorted({step for row in found for step in lineage(row.path)})
    grids = {known.path: known for known in snapshot.grids_at(wanted)}
    code_of = {path: known.code for path, known in grids.items()}
    label_of = {path: known.label for path, known in grids.items()}
    return [alert_item(row._mapping, code_of, label_of) for row in found]


def place(services: Services, snapshot: Snapshot, here: GridRow) -> dict[str, Any]:
    """The grid, the way to it and what lies below it."""
    name_of = services.settings.level_name
    asked = (snapshot.scope.path, here.path, snapshot.grid_version())
    levels = services.levels.get(asked)
    if levels is None:
        levels = snapshot.subtree_levels(here.path)
        services.levels.put(asked, levels)
    return {
        "grid": {
            "code": here.code,
            "name": here.name,
            "level": here.level,
            "level_name": name_of(here.level),
            "bbox": here.bbox,
            "lon": here.lon,
            "lat": here.lat,
        },
        "breadcrumb": [
            {"code": above.code, "name": above.label, "level": above.level}
            for above in snapshot.ancestors(here.path)
        ],
        "levels": [
            {"level": level, "name": name_of(level), "count": n}
            for level, n in levels.items()
            if level > here.level
        ],
        "children": [
            {
                "code": child.code,
                "name": child.label,
                "level": child.level,
                "lon": child.lon,
                "lat": child.lat,
            }
            for child in snapshot.children(here.path)
        ],
    }


def too_many(snapshot: Snapshot, path: str, *span: datetime) -> bool:
    """Whether a grid has more unfinished cases than one list takes. ``span``: reported within it."""
    return len(snapshot.unfinished_cases(path, "id", limit=OPEN_CASES + 1, span=span)) > OPEN_CASES


def open_cases(snapshot: Snapshot, path: str, *span: datetime) -> list[dict[str, Any]]:
    """The cases of a grid on the map: unfinished, with a place. ``span``: only those reported within it."""
    found = []
    names = ("case_no", "lon", "lat", "placed", "grade", "light", "category", "reported_at")
    for row in snapshot.unfinished_cases(path, *names, limit=OPEN_CASES, span=span):
        point = display_point(row.lon, row.lat, row.category) if row.placed else None
        if point is not None:
            found.append(
                {
                    "case_no": row.case_no,
                    "lon": point[0],
                    "lat": point[1],
                    "grade": row.grade,
                    "light": row.light,
                    "category": display_category(row.category),
                    "reported_at": stamp(row.reported_at),
                }
            )
    return found
