from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_adapters.ledger import Scope
from data_adapters.ledger.snapshot import VideoColumns
from data_adapters.records.video import VideoStatus
from layers.tiles import EXTENT, Tile, tile_at, to_mercator
from layers.video import MAX_SINGLES, SINGLES_ZOOM, VideoIndex, VideoLayer
from tests.layers.county import NOW, County, a_point
from tests.layers.reading import features

STATUSES = ["ON", "OFF", "VLOST", "DEFECT"]
PLACE = st.tuples(st.floats(-180, 180), st.floats(-90, 90), st.sampled_from(STATUSES))


def columns(lon: list[float], lat: list[float], status: list[str]) -> VideoColumns:
    n = len(lon)
    return VideoColumns(
        np.array([f"P{i}" for i in range(n)], dtype=np.str_),
        np.array(lon, dtype=np.float64),
        np.array(lat, dtype=np.float64),
        np.array(status, dtype=np.str_),
        np.array(["CLASS1", ""] * n, dtype=np.str_)[:n],
    )


def scattered(n: int, seed: int = 1) -> VideoColumns:
    """`n` points round a few towns of one county, some of them out."""
    rng = np.random.default_rng(seed)
    towns = rng.uniform([105.9, 34.5], [106.5, 35.0], (12, 2))[rng.integers(0, 12, n)]
    places = towns + rng.normal(0, 0.02, (n, 2))
    status = rng.choice(STATUSES, n, p=[0.9, 0.05, 0.03, 0.02]).tolist()
    return columns(places[:, 0].tolist(), places[:, 1].tolist(), status)


def all_tiles(points: VideoColumns, z: int) -> set[Tile]:
    return {tile_at(lon, lat, z) for lon, lat in zip(points.lon.tolist(), points.lat.tolist(), strict=True)}


def sums(index: VideoIndex, tiles: set[Tile]) -> tuple[int, int, int]:
    found = [f["properties"] for tile in tiles for f in features(index.tile(tile), "video")]
    return sum(p["total"] for p in found), sum(p["online"] for p in found), sum(p["fault"] for p in found)


@pytest.mark.parametrize("z", [0, 5, 9, 12, 14, 15, 16])
def test_the_totals_of_all_tiles_of_a_zoom_are_the_number_of_points(z: int) -> None:
    points = scattered(4_445)
    online = int((points.status == "ON").sum())
    fault = int(np.isin(points.status, ["VLOST", "DEFECT"]).sum())
    assert sums(VideoIndex(points), all_tiles(points, z)) == (4_445, online, fault)


@given(st.lists(PLACE, min_size=1, max_size=60), st.integers(0, 18))
def test_no_point_of_the_world_is_lost_or_counted_twice(
    places: list[tuple[float, float, str]], z: int
) -> None:
    lon, lat, status = (list(column) for column in zip(*places, strict=True))
    points = columns(lon, lat, status)
    index = VideoIndex(points)
    assert sums(index, all_tiles(points, z))[:2] == (len(places), status.count("ON"))


def test_a_point_alone_in_its_cell_is_itself_and_has_no_name() -> None:
    index = VideoIndex(columns([106.14, 106.0], [34.75, 34.8], ["VLOST", "ON"]))
    found = features(index.tile(tile_at(106.14, 34.75, 9)), "video")
    assert [f["properties"] for f in found if f["properties"].get("point_id") == "P0"] == [
        {"total": 1, "online": 0, "fault": 1, "point_id": "P0", "status": "VLOST", "category": "CLASS1"}
    ]
    [second] = [f["properties"] for f in found if f["properties"].get("point_id") == "P1"]
    assert "category" not in second


def test_a_cluster_lies_at_the_mean_place_of_its_points_and_names_none_of_them() -> None:
    lon, lat = [106.1400, 106.1404, 106.1408], [34.75, 34.75, 34.75]
    tile = tile_at(106.14, 34.75, 10)
    [feature] = features(VideoIndex(columns(lon, lat, ["ON", "OFF", "ON"])).tile(tile), "video")
    assert feature["properties"] == {"total": 3, "online": 2, "fault": 0}
    alone = VideoIndex(columns([106.1404], [34.75], ["ON"]))
    [middle] = features(alone.tile(tile), "video")
    assert (
        np.abs(np.subtract(feature["geometry"]["coordinates"], middle["geometry"]["coordinates"])).max() <= 1
    )


