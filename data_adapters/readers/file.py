"""Files: the ending says which format, and each format has a module of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from data_adapters.readers.confined import read_confined
from data_adapters.readers.delimited import read_delimited
from data_adapters.readers.encoding import is_web_page
from data_adapters.readers.excel import read_excel
from data_adapters.readers.json_list import read_json_list
from data_adapters.readers.parquet import read_parquet
from data_adapters.readers.reader import Chunk, SourceError
from data_adapters.readers.vector import read_vector, read_zipped_shapefile
from data_adapters.settings import SourceSettings


class FileReader:
    """GeoJSON, GeoPackage, zipped Shapefile, CSV, Excel, Parquet and JSON lists. Always reads the whole file.

    What a library unpacks or parses is read by a process with limits, CSV and JSON lists in this one.
    """

    def read(self, source: SourceSettings, cursor: str | None, wanted: Collection[str]) -> Iterator[Chunk]:
        """Chunks of the file at ``source.path``; `cursor` does not matter. Raises `SourceError`."""
        path = source.path
        if path is None or not path.is_file():
            raise SourceError(f"找不到文件 {path}", "missing_file")
        _check_head(path)
        suffix = path.suffix.lower()
        if suffix in {".csv", ".tsv", ".txt"}:
            return read_delimited(path, source, wanted)
        if suffix == ".xlsx":
            return read_confined(read_excel, path, source, wanted)
        if suffix in {".parquet", ".geoparquet"}:
            return read_confined(read_parquet, path, wanted)
        if suffix == ".zip":
            return read_confined(read_zipped_shapefile, path, source, wanted)
        if suffix == ".json" and (source.records is not None or not _is_geojson(path)):
            return read_json_list(path, source, wanted)
        if suffix in {".geojson", ".gpkg", ".json"}:
            return read_confined(read_vector, path, source, wanted)
        hint = "，Shapefile 应把各部分压成一个 .zip" if suffix == ".shp" else ""
        raise SourceError(
            f"{path.name}：不认识 {suffix or '没有扩展名'} 的文件，"
            f"应为 .csv .xlsx .parquet .geojson .gpkg .zip .json{hint}",
            "unknown_format",
        )


def _check_head(path: Path) -> None:
    """What a broken download leaves behind: nothing, or the page that asks for a password."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip(b"\x00\t\r\n \xef\xbb\xbf"):
        raise SourceError(f"{path.name}：文件是空的", "empty")
    if is_web_page(head):
        raise SourceError(f"{path.name}：是网页而不是数据，像是登录页，请检查取数的地址和登录", "html")


def _is_geojson(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(4096)
    return b'"FeatureCollection"' in head or b'"Feature"' in head
