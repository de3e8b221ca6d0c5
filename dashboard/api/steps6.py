"""``GET /steps6``: how far the latest cases have come on the six steps (六步走), and which owe one (QS5).

Nothing keeps this for every case; it follows from the timelines, so it is told of the latest cases only.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from dashboard.api.cases import listed
from dashboard.api.guard import grid_or_404, integer, reading
from dashboard.api.honesty import honest
from dashboard.api.problem import reply
from dashboard.kept import Kept
from dashboard.services import Services
from data_adapters.ledger import Snapshot
from data_adapters.ledger.contributions import GRAVE
from data_adapters.ledger.snapshot import GridRow
from data_adapters.records.time_limit import Limits

STEPS = {1: "排查发现", 2: "采集上报", 3: "召集调解", 4: "逐级上报", 5: "包案化解", 6: "定期回访"}
#: Only a grave case has to take these.
CONDITIONAL = frozenset({4, 5})
LATEST = 200
NAMED = 20
#: Hundreds of lives are followed for an answer: it stands this long, and says as of when it is.
FRESH_S = 20
KEPT = 64


def routes(api: Blueprint, services: Services) -> None:
    """Reading the six steps."""
    kept: Kept[dict[str, Any]] = Kept(KEPT)

    @api.get("/steps6")
    @services.off_loop
    def get_steps6() -> Response:
        limit = integer("limit", LATEST, 1, 1_000)
        with reading(services) as snapshot:
            here = grid_or_404(snapshot, request.args.get("grid"))
            # The scope is part of the key: names of grids above it are not for everyone.
            moment = int(snapshot.now.timestamp()) // FRESH_S
            key = (snapshot.scope.path, here.path, limit, snapshot.position()[0], moment)
            found = kept.get(key)
            if found is None:
                found = steps6(snapshot, here, services.ledger.limits, limit)
                kept.put(key, found)
            return reply(found)


def steps6(snapshot: Snapshot, here: GridRow, limits: Limits, limit: int = LATEST) -> dict[str, Any]:
    """``steps``: {id, label, n, of, conditional} of the ``total`` latest cases; ``owing``: those that owe a step,
    each with ``missing``, the newest first, and ``owing_n``, how many they are.
    """
    rows = snapshot.latest_cases(here.path, limit)
    lives = snapshot.case_lives(rows, limits)
    grave = sum(row.grade in GRAVE for row in rows)
    steps = []
    for number, label in STEPS.items():
        n = sum(
            number in life.steps6 and (number not in CONDITIONAL or row.grade in GRAVE)
            for row, life in zip(rows, lives, strict=True)
        )
        of = grave if number in CONDITIONAL else len(rows)
        steps.append({"id": number, "label": label, "n": n, "of": of, "conditional": number in CONDITIONAL})
    owing = [
        (row, missing) for row, life in zip(rows, lives, strict=True) if (missing := life.steps6_missing)
    ]
    items = listed(snapshot, [row for row, _ in owing[:NAMED]])
    return honest(snapshot, here, ("case", "case_event"), None) | {
        "total": len(rows),
        "grave": grave,
        "steps": steps,
        "owing_n": len(owing),
        "owing": [
            item | {"missing": missing} for item, (_, missing) in zip(items, owing[:NAMED], strict=True)
        ],
    }