def test_close_by_every_point_is_drawn_by_itself() -> None:
    points = scattered(400)
    index = VideoIndex(points)
    found = [
        f["properties"]
        for tile in all_tiles(points, SINGLES_ZOOM)
        for f in features(index.tile(tile), "video")
    ]
    assert {p["point_id"] for p in found} == set(points.point_id.tolist())
    assert {p["total"] for p in found} == {1}


def test_points_lie_inside_their_tile_so_that_the_map_draws_them() -> None:
    # The very corners of the world too: a circle on a tile's far edge is not drawn.
    points = columns([-180, 180, 179.9999999, 0], [90, -90, 85.06, 0], ["ON"] * 4)
    index = VideoIndex(points)
    for z in (0, 3, 16):
        for tile in all_tiles(points, z):
            for feature in features(index.tile(tile), "video"):
                assert all(0 <= c < EXTENT for c in feature["geometry"]["coordinates"])


def test_the_same_points_in_another_order_give_the_same_clusters() -> None:
    points = scattered(2_000)
    order = np.random.default_rng(5).permutation(2_000)
    shuffled = VideoColumns(*(getattr(points, name)[order] for name in VideoColumns.__slots__))
    first, second = VideoIndex(points), VideoIndex(shuffled)
    for tile in all_tiles(points, 9):
        assert first.tile(tile) == second.tile(tile)


def test_thousands_of_points_in_one_spot_stay_one_cluster_and_a_small_tile() -> None:
    n = MAX_SINGLES * 4
    index = VideoIndex(columns([106.14] * n, [34.75] * n, ["ON"] * n))
    tile = index.tile(tile_at(106.14, 34.75, 16))
    assert [f["properties"]["total"] for f in features(tile, "video")] == [n]


@pytest.mark.parametrize("n", [MAX_SINGLES, 50_000])
def test_no_tile_is_larger_than_two_hundred_kilobytes(n: int) -> None:
    rng = np.random.default_rng(2)
    west, south, east, north = tile_at(106.14, 34.75, 15).degrees
    lon, lat = rng.uniform(west, east, n), rng.uniform(south, north, n)
    index = VideoIndex(columns(lon.tolist(), lat.tolist(), rng.choice(STATUSES, n).tolist()))
    for z in range(5, 17):
        assert len(index.tile(tile_at(106.14, 34.75, z))) < 200_000


def test_an_index_without_points_has_empty_tiles() -> None:
    assert VideoIndex(columns([], [], [])).tile(Tile(0, 0, 0)) == b""


def test_a_township_sees_its_own_points_only_and_nobody_sees_a_secret_one(county: County) -> None:
    county.ledger.write_points(
        [
            a_point(1, county.inside("T0V0")),
            a_point(2, county.inside("T3V3")),
            a_point(3, county.inside("T0V1"), secrecy=1),
        ]
    )
    layer = VideoLayer()

    def seen(scope: Scope) -> set[str]:
        with county.ledger.read(scope) as snapshot:
            index = layer.index(snapshot)
            tiles = {tile_at(*county.inside(f"T{t}V{v}"), 15) for t in range(4) for v in range(4)}
        found = [f for tile in tiles for f in features(index.tile(tile), "video")]
        return {f["properties"]["point_id"] for f in found}

    assert seen(county.scope("R")) == {"P1", "P2"}
    assert seen(county.scope("T0")) == {"P1"}
    assert seen(county.scope("T3")) == {"P2"}
    assert seen(county.scope("T1")) == set()


def test_a_change_of_status_repaints_its_point(county: County) -> None:
    place = county.inside("T2V2")
    county.ledger.write_points([a_point(1, place, status_at=NOW - timedelta(hours=1))])
    layer, tile = VideoLayer(), tile_at(*place, 12)

    def online() -> int:
        with county.ledger.read(Scope.everything()) as snapshot:
            [feature] = features(layer.tile(snapshot, tile), "video")
        return int(feature["properties"]["online"])

    assert online() == 1
    county.ledger.write_statuses([VideoStatus(source="test", point_id="P1", status="OFF", at=NOW)])
    assert online() == 0


