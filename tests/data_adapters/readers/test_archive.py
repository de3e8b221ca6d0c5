"""Archives that want to do harm stay closed."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from data_adapters.readers.archive import check_archive, unpack_shapefile
from data_adapters.readers.reader import SourceError


def archive(folder: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "upload.zip"
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = archive(tmp_path, {"layer.shp": bytes(50_000_000)})
    with pytest.raises(SourceError, match="压缩炸弹"):
        unpack_shapefile(path, tmp_path)
    assert not (tmp_path / "layer.shp").exists()


def test_more_than_two_hundred_megabytes_are_not_unpacked(tmp_path: Path) -> None:
    path = archive(tmp_path, {f"{n}.dbf": bytes(70_000_000) for n in range(3)})
    with pytest.raises(SourceError, match="最多 200 MB"):
        check_archive(path)


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="最多 50 个"):
        check_archive(archive(tmp_path, {f"{n}.txt": b"" for n in range(51)}))


@pytest.mark.parametrize("name", ["../evil.shp", "/etc/evil.shp", "..\\evil.shp", "C:evil.shp"])
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match="压缩包之外"):
        check_archive(archive(tmp_path, {name: b"x"}))


def test_folders_inside_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="根部"):
        check_archive(archive(tmp_path, {"a/layer.shp": b"x"}))


def test_a_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("layer.shp")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "upload.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(SourceError, match="链接"):
        check_archive(path)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = archive(
        tmp_path, {"layer.shp": b"x" * 1000, "layer.shx": b"y", "layer.dbf": b"z"}, zipfile.ZIP_STORED
    )
    path.write_bytes(path.read_bytes().replace(b"x" * 1000, b"w" * 1000))
    with pytest.raises(SourceError, match="损坏"):
        unpack_shapefile(path, tmp_path)


def test_the_parts_of_a_shapefile_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"缺少 \.dbf、\.shx"):
        unpack_shapefile(archive(tmp_path, {"a.shp": b"x"}), tmp_path)
    with pytest.raises(SourceError, match="应恰有一个"):
        unpack_shapefile(archive(tmp_path, {"a.shp": b"x", "b.shp": b"x"}), tmp_path)


def test_no_name_of_the_archive_reaches_the_disk(tmp_path: Path) -> None:
    (tmp_path / "into").mkdir()
    members = {"乡镇 (1).shp": b"x", "乡镇 (1).shx": b"x", "乡镇 (1).dbf": b"x", "readme.exe": b"x"}
    unpack_shapefile(archive(tmp_path, members), tmp_path / "into")
    assert sorted(path.name for path in (tmp_path / "into").iterdir()) == [
        "layer.dbf",
        "layer.shp",
        "layer.shx",
    ]
