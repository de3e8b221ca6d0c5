"""Reading with limits, in a process of its own: what a bad file does there, and that a good one comes out the same."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas
import openpyxl
import pandas
import pytest
import shapely
import sqlalchemy as sa

from data_adapters.ledger import Ledger
from data_adapters.ledger.tables import cases
from data_adapters.readers import confined
from data_adapters.readers.confined import Limits, limits_of, read_confined
from data_adapters.readers.excel import read_excel
from data_adapters.readers.file import FileReader
from data_adapters.readers.parquet import read_parquet
from data_adapters.readers.reader import GEOMETRY, Chunk, SourceError
from data_adapters.readers.vector import read_vector, read_zipped_shapefile
from data_adapters.settings import SourceSettings
from data_adapters.sync import sync
from tests.bad.county import settings_of, source_text
from tests.bad.rows import GOOD, MAPPED

ROOMY = Limits(memory_mb=512, cpu_s=600, wait_s=3600)
TOWNS = geopandas.GeoDataFrame(
    {"CODE": [f"{n:05}" for n in range(12_000)], "NAME": "甲镇"},
    geometry=[shapely.Point(106 + n / 1e5, 34) for n in range(12_000)],
    crs="EPSG:4490",
)


def eats_memory(path: Path) -> Iterator[Chunk]:
    yield Chunk([{"held": len(bytearray(4_000_000_000))}], [1])


def gives_a_case_and_eats_memory(path: Path, _: SourceSettings, __: object) -> Iterator[Chunk]:
    yield Chunk([dict.fromkeys(MAPPED["case"].values()) | {"id": "1"} | GOOD["case"]], [2])
    yield from eats_memory(path)


def hangs(path: Path) -> Iterator[Chunk]:
    yield Chunk([{"a": 1}], [1])
    time.sleep(3600)


def spins(path: Path) -> Iterator[Chunk]:
    while path:
        pass
    yield Chunk([], [])


def kills_its_reader(path: Path) -> Iterator[Chunk]:
    yield Chunk([{"a": 1}], [1])
    os.kill(os.getpid(), signal.SIGSEGV)


def fills_the_disk(path: Path) -> Iterator[Chunk]:
    with path.with_name("big").open("wb") as file:
        file.write(bytes(3_000_000))
    yield Chunk([], [])


def refuses(path: Path) -> Iterator[Chunk]:
    yield Chunk([{"a": 1}], [1])
    raise SourceError(f"{path.name}：第 2 行不是行", "of_its_own")


def tells_its_process(path: Path) -> Iterator[Chunk]:
    yield Chunk([{"pid": os.getpid()}], [1])
    time.sleep(3600)


def refused(read: Callable[[Path], Iterator[Chunk]], folder: Path, limits: Limits) -> SourceError:
    path = folder / "台账.xlsx"
    path.write_bytes(b"x")
    with pytest.raises(SourceError) as caught:
        list(read_confined(read, path, limits=limits))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("台账.xlsx：")
    return caught.value


def test_reading_that_eats_memory_is_refused_in_one_line(tmp_path: Path) -> None:
    error = refused(eats_memory, tmp_path, ROOMY)
    assert error.code == "too_costly"
    assert "内存超过 512 MB" in str(error)


def test_reading_that_hangs_is_ended(tmp_path: Path) -> None:
    error = refused(hangs, tmp_path, Limits(memory_mb=512, cpu_s=600, wait_s=1))
    assert error.code == "too_costly"
    assert "等了 1 秒" in str(error)


def test_reading_that_never_stops_computing_is_ended(tmp_path: Path) -> None:
    error = refused(spins, tmp_path, Limits(memory_mb=512, cpu_s=1, wait_s=3600))
    assert error.code == "too_costly"
    assert "1 秒处理器时间" in str(error)


def test_a_reader_that_is_killed_by_its_file_takes_nobody_with_it(tmp_path: Path) -> None:
    error = refused(kills_its_reader, tmp_path, ROOMY)
    assert error.code == "reader_died"
    assert "SIGSEGV" in str(error)


def test_a_file_that_unpacks_without_end_does_not_fill_the_disk(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"x")
    with pytest.raises(OSError, match="File too large"):
        list(read_confined(fills_the_disk, tmp_path / "a.zip", limits=Limits(512, 600, 3600, written_mb=1)))
    assert (tmp_path / "big").stat().st_size <= 1_000_000


def test_what_a_reader_says_of_its_file_comes_through_after_the_chunks_before_it(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"x")
    chunks = read_confined(refuses, tmp_path / "a.zip")
    assert next(chunks) == Chunk([{"a": 1}], [1])
    with pytest.raises(SourceError, match=r"a\.zip：第 2 行不是行") as caught:
        next(chunks)
    assert caught.value.code == "of_its_own"


def test_a_reading_that_nobody_waits_for_ends(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"x")
    chunks = read_confined(tells_its_process, tmp_path / "a.zip")
    ended = os.pidfd_open(next(chunks).rows[0]["pid"])
    chunks.close()  # type: ignore[attr-defined]
    gone, _, _ = select.select([ended], [], [], 60)
    os.close(ended)
    assert gone


def test_a_lean_process_that_was_killed_is_started_anew(tmp_path: Path) -> None:
    refused(refuses, tmp_path, ROOMY)
    lean = confined._LEAN._process
    assert lean is not None
    lean.kill()
    lean.wait()
    assert refused(refuses, tmp_path, ROOMY).code == "of_its_own"


def test_limits_grow_with_the_file() -> None:
    assert limits_of(1).memory_mb == 512
    assert limits_of(100_000_000).memory_mb == 1200
    assert limits_of(100_000_000).cpu_s > limits_of(1).cpu_s


def settings(path: Path, **fields: Any) -> SourceSettings:
    told = {"name": "s", "kind": "grid", "path": path, "fields": {"code": "CODE", "name": "NAME"} | fields}
    return SourceSettings.model_validate(told)


def shapes(path: Path) -> None:
    TOWNS.to_file(path, driver="ESRI Shapefile")


FORMATS: dict[str, tuple[Callable[[Path], object], Callable[..., Iterator[Chunk]]]] = {
    "towns.geojson": (lambda path: TOWNS.to_file(path, driver="GeoJSON"), read_vector),
    "towns.gpkg": (lambda path: TOWNS.to_file(path, driver="GPKG"), read_vector),
    "towns.shp.zip": (shapes, read_zipped_shapefile),
    "towns.parquet": (TOWNS.to_parquet, lambda path, _, wanted: read_parquet(path, wanted)),
    "towns.xlsx": (
        lambda path: pandas.DataFrame(TOWNS.drop(columns="geometry")).to_excel(path, index=False),
        read_excel,
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_reads_the_same_as_in_this_process(name: str, tmp_path: Path) -> None:
    write, read = FORMATS[name]
    write(tmp_path / name)
    source = settings(tmp_path / name, level={"const": 1})
    wanted = ["CODE", "NAME", GEOMETRY]
    chunks = list(FileReader().read(source, None, wanted))
    assert chunks == list(read(tmp_path / name, source, wanted))
    assert sum(len(chunk.rows) for chunk in chunks) == 12_000
    assert not list(Path(os.environ.get("TMPDIR", "/tmp")).glob(f"yiping-*/{name}"))  # noqa: S108


def test_a_file_too_costly_to_read_stores_nothing_and_says_so(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    openpyxl.Workbook().save(tmp_path / "rows.xlsx")
    monkeypatch.setattr("data_adapters.readers.file.read_excel", gives_a_case_and_eats_memory)
    ledger = Ledger.open(sqlite_url, root="6205")
    try:
        report = sync(settings_of(tmp_path, [source_text("case", "bad", "rows.xlsx")]), ledger)
        with ledger._reading.connect() as connection:
            stored = connection.execute(sa.select(cases)).all()
    finally:
        ledger.close()
    (told,) = [known for known in report.sources if known.name == "bad"]
    assert told.error_code == "too_costly", report.as_text()
    assert stored == []