@given(
    st.lists(st.tuples(st.integers(0, 30), PLACE, st.booleans()), min_size=1, max_size=40),
    st.lists(st.tuples(st.integers(0, 30), PLACE, st.booleans()), max_size=20),
)
def test_an_index_brought_up_to_date_equals_one_made_anew(before: list[Any], changes: list[Any]) -> None:
    def table(state: dict[int, Any]) -> VideoColumns:
        shown = {number: place for number, (place, secret) in state.items() if not secret}
        lists = [list(held) for held in zip(*shown.values(), strict=True)] or [[], [], []]
        made = columns(*lists)
        ids = np.array([f"P{number}" for number in shown], dtype=np.str_)
        classes = np.full(len(shown), "CLASS1")
        return VideoColumns(ids, made.lon, made.lat, made.status, classes)

    old = {number: (place, secret) for number, place, secret in before}
    new = {number: (place, secret) for number, place, secret in changes}
    hidden = np.array([f"P{number}" for number, (_, secret) in new.items() if secret], dtype=np.str_)
    index = VideoIndex(table(old))
    after = index.updated(table(new), hidden)
    assert len(index) == sum(not secret for _, secret in old.values())  # the one before is untouched
    fresh = VideoIndex(table(old | new))
    points = table(old | new)
    for tile in {Tile(0, 0, 0)} | all_tiles(points, 9) | all_tiles(points, 16):
        told = [sorted(map(str, features(one.tile(tile), "video"))) for one in (after, fresh)]
        assert told[0] == told[1]


def test_a_change_of_status_shares_everything_but_the_status() -> None:
    index = VideoIndex(scattered(1_000))
    chosen = index.near(106.1, 34.7, 1)[:1]
    fresh = index.rows(chosen)
    after = index.updated(
        VideoColumns(fresh.point_id, fresh.lon, fresh.lat, np.array(["DEFECT"]), fresh.point_class),
        np.array([], dtype=np.str_),
    )
    assert after.rows(chosen).status.tolist() == ["DEFECT"]
    assert index.rows(chosen).status.tolist() == fresh.status.tolist()
    assert after._ids is index._ids
    assert after._codes is index._codes


@given(PLACE, st.integers(1, 12))
def test_the_points_around_a_place_hold_the_nearest(place: tuple[float, float, str], limit: int) -> None:
    points = scattered(400, seed=4)
    index = VideoIndex(points)
    lon, lat = 106.2 + place[0] / 1800, 34.75 + place[1] / 900
    here = to_mercator(np.array([lon]), np.array([lat]))

    def distance(rows: VideoColumns) -> list[float]:
        x, y = to_mercator(rows.lon, rows.lat)
        found: list[float] = np.hypot(x - here[0], y - here[1]).tolist()
        return sorted(found)[:limit]

    assert distance(index.rows(index.near(lon, lat, limit))) == distance(points)


def test_a_point_that_becomes_secret_moves_away_or_comes_back_is_followed(county: County) -> None:
    layer = VideoLayer()
    tiles = {name: tile_at(*county.inside(name), 15) for name in ("T0V0", "T3V3")}

    def seen(scope: Scope) -> dict[str, int]:
        with county.ledger.read(scope) as snapshot:
            return {name: len(features(layer.tile(snapshot, tile), "video")) for name, tile in tiles.items()}

    county.ledger.write_points([a_point(1, county.inside("T0V0"))])
    own = county.scope("T0")
    assert seen(own) == {"T0V0": 1, "T3V3": 0}
    county.ledger.write_points([a_point(1, county.inside("T0V0"), secrecy=1)])
    assert seen(own) == {"T0V0": 0, "T3V3": 0}
    county.ledger.write_points([a_point(1, county.inside("T0V0"))])
    assert seen(own) == {"T0V0": 1, "T3V3": 0}
    assert seen(county.scope("R"))["T3V3"] == 0
    county.ledger.write_points([a_point(1, county.inside("T3V3"))])  # out of the township
    assert seen(own) == {"T0V0": 0, "T3V3": 0}
    assert seen(county.scope("R"))["T3V3"] == 1
