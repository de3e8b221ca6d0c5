# ruff: noqa: E501  a table reads by its columns
"""Files of sources, each broken in one way, or strange and right all the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bad import archives as made
from tests.bad.corpus import BadFile, text_file

CASE = {"fields": {"source_id": "ID", "occurred_at": "T", "lon": "X", "lat": "Y", "category": "C"}}
GRID = {"fields": {"code": "CODE", "name": "NAME", "level": "LEVEL", "parent": "PARENT"}}
HEAD = "ID,T,X,Y,C\n"
ROW = "1,2026-01-05 08:00:00,106.2,34.5,邻里\n"
TIMES = ("1", "2026-01-05 08:00:00", 106.2, 34.5, "邻里")
COLUMNS = ("ID", "T", "X", "Y", "C")
PAGE = "<!DOCTYPE html>\n<html><head><title>统一身份认证</title></head><body><form></form></body></html>"
Write = Callable[[Path], object]
Described = tuple[str, str, str, str, str, Write, dict[str, Any]]


def csv(content: str, encoding: str = "utf-8") -> Write:
    """The header and these lines."""
    return text_file(HEAD + content, encoding)


def features(*shapes: Any, **more: Any) -> Write:
    """A GeoJSON with these geometries, each a grid."""
    items = [
        {
            "type": "Feature",
            "geometry": shape,
            "properties": {"CODE": f"G{n}", "NAME": "组", "LEVEL": 3, "PARENT": "620511"} | more,
        }
        for n, shape in enumerate(shapes)
    ]
    return text_file(json.dumps({"type": "FeatureCollection", "features": items}))


def polygon(*pairs: tuple[float, float]) -> dict[str, Any]:
    """A GeoJSON polygon of one ring."""
    return {"type": "Polygon", "coordinates": [list(pairs)]}


SQUARE = polygon((106, 34), (106.5, 34), (106.5, 35), (106, 35), (106, 34))
_FEATURE = (
    '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":%s,"properties":'
    '{"CODE":"G","NAME":"组","LEVEL":3,"PARENT":"620511"%s}}]}'
)


def feature(geometry: str, more: str = "") -> Write:
    """A GeoJSON of one grid, its geometry as text."""
    return text_file(_FEATURE % (geometry, more))


_NESTED = '{"type":"GeometryCollection","geometries":[' * 2_000 + "]}" * 2_000
_SHALLOW = json.dumps({"type": "GeometryCollection", "geometries": [SQUARE]})
_TEXT: list[Described] = [
    ("good", "B7", "a good file", "accepted", "a.csv", csv(ROW), {}),
    ("bom", "B7", "UTF-8 with a mark", "accepted", "a.csv", csv(ROW, "utf-8-sig"), {}),
    ("utf-16", "B7", "UTF-16 with a mark", "accepted", "a.csv", csv(ROW, "utf-16"), {}),
    ("utf-32", "B7", "UTF-32 with a mark", "accepted", "a.csv", csv(ROW, "utf-32"), {}),
    ("gb18030", "B7", "GB18030", "accepted", "a.csv", csv(ROW, "gb18030"), {}),
    ("gbk-rare", "B7", "GB18030 of four bytes", "accepted", "a.csv", csv(ROW.replace("邻", "𠮷"), "gb18030"), {}),
    ("big5-told", "B7", "Big5, told", "accepted", "a.csv", csv(ROW.replace("邻里", "鄰里糾紛"), "big5"), {"encoding": "big5"}),
    ("big5", "B7", "Big5, not told", "encoding", "a.csv", csv(ROW.replace("邻里", "鄰里糾紛與勞動爭議"), "big5"), {}),
    ("utf-16-bare", "B7", "UTF-16 without a mark", "encoding", "a.csv", csv(ROW, "utf-16-le"), {}),
    ("utf-16-bare-be", "B7", "UTF-16 without a mark, the other way", "encoding", "a.csv", csv(ROW, "utf-16-be"), {}),
    ("neither", "B7", "bytes of no encoding", "encoding", "a.csv", text_file(HEAD.encode() + b"\xff\xff\xff\n"), {}),
    ("told-wrong", "B7", "GBK said to be UTF-8", "encoding", "a.csv", csv(ROW, "gbk"), {"encoding": "utf-8"}),
    ("told-unknown", "B7", "an encoding nobody knows", "encoding", "a.csv", csv(ROW), {"encoding": "gb-utf"}),
    ("told-codec", "B7", "a codec that is no text", "encoding", "a.csv", csv(ROW), {"encoding": "base64"}),
    ("mixed", "B7", "GBK lines in UTF-8", "encoding", "a.csv", text_file((HEAD + ROW).encode() + ROW.encode("gbk") + b"\xff"), {}),
    ("double", "B7", "UTF-8 saved through GBK", "mojibake", "a.csv", csv(ROW.replace("邻里", "劳动争议".encode().decode("gb18030"))), {}),
    ("geojson-gbk", "B7", "GeoJSON in GBK", "encoding", "a.geojson", text_file((_FEATURE % (json.dumps(SQUARE), "")).encode("gbk")), GRID),
    ("empty", "B22", "no bytes", "empty", "a.csv", text_file(""), {}),
    ("blank", "B22", "blank lines", "empty", "a.csv", text_file("\n\n  \n"), {}),
    ("nul-bytes", "B22", "a file of zeros, as a full disk leaves it", "empty", "a.csv", text_file(bytes(10_000)), {}),
    ("empty-json", "B22", "no JSON", "empty", "a.json", text_file(""), {}),
    ("empty-xlsx", "B22", "no workbook", "empty", "a.xlsx", text_file(""), {}),
    ("empty-zip", "B22", "no archive", "empty", "a.zip", text_file(""), GRID),
    ("empty-geojson", "B22", "no features at all", "empty", "a.geojson", text_file(""), GRID),
    ("header-only", "B22", "no rows under the header", "accepted", "a.csv", csv(""), {}),
    ("login", "B22", "a login page", "html", "a.csv", text_file(PAGE), {}),
    ("login-json", "B22", "a login page as JSON", "html", "a.json", text_file(PAGE), {}),
    ("login-xlsx", "B22", "a login page as a workbook", "html", "a.xlsx", text_file(PAGE), {}),
    ("login-zip", "B22", "a login page as an archive", "html", "a.zip", text_file(PAGE), GRID),
    ("login-geojson", "B22", "a login page as grids", "html", "a.geojson", text_file("\n\n" + PAGE), GRID),
    ("login-comment", "B22", "a comment before the page", "html", "a.csv", text_file("<!-- nginx -->" + PAGE), {}),
    ("login-upper", "B22", "a page in capitals", "html", "a.csv", text_file("<HTML><BODY>502 Bad Gateway"), {}),
    ("table-xls", "B22", "a web table called a workbook", "html", "a.xlsx", text_file("<html><table><tr><td>1"), {}),
    ("column", "B22", "a column renamed", "missing_column", "a.csv", text_file(HEAD.replace("ID", "编号") + ROW), {}),
    ("column-twice", "B8", "a column twice", "repeated_column", "a.csv", text_file("ID,ID,T,X,Y,C\n1," + ROW), {}),
    ("case-of-column", "B22", "a column in small letters", "missing_column", "a.csv", text_file(HEAD.lower() + ROW), {}),
    ("no-header", "B22", "no header", "missing_column", "a.csv", text_file(ROW), {}),
    ("cells-more", "B22", "a comma in a field without quotes", "column_count", "a.csv", csv(ROW.replace("邻里", "邻里,宅基地")), {}),
    ("cells-fewer", "B22", "a line cut off", "column_count", "a.csv", csv(ROW + "2,2026-01"), {}),
    ("quote", "B22", "a quote that never ends", "column_count", "a.csv", csv(ROW + '"2,2026-01-05 08:00:00,106.2\n' + ROW), {}),
    ("commas", "B7", "full-width commas", "missing_column", "a.csv", text_file((HEAD + ROW).replace(",", "，")), {}),
    ("tabs", "B7", "tabs", "accepted", "a.csv", text_file((HEAD + ROW).replace(",", "\t")), {}),
    ("semicolons", "B7", "semicolons", "accepted", "a.csv", text_file((HEAD + ROW).replace(",", ";")), {}),
    ("old-mac", "B7", "line ends of old", "accepted", "a.csv", text_file((HEAD + ROW).replace("\n", "\r")), {}),
    ("blank-lines", "B7", "blank lines between", "accepted", "a.csv", csv("\n" + ROW + "\n\n"), {}),
    ("long-field", "B10", "a field of ten megabytes", "too_long", "a.csv", csv(ROW.replace("邻里", "长" * 3_400_000)), {}),
    ("longer-field", "B10", "a field of 20 megabytes", "not_csv", "a.csv", csv(ROW.replace("邻里", "x" * 20_000_000)), {}),
    ("many-columns", "B10", "20,000 columns", "accepted", "a.csv", text_file(HEAD[:-1] + "," * 20_000 + "\n" + ROW[:-1] + "," * 20_000), {}),
    ("excel-science", "B9", "identities that Excel wrote", "excel_damage", "a.csv", csv("6.20502E+19,2026-01-05,106.2,34.5,邻里\n"), {}),
    ("nul", "B20", "NUL in a field", "control_character", "a.csv", csv(ROW.replace("邻里", "邻\x00里")), {}),
    ("slash-dates", "B21", "dates with slashes, as Excel exports them", "bad_time", "a.csv", csv(ROW.replace("2026-01-05", "2026/1/5")), {}),
    ("repeated", "B8", "the same row twice", "note:repeated", "a.csv", csv(ROW + ROW), {}),
    ("repeated-other", "B8", "the same identity, another content", "note:repeated", "a.csv", csv(ROW + ROW.replace("邻里", "婚姻")), {}),
    ("outside", "B6", "a point in no grid", "note:outside", "a.csv", csv(ROW.replace("106.2", "120.2")), {}),
    ("null-island", "B6", "0, 0", "note:outside", "a.csv", csv("1,2026-01-05 08:00:00,0,0,邻里\n"), {}),
    ("unplaced", "B6", "no place at all", "note:unplaced", "a.csv", csv("1,2026-01-05 08:00:00,,,邻里\n"), {}),
    ("swapped", "B4", "latitude first", "swapped", "a.csv", csv("1,2026-01-05 08:00:00,34.5,106.2,邻里\n"), {}),
    ("ending", "B16", "an ending nobody knows", "unknown_format", "a.exe", text_file("MZ"), {}),
    ("no-ending", "B16", "no ending", "unknown_format", "a", csv(ROW), {}),
    ("shp-alone", "B16", "a Shapefile's first part alone", "unknown_format", "a.shp", text_file(b"\x00\x00\x27\x0a"), GRID),
    ("old-excel", "B16", "an old workbook", "unknown_format", "a.xls", text_file(b"\xd0\xcf\x11\xe0"), {}),
    ("folder", "B19", "a folder", "missing_file", "a.csv", Path.mkdir, {}),
    ("missing", "B22", "no file", "missing_file", "a.csv", lambda path: None, {}),
]  # fmt: skip
_JSON: list[Described] = [
    ("json-good", "B8", "a good list", "accepted", "a.json", text_file(json.dumps([dict(zip(COLUMNS, TIMES, strict=True))])), {}),
    ("json-twice", "B8", "a key twice", "repeated_key", "a.json", text_file('[{"ID": "1", "ID": "2", "T": "2026-01-05", "X": 1, "Y": 1, "C": "x"}]'), {}),
    ("json-cut", "B22", "half a list", "not_json", "a.json", text_file('[{"ID": "1"}, {"ID":'), {}),
    ("json-nan", "B3", "NaN", "not_json", "a.json", text_file('[{"ID": NaN}]'), {}),
    ("json-inf", "B3", "-Infinity", "not_json", "a.json", text_file('[{"ID": -Infinity}]'), {}),
    ("json-1e999", "B3", "1e999", "not_finite", "a.json", text_file('[{"ID": "1", "T": "2026-01-05", "X": 1e999, "Y": 34, "C": "x"}]'), {}),
    ("json-digits", "B10", "5,000 digits", "not_json", "a.json", text_file('[{"ID": ' + "9" * 5_000 + "}]"), {}),
    ("json-deep", "B11", "100,000 brackets", "too_deep", "a.json", text_file("[" * 100_000), {}),
    ("json-deep-row", "B11", "a row 40 deep", "too_deep", "a.json", text_file('[{"ID": ' + "[" * 40 + "]" * 40 + "}]"), {}),
    ("json-deep-text", "B11", "brackets in a text are no depth", "missing_column", "a.json", text_file('[{"a": "' + "[" * 9_999 + '"}]'), {}),
    ("json-lines", "B22", "JSON lines", "not_json", "a.json", text_file('{"ID": "1"}\n{"ID": "2"}\n'), {}),
    ("json-object", "B22", "an error object", "records", "a.json", text_file('{"code": 401, "msg": "token expired"}'), {}),
    ("json-null", "B22", "null", "records", "a.json", text_file("null"), {}),
    ("json-records", "B22", "a list elsewhere", "records", "a.json", text_file('{"data": {"rows": []}}'), {"records": "data.list"}),
    ("json-scalars", "B22", "a list of numbers", "type", "a.json", text_file("[1, 2, 3]"), {}),
    ("json-lists", "B22", "a list of lists", "type", "a.json", text_file('[["1", "2026-01-05"]]'), {}),
    ("json-empty", "B22", "an empty list", "accepted", "a.json", text_file("[]"), {}),
    ("json-comment", "B22", "a comment", "not_json", "a.json", text_file('[{"ID": "1"}] // ok'), {}),
    ("bow-tie", "B1", "a bow-tie", "invalid_polygon", "a.geojson", features(polygon((106, 34), (107, 35), (107, 34), (106, 35), (106, 34))), GRID),
    ("bow-ties", "B1", "a bow-tie beside a good grid", "invalid_polygon", "a.geojson", features(SQUARE, polygon((106, 34), (107, 35), (107, 34), (106, 35), (106, 34))), GRID),
    ("overlap", "B1", "two grids over each other", "note:overlap", "a.geojson", features(SQUARE, SQUARE), GRID),
    ("leak", "B1", "a grid out of its parent", "note:leak", "a.geojson", features(polygon((105, 34), (106.5, 34), (106.5, 35), (105, 35), (105, 34))), GRID),
    ("unclosed", "B2", "an open ring is refused or closed, never half read", "invalid_polygon", "a.geojson", features(polygon((106, 34), (106.5, 34))), GRID),
    ("a-point", "B2", "a point as grid", "not_polygon", "a.geojson", features({"type": "Point", "coordinates": [106, 34]}), GRID),
    ("a-line", "B2", "a line as grid", "not_polygon", "a.geojson", features({"type": "LineString", "coordinates": [[106, 34], [107, 35]]}), GRID),
    ("no-geometry", "B2", "no polygon", "note:no_polygon", "a.geojson", features(None), GRID),
    ("no-rings", "B2", "a polygon without rings", "empty_geometry", "a.geojson", features({"type": "Polygon", "coordinates": []}), GRID),
    ("collection", "B2", "a collection", "collection", "a.geojson", feature(_SHALLOW), GRID),
    ("nested", "B2", "2,000 nested collections", "too_deep", "a.geojson", feature(_NESTED), GRID),
    ("nan", "B3", "NaN in a ring", "not_json", "a.geojson", feature('{"type":"Polygon","coordinates":[[[NaN,34],[107,34],[107,35],[NaN,34]]]}'), GRID),
    ("far", "B3", "1e999 in a ring", "not_vector", "a.geojson", feature('{"type":"Polygon","coordinates":[[[1e999,34],[107,34],[107,35],[1e999,34]]]}'), GRID),
    ("geo-twice", "B8", "a key twice", "repeated_key", "a.geojson", feature(json.dumps(SQUARE), ',"CODE":"H"'), GRID),
    ("geo-cut", "B22", "half a GeoJSON", "not_json", "a.geojson", text_file(_FEATURE[:200]), GRID),
    ("geo-xml", "B22", "GML called GeoJSON", "disguised", "a.geojson", text_file("<gml:FeatureCollection/>"), GRID),
    ("geo-vrt", "B19", "a GDAL file that leads elsewhere", "disguised", "a.geojson", text_file("<OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource>"), GRID),
    ("geo-topology", "B22", "TopoJSON", "not_vector", "a.geojson", text_file('{"type":"Topology","objects":{},"arcs":[]}'), GRID),
    ("geo-object", "B22", "an object of something else", "not_vector", "a.geojson", text_file('{"a": 1}'), GRID),
    ("geo-none", "B22", "no features", "missing_column", "a.geojson", text_file('{"type":"FeatureCollection","features":[]}'), GRID),
    ("geo-crs", "B5", "a system nobody knows", "crs_unknown", "a.geojson", features(SQUARE), GRID | {"crs": "EPSG:999999"}),
    ("geo-auto", "B5", "auto without a ground", "no_ground", "b.csv", csv(ROW), {"crs": "auto"}),
]  # fmt: skip
_CONTAINERS: list[Described] = [
    ("zip-good", "B16", "a good Shapefile", "accepted", "a.zip", made.archive(), GRID),
    ("zip-gbk", "B7", "GBK without a .cpg", "accepted", "a.zip", made.archive(lambda p: {n: c for n, c in p.items() if not n.endswith(".cpg")}, "gbk"), GRID),
    ("zip-bomb", "B16", "a bomb", "bomb", "a.zip", made.archive(lambda p: p | {"a.shp": bytes(50_000_000)}), GRID),
    ("zip-large", "B16", "250 MB unpacked", "archive_limit", "a.zip", made.claiming(250_000_000), GRID),
    ("zip-many", "B16", "51 members", "archive_limit", "a.zip", made.archive(lambda p: p | {f"{n}.txt": b"" for n in range(51)}), GRID),
    ("zip-slip", "B19", "a name out of the folder", "unsafe_archive", "a.zip", made.archive(lambda p: p | {"../../evil.shp": b""}), GRID),
    ("zip-slip-back", "B19", "with backslashes", "unsafe_archive", "a.zip", made.archive(lambda p: p | {"..\\..\\evil.shp": b""}), GRID),
    ("zip-absolute", "B19", "an absolute name", "unsafe_archive", "a.zip", made.archive(lambda p: p | {"/etc/cron.d/x": b""}), GRID),
    ("zip-drive", "B19", "a drive", "unsafe_archive", "a.zip", made.archive(lambda p: p | {"C:evil.shp": b""}), GRID),
    ("zip-folder", "B16", "in a folder", "unsafe_archive", "a.zip", made.archive(lambda p: {f"grids/{n}": c for n, c in p.items()}), GRID),
    ("zip-link", "B16", "a symbolic link", "unsafe_archive", "a.zip", made.with_link, GRID),
    ("zip-locked", "B16", "encrypted", "encrypted", "a.zip", made.encrypted, GRID),
    ("zip-lying", "B16", "larger than it says", "not_zip", "a.zip", made.claiming(1_000), GRID),
    ("zip-cut", "B16", "half an archive", "not_zip", "a.zip", made.cut(made.archive(), 0.5), GRID),
    ("zip-text", "B16", "a text called zip", "not_zip", "a.zip", text_file("hello"), GRID),
    ("zip-nested", "B16", "an archive in an archive", "missing_part", "a.zip", made.archive(lambda p: {"b.zip": b"PK\x05\x06" + bytes(18)}), GRID),
    ("zip-nothing", "B16", "an empty archive", "missing_part", "a.zip", made.archive(lambda p: {}), GRID),
    ("zip-two", "B16", "two Shapefiles", "missing_part", "a.zip", made.archive(lambda p: p | {"b.shp": p["a.shp"]}), GRID),
    ("no-dbf", "B16", "no .dbf", "missing_part", "a.zip", made.without(".dbf"), GRID),
    ("no-shx", "B16", "no .shx", "missing_part", "a.zip", made.without(".shx"), GRID),
    ("no-prj", "B5", "no .prj: degrees are taken as ours", "accepted", "a.zip", made.without(".prj"), GRID),
    ("shp-zeros", "B16", "a .shp of zeros", "disguised", "a.zip", made.replaced(".shp", lambda c: bytes(len(c))), GRID),
    ("shp-cut", "B16", "half a .shp", "damaged", "a.zip", made.replaced(".shp", lambda c: c[:60]), GRID),
    ("shp-tail", "B16", "a .shp without its end", "damaged", "a.zip", made.replaced(".shp", lambda c: c[:-24]), GRID),
    ("dbf-text", "B16", "a .dbf of text", "damaged", "a.zip", made.replaced(".dbf", lambda c: b"hello"), GRID),
    ("dbf-encoding", "B7", "a .dbf of no encoding", "encoding", "a.zip", made.archive(lambda p: {n: c.replace("一组".encode(), b"\xff\xff\xff\xff\xff\xff") for n, c in p.items() if not n.endswith(".cpg")}), GRID),
    ("gpkg-good", "B16", "a good GeoPackage", "accepted", "a.gpkg", made.package("a"), GRID),
    ("gpkg-layers", "B16", "two layers, none named", "layer", "a.gpkg", made.package("a", "b"), GRID),
    ("gpkg-layer", "B16", "a layer that is not there", "layer", "a.gpkg", made.package("a"), GRID | {"layer": "b"}),
    ("gpkg-cut", "B16", "half a GeoPackage", "not_vector", "a.gpkg", made.cut(made.package("a"), 0.3), GRID),
    ("gpkg-text", "B16", "a text called GeoPackage", "disguised", "a.gpkg", text_file("hello"), GRID),
    ("gpkg-sqlite", "B16", "a database that is none", "not_vector", "a.gpkg", text_file(b"SQLite format 3\x00" + bytes(2_000)), GRID),
    ("xlsx-good", "B16", "a good workbook", "accepted", "a.xlsx", made.workbook(COLUMNS, TIMES), {}),
    ("xlsx-merged", "B16", "a header of two rows", "accepted", "a.xlsx", made.workbook(("ID", "T", "位置", None, "C"), (None, None, "X", "Y", None), TIMES, merged="C1:D1"), {"fields": CASE["fields"] | {"lon": "位置/X", "lat": "位置/Y"}}),
    ("xlsx-title", "B16", "a title above the header", "accepted", "a.xlsx", made.workbook(("2026年台账",), COLUMNS, TIMES), {}),
    ("xlsx-nothing", "B22", "an empty sheet", "empty", "a.xlsx", made.workbook(), {}),
    ("xlsx-sheet", "B16", "a sheet that is not there", "sheet", "a.xlsx", made.workbook(COLUMNS, TIMES), {"sheet": "数据"}),
    ("xlsx-cut", "B16", "half a workbook", "not_zip", "a.xlsx", made.cut(made.workbook(COLUMNS, TIMES), 0.5), {}),
    ("xlsx-zip", "B16", "an archive that is no workbook", "not_excel", "a.xlsx", made.archive(), {}),
    ("xlsx-bomb", "B16", "texts of 60 MB", "bomb", "a.xlsx", made.excel_bomb, {}),
    ("xlsx-laughs", "B16", "a billion laughs", "not_excel", "a.xlsx", made.excel_entities, {}),
    ("xlsx-number", "B9", "an identity as a number of 20 digits", "excel_damage", "a.xlsx", made.workbook(COLUMNS, (6.2050200001310001e19, *TIMES[1:])), {}),
    ("xlsx-error", "B9", "#REF! where a number should be", "not_a_number", "a.xlsx", made.workbook(COLUMNS, ("1", TIMES[1], "#REF!", 34.5, "邻里")), {}),
    ("xlsx-formula", "B14", "a formula without its value is nothing", "missing", "a.xlsx", made.workbook(COLUMNS, ("=1+1", *TIMES[1:])), {}),
    ("parquet-good", "B16", "a good Parquet", "accepted", "a.parquet", made.parquet(**{n: [v] for n, v in zip(COLUMNS, TIMES, strict=True)}), {}),
    ("parquet-text", "B16", "a text called Parquet", "not_parquet", "a.parquet", text_file("PAR1 hello PAR1"), {}),
    ("parquet-cut", "B16", "half a Parquet", "not_parquet", "a.parquet", made.cut(made.parquet(ID=["1"]), 0.6), {}),
    ("parquet-nan", "B3", "NaN in a column", "not_finite", "a.parquet", made.parquet(**{n: [v] for n, v in zip(COLUMNS, ("1", TIMES[1], float("nan"), 34.5, "x"), strict=True)}), {}),
    ("parquet-bytes", "B9", "bytes as text", "type", "a.parquet", made.parquet(**{n: [v] for n, v in zip(COLUMNS, (b"\xff\x00", *TIMES[1:]), strict=True)}), {}),
    ("parquet-nested", "B9", "a struct as category", "type", "a.parquet", made.parquet(**{n: [v] for n, v in zip(COLUMNS, (*TIMES[:4], {"a": 1}), strict=True)}), {}),
]  # fmt: skip


def _file(known: Described) -> BadFile:
    name, group, what, expected, file, write, more = known
    kind = "grid" if "code" in more.get("fields", {}) else "case"
    return BadFile(name, group, what, expected, kind, file, write, (CASE if kind == "case" else {}) | more)


FILES = [_file(known) for known in (*_TEXT, *_JSON, *_CONTAINERS)]
