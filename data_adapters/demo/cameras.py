"""The 4,445 video points: where they hang, what they are, and how they failed and came back in 30 days."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

import numpy as np
import shapely

from data_adapters.demo.grids import County, Unit
from data_adapters.demo.mesh import Floats
from data_adapters.demo.names import COUNTY_CODE
from data_adapters.demo.outage import BATCH_EVERY_S, MTBF_S, Outage, fail, fail_together
from data_adapters.demo.places import scatter
from data_adapters.demo.rhythm import DAY_S

POINTS = 4_445
INTEGRATED = 3_300
SHOULD_NETWORK = 4_120
NETWORKED = 4_038
WINDOW_S = 30 * DAY_S
ROAD_SHARE, TOWN_SHARE = 0.16, 0.30


class Kind(NamedTuple):
    """A sort of site: name on the pole, GB/T 28181 industry code, position type or none, class, network digit."""

    words: tuple[str, ...]
    industry: str
    position_type: int | None
    point_class: str
    network: str


ROAD = Kind(("路段", "弯道", "路口", "桥头"), "04", 10, "CLASS1", "0")
TOWN = (
    Kind(("中心街", "十字路口", "主街东口", "主街西口"), "00", 9, "CLASS1", "0"),
    Kind(("广场", "集市"), "00", 4, "CLASS1", "0"),
    Kind(("学校门口", "幼儿园门口"), "11", 8, "CLASS2", "6"),
    Kind(("政务大厅", "便民服务中心"), "02", 2, "CLASS2", "6"),
    Kind(("商场", "超市", "农贸市场"), "45", 6, "CLASS3", "8"),
    Kind(("汽车站",), "07", 3, "CLASS2", "2"),
)
VILLAGE = (
    Kind(("村口", "主干道", "巷道口", "路口"), "01", None, "CLASS1", "0"),
    Kind(("村委会", "文化广场", "卫生室"), "01", None, "CLASS2", "6"),
    Kind(("小学门口",), "11", 8, "CLASS2", "6"),
    Kind(("超市", "合作社"), "45", None, "CLASS3", "8"),
)


@dataclass
class Camera:
    """One video point; degrees in EPSG:4490. ``outages`` do not overlap, in order."""

    point_id: str
    name: str
    lon: float
    lat: float
    kind: Kind
    ptz_type: int
    recorder: str = ""
    should_network: bool = False
    networked: bool = False
    integrated: bool = False
    outages: list[Outage] = field(default_factory=list)

    def outage_at(self, at: float) -> Outage | None:
        """The outage that the point is in at `at`; None while it works."""
        return next((outage for outage in self.outages if outage.start <= at < outage.end), None)


def make_cameras(county: County, seed: int) -> list[Camera]:
    """All points, in the order of their ids; without outages."""
    rng, draw = Random(f"{seed}/cameras"), np.random.default_rng([seed, 28181])
    sites = _sites(county, rng, draw)
    cameras = [_camera(serial, *site, rng) for serial, site in enumerate(sites, start=1)]
    _wire(cameras)
    # A third-class point of a shop is the last to be networked or integrated.
    by_rank = sorted(cameras, key=lambda camera: (camera.kind.point_class == "CLASS3", rng.random()))
    for camera in by_rank[:SHOULD_NETWORK]:
        camera.should_network = True
    wanted = by_rank[:SHOULD_NETWORK]
    for camera in rng.sample(wanted, NETWORKED):
        camera.networked = True
    for camera in rng.sample([camera for camera in wanted if camera.networked], INTEGRATED):
        camera.integrated = True
    return cameras


def _sites(
    county: County, rng: Random, draw: np.random.Generator
) -> list[tuple[int, str, float, float, Kind]]:
    """(township number, place name, lon, lat, kind) of all points, township by township."""
    townships = county.levels[1]
    roads = round(POINTS * ROAD_SHARE)
    town_counts = _by_people(townships, round(POINTS * TOWN_SHARE))
    villages = county.levels[3]
    village_counts = _by_people(villages, POINTS - roads - sum(town_counts))
    sites = _road_sites(county, roads, rng, draw)
    for number, (unit, count) in enumerate(zip(townships, town_counts, strict=True), start=1):
        core = max(
            (v for d in unit.children or [] for v in d.children or []), key=lambda village: village.urban
        )
        for lon, lat in scatter(core.shape, count, draw).tolist():
            sites.append((number, unit.short_name, lon, lat, rng.choice(TOWN)))
    township_number = {unit.code: number for number, unit in enumerate(townships, start=1)}
    for village, count in zip(villages, village_counts, strict=True):
        number = (
            township_number[village.parent.parent.code] if village.parent and village.parent.parent else 0
        )
        for lon, lat in scatter(village.shape, count, draw).tolist():
            kind = rng.choices(VILLAGE, (60, 25, 5, 10))[0]
            sites.append((number, village.name, lon, lat, kind))
    return sorted(sites, key=lambda site: site[0])


def _by_people(units: list[Unit], total: int) -> list[int]:
    weight = np.array([(unit.population + 400) ** 0.85 for unit in units])
    exact = weight / weight.sum() * total
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: total - counts.sum()]] += 1
    return [int(count) for count in counts]


def _road_sites(
    county: County, count: int, rng: Random, draw: np.random.Generator
) -> list[tuple[int, str, float, float, Kind]]:
    """Points along winding roads between the towns, every road a branch of the shortest tree of towns."""
    townships = county.levels[1]
    towns = np.array([shapely.get_coordinates(unit.shape.centroid)[0] for unit in townships])
    roads = [_winding(towns[a], towns[b], draw) for a, b in _shortest_tree(towns)]
    lengths = [road.length for road in roads]
    for unit in townships:
        shapely.prepare(unit.shape)
    sites: list[tuple[int, str, float, float, Kind]] = []
    while len(sites) < count:
        road = rng.choices(roads, lengths)[0]
        spot = road.interpolate(rng.random(), normalized=True)
        lon, lat = round(spot.x + rng.gauss(0, 0.0003), 6), round(spot.y + rng.gauss(0, 0.0003), 6)
        number = next((n for n, u in enumerate(townships, 1) if shapely.contains_xy(u.shape, lon, lat)), None)
        if number is not None:
            sites.append((number, f"{townships[number - 1].short_name}县道", lon, lat, ROAD))
    return sites


def _shortest_tree(towns: Floats) -> list[tuple[int, int]]:
    gaps = ((towns[:, None, :] - towns[None, :, :]) ** 2).sum(axis=2)
    joined, edges = [0], []
    while len(joined) < len(towns):
        free = [town for town in range(len(towns)) if town not in joined]
        a, b = min(((a, b) for a in joined for b in free), key=lambda edge: gaps[edge])
        edges.append((a, b))
        joined.append(b)
    return edges


def _winding(start: Floats, end: Floats, draw: np.random.Generator) -> shapely.LineString:
    along = np.linspace(0, 1, 60)[:, None]
    aside = np.array([start[1] - end[1], end[0] - start[0]]) * 0.06
    sway = sum(draw.normal() / wave * np.sin(np.pi * wave * along) for wave in (1, 2, 3, 5))
    return shapely.LineString(start + along * (end - start) + sway * aside)


def _camera(
    serial: int, township: int, place: str, lon: float, lat: float, kind: Kind, rng: Random
) -> Camera:
    centre = f"{COUNTY_CODE}{township:02d}"
    type_code = "132" if rng.random() < 0.93 else "131"
    return Camera(
        point_id=f"{centre}{kind.industry}{type_code}{kind.network}{serial:06d}",
        name=f"{place}{rng.choice(kind.words)}{serial:04d}",
        lon=lon,
        lat=lat,
        kind=kind,
        ptz_type=rng.choices((1, 3, 4, 2), (30, 58, 7, 5))[0],
    )


def _wire(cameras: list[Camera]) -> None:
    """Sixteen points of one township and one network on each recorder."""
    used: dict[str, int] = {}
    for camera in cameras:
        trunk = f"{camera.point_id[:8]}00118{camera.kind.network}"
        camera.recorder = f"{trunk}{used.get(trunk, 0) // 16 + 1:06d}"
        used[trunk] = used.get(trunk, 0) + 1


def break_down(cameras: list[Camera], now: float, seed: int) -> None:
    """Fill in the outages that touch the last 30 days: single failures, and a recorder down now and then."""
    rng = Random(f"{seed}/outages")
    start = now - WINDOW_S
    for camera in cameras:
        at = start - 9 * DAY_S + rng.expovariate(1 / MTBF_S)
        while at < now:
            outage = fail(at, rng)
            if outage.end > start:
                camera.outages.append(outage)
            at = outage.end + rng.expovariate(1 / MTBF_S)
    recorders: dict[str, list[Camera]] = {}
    for camera in cameras:
        recorders.setdefault(camera.recorder, []).append(camera)
    at = start + rng.expovariate(1 / BATCH_EVERY_S)
    while at < now - 600:
        group = recorders[rng.choice(list(recorders))]
        for camera, together in zip(group, fail_together(at, len(group), rng), strict=True):
            if not any(o.start <= together.end and together.start <= o.end for o in camera.outages):
                camera.outages.append(together)
        at += rng.expovariate(1 / BATCH_EVERY_S)
    for camera in cameras:
        camera.outages.sort()
