"""The same numbers on the map, in the tiles, in the API and by plain SQL: random grids of every level of a store.

``make bench ARGS="numbers --data FOLDER"`` takes the store of a centre as it is; nothing is written. Each grid is asked
as a screen that may see this grid only: ``/indicators`` (reported in seven days, open now, video points), the tiles of
its video points, and, of its parent, what colours the map (``/view`` and ``/paint``). The same is counted in the raw
rows. The live feed must be still meanwhile, or a number is older than another.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import mapbox_vector_tile
import numpy as np
import sqlalchemy as sa
from flask import Flask

from dashboard import api
from dashboard.indicators.figures import WINDOW_DAYS
from dashboard.indicators.reading import day_date
from dashboard.services import Services
from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.scope import under
from data_adapters.ledger.snapshot import GridRow
from data_adapters.ledger.tables import cases, video_point
from data_adapters.settings import Display, Settings, load
from layers.tiles import Tile, to_mercator

#: Zooms of which one is drawn for each grid, the closest where it does not take too many tiles.
ZOOMS = (6, 9, 12, 16)
MOST_TILES = 60


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is counted of one grid: cases reported in the window and open now, video points and those online."""

    reported: int
    open: int
    points: int
    online: int


@dataclass(slots=True)
class Found:
    """What came of it. ``grids``: level -> how many were asked; ``differing``: where two disagreed, in words."""

    grids: Counter[int] = field(default_factory=Counter)
    tiles: int = 0
    differing: list[str] = field(default_factory=list)


class Centre:
    """A centre asked through its own API without a server, as screens that see one grid each."""

    def __init__(self, settings: Settings, ledger: Ledger, grids: list[GridRow]) -> None:
        self.ledger = ledger
        tokens = {grid.code: f"token-of-the-screen-{grid.code}" for grid in grids}
        screens = [Display(name=code, token=token, grid=code) for code, token in tokens.items()]
        services = Services(settings.model_copy(update={"displays": screens}), ledger)
        server = Flask("bench")
        api.register(server, services)
        self._tokens = tokens
        self._client = server.test_client()

    def get(self, path: str, code: str) -> Any:
        """The answer to the screen that sees the grid `code`: JSON, or the bytes of a tile."""
        headers = {"Authorization": f"Bearer {self._tokens[code]}"}
        answer = self._client.get(f"/api/v1{path}", headers=headers)
        if answer.status_code not in {200, 204}:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.get_data(as_text=True)[:200]}")
        return answer.get_json() if answer.is_json else answer.get_data()


def by_sql(ledger: Ledger, grid: GridRow) -> Numbers:
    """Counted in the rows."""
    with ledger.read(Scope.everything()) as snapshot:
        midnight = datetime.combine(day_date(snapshot.today), datetime.min.time(), snapshot.zone)
        since = midnight - timedelta(days=WINDOW_DAYS - 1)
        until = midnight + timedelta(days=1)
        within = (cases.c.reported_at >= since, cases.c.reported_at < until)
        shown = (under(video_point.c.path, grid.path), video_point.c.secrecy == 0)
        n = sa.func.count()
        asked = (
            sa.select(n).where(under(cases.c.path, grid.path), *within),
            sa.select(n).where(under(cases.c.path, grid.path), cases.c.is_open),
            sa.select(n).where(*shown),
            sa.select(n).where(*shown, video_point.c.lon.is_not(None), video_point.c.status == "ON"),
        )
        return Numbers(*(int(snapshot._connection.execute(one).scalar_one()) for one in asked))


def by_api(centre: Centre, grid: GridRow, today: int) -> tuple[int, int, int]:
    """(reported in the window, open now, video points) as indicators."""
    first, end = day_date(today - WINDOW_DAYS + 1).isoformat(), day_date(today + 1).isoformat()
    told = centre.get(f"/indicators?grid={quote(grid.code)}&from={first}&to={end}", grid.code)
    n = {item["id"]: item["numerator"] for item in told["items"]}
    return n["K01"], n["K07"], n["K60"]


def on_map(centre: Centre, above: str) -> dict[str, tuple[int, int]]:
    """code -> (what the live figures say, what the chosen indicator says) of the children of a grid."""
    view = centre.get(f"/view?grid={quote(above)}", above)
    painted = centre.get(f"/grids/{quote(above)}/paint?indicator=K01&window={WINDOW_DAYS}d", above)
    values = {item["code"]: item["value"] for item in painted["items"]}
    return {
        child["code"]: (view["figures"][f"child.{child['code']}"]["n"], values[child["code"]])
        for child in view["children"]
    }


