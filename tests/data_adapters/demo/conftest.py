"""One demo centre for all tests here: making it takes seconds, so it is made once and only read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from data_adapters.demo.county import write_county
from data_adapters.demo.grids import County, make_county
from data_adapters.demo.start import Start, read_start
from data_adapters.kinds import Record
from data_adapters.mapping import Mapping
from data_adapters.readers.file import FileReader
from data_adapters.records.field import Context
from data_adapters.settings import load

NOW = datetime(2026, 11, 24, 15, 20, tzinfo=timezone(timedelta(hours=8)))  # a Tuesday
Records = Callable[[str], list[Record]]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the demo centre as of NOW."""
    place = tmp_path_factory.mktemp("demo")
    write_county(place, seed=2026, now=NOW)
    return place


@pytest.fixture(scope="session")
def county() -> County:
    """The same county's grids, from memory."""
    return make_county(2026)


@pytest.fixture(scope="session")
def records(folder: Path) -> Records:
    """Reads a kind of source through the project's own readers and mapping: every row must be taken."""
    settings = load(folder / "yiping.toml")
    context = Context(zone=settings.centre.zone, now=NOW)
    known: dict[str, list[Record]] = {}

    def read(kind: str) -> list[Record]:
        if kind not in known:
            results: list[tuple[str, object]] = []
            for source in settings.sources:
                if source.kind == kind:
                    mapping = Mapping(source, context)
                    for chunk in FileReader().read(source, None, mapping.wanted):
                        results += mapping.apply(chunk)
            refused: Sequence[object] = [found for _, found in results if not isinstance(found, Record)]
            assert not refused, refused[:3]
            known[kind] = [found for _, found in results if isinstance(found, Record)]
        return known[kind]

    return read


@pytest.fixture(scope="session")
def start(folder: Path) -> Start:
    """What the feed starts from."""
    return read_start(folder)
