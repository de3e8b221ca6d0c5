"""A grid (网格): one area of the five levels under the root, with dated versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely

from data_adapters.records import dictionary
from data_adapters.records.field import (
    Context,
    Field,
    FieldError,
    calendar_day,
    choice,
    code,
    flag,
    text,
    whole,
)
from data_adapters.records.record import Fault, FieldSet, parse_fields

MAX_VERTICES = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One version of one grid. Geometry is (Multi)Polygon in EPSG:4490, lon lat degrees; dates are half-open."""

    code: str
    name: str
    level: int
    geometry: shapely.Geometry | None
    parent: str | None = None
    short_name: str | None = None
    code_scheme: str = "LOCAL"
    grid_type: str = "BASIC"
    admin_code: str | None = None
    population: int | None = None
    households: int | None = None
    staff_required: int | None = None
    staff_count: int | None = None
    has_party_group: bool | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    predecessor: str | None = None
    source: str = ""
    quality: tuple[str, ...] = ()


def _geometry(raw: Any, _: Context) -> shapely.Geometry:
    if not isinstance(raw, shapely.Geometry):
        raise FieldError("type", f"应为多边形，收到 {type(raw).__name__}")
    if raw.is_empty:
        raise FieldError("empty_geometry", "多边形为空")
    if raw.geom_type not in {"Polygon", "MultiPolygon"}:
        raise FieldError("not_polygon", f"应为多边形，收到 {raw.geom_type}")
    if shapely.get_num_coordinates(raw) > MAX_VERTICES:
        raise FieldError("too_many_vertices", f"顶点数超过 {MAX_VERTICES}")
    return raw


FIELDS = FieldSet(
    Field("code", code(32), required=True),
    Field("name", text(64), required=True),
    Field("level", whole(0, 9), required=True),
    Field("geometry", _geometry),
    Field("parent", code(32)),
    Field("short_name", text(16)),
    Field("code_scheme", choice(dictionary.CODE_SCHEME)),
    Field("grid_type", choice(dictionary.GRID_TYPE)),
    Field("admin_code", code(12)),
    Field("population", whole(0, 2_000_000_000)),
    Field("households", whole(0, 1_000_000_000)),
    Field("staff_required", whole(0, 32_767)),
    Field("staff_count", whole(0, 32_767)),
    Field("has_party_group", flag),
    Field("valid_from", calendar_day),
    Field("valid_to", calendar_day),
    Field("predecessor", code(32)),
)


def parse(raw: Mapping[str, Any], context: Context, source: str) -> Grid | list[Fault]:
    """A grid from raw values, or every fault of it. Geometry must be in EPSG:4490 already.

    An invalid polygon is repaired only where that is no judgement: the area changes by at most 0.1 % and it
    stays a polygon (flag ``repaired``). Otherwise it is refused with the reason.
    """
    values, faults = parse_fields(FIELDS, raw, context)
    quality: tuple[str, ...] = ()
    geometry = values["geometry"]
    if geometry is not None and not geometry.is_valid:
        repaired = shapely.make_valid(geometry)
        # A bow-tie has the signed area of nothing: compare with the hull of what was drawn, not with 0.
        same = abs(repaired.area - geometry.area) <= 0.001 * max(repaired.area, geometry.area)
        if same and repaired.geom_type in {"Polygon", "MultiPolygon"}:
            values["geometry"] = repaired
            quality = ("repaired",)
        else:
            why = shapely.is_valid_reason(geometry)
            faults.append(Fault("geometry", "invalid_polygon", f"多边形无效：{why}，请在源头修正"))
    if faults:
        return faults
    kept = {name: value for name, value in values.items() if value is not None or name == "geometry"}
    return Grid(**kept, source=source, quality=quality)
