from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

import pyogrio
import pytest

from data_adapters.demo.county import write_county
from data_adapters.demo.vocabulary import GRID_LAYERS
from data_adapters.settings import load
from tests.data_adapters.demo.conftest import NOW


def content(folder: Path) -> dict[str, str]:
    """A digest of every file; of the GeoPackage the rows, for the container keeps the time of writing."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".gpkg")
    found = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    for layer in GRID_LAYERS:
        table = pyogrio.read_dataframe(folder / "upstream" / "grids.gpkg", layer=layer)
        rows = table.to_wkb().to_csv().encode()
        found[layer] = hashlib.sha256(rows).hexdigest()
    return found


def test_the_same_seed_and_time_give_the_same_files(folder: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    write_county(tmp_path, seed=2026, now=NOW, progress=lambda *step: told.append(step))
    assert content(tmp_path) == content(folder)
    assert {stage for stage, _, _ in told} == {"网格", "案件", "视频点位"}
    assert all(0 <= done <= total for _, done, total in told)


def test_the_settings_name_the_centre_and_all_its_levels(folder: Path) -> None:
    settings = load(folder / "yiping.toml")
    assert settings.centre.name == "示范县综治中心"
    assert settings.centre.root == "620599"
    assert settings.centre.demo
    assert [level.name for level in settings.levels] == ["县", "乡镇", "片", "村社区", "组小区", "片区"]
    kinds = [source.kind for source in settings.sources]
    assert kinds == ["grid"] * 6 + ["org", "indicator", "case", "case_event", "video_point", "video_status"]


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="时区"):
        write_county(tmp_path, now=datetime(2026, 11, 22, 14, 30))  # noqa: DTZ001
    assert not list(tmp_path.iterdir())
