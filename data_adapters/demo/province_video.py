"""Millions of video points by column: where they hang, what they are, how they failed and came back in 30 days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from data_adapters.demo.cameras import (
    INTEGRATED,
    NETWORKED,
    POINTS,
    ROAD_SHARE,
    SHOULD_NETWORK,
    TOWN,
    TOWN_SHARE,
    VILLAGE,
    WINDOW_S,
    Kind,
)
from data_adapters.demo.mesh import Floats, Ints
from data_adapters.demo.outage import CAUSES, FAULTS, MTBF_S
from data_adapters.demo.province_places import Places
from data_adapters.demo.vocabulary import STATUS_SOURCE, VIDEO_SOURCE
from data_adapters.ledger.columns import MISSING, Column, Columns
from data_adapters.ledger.tables import video_point, video_status

_ROAD = Kind(("路段", "弯道", "路口", "桥头"), "04", 10, "CLASS1", "0")
_KINDS = (_ROAD, *TOWN, *VILLAGE)
_RECORDER_POINTS = 16


@dataclass(frozen=True)
class Points:
    """All points in the order of their ids. ``outages``: (point number, start, end, status, cause), by point."""

    point_id: Column
    name: Column
    recorder: Column
    spot: Floats
    kind: Ints
    ptz: Ints
    county: Ints
    should: Column
    networked: Column
    integrated: Column
    outages: tuple[Ints, Ints, Ints, Ints, Ints]

    def __len__(self) -> int:
        """How many."""
        return len(self.point_id)

    def down(self, now: float) -> tuple[Ints, Ints]:
        """(numbers of the points that do not deliver at `now`, which outage each is in)."""
        point, start, end, _, _ = self.outages
        held = np.flatnonzero((start <= now) & (now < end))
        return point[held], held


def make_points(places: Places, count: int, now: float, seed: int) -> Points:
    """`count` points, as many in a village as its people ask for, a third along streets and roads."""
    rng = np.random.default_rng([seed, 28181])
    leaf, spot = places.draw(count, rng, (places.people + 40) ** 0.85)
    # By leaf, so that those of a county, and of a township, follow each other.
    order = np.argsort(places.township[leaf] + places.county[leaf] * 10_000, kind="stable")
    leaf, spot = leaf[order], np.round(spot[order] + rng.normal(0, 0.00025, (count, 2)), 6)
    sort = rng.random(count)
    urban = places.urban[leaf] > 0.3
    kind = np.where(
        sort < ROAD_SHARE,
        0,
        np.where(
            urban & (sort < ROAD_SHARE + 2 * TOWN_SHARE),
            1 + rng.integers(len(TOWN), size=count),
            1 + len(TOWN) + rng.choice(len(VILLAGE), count, p=[0.6, 0.25, 0.05, 0.1]),
        ),
    )
    county, township = places.county[leaf], places.township[leaf]
    serial = _running(county) + 1
    ids, names = _named(places, leaf, county, township, kind, serial, rng)
    third = np.array([k.point_class == "CLASS3" for k in _KINDS])[kind]
    # A third-class point of a shop is the last to be networked or integrated.
    should = rng.random(count) < np.where(third, 0.55, 0.96) * (SHOULD_NETWORK / POINTS / 0.9268)
    networked = should & (rng.random(count) < NETWORKED / SHOULD_NETWORK)
    integrated = networked & (rng.random(count) < INTEGRATED / NETWORKED)
    return Points(
        point_id=ids,
        name=names,
        recorder=_recorders(places, county, township, kind),
        spot=spot,
        kind=kind,
        ptz=rng.choice([1, 3, 4, 2], count, p=[0.30, 0.58, 0.07, 0.05]),
        county=county,
        should=should,
        networked=networked,
        integrated=integrated,
        outages=_outages(count, now, rng),
    )


def point_columns(points: Points, chosen: slice, places: Places, now: float) -> Columns:
    """What the video directory says at `now` of some points."""
    county, kind = points.county[chosen], points.kind[chosen]
    n = len(kind)
    told = Columns(video_point, n)
    told["source"] = np.full(n, VIDEO_SOURCE, dtype=object)
    told["point_id"], told["name"] = points.point_id[chosen], points.name[chosen]
    told["parent_id"] = points.recorder[chosen]
    told["civil_code"] = places.county_codes[county]
    told["lon"], told["lat"] = points.spot[chosen, 0], points.spot[chosen, 1]
    told["point_class"] = np.array([k.point_class for k in _KINDS], dtype=object)[kind]
    told["industry"] = np.array([k.industry for k in _KINDS], dtype=object)[kind]
    told["position_type"] = np.array([k.position_type or MISSING for k in _KINDS])[kind]
    told["ptz_type"] = points.ptz[chosen]
    for name, held in (("should_network", points.should), ("networked", points.networked)):
        told[name] = held[chosen]
    told["integrated"] = points.integrated[chosen]
    told["secrecy"] = np.zeros(n, dtype=np.int64)
    status, since = _standing(points, now)
    told["status"] = np.array(["ON", *FAULTS], dtype=object)[status[chosen]]
    told["status_at"] = since[chosen] * 1000
    return told


def status_columns(points: Points, now: float, chunk: int) -> Iterator[Columns]:
    """The changes of status of the last 30 days up to `now`, point by point."""
    point, start, end, status, cause = points.outages
    words = np.array(["ON", *FAULTS], dtype=object)
    causes = np.array([*CAUSES, None], dtype=object)
    for first in range(0, len(point), chunk):
        part = slice(first, first + chunk)
        number = np.repeat(point[part], 2)
        at = np.stack([start[part], end[part]], axis=1).ravel()
        back = np.tile([False, True], len(number) // 2)
        state = np.where(back, 0, np.repeat(status[part], 2))
        why = np.where(back, len(CAUSES), np.repeat(cause[part], 2))
        kept = (at >= now - WINDOW_S) & (at <= now)
        told = Columns(video_status, int(kept.sum()))
        told["source"] = np.full(len(told), STATUS_SOURCE, dtype=object)
        told["point_id"] = points.point_id[number[kept]]
        told["at"] = at[kept] * 1000
        told["status"], told["cause"] = words[state[kept]], causes[why[kept]]
        yield told


def _standing(points: Points, now: float) -> tuple[Ints, Ints]:
    """(status of every point at `now`, since when in seconds)."""
    point, start, end, status, _ = points.outages
    since = np.full(len(points), int(now - WINDOW_S))
    over = end <= now
    np.maximum.at(since, point[over], end[over])
    down, which = points.down(now)
    state = np.zeros(len(points), dtype=np.int64)
    state[down], since[down] = status[which], start[which]
    return state, since


def _outages(count: int, now: float, rng: np.random.Generator) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Single failures from nine days before the window on, those that overlap left out."""
    reach = WINDOW_S + 9 * 86_400
    n = rng.poisson(count * reach / MTBF_S)
    point = rng.integers(count, size=n)
    start = (now - reach * rng.random(n)).astype(np.int64)
    end = start + np.clip(rng.lognormal(11.27, 0.62, n), 1_200, 9 * 86_400).astype(np.int64)
    order = np.lexsort((start, point))
    point, start, end = point[order], start[order], end[order]
    clear = np.r_[True, (point[1:] != point[:-1]) | (start[1:] > end[:-1])]
    clear &= end > now - WINDOW_S
    status = 1 + rng.choice(len(FAULTS), n, p=np.array(list(FAULTS.values())) / sum(FAULTS.values()))
    cause = rng.choice(len(CAUSES), n, p=np.array(list(CAUSES.values())) / sum(CAUSES.values()))
    cause[status != 1] = list(CAUSES).index("DEVICE")
    return point[clear], start[clear], end[clear], status[clear], cause[clear]


