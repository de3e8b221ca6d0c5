"""The small county of `tests.fixtures.town` as files that a source could be, with a configuration that reads them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import shapely

from data_adapters.records.grid import Grid
from data_adapters.settings import Settings, load
from tests.fixtures.town import grids

HEAD = """[centre]
name = "示范县综治中心"
root = "6205"
[store]
url = "sqlite:///store.db"
"""
LEVELS = "".join(f'[[levels]]\nlevel = {n}\nname = "{name}"\n' for n, name in enumerate("县乡村组"))
CASES = """[[sources]]
name = "cases"
kind = "case"
path = "cases.csv"
crs = "EPSG:4490"
[sources.fields]
source_id = "ID"
occurred_at = "T"
state = "STATE"
grid_code = "GRID"
lon = "X"
lat = "Y"
"""
CAMERAS = """[[sources]]
name = "cameras"
kind = "video_point"
path = "cameras.json"
[sources.fields]
point_id = "id"
lon = "x"
lat = "y"
status = "status"
"""


def level_source(level: int, parent: str = '"PARENT"') -> str:
    """The configuration of one level's file."""
    return f"""[[sources]]
name = "level-{level}"
kind = "grid"
path = "level-{level}.geojson"
[sources.fields]
code = "CODE"
name = "NAME"
level = {{ const = {level} }}
parent = {parent}
"""


def write_grids(folder: Path, given: Iterable[Grid] | None = None) -> None:
    """One GeoJSON a level."""
    by_level: dict[int, list[dict[str, Any]]] = {}
    for grid in grids() if given is None else given:
        properties = {"CODE": grid.code, "NAME": grid.name, "PARENT": grid.parent}
        shape = None if grid.geometry is None else json.loads(shapely.to_geojson(grid.geometry))
        feature = {"type": "Feature", "geometry": shape, "properties": properties}
        by_level.setdefault(grid.level, []).append(feature)
    for level, features in by_level.items():
        collection = {"type": "FeatureCollection", "features": features}
        (folder / f"level-{level}.geojson").write_text(json.dumps(collection), encoding="utf-8")


def write_cases(folder: Path, rows: Iterable[tuple[object, ...]]) -> None:
    """`cases.csv` with rows of ID, T, STATE, GRID, X, Y."""
    with (folder / "cases.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ID", "T", "STATE", "GRID", "X", "Y"])
        writer.writerows(rows)


def settings(folder: Path, *sources: str) -> Settings:
    """The configuration with these sources, written to `folder` and read again."""
    path = folder / "yiping.toml"
    path.write_text(HEAD + LEVELS + "".join(sources), encoding="utf-8")
    return load(path)


def all_levels(within: bool = False) -> list[str]:
    """The sources of all four levels; ``within``: villages and groups find their parent by place."""
    return [level_source(n, f"{{ within = {n - 1} }}" if within and n else '"PARENT"') for n in range(4)]
