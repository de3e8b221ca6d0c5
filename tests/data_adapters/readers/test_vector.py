"""GeoJSON, GeoPackage and zipped Shapefile."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from data_adapters.readers.file import FileReader
from data_adapters.readers.reader import GEOMETRY, Chunk, SourceError
from data_adapters.settings import SourceSettings

TOWNS = geopandas.GeoDataFrame(
    {"CODE": ["001", "002"], "NAME": ["甲镇", "乙镇"], "SECRET": ["x", "y"]},
    geometry=[shapely.box(106, 34, 107, 35), shapely.box(107, 34, 108, 35)],
    crs="EPSG:4490",
)


def read(path: Path, *wanted: str, **more: Any) -> list[Chunk]:
    fields = {"code": "CODE", "name": "NAME", "level": {"const": 1}}
    settings = SourceSettings.model_validate(
        {"name": "s", "kind": "grid", "path": path, "fields": fields} | more
    )
    return list(FileReader().read(settings, None, wanted or ("CODE", "NAME", GEOMETRY)))


def shapefile(folder: Path, encoding: str, cpg: bool, towns: geopandas.GeoDataFrame = TOWNS) -> Path:
    towns.to_file(folder / "towns.shp", encoding=encoding)
    path = folder / "towns.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in folder.glob("towns.*"):
            if part.suffix != ".zip" and (cpg or part.suffix != ".cpg"):
                archive.write(part, part.name)
    return path


def assert_towns(chunks: list[Chunk]) -> None:
    (chunk,) = chunks
    assert [(row["CODE"], row["NAME"]) for row in chunk.rows] == [("001", "甲镇"), ("002", "乙镇")]
    assert all("SECRET" not in row for row in chunk.rows)
    assert shapely.from_wkb(chunk.rows[0][GEOMETRY]).equals(TOWNS.geometry[0])
    assert chunk.numbers == [1, 2]


def test_geojson_features_count_from_one(tmp_path: Path) -> None:
    TOWNS.to_crs("EPSG:4326").to_file(tmp_path / "towns.geojson")
    chunks = read(tmp_path / "towns.geojson")
    assert_towns(chunks)
    assert chunks[0].crs == "EPSG:4326"


def test_geojson_under_the_name_json_is_recognised(tmp_path: Path) -> None:
    TOWNS.to_crs("EPSG:4326").to_file(tmp_path / "towns.json", driver="GeoJSON")
    assert_towns(read(tmp_path / "towns.json"))


def test_a_geopackage_with_several_layers_wants_one_named(tmp_path: Path) -> None:
    TOWNS.to_file(tmp_path / "grids.gpkg", layer="township")
    assert_towns(read(tmp_path / "grids.gpkg"))
    TOWNS.to_file(tmp_path / "grids.gpkg", layer="village")
    assert_towns(read(tmp_path / "grids.gpkg", layer="village"))
    with pytest.raises(SourceError, match="township、village"):
        read(tmp_path / "grids.gpkg")
    with pytest.raises(SourceError, match="是否想写 village"):
        read(tmp_path / "grids.gpkg", layer="vilage")


@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030", "GBK"])
@pytest.mark.parametrize("cpg", [True, False])
def test_a_zipped_shapefile_is_read_with_and_without_its_cpg(
    tmp_path: Path, encoding: str, cpg: bool
) -> None:
    chunks = read(shapefile(tmp_path, encoding, cpg))
    assert_towns(chunks)
    assert chunks[0].crs == "EPSG:4490"


def test_a_declared_encoding_wins_over_a_wrong_cpg(tmp_path: Path) -> None:
    TOWNS.to_file(tmp_path / "towns.shp", encoding="GBK")
    (tmp_path / "towns.cpg").write_text("ISO-8859-1")
    path = tmp_path / "towns.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in list(tmp_path.glob("towns.*")):
            if part != path:
                archive.write(part, part.name)
    assert_towns(read(path, encoding="GBK"))


def test_a_projected_shapefile_says_its_system(tmp_path: Path) -> None:
    projected = TOWNS.to_crs("EPSG:4544")
    assert read(shapefile(tmp_path, "UTF-8", True, projected))[0].crs == "EPSG:4544"


def test_a_missing_column_comes_with_the_nearest_one(tmp_path: Path) -> None:
    TOWNS.to_crs("EPSG:4326").to_file(tmp_path / "towns.geojson")
    with pytest.raises(SourceError, match="是否想写 CODE"):
        read(tmp_path / "towns.geojson", "Code")


def test_a_feature_without_geometry_is_a_row(tmp_path: Path) -> None:
    feature = {"type": "Feature", "geometry": None, "properties": {"CODE": "1", "NAME": "n"}}
    path = tmp_path / "towns.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert read(path)[0].rows == [{"CODE": "1", "NAME": "n", GEOMETRY: None}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.gpkg", b"<OGRVRTDataSource/>"),
        ("a.geojson", b"<OGRVRTDataSource/>"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [{'),
        ("a.geojson", b"{}"),
        ("a.gpkg", b"SQLite format 3\x00" + b"x" * 200),
        ("a.zip", b"PK"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=name):
        read(tmp_path / name)


def test_a_bare_shp_is_told_to_come_as_a_zip(tmp_path: Path) -> None:
    TOWNS.to_file(tmp_path / "towns.shp")
    with pytest.raises(SourceError, match="zip"):
        read(tmp_path / "towns.shp")
