"""Polygons and points from files that know their geometry: GeoJSON, GeoPackage, zipped Shapefile (through GDAL)."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FieldError, GeometryError
from pyogrio.raw import open_arrow

from data_adapters.readers.archive import check_whole, unpack_shapefile
from data_adapters.readers.encoding import encoding_of
from data_adapters.readers.json_text import MAX_MB, check_json_text
from data_adapters.readers.reader import CHUNK_ROWS, GEOMETRY, Chunk, SourceError, require_columns
from data_adapters.settings import SourceSettings
from data_adapters.suggestion import did_you_mean

#: What a file of each kind begins with: GDAL opens by content, and would follow a disguised file anywhere.
_MAGIC = {".gpkg": b"SQLite format 3\x00", ".shp": b"\x00\x00\x27\x0a"}


def read_zipped_shapefile(path: Path, source: SourceSettings, wanted: Collection[str]) -> Iterator[Chunk]:
    """Chunks of the one Shapefile in a zip. Text: `source.encoding`, else the .cpg's, else found."""
    with tempfile.TemporaryDirectory(prefix="yiping-") as folder:
        shapes = unpack_shapefile(path, Path(folder))
        check_whole(shapes, path.name)
        stated = shapes.with_suffix(".cpg")
        note = None
        if source.encoding != "auto" or not stated.exists():
            found = _encoding_of_table(shapes.with_suffix(".dbf"), path, source.encoding)
            note = f"没有 .cpg，文字按 {found} 解码（自动识别）" if source.encoding == "auto" else None
            stated.write_text(found)
        for chunk in read_vector(shapes, source, wanted, shown=path.name):
            chunk.note, note = note, None
            yield chunk


def read_vector(
    path: Path, source: SourceSettings, wanted: Collection[str], shown: str | None = None
) -> Iterator[Chunk]:
    """Chunks of the features of a layer, counted from 1. The geometry is WKB under the key `GEOMETRY`."""
    shown = shown or path.name
    _check_magic(path, shown)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # GDAL's remarks; what matters is refused by its row
        try:
            layer = _layer(path, source, shown)
            fields = pyogrio.read_info(path, layer=layer)["fields"]
            require_columns(wanted, [str(name) for name in fields], shown)
            columns = [name for name in wanted if name != GEOMETRY]
            options = {"DATE_AS_STRING": "YES"} if path.suffix.lower() in {".geojson", ".json"} else {}
            with open_arrow(
                path,
                layer=layer,
                columns=columns,
                read_geometry=GEOMETRY in wanted,
                batch_size=CHUNK_ROWS,
                use_pyarrow=True,
                **options,
            ) as (meta, batches):
                yield from _chunks(meta, batches)
        except (DataSourceError, DataLayerError, FieldError, GeometryError, OSError) as error:
            raise SourceError(f"{shown}：无法读取（{_one_line(error)}）", "not_vector") from None


def _chunks(meta: dict[str, Any], batches: Any) -> Iterator[Chunk]:
    geometry = meta["geometry_name"] or "wkb_geometry"
    count = 0
    for batch in batches:
        names = [GEOMETRY if name == geometry else name for name in batch.schema.names]
        columns = [column.to_pylist() for column in batch.columns]
        rows = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
        yield Chunk(rows, list(range(count + 1, count + len(rows) + 1)), crs=meta["crs"])
        count += len(rows)


def _layer(path: Path, source: SourceSettings, shown: str) -> str | None:
    if path.suffix.lower() != ".gpkg":
        return None
    layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    if source.layer is None:
        if len(layers) == 1:
            return layers[0]
        raise SourceError(
            f"{shown}：有 {len(layers)} 个图层，请用 layer 写明一个：{'、'.join(layers[:12])}", "layer"
        )
    if source.layer not in layers:
        raise SourceError(f"{shown}：没有图层 {source.layer!r}{did_you_mean(source.layer, layers)}", "layer")
    return source.layer


def _check_magic(path: Path, shown: str) -> None:
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        head = file.read(64)
    expected = _MAGIC.get(suffix)
    if expected is not None and not head.startswith(expected):
        raise SourceError(f"{shown}：内容不是 {suffix}", "disguised")
    if expected is None:
        if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
            raise SourceError(f"{shown}：内容不是 GeoJSON，应以 {{ 开头", "disguised")
        if path.stat().st_size > MAX_MB * 1024 * 1024:
            raise SourceError(f"{shown}：超过 {MAX_MB} MB，应改用 GeoPackage", "too_large")
        if not encoding_of(path).startswith("utf-8"):
            raise SourceError(f"{shown}：不是 UTF-8，GeoJSON 只能是 UTF-8", "encoding")
        # GDAL would take the last of repeated keys and follow any nesting.
        check_json_text(path.read_text("utf-8"), shown)


def _encoding_of_table(table: Path, archive: Path, declared: str) -> str:
    """The encoding of a .dbf's records, under the name that a .cpg has for it."""
    header = int.from_bytes(table.read_bytes()[8:10], "little")
    try:
        found = encoding_of(table, declared, start=header)
    except SourceError as error:
        raise SourceError(str(error).replace(table.name, f"{archive.name} 的 .dbf", 1), "encoding") from None
    return {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "big5": "BIG5"}.get(found, found.upper())


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
