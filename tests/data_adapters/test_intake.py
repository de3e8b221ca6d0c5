"""Rows whose two coordinates were exchanged are proposals, not points."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import shapely

from data_adapters.ground import Ground, Plot
from data_adapters.intake import Intake
from data_adapters.records.field import Context
from data_adapters.settings import SourceSettings

CONTEXT = Context(ZoneInfo("Asia/Shanghai"), datetime(2026, 11, 22, 6, 30, tzinfo=UTC))
#: In the far west both numbers could be either, so that only the grids can tell.
WEST = Ground([Plot("6540", 0, shapely.box(80, 43, 82, 45))])


def read(folder: Path, *pairs: tuple[float, float]) -> tuple[list[str], list[tuple[str, str, str]]]:
    lines = [f"{n},2026-11-02 14:20:00,{x},{y}" for n, (x, y) in enumerate(pairs)]
    (folder / "cases.csv").write_text("\n".join(["ID,T,X,Y", *lines]), encoding="utf-8")
    fields = {"source_id": "ID", "occurred_at": "T", "lon": "X", "lat": "Y"}
    source = SourceSettings.model_validate(
        {"name": "s", "kind": "case", "path": folder / "cases.csv", "fields": fields}
    )
    intake = Intake(source, CONTEXT, WEST)
    (batch,) = intake.batches(intake.chunks())
    return [row for row, _ in batch.records], [(r.row, r.field, r.code) for r in batch.refused]


def test_a_point_that_lies_in_the_grids_only_the_other_way_round_is_refused(tmp_path: Path) -> None:
    assert read(tmp_path, (81, 44), (44, 81), (0, 0)) == (["2", "4"], [("3", "lat", "swapped")])


def test_a_point_that_lies_nowhere_either_way_is_kept(tmp_path: Path) -> None:
    assert read(tmp_path, (110, 30), (30, 60)) == (["2", "3"], [])
