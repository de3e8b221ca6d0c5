"""CSV in the encodings and shapes that counties have."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_adapters.readers import delimited
from data_adapters.readers.file import FileReader
from data_adapters.readers.reader import CHUNK_ROWS, Chunk, SourceError
from data_adapters.settings import SourceSettings

TEXT = "编号,名称,备注\n01,甲镇,x\n02,乙镇,y\n"


def read(path: Path, *wanted: str, **more: object) -> list[Chunk]:
    fields = {"source_id": "编号", "occurred_at": "名称"}
    settings = SourceSettings.model_validate(
        {"name": "s", "kind": "case", "path": path, "fields": fields} | more
    )
    return list(FileReader().read(settings, None, wanted or ("编号", "名称")))


def written(folder: Path, content: bytes) -> Path:
    path = folder / "rows.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_the_usual_encodings_are_found_by_themselves(tmp_path: Path, encoding: str) -> None:
    (chunk,) = read(written(tmp_path, TEXT.encode(encoding)))
    assert chunk.rows == [{"编号": "01", "名称": "甲镇"}, {"编号": "02", "名称": "乙镇"}]
    assert chunk.numbers == [2, 3]


def test_a_column_that_is_not_wanted_never_comes_in(tmp_path: Path) -> None:
    (chunk,) = read(written(tmp_path, TEXT.encode()), "编号")
    assert all(row.keys() == {"编号"} for row in chunk.rows)


def test_big5_is_read_where_it_is_declared(tmp_path: Path) -> None:
    text = "編號,名稱\n1,東鎮\n".encode("big5")
    settings = {"encoding": "Big5", "fields": {"source_id": "編號", "occurred_at": "名稱"}}
    (chunk,) = read(written(tmp_path, text), "編號", "名稱", **settings)
    assert chunk.rows == [{"編號": "1", "名稱": "東鎮"}]


def test_bytes_of_no_encoding_are_refused_with_their_offset(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="第 20 字节"):
        read(written(tmp_path, b"a,b\n" + b"x" * 15 + b",\xff\xff\n"), "a")


def test_a_wrongly_declared_encoding_is_refused_with_its_offset(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="第 0 字节不是 UTF-8"):
        read(written(tmp_path, TEXT.encode("gb18030")), encoding="UTF-8")


def test_an_unknown_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="UTF-9"):
        read(written(tmp_path, TEXT.encode()), encoding="UTF-9")


def test_a_character_across_two_blocks_is_one_character(tmp_path: Path) -> None:
    text = "编号,名称\n" + "".join(f"{n},{'镇' * 50}\n" for n in range(10_000))
    chunks = read(written(tmp_path, text.encode("gb18030")))
    assert sum(len(chunk.rows) for chunk in chunks) == 10_000
    assert {row["名称"] for chunk in chunks for row in chunk.rows} == {"镇" * 50}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    (chunk,) = read(written(tmp_path, TEXT.replace(",", delimiter).encode()))
    assert chunk.rows[0] == {"编号": "01", "名称": "甲镇"}


def test_rows_count_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    text = '编号,名称\n1,"两\n行"\n\n3,丙\n'
    (chunk,) = read(written(tmp_path, text.encode()))
    assert chunk.numbers == [2, 4]
    assert chunk.rows[0]["名称"] == "两\n行"


def test_a_row_of_another_width_is_broken_and_the_others_are_read(tmp_path: Path) -> None:
    text = "编号,名称\n1,甲\n2\n3,丙,多\n4,丁,,\n"
    (chunk,) = read(written(tmp_path, text.encode()))
    assert chunk.numbers == [2, 5]
    assert [(number, fault.code) for number, fault in chunk.broken] == [
        (3, "column_count"),
        (4, "column_count"),
    ]


def test_a_missing_column_comes_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="没有列 '名稱'，是否想写 名称"):
        read(written(tmp_path, TEXT.encode()), "编号", "名稱")


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="出现 2 次"):
        read(written(tmp_path, b"a,a\n1,2\n"), "a")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="空"):
        read(written(tmp_path, b""))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.csv"):
        read(tmp_path / "nowhere.csv")


def test_a_long_file_comes_in_chunks(tmp_path: Path) -> None:
    rows = CHUNK_ROWS * 2 + 1
    chunks = read(written(tmp_path, b"a\n" + b"1\n" * rows), "a")
    assert [len(chunk.rows) for chunk in chunks] == [CHUNK_ROWS, CHUNK_ROWS, 1]
    assert chunks[-1].numbers == [rows + 1]


def test_a_field_of_a_megabyte_is_read_for_the_mapping_to_refuse(tmp_path: Path) -> None:
    (chunk,) = read(written(tmp_path, b"a,b\n" + b"x" * 1_000_000 + b",1\n"), "a")
    assert len(chunk.rows[0]["a"]) == 1_000_000


def test_an_ending_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.doc"
    path.write_bytes(b"x")
    with pytest.raises(SourceError, match=r"\.csv"):
        read(path)


CELLS = st.sampled_from(
    ["", "1", "甲", '"a"', '"a,b"', '"x\ny"', '"x\r\ny"', '"', "a;b", " ", "\x85", "\u2028", '"q""q"']
)
LINES = st.lists(CELLS, min_size=1, max_size=4).map(",".join)
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])


@given(st.lists(st.tuples(LINES, ENDS), max_size=12), st.booleans())
def test_lines_that_are_split_here_are_those_that_the_csv_module_reads(
    lines: list[tuple[str, str]], ended: bool
) -> None:
    text = "编号,名称,备注\n" + "".join(line + end for line, end in lines)
    text = text if ended else text.rstrip("\r\n") + "\n" * (not lines)
    expected, broken = [], []
    for number, cells in enumerate(csv.reader(io.StringIO(text, newline="")), 1):
        if number > 1 and len(cells) > 1 and not any(cells[3:]):
            expected.append((number, {"编号": cells[0], "名称": cells[1]}))
        elif number > 1 and any(cells):
            broken.append(number)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "CHUNK_ROWS", 3)
        chunks = read(written(Path(folder), text.encode()))
    got = [pair for chunk in chunks for pair in zip(chunk.numbers or (), chunk.rows, strict=True)]
    assert got == expected
    assert [number for chunk in chunks for number, _ in chunk.broken] == broken
