"""The demo centre as a folder: upstream files, a yiping.toml that reads them, and where the feed goes on from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np

from data_adapters.demo import upstream
from data_adapters.demo.cameras import break_down, make_cameras
from data_adapters.demo.disputes import DISPUTES, make_history
from data_adapters.demo.grids import make_county
from data_adapters.demo.orgs import make_orgs
from data_adapters.demo.places import describe_leaves, draw_places
from data_adapters.demo.reported import make_figures
from data_adapters.demo.settings_file import settings_text
from data_adapters.demo.start import Start, write_start

_FUTURE_PLACES = 6_000


def write_county(
    folder: Path,
    *,
    seed: int = 2026,
    now: datetime,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> None:
    """Write 示范县 into `folder` as it stands at `now` (aware). The same seed and time give the same data.

    `progress(stage, done, total)` is told how far it is. Writes ``upstream/*``, ``feed/start.json`` and, last,
    ``yiping.toml``: a folder with a ``yiping.toml`` is complete.

    Raises:
        ValueError: `now` has no time zone.
        OSError: the folder cannot be written.
    """
    if now.tzinfo is None:
        raise ValueError("now：缺少时区，应为带时区的时间")
    at = float(int(now.timestamp()))
    files = folder / "upstream"
    files.mkdir(parents=True, exist_ok=True)

    county = make_county(seed, lambda done, total: progress("网格", done, total))
    upstream.write_grids(files / "grids.gpkg", county)

    upstream.write_orgs(files / "orgs.csv", make_orgs(county))
    upstream.write_figures(files / "reported.csv", make_figures(county, at, seed), at)

    progress("案件", 0, 3)
    rng = np.random.default_rng([seed, 12432])
    leaves = describe_leaves(county, rng)
    places = draw_places(county, leaves, DISPUTES + _FUTURE_PLACES, rng)
    west, _, _, north = county.levels[0][0].shape.bounds
    lives = make_history(places[:DISPUTES], at, seed, (west - 0.4, north + 0.1))
    progress("案件", 1, 3)
    upstream.write_cases(files / "cases.parquet", lives, at)
    progress("案件", 2, 3)
    upstream.write_events(files / "case_events.parquet", lives, at)
    progress("案件", 3, 3)

    progress("视频点位", 0, 2)
    cameras = make_cameras(county, seed)
    break_down(cameras, at, seed)
    progress("视频点位", 1, 2)
    upstream.write_points(files / "video_points.csv", cameras, at)
    upstream.write_statuses(files / "video_status.csv", cameras, at)
    progress("视频点位", 2, 2)

    write_start(folder, Start.of(seed, at, lives, cameras, places[DISPUTES:]))
    (folder / "yiping.toml").write_text(settings_text(), encoding="utf-8")
