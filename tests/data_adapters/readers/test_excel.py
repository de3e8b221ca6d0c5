"""Excel files as people make them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from data_adapters.readers.file import FileReader
from data_adapters.readers.reader import Chunk, SourceError
from data_adapters.settings import SourceSettings


def book(
    folder: Path, rows: Sequence[Sequence[Any]], merged: tuple[str, ...] = (), title: str = "台账"
) -> Path:
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    path = folder / "rows.xlsx"
    workbook.save(path)
    return path


def read(path: Path, *wanted: str, **more: object) -> Chunk:
    fields = {"source_id": "a", "occurred_at": "b"}
    settings = SourceSettings.model_validate(
        {"name": "s", "kind": "case", "path": path, "fields": fields} | more
    )
    chunks = list(FileReader().read(settings, None, wanted))
    assert len(chunks) == 1
    return chunks[0]


def test_cells_keep_their_type_and_rows_count_as_excel_shows_them(tmp_path: Path) -> None:
    at = datetime(2026, 11, 22, 14, 20)  # noqa: DTZ001  Excel knows no zones
    path = book(
        tmp_path, [["编号", "时间", "经度"], ["01", at, 106.1], [None, None, None], [620521, "x", 3.0]]
    )
    chunk = read(path, "编号", "时间", "经度")
    assert chunk.rows[0] == {"编号": "01", "时间": at, "经度": 106.1}
    assert chunk.rows[1] == {"编号": 620521, "时间": "x", "经度": 3}
    assert chunk.numbers == [2, 4]


def test_a_merged_header_of_two_rows_is_joined(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["编号", "位置", None, "时间", None],
        [None, "经度", "纬度", "发生", "上报"],
        ["1", 106.1, 34.7, "a", "b"],
    ]
    path = book(tmp_path, rows, ("A1:A2", "B1:C1", "D1:E1"))
    chunk = read(path, "编号", "位置/经度", "位置/纬度", "时间/上报")
    assert chunk.rows == [{"编号": "1", "位置/经度": 106.1, "位置/纬度": 34.7, "时间/上报": "b"}]
    assert chunk.numbers == [3]


def test_a_title_above_the_header_is_passed_over(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["二〇二六年台账", None, None], ["编号", "类 别", "x"], ["1", "邻里", 1]]
    path = book(tmp_path, rows, ("A1:C1",))
    chunk = read(path, "编号", "类别")
    assert chunk.rows == [{"编号": "1", "类别": "邻里"}]
    assert chunk.numbers == [3]


def test_the_header_may_be_named(tmp_path: Path) -> None:
    path = book(tmp_path, [["x", "y"], ["x", "y"], ["x", "y"], ["编号", "类别"], ["1", "邻里"]])
    assert read(path, "编号", header=4).numbers == [5]
    assert read(path, "x/编号", header=[3, 4]).rows == [{"x/编号": "1"}]


def test_a_named_sheet_is_read_and_a_missing_one_suggested(tmp_path: Path) -> None:
    path = book(tmp_path, [["编号"], ["1"], ["2"]])
    assert len(read(path, "编号", sheet="台账").rows) == 2
    with pytest.raises(SourceError, match="是否想写 台账"):
        read(path, "编号", sheet="台 账")


def test_a_missing_column_comes_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="可用：类别、编号"):
        read(book(tmp_path, [["编号", "类别"], ["1", "邻里"]]), "状态")


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.xlsx"
    path.write_bytes(b"not a zip")
    with pytest.raises(SourceError, match=r"rows\.xlsx"):
        read(path, "编号")


def test_an_empty_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="空"):
        read(book(tmp_path, []), "编号")
