"""A look at a zip archive before anything in it is unpacked: bombs, foreign paths and links stay outside."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path, PurePosixPath

from data_adapters.readers.reader import SourceError

_MB = 1024 * 1024
_SHAPEFILE_PARTS = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})


def check_archive(
    path: Path, *, members: int = 50, total_mb: int = 200, ratio: int = 100, flat: bool = True
) -> list[zipfile.ZipInfo]:
    """The members of the archive. Raises `SourceError` where it is none, or not within the limits.

    ``ratio`` bounds unpacked to packed size, of the whole and of each member above 1 MB.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SourceError(f"{path.name}：不是可读的 zip 文件（{error}）", "not_zip") from None
    if len(infos) > members:
        raise SourceError(f"{path.name}：压缩包有 {len(infos)} 个文件，最多 {members} 个", "archive_limit")
    unpacked = sum(info.file_size for info in infos)
    if unpacked > total_mb * _MB:
        raise SourceError(f"{path.name}：解压后 {unpacked / _MB:.0f} MB，最多 {total_mb} MB", "archive_limit")
    for info in infos:
        if info.file_size > _MB and info.file_size > ratio * max(info.compress_size, 1):
            raise SourceError(
                f"{path.name}：{_shown(info)} 压缩比超过 {ratio}，像是压缩炸弹，没有解压", "bomb"
            )
        if stat.S_ISLNK(info.external_attr >> 16):
            raise SourceError(f"{path.name}：{_shown(info)} 是链接，压缩包里应只有普通文件", "unsafe_archive")
        if info.flag_bits & 0x1:
            raise SourceError(f"{path.name}：{_shown(info)} 加了密，应为不加密的 zip", "encrypted")
        name = PurePosixPath(info.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in info.filename:
            raise SourceError(f"{path.name}：{_shown(info)} 指向压缩包之外", "unsafe_archive")
        if flat and len(name.parts) != 1:
            raise SourceError(
                f"{path.name}：{_shown(info)} 在子目录里，文件应直接放在压缩包根部", "unsafe_archive"
            )
    return infos


def unpack_shapefile(path: Path, into: Path) -> Path:
    """Unpack the one Shapefile of an archive into the folder `into`; returns its ``.shp``. Raises `SourceError`.

    Files are written under names of our own, so no name in the archive is ever trusted.
    """
    infos = {Path(info.filename).suffix.lower(): info for info in check_archive(path)}
    shapes = [info.filename for info in check_archive(path) if info.filename.lower().endswith(".shp")]
    if len(shapes) != 1:
        raise SourceError(f"{path.name}：应恰有一个 .shp，现有 {len(shapes)} 个", "missing_part")
    missing = sorted({".shp", ".shx", ".dbf"} - infos.keys())
    if missing:
        raise SourceError(f"{path.name}：Shapefile 缺少 {'、'.join(missing)}", "missing_part")
    with zipfile.ZipFile(path) as archive:
        for suffix in _SHAPEFILE_PARTS & infos.keys():
            info = infos[suffix]
            with archive.open(info) as packed:
                try:
                    content = packed.read(info.file_size + 1)
                except (zipfile.BadZipFile, OSError, EOFError) as error:
                    raise SourceError(f"{path.name}：{_shown(info)} 已损坏（{error}）", "not_zip") from None
            if len(content) > info.file_size:
                raise SourceError(f"{path.name}：{_shown(info)} 比声明的大，像是压缩炸弹", "bomb")
            (into / f"layer{suffix}").write_bytes(content)
    return into / "layer.shp"


def check_whole(shapes: Path, shown: str) -> None:
    """Refuse a Shapefile whose parts are shorter than they say: GDAL reads as far as it goes, and says nothing."""
    for part in (shapes, shapes.with_suffix(".dbf")):
        with part.open("rb") as file:
            head = file.read(100)
        if part.suffix == ".shp":
            stated = max(100, 2 * int.from_bytes(head[24:28], "big"))
        else:
            rows, header, width = (
                int.from_bytes(head[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12))
            )
            stated = max(32, header + rows * width)
        if part.stat().st_size < stated:
            raise SourceError(f"{shown}：{part.suffix} 比它自己写的短，文件不完整", "damaged")


def _shown(info: zipfile.ZipInfo) -> str:
    return repr(info.filename[:60])
