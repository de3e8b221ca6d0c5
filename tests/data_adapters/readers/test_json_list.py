"""Lists of objects in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from data_adapters.readers.file import FileReader
from data_adapters.readers.reader import Chunk, SourceError
from data_adapters.settings import SourceSettings


def read(folder: Path, content: Any, *wanted: str, **more: object) -> list[Chunk]:
    path = folder / "rows.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    fields = {"point_id": "id"}
    settings = SourceSettings.model_validate(
        {"name": "s", "kind": "video_point", "path": path, "fields": fields} | more
    )
    return list(FileReader().read(settings, None, wanted or ("id",)))


def test_a_list_is_read_and_counts_from_one(tmp_path: Path) -> None:
    (chunk,) = read(tmp_path, [{"id": "a", "name": "x"}, {"id": "b"}])
    assert chunk.rows == [{"id": "a"}, {"id": "b"}]
    assert chunk.numbers == [1, 2]
    assert chunk.total == 2


def test_a_list_under_a_key_is_read(tmp_path: Path) -> None:
    (chunk,) = read(tmp_path, {"data": {"cameras": [{"id": "a"}]}}, records="data.cameras")
    assert chunk.rows == [{"id": "a"}]


def test_a_list_that_was_not_named_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="records = 'cameras'"):
        read(tmp_path, {"count": 1, "cameras": []})
    with pytest.raises(SourceError, match="是否想写 cameras"):
        read(tmp_path, {"cameras": []}, records="camera")


def test_what_is_no_object_is_a_broken_row(tmp_path: Path) -> None:
    (chunk,) = read(tmp_path, [{"id": "a"}, 3, None])
    assert [number for number, _ in chunk.broken] == [2, 3]


@pytest.mark.parametrize("content", ["[{]", '[{"id": NaN}]', "[" * 5000 + "]" * 5000, ""])
def test_what_is_no_json_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(SourceError, match=r"rows\.json"):
        read(tmp_path, content)


def test_a_column_that_no_object_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="没有列 'id'"):
        read(tmp_path, [{"ID": "a"}])
    assert read(tmp_path, []) == []