def in_tiles(centre: Centre, grid: GridRow, rng: random.Random) -> tuple[int, int, int, int]:
    """(points, points online, tiles, points without a place) of all the tiles of a zoom that hold a point."""
    with centre.ledger.read(Scope(grid.path)) as snapshot:
        points = snapshot.points()
        where = (
            under(video_point.c.path, grid.path),
            video_point.c.secrecy == 0,
            video_point.c.lon.is_(None),
        )
        lost = int(snapshot._connection.execute(sa.select(sa.func.count()).where(*where)).scalar_one())
    x, y = to_mercator(points.lon, points.lat)
    chosen: list[Tile] = []
    for zoom in sorted(ZOOMS, key=lambda _: rng.random()):
        keys = np.unique(np.column_stack([np.floor(x * 2**zoom), np.floor(y * 2**zoom)]).astype(int), axis=0)
        if len(keys) <= MOST_TILES:
            chosen = [Tile(zoom, int(column), int(row)) for column, row in keys]
            break
    total = online = 0
    for tile in chosen:
        data = centre.get(f"/tiles/video/{tile.z}/{tile.x}/{tile.y}.mvt", grid.code)
        layers = mapbox_vector_tile.decode(data) if data else {}
        for feature in layers.get("video", {"features": []})["features"]:
            total += feature["properties"]["total"]
            online += feature["properties"]["online"]
    return total, online, len(chosen), lost


def drawn(ledger: Ledger, count: int, rng: random.Random) -> list[GridRow]:
    """`count` grids, as many of each level as there are and as are due to it."""
    with ledger.read(Scope.everything()) as snapshot:
        root = snapshot.top_grid()
        levels = snapshot.subtree_levels(root.path) if root is not None else {}
        found: list[GridRow] = []
        for number, level in enumerate(sorted(levels)):
            due = -(-(count - len(found)) // (len(levels) - number))
            same = snapshot.grids_of_level(level)
            found += rng.sample(same, min(due, len(same)))
    return found


def compare(settings: Settings, ledger: Ledger, count: int, seed: int, found: Found) -> Iterator[GridRow]:
    """Grid by grid, as each has been asked; `found` takes what comes of it."""
    rng = random.Random(seed)
    grids = drawn(ledger, count, rng)
    with ledger.read(Scope.everything()) as snapshot:
        above = {grid.code: snapshot.grid_at(grid.parent_path) for grid in grids if grid.parent_path}
        today = snapshot.today
    parents = {one.code: one for one in above.values() if one is not None}
    centre = Centre(settings, ledger, list({one.code: one for one in [*grids, *parents.values()]}.values()))
    maps: dict[str, dict[str, tuple[int, int]]] = {}
    for grid in grids:
        rows = by_sql(ledger, grid)
        reported, is_open, points = by_api(centre, grid, today)
        told: dict[str, tuple[Any, Any]] = {
            "reported, API": (reported, rows.reported),
            "open, API": (is_open, rows.open),
            "points, API": (points, rows.points),
        }
        total, online, tiles, lost = in_tiles(centre, grid, rng)
        told |= {"points, tiles": (total + lost, rows.points), "online, tiles": (online, rows.online)}
        parent = above.get(grid.code)
        if parent is not None:
            if parent.code not in maps:
                maps[parent.code] = on_map(centre, parent.code)
            told["reported, map"] = (maps[parent.code][grid.code], (rows.reported, rows.reported))
        found.grids[grid.level] += 1
        found.tiles += tiles
        found.differing += [
            f"{grid.code} (level {grid.level}), {name}: {said}, by SQL {counted}"
            for name, (said, counted) in told.items()
            if said != counted
        ]
        yield grid


def main(arguments: list[str]) -> None:
    """Print what came of it; the exit code is 1 where two numbers differ."""
    parser = argparse.ArgumentParser(prog="bench numbers", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of a centre with its yiping.toml")
    parser.add_argument("--store", help="another address of its ledger")
    parser.add_argument("--grids", type=int, default=200)
    parser.add_argument("--seed", type=int, default=200)
    options = parser.parse_args(arguments)
    settings = load(options.data / "yiping.toml")
    ledger = Ledger(options.store or settings.store.url, settings.centre.timezone, settings.centre.root)
    begun, found = time.perf_counter(), Found()
    for number, _ in enumerate(compare(settings, ledger, options.grids, options.seed, found), 1):
        if number % 20 == 0:
            print(f"{number} grids, {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    ledger.close()
    levels = ", ".join(f"{n} of level {level}" for level, n in sorted(found.grids.items()))
    print(
        f"{found.grids.total()} grids ({levels}), {found.tiles} tiles: {len(found.differing)} numbers differ"
    )
    for line in found.differing[:20]:
        print(line)
    if found.differing or not found.grids:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
