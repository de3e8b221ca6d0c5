"""Archives, shapefiles and other containers that are broken or mean harm, made when the test runs."""

from __future__ import annotations

import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import geopandas
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

Write = Callable[[Path], object]
TOWN = geopandas.GeoDataFrame(
    {"CODE": ["62051111"], "NAME": ["一组"], "LEVEL": [3], "PARENT": ["620511"]},
    geometry=[shapely.box(106, 34, 106.5, 35)],
    crs="EPSG:4490",
)


@cache
def shapefile(encoding: str = "utf-8") -> Mapping[str, bytes]:
    """suffix -> content of a good Shapefile."""
    with tempfile.TemporaryDirectory() as folder:
        TOWN.to_file(Path(folder) / "a.shp", encoding=encoding)
        return {part.suffix: part.read_bytes() for part in Path(folder).iterdir()}


def archive(
    change: Callable[[dict[str, bytes]], dict[str, bytes]] = lambda parts: parts, encoding: str = "utf-8"
) -> Write:
    """A zip of the good Shapefile's parts after `change`."""

    def write(path: Path) -> None:
        parts = change({f"a{suffix}": content for suffix, content in shapefile(encoding).items()})
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in parts.items():
                file.writestr(name, content)

    return write


def without(*suffixes: str) -> Write:
    """The good Shapefile without some of its parts."""
    return archive(lambda parts: {n: c for n, c in parts.items() if Path(n).suffix not in suffixes})


def replaced(suffix: str, change: Callable[[bytes], bytes]) -> Write:
    """The good Shapefile with one part changed."""
    return archive(lambda parts: parts | {f"a{suffix}": change(parts[f"a{suffix}"])})


def with_link(path: Path) -> None:
    """A member that is a symbolic link to a file of this machine."""
    archive()(path)
    with zipfile.ZipFile(path, "a") as file:
        link = zipfile.ZipInfo("b.shp")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")


def encrypted(path: Path) -> None:
    """A member said to be encrypted."""
    archive()(path)
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(content)


def claiming(size: int) -> Write:
    """A member of 500 kB that says it has `size` bytes."""

    def write(path: Path) -> None:
        archive(lambda parts: parts | {"a.dbf": b"\x03" + bytes(500_000)})(path)
        content = bytearray(path.read_bytes())
        at = 0
        while (at := content.find(b"PK\x01\x02", at)) >= 0:
            if content[at + 46 : at + 51] == b"a.dbf":
                content[at + 24 : at + 28] = struct.pack("<I", size)
            at += 4
        path.write_bytes(content)

    return write


def cut(write: Write, share: float) -> Write:
    """The first part of what `write` writes."""

    def halve(path: Path) -> None:
        write(path)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return halve


def workbook(*rows: tuple[object, ...], merged: str = "", sheet: str = "Sheet") -> Write:
    """An Excel file of these rows."""

    def write(path: Path) -> None:
        book = openpyxl.Workbook()
        active = book.active
        assert active is not None
        active.title = sheet
        for row in rows:
            active.append(list(row))
        if merged:
            active.merge_cells(merged)
        book.save(path)

    return write


def excel_bomb(path: Path) -> None:
    """An Excel file whose texts unpack to 60 MB."""
    workbook(("ID", "T"))(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/sharedStrings.xml", b"<sst>" + b"a" * 60_000_000)


def excel_entities(path: Path) -> None:
    """A billion laughs in a worksheet."""
    workbook(("ID", "T"))(path)
    content = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "haha">'
    content += b"".join(b'<!ENTITY %c "%b">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    content += (
        b"]><worksheet><sheetData><row><c t='inlineStr'><is><t>&j;</t></is></c></row></sheetData></worksheet>"
    )
    with zipfile.ZipFile(path) as old:
        parts = {info.filename: old.read(info) for info in old.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, known in parts.items():
            file.writestr(name, content if name == "xl/worksheets/sheet1.xml" else known)


def parquet(**columns: object) -> Write:
    """A Parquet file of these columns."""
    return lambda path: pq.write_table(pa.table(columns), path)


def package(*layers: str) -> Write:
    """A GeoPackage with these layers."""

    def write(path: Path) -> None:
        for layer in layers:
            TOWN.to_file(path, layer=layer, driver="GPKG")

    return write
