"""A synthetic province made in the ledger itself by the bulk path: one that was killed goes on at the last batch."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from data_adapters.demo.life import Life
from data_adapters.demo.mesh import Ints
from data_adapters.demo.names import PROVINCE_CODE
from data_adapters.demo.province_cases import Disputes, make_disputes, reports
from data_adapters.demo.province_columns import Desks, case_columns, event_columns, unfinished
from data_adapters.demo.province_grids import Scale, make_province
from data_adapters.demo.province_places import Places
from data_adapters.demo.province_video import Points, make_points, point_columns, status_columns
from data_adapters.demo.rhythm import DAY_S
from data_adapters.demo.settings_file import province_text
from data_adapters.demo.start import PointTable, Start, write_start
from data_adapters.demo.vocabulary import (
    CASE_SOURCE,
    EVENT_SOURCE,
    PROVINCE_GRID_SOURCE,
    STATUS_SOURCE,
    VIDEO_SOURCE,
)
from data_adapters.ledger import Ledger
from data_adapters.records.grid import Grid

Progress = Callable[[str, int, int], None]
PLAN_FILE = Path("feed/province.json")
_PLACES_FILE = Path("feed/places.npz")
#: Rows of one transaction.
BATCH = 250_000
_FUTURE_PLACES = 20_000
_DONE = "done"
#: A recorder fails this often in a county.
_RECORDER_EVERY_S = 3.5 * DAY_S
#: Nothing reported longer ago still has a step to come.
_LONGEST_LIFE_S = 400 * DAY_S


@dataclass(frozen=True)
class Plan:
    """What is being made: the same plan gives the same province."""

    seed: int
    at: float
    scale: Scale

    @classmethod
    def of(cls, folder: Path, seed: int, now: datetime, scale: Scale) -> Plan:
        """The plan that was begun in `folder`, or a new one."""
        path = folder / PLAN_FILE
        if path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            return cls(kept["seed"], kept["at"], Scale(**kept["scale"]))
        plan = cls(seed, float(int(now.timestamp())), scale)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(plan)), encoding="utf-8")
        return plan


def write_province(
    folder: Path,
    *,
    store: str | None = None,
    seed: int = 2026,
    now: datetime,
    scale: Scale | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> None:
    """Make 示范省 as it stands at `now` (aware) in the ledger at `store`, by default ``yiping.db`` in `folder`.

    `progress(stage, done, total)` counts rows. Writes ``feed/*`` and, last, ``yiping.toml``: a folder with one is
    complete. Called again after it was stopped, it goes on with the plan that was begun.

    Raises:
        ValueError: `now` has no time zone.
        OSError: the folder cannot be written.
    """
    if now.tzinfo is None:
        raise ValueError("now：缺少时区，应为带时区的时间")
    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan.of(folder, seed, now, scale or Scale())
    ledger = Ledger.open(store or f"sqlite:///{folder / 'yiping.db'}", root=PROVINCE_CODE)
    try:
        places = _grids(folder, ledger, plan, progress)
        size = plan.scale
        with ledger.loading({"video_point": size.points}):
            points = _video(ledger, plan, places, progress)
        start = _start(plan, places, points)
        del points
        with ledger.loading({"case_event": size.cases}), ledger.loading_cases(size.cases):
            start.lives.extend(_cases(folder, ledger, plan, places, progress))
    finally:
        ledger.close()
    write_start(folder, start)
    (folder / _PLACES_FILE).unlink(missing_ok=True)
    (folder / "yiping.toml").write_text(province_text(store or "sqlite:///yiping.db"), encoding="utf-8")


def _grids(folder: Path, ledger: Ledger, plan: Plan, progress: Progress) -> Places:
    state = ledger.source_state(PROVINCE_GRID_SOURCE)
    file = folder / _PLACES_FILE
    if state is not None and file.exists():
        return _load(file)
    province = make_province(plan.seed, plan.scale, lambda done, total: progress("网格边界", done, total))
    places = Places.of(province, plan.seed)
    _save(file, places)
    if state is None:
        grids = [
            Grid(
                code=unit.code,
                name=unit.name,
                short_name=unit.short_name,
                level=unit.level,
                parent=unit.parent.code if unit.parent else None,
                code_scheme="VILLAGE12_SEQ" if unit.level > 2 else "LOCAL",
                population=unit.population,
                geometry=unit.shape,
                source=PROVINCE_GRID_SOURCE,
            )
            for level in province.levels
            for unit in level
        ]
        progress("网格", 0, len(grids))
        with ledger.together():
            ledger.write_grids(grids)
            ledger.source_done(PROVINCE_GRID_SOURCE, "grid", None, len(grids), len(grids), 0)
        progress("网格", len(grids), len(grids))
    return places


def _video(ledger: Ledger, plan: Plan, places: Places, progress: Progress) -> Points:
    points = make_points(places, plan.scale.points, plan.at, plan.seed)
    first = _begun(ledger, VIDEO_SOURCE, len(points))
    for begin in range(first, len(points), BATCH):
        end = min(begin + BATCH, len(points))
        progress("视频点位", begin, len(points))
        with ledger.together():
            ledger.load_points(point_columns(points, slice(begin, end), places, plan.at))
            ledger.source_done(VIDEO_SOURCE, "video_point", _cursor(end, len(points)), end, end, 0)
    progress("视频点位", len(points), len(points))
    total = len(points.outages[0])
    done = _begun(ledger, STATUS_SOURCE, total)
    for number, told in enumerate(status_columns(points, plan.at, BATCH // 2)):
        end = min((number + 1) * (BATCH // 2), total)
        if end > done:
            with ledger.together():
                ledger.load_statuses(told)
                ledger.source_done(STATUS_SOURCE, "video_status", _cursor(end, total), end, end, 0)
        progress("点位状态", end, total)
    return points


def _start(plan: Plan, places: Places, points: Points) -> Start:
    down, which = points.down(plan.at)
    rng = np.random.default_rng([plan.seed, 3])
    counties = plan.scale.counties
    back = points.outages[2][which]
    return Start(
        seed=plan.seed,
        at=plan.at,
        lives=[],
        points=PointTable(points.point_id.tolist(), points.recorder.tolist()),
        down=dict(zip(points.point_id[down].tolist(), back.tolist(), strict=True)),
        places=places.listed(_FUTURE_PLACES, rng),
        reports_a_day=plan.scale.cases / plan.scale.days,
        batch_every_s=_RECORDER_EVERY_S / counties,
    )


def _cases(folder: Path, ledger: Ledger, plan: Plan, places: Places, progress: Progress) -> Iterator[Life]:
    """Load all cases; yields the lives that go on."""
    days, counts = reports(plan.at, plan.scale.days, plan.scale.cases, plan.seed)
    batches = _batches(days, counts)
    total = int(counts.sum())
    loaded = _begun(ledger, CASE_SOURCE, total)
    told = events = 0
    since = plan.at - plan.scale.timeline_days * DAY_S
    for disputes in _made(folder / _PLACES_FILE, batches, plan, loaded):
        progress("案件", told, total)
        told += disputes.count
        made = disputes.batch
        if made is None:
            continue
        desks = Desks.of(made, places)
        with ledger.together():
            if told > loaded:
                ledger.load_cases(case_columns(made, places, desks, plan.at))
                steps, cases_of = event_columns(made, desks, plan.at, since)
                events += ledger.load_events(steps, CASE_SOURCE, cases_of)
                ledger.source_done(CASE_SOURCE, "case", _cursor(told, total), told, told, 0)
                ledger.source_done(EVENT_SOURCE, "case_event", None, events, events, 0)
        yield from unfinished(made, places, desks, plan.at)
    progress("案件", total, total)


@dataclass(frozen=True)
class _Batch:
    count: int
    batch: Disputes | None


def _batches(days: Ints, counts: Ints) -> list[tuple[Ints, Ints]]:
    """Whole days together up to `BATCH` cases."""
    running = np.cumsum(counts)
    which = (running - 1) // BATCH
    edges = np.flatnonzero(np.r_[True, which[1:] != which[:-1], True])
    return [(days[a:b], counts[a:b]) for a, b in pairwise(edges.tolist())]


def _made(file: Path, batches: list[tuple[Ints, Ints]], plan: Plan, loaded: int) -> Iterator[_Batch]:
    """The batches in order, each made by another process while the one before is being stored.

    Of what is loaded already only batches with lives that may go on are made again.
    """
    wanted: list[tuple[int, tuple[Ints, Ints] | None]] = []
    before = 0
    for days, counts in batches:
        count = int(counts.sum())
        before += count
        over = before <= loaded and (days[-1] + 1) * DAY_S < plan.at - _LONGEST_LIFE_S
        wanted.append((count, None if over else (days, counts)))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, _prepare, (str(file),)) as worker:
        ahead = [
            (count, worker.submit(_make, *part, plan.at, plan.seed) if part else None)
            for count, part in wanted[:2]
        ]
        for number, _ in enumerate(wanted):
            count, future = ahead.pop(0)
            batch = future.result() if future is not None else None
            if number + 2 < len(wanted):
                more, part = wanted[number + 2]
                ahead.append((more, worker.submit(_make, *part, plan.at, plan.seed) if part else None))
            yield _Batch(count, batch)


_places: list[Places] = []


def _prepare(file: str) -> None:
    _places[:] = [_load(Path(file))]


def _make(days: Ints, counts: Ints, now: float, seed: int) -> Disputes:
    return make_disputes(days, counts, _places[0], now, seed)


def _begun(ledger: Ledger, source: str, total: int) -> int:
    """How many rows of a source are loaded."""
    state = ledger.source_state(source)
    if state is None or state.cursor is None:
        return 0
    return total if state.cursor == _DONE else int(state.cursor)


def _cursor(end: int, total: int) -> str:
    return _DONE if end >= total else str(end)


def _save(file: Path, places: Places) -> None:
    values = {name: getattr(places, name) for name in places.__dataclass_fields__}
    plain = {name: value.astype(str) if value.dtype == object else value for name, value in values.items()}
    draft = file.with_name("new." + file.name)
    np.savez(draft, **plain)
    draft.replace(file)


def _load(file: Path) -> Places:
    with np.load(file) as kept:
        values = {name: kept[name] for name in kept.files}
    return Places(
        **{n: value.astype(object) if value.dtype.kind == "U" else value for n, value in values.items()}
    )
