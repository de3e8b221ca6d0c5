"""Parquet and GeoParquet."""

from __future__ import annotations

from pathlib import Path

import geopandas
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from data_adapters.readers import parquet
from data_adapters.readers.file import FileReader
from data_adapters.readers.reader import CHUNK_ROWS, GEOMETRY, Chunk, SourceError
from data_adapters.settings import SourceSettings


def read(path: Path, *wanted: str) -> list[Chunk]:
    fields = {"point_id": "id"}
    settings = SourceSettings.model_validate(
        {"name": "s", "kind": "video_point", "path": path, "fields": fields}
    )
    return list(FileReader().read(settings, None, wanted))


def test_rows_come_in_chunks_with_nothing_for_null(tmp_path: Path) -> None:
    rows = CHUNK_ROWS + 1
    frame = pandas.DataFrame(
        {"id": [str(n) for n in range(rows)], "x": [None, *range(1, rows)], "secret": "s"}
    )
    frame.to_parquet(tmp_path / "rows.parquet")
    first, second = read(tmp_path / "rows.parquet", "id", "x")
    assert first.rows[0] == {"id": "0", "x": None}
    assert first.total == rows
    assert second.numbers == [rows]


def test_a_geoparquet_gives_its_geometry_and_system(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame({"id": ["1"]}, geometry=[shapely.Point(106, 34)], crs="EPSG:4544")
    frame.to_parquet(tmp_path / "rows.parquet")
    (chunk,) = read(tmp_path / "rows.parquet", "id", GEOMETRY)
    assert shapely.from_wkb(chunk.rows[0][GEOMETRY]) == shapely.Point(106, 34)
    assert chunk.crs == "EPSG:4544"


def test_a_missing_column_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    pandas.DataFrame({"id": ["1"]}).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(SourceError, match="没有列 'lon'"):
        read(tmp_path / "rows.parquet", "lon")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    with pytest.raises(SourceError, match=r"bad\.parquet"):
        read(tmp_path / "bad.parquet", "id")


def test_what_says_it_unpacks_to_more_than_is_read_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(pa.table({"ID": ["甲" * 400_000]}), tmp_path / "a.parquet")
    assert sum(len(chunk.rows) for chunk in parquet.read_parquet(tmp_path / "a.parquet", {"ID"})) == 1
    monkeypatch.setattr(parquet, "MAX_MB", 1)
    with pytest.raises(SourceError, match="解开后 1 MB，最多 1 MB") as refused:
        list(parquet.read_parquet(tmp_path / "a.parquet", {"ID"}))
    assert refused.value.code == "too_large"
