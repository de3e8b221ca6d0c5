"""The files that the demo's upstream systems leave: a GeoPackage, two Parquet tables, two CSV exports."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq

from data_adapters.demo import vocabulary as words
from data_adapters.demo.cameras import WINDOW_S, Camera
from data_adapters.demo.grids import County
from data_adapters.demo.life import Life, as_of
from data_adapters.demo.names import COUNTY_CODE
from data_adapters.demo.orgs import Organisation
from data_adapters.demo.reported import FORCES, Figure
from data_adapters.demo.rhythm import local_text
from data_adapters.records import dictionary

_NUMBERS = {"lon": pa.float64(), "lat": pa.float64(), "visit_count": pa.int32(), "suspended_s": pa.int64()}


def write_grids(path: Path, county: County) -> None:
    """One layer for each level, EPSG:4490."""
    path.unlink(missing_ok=True)
    alone = _unstaffed(county)
    for layer, units in zip(words.GRID_LAYERS, county.levels, strict=True):
        table = geopandas.GeoDataFrame(
            {
                "GRID_CODE": [unit.code for unit in units],
                "NAME": [unit.name for unit in units],
                "SHORT_NAME": [unit.short_name for unit in units],
                "P_CODE": [unit.parent.code if unit.parent else None for unit in units],
                "POP": [unit.population for unit in units],
            },
            geometry=[unit.shape for unit in units],
            crs="EPSG:4490",
        )
        if layer == words.STAFFED_LAYER:
            table["STAFF"] = [int(unit.code not in alone) for unit in units]
        table.to_file(path, layer=layer, driver="GPKG", engine="pyogrio")


def _unstaffed(county: County) -> set[str]:
    """The groups without a grid worker: as many as were published (1,063 groups, 1,012 workers), the smallest."""
    groups = county.levels[words.GRID_LAYERS.index(words.STAFFED_LAYER)]
    smallest = sorted(groups, key=lambda unit: (unit.population, unit.code))
    return {unit.code for unit in smallest[: max(0, len(groups) - FORCES["QS12d"])]}


def write_cases(path: Path, lives: Sequence[Life], now: float) -> None:
    """What the dispute platform has on file at `now`, one row a dispute."""
    records = [as_of(life, now) for life in lives]
    columns: dict[str, pa.Array] = {}
    for ours, theirs in words.CASE_COLUMNS.items():
        values: Iterable[Any] = (record.get(ours) for record in records)
        if ours in _NUMBERS:
            columns[theirs] = pa.array(values, _NUMBERS[ours])
            continue
        if ours.endswith("_at"):
            values = (None if value is None else local_text(value) for value in values)
        elif ours in words.CASE_WORDS:
            values = _translated(values, words.CASE_WORDS[ours])
        columns[theirs] = pa.array(values, pa.string())
    pq.write_table(pa.table(columns), path, compression="zstd")


def write_events(path: Path, lives: Sequence[Life], now: float) -> None:
    """The timelines up to `now`, in order of case and step."""
    steps = [
        (life.source_id, number, step)
        for life in lives
        for number, step in enumerate(life.steps, start=1)
        if step.at <= now
    ]
    values = {
        "source_id": (f"{case}-{number:02d}" for case, number, _ in steps),
        "case_source_id": (case for case, _, _ in steps),
        "type": _translated((step.type for _, _, step in steps), words.EVENT_WORDS["type"]),
        "at": (local_text(step.at) for _, _, step in steps),
        "org": (step.org for _, _, step in steps),
        "reason": _translated((step.reason for _, _, step in steps), words.EVENT_WORDS["reason"]),
    }
    table = pa.table(
        {theirs: pa.array(values[ours], pa.string()) for ours, theirs in words.EVENT_COLUMNS.items()}
    )
    pq.write_table(table, path, compression="zstd")


def write_points(path: Path, cameras: Sequence[Camera], now: float) -> None:
    """The video directory, as a Chinese spreadsheet program exports it: CSV in GB18030."""
    with path.open("w", encoding="gb18030", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(words.POINT_COLUMNS.values())
        for camera in cameras:
            record = point_record(camera, now)
            rows.writerow([record[ours] for ours in words.POINT_COLUMNS])


def point_record(camera: Camera, now: float) -> dict[str, str]:
    """A point as the directory shows it at `now`, in the directory's words."""
    outage = camera.outage_at(now)
    since = outage.start if outage else max((o.end for o in camera.outages if o.end <= now), default=None)
    return {
        "point_id": camera.point_id,
        "name": camera.name,
        "civil_code": COUNTY_CODE,
        "lon": f"{camera.lon:.6f}",
        "lat": f"{camera.lat:.6f}",
        "status": words.POINT_WORDS["status"][outage.status if outage else "ON"],
        "status_at": local_text(since if since is not None else now - WINDOW_S),
        "point_class": words.POINT_WORDS["point_class"][camera.kind.point_class],
        "position_type": str(camera.kind.position_type or ""),
        "ptz_type": str(camera.ptz_type),
        "industry": camera.kind.industry,
        "should_network": "是" if camera.should_network else "否",
        "networked": "是" if camera.networked else "否",
        "integrated": "是" if camera.integrated else "否",
        "secrecy": "0",
        "parent_id": camera.recorder,
    }


def write_statuses(path: Path, cameras: Sequence[Camera], now: float) -> None:
    """Changes of status of the last 30 days in order of time: UTF-8 with a byte order mark."""
    changes: list[tuple[int, str, str, str | None]] = []
    for camera in cameras:
        for outage in camera.outages:
            changes.append((outage.start, camera.point_id, outage.status, outage.cause))
            changes.append((outage.end, camera.point_id, "ON", None))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(words.STATUS_COLUMNS.values())
        for at, point_id, status, cause in sorted(changes, key=lambda change: change[:2]):
            if now - WINDOW_S <= at <= now:
                word = words.STATUS_WORDS["cause"][cause] if cause else ""
                rows.writerow([point_id, local_text(at), words.STATUS_WORDS["status"][status], word])


def write_orgs(path: Path, orgs: Sequence[Organisation]) -> None:
    """The register of units: UTF-8 with a byte order mark, types and levels in Chinese."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(dict.fromkeys(words.ORG_COLUMNS.values()))
        for one in orgs:
            kind, level = dictionary.ORG_TYPE[one.org_type], dictionary.ORG_LEVEL[one.level]
            rows.writerow([one.code, kind, level, one.parent or "", one.grid_code, one.mediators or ""])


def write_figures(path: Path, figures: Sequence[Figure], now: float) -> None:
    """The sheet of reported figures. Its last column says that they are synthetic, and is mapped to nothing."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([*words.FACT_COLUMNS.values(), "数据性质"])
        for one in figures:
            whole = "" if one.whole is None else one.whole
            as_of = min(local_text(now), f"{one.end} 08:00:00")
            rows.writerow([one.id, one.grid_code, one.first, one.end, one.n, whole, as_of, "演示数据"])


def _translated(values: Iterable[Any], pairs: Mapping[str, str]) -> Iterable[str | None]:
    return (None if value is None else pairs[value] for value in values)
