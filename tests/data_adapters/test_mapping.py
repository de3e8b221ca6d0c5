"""Mapping: whatever a source holds, a row gives a record or a refusal that names field and reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from data_adapters.coordinates import wgs_to_gcj
from data_adapters.kinds import KINDS, Record
from data_adapters.mapping import Mapping, Refused
from data_adapters.readers.reader import GEOMETRY, Chunk, SourceError
from data_adapters.records.case import Case
from data_adapters.records.field import Context
from data_adapters.records.grid import Grid
from data_adapters.records.video import VideoPoint
from data_adapters.settings import SourceSettings

CONTEXT = Context(ZoneInfo("Asia/Shanghai"), datetime(2026, 11, 22, 6, 30, tzinfo=UTC))
CASE_FIELDS = {"source_id": "ID", "occurred_at": "T", "lon": "X", "lat": "Y"}
GRID_FIELDS = {"code": "CODE", "name": "NAME", "level": {"const": 1}}
ROW = {"ID": "W1", "T": "2026-11-22T14:20:00", "X": "106.139", "Y": 34.751}
SQUARE = shapely.box(106, 34, 107, 35)


def source(kind: str, fields: dict[str, Any], **more: Any) -> SourceSettings:
    return SourceSettings.model_validate(
        {"name": "s", "kind": kind, "path": "x.csv", "fields": fields} | more
    )


def results(
    settings: SourceSettings, *rows: dict[str, Any], crs: str | None = None
) -> list[Record | Refused]:
    chunk = Chunk(list(rows), list(range(2, len(rows) + 2)), crs=crs)
    return [result for _, result in Mapping(settings, CONTEXT).apply(chunk)]


def one(settings: SourceSettings, row: dict[str, Any], crs: str | None = None) -> Any:
    (result,) = results(settings, row, crs=crs)
    return result


def case(fields: dict[str, Any] | None = None, row: dict[str, Any] | None = None, **more: Any) -> Any:
    return one(source("case", CASE_FIELDS | (fields or {}), **more), ROW | (row or {}))


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**400, max_value=10**401)
    | st.floats()
    | st.text()
    | st.binary(max_size=50)
    | st.datetimes()
    | st.dates()
    | st.decimals()
)
wild = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=3), scalars, max_size=2)


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
def test_no_raw_value_raises_and_every_refusal_names_field_and_reason(kind: str, data: st.DataObject) -> None:
    names = KINDS[kind].field_names
    row = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, wild)))
    crs = data.draw(st.sampled_from([None, "GCJ-02", "BD-09", "EPSG:4544"]))
    formats = data.draw(st.sampled_from([None, "%d", "%012d", "%Y-%m-%d %H:%M:%S"]))
    fields = {name: {"column": name, "format": formats} for name in names}
    settings = source(kind, fields, crs=crs, values={names[0]: {"1": "x", "*": "y"}})
    result = one(settings, row)
    if isinstance(result, Refused):
        assert all(fault.field in {*names, "*"} and fault.code and fault.reason for fault in result.faults)
        assert result.row == "2"
    else:
        assert result.source == "s"


@given(wild)
def test_no_geometry_raises(value: Any) -> None:
    for settings in (source("grid", GRID_FIELDS), source("video_point", {"point_id": "CODE"}, crs="GCJ-02")):
        result = one(settings, {"CODE": "1", "NAME": "n", GEOMETRY: value})
        assert isinstance(result, Grid | VideoPoint) or result.faults


def test_only_mapped_columns_are_asked_for() -> None:
    assert Mapping(source("case", CASE_FIELDS), CONTEXT).wanted == {"ID", "T", "X", "Y"}
    assert Mapping(source("grid", GRID_FIELDS), CONTEXT).wanted == {"CODE", "NAME", GEOMETRY}
    assert Mapping(source("grid", GRID_FIELDS | {"geometry": "WKT"}), CONTEXT).wanted == {
        "CODE",
        "NAME",
        "WKT",
    }
    assert Mapping(source("case_event", {"type": "A", "at": "B", "case_no": "C"}), CONTEXT).wanted == {
        "A",
        "B",
        "C",
    }


def test_a_time_without_a_zone_is_in_the_centres() -> None:
    assert case().occurred_at == datetime(2026, 11, 22, 6, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("%Y-%m-%d %H:%M:%S", "2026-11-22 14:20:00"),
        ("%m/%d/%Y %I:%M:%S %p", "11/22/2026 02:20:00 PM"),
        ("%Y年%m月%d日 %H:%M", "2026年11月22日 14:20"),
    ],
)
def test_a_time_in_the_given_format_is_read(pattern: str, text: str) -> None:
    found = case({"occurred_at": {"column": "T", "format": pattern}}, {"T": text})
    assert found.occurred_at == datetime(2026, 11, 22, 6, 20, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-22", "2026-W47-7 14:20:00", "2026-13-22 14:20:00", "昨天"])
def test_a_time_in_another_format_is_refused(text: str) -> None:
    found = case({"occurred_at": {"column": "T", "format": "%Y-%m-%d %H:%M:%S"}}, {"T": text})
    assert (found.field, found.code) == ("occurred_at", "bad_time")
    assert "%Y-%m-%d" in found.reason


def test_values_are_translated_and_the_rest_takes_the_star() -> None:
    values = {"state": {"已办结": "CLOSED", "1": "ACCEPTED", "true": "ASSIGNED", "*": "IN_PROGRESS"}}
    given = [
        ("已办结", "CLOSED"),
        (1, "ACCEPTED"),
        (1.0, "ACCEPTED"),
        (True, "ASSIGNED"),
        ("x", "IN_PROGRESS"),
    ]
    for value, state in given:
        assert case({"state": "S"}, {"S": value}, values=values).state == state


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_nothing_given_stays_unknown_and_is_not_anything_else(blank: str | None) -> None:
    values = {"satisfaction": {"*": "BASIC"}}
    assert case({"satisfaction": "S"}, {"S": blank}, values=values).satisfaction is None
    values["satisfaction"][""] = "NO_ANSWER"
    assert case({"satisfaction": "S"}, {"S": blank}, values=values).satisfaction == "NO_ANSWER"


def test_a_code_kept_as_a_number_is_refused_unless_the_mapping_says_how_long_it_is() -> None:
    refused = case({"grid_code": "G"}, {"G": 62050})
    assert (refused.field, refused.code) == ("grid_code", "type")
    assert case({"grid_code": {"column": "G", "format": "%06d"}}, {"G": 62050}).grid_code == "062050"
    assert case({"grid_code": {"column": "G", "format": "%d"}}, {"G": 3.0}).grid_code == "3"


def test_a_number_that_lost_its_last_digits_is_no_code() -> None:
    refused = case({"grid_code": {"column": "G", "format": "%d"}}, {"G": 6.20521103207e17})
    assert refused.code == "excel_damage"


def test_every_fault_of_a_row_is_told_at_once() -> None:
    refused = case({"grade": "G"}, {"ID": None, "G": "?", "X": "east"})
    assert sorted(fault.field for fault in refused.faults) == ["grade", "lon", "source_id"]


def test_gcj_02_becomes_cgcs2000() -> None:
    x, y = wgs_to_gcj(106.139, 34.751)
    found = case(None, {"X": float(x), "Y": str(float(y))}, crs="GCJ-02")
    assert found.lon == pytest.approx(106.139, abs=1e-7)
    assert found.lat == pytest.approx(34.751, abs=1e-7)


def test_degrees_that_need_no_change_stay_exactly_what_they_were() -> None:
    assert (case().lon, case().lat) == (106.139, 34.751)


def test_coordinates_beyond_their_system_are_refused_with_the_cause() -> None:
    refused = case(None, {"X": 1e30, "Y": 1e30}, crs="EPSG:4544")
    assert (refused.field, refused.code) == ("lon", "outside_crs")


def test_swapped_coordinates_are_named_and_never_put_right_silently() -> None:
    refused = case(None, {"X": 34.751, "Y": 106.139})
    assert (refused.field, refused.code) == ("lat", "swapped")


def test_a_case_without_coordinates_is_a_case() -> None:
    found = case(None, {"X": "", "Y": None}, crs="BD-09")
    assert isinstance(found, Case)
    assert found.lon is None


def test_a_points_place_is_the_files_own_geometry_where_no_column_is_named() -> None:
    settings = source("video_point", {"point_id": "CODE"})
    point = one(
        settings, {"CODE": "1", GEOMETRY: shapely.to_wkb(shapely.Point(106.1, 34.7))}, crs="EPSG:4326"
    )
    assert (point.lon, point.lat) == (106.1, 34.7)
    line = one(settings, {"CODE": "1", GEOMETRY: shapely.LineString([(0, 0), (1, 1)])})
    assert line.code == "not_point"


@pytest.mark.parametrize(
    "given", [SQUARE, SQUARE.wkb, SQUARE.wkt, shapely.to_geojson(SQUARE), shapely.force_3d(SQUARE)]
)
def test_a_polygon_may_come_as_wkb_wkt_geojson_or_with_heights(given: Any) -> None:
    grid = one(source("grid", GRID_FIELDS), {"CODE": "1", "NAME": "n", GEOMETRY: given})
    assert grid.geometry.equals(SQUARE)
    assert not grid.geometry.has_z


def polygon_fault(geometry: Any, crs: str | None = None) -> Refused:
    result = one(source("grid", GRID_FIELDS, crs=crs), {"CODE": "1", "NAME": "n", GEOMETRY: geometry})
    assert isinstance(result, Refused)
    assert result.field == "geometry"
    return result


def test_a_bow_tie_is_refused_with_the_place_where_it_crosses() -> None:
    bow_tie = shapely.Polygon([(106, 34), (107, 35), (107, 34), (106, 35)])
    refused = polygon_fault(bow_tie)
    assert refused.code == "invalid_polygon"
    assert "106.5 34.5" in refused.reason


def test_a_ring_that_is_not_closed_is_refused_not_raised() -> None:
    assert polygon_fault("POLYGON ((106 34, 107 34, 107 35))").code == "invalid_polygon"


def test_metres_without_a_system_are_refused_with_their_range() -> None:
    refused = polygon_fault(shapely.box(500_000, 3_800_000, 501_000, 3_801_000))
    assert refused.code == "out_of_range"
    assert "crs" in refused.reason


@pytest.mark.parametrize(
    "wkt", ["POLYGON ((106 34, nan 34, 107 35, 106 34))", "POLYGON ((106 34, inf 34, 1 35, 106 34))"]
)
def test_nan_and_infinity_are_no_polygon(wkt: str) -> None:
    assert polygon_fault(wkt).code in {"not_finite", "invalid_polygon"}


def test_a_declared_system_wins_over_the_files_own() -> None:
    x, y = wgs_to_gcj([106.0, 107.0, 107.0, 106.0], [34.0, 34.0, 35.0, 35.0])
    drawn = shapely.Polygon(list(zip(x, y, strict=True)))
    row = {"CODE": "1", "NAME": "n", GEOMETRY: drawn}
    grid = one(source("grid", GRID_FIELDS, crs="GCJ-02"), row, crs="EPSG:4326")
    assert grid.geometry.equals_exact(shapely.Polygon(SQUARE.exterior.coords), 1e-7, normalize=True)


def test_an_unknown_system_makes_the_source_unusable() -> None:
    with pytest.raises(SourceError, match="EPSG:999999"):
        case(None, None, crs="EPSG:999999")


def test_rows_without_numbers_are_named_by_their_identity() -> None:
    mapping = Mapping(source("case", CASE_FIELDS), CONTEXT)
    rows = [ROW | {"T": "?"}, ROW | {"ID": None}]
    assert [row for row, _ in mapping.apply(Chunk(rows, None))] == ["W1", "?"]