def _named(
    places: Places,
    leaf: Ints,
    county: Ints,
    township: Ints,
    kind: Ints,
    serial: Ints,
    rng: np.random.Generator,
) -> tuple[Column, Column]:
    codes = places.county_codes[county].tolist()
    within = (township - _first_township(places)[county] + 1).tolist()
    types = np.where(rng.random(len(kind)) < 0.93, "132", "131").tolist()
    place = np.where(
        kind <= len(TOWN), places.township_names[township], places.village_names[places.village[leaf]]
    ).tolist()
    which = rng.integers(12, size=len(kind)).tolist()
    ids, names = [], []
    for code, town, k, type_code, n, where, w in zip(
        codes, within, kind.tolist(), types, serial.tolist(), place, which, strict=True
    ):
        sort = _KINDS[k]
        ids.append(f"{code}{town:02d}{sort.industry}{type_code}{sort.network}{n:06d}")
        names.append(f"{where}{sort.words[w % len(sort.words)]}{n:05d}")
    return np.array(ids, dtype=object), np.array(names, dtype=object)


def _recorders(places: Places, county: Ints, township: Ints, kind: Ints) -> Column:
    """Sixteen points of one township and one network on each."""
    network = np.array([int(k.network) for k in _KINDS])[kind]
    group = township * 10 + network
    number = _running(group) // _RECORDER_POINTS + 1
    within = township - _first_township(places)[county] + 1
    codes = places.county_codes[county].tolist()
    lists = zip(codes, within.tolist(), network.tolist(), number.tolist(), strict=True)
    known: dict[tuple[str, int, int, int], str] = {}
    found = []
    for key in lists:
        if key not in known:
            code, town, net, n = key
            known[key] = f"{code}{town:02d}00118{net}{n:06d}"
        found.append(known[key])
    return np.array(found, dtype=object)


def _first_township(places: Places) -> Ints:
    """The number of each county's first township."""
    first = np.full(len(places.county_codes), len(places.township_names))
    np.minimum.at(first, places.county, places.township)
    return first


def _running(group: Ints) -> Ints:
    """How many of the same group come before each."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[begins, len(group)])
    running = np.empty(len(group), dtype=np.int64)
    running[order] = np.arange(len(group)) - np.repeat(begins, sizes)
    return running
