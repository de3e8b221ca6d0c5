from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import shapely

from data_adapters.demo.grids import County
from data_adapters.records.video import VideoPoint, VideoStatus
from tests.data_adapters.demo.conftest import NOW, Records

RULE_A = re.compile(r"^620599(0[1-9]|1[0-8])(0\d|1[0-4]|4[0-5])(131|132)\d{7}$")


@pytest.fixture(scope="session")
def points(records: Records) -> list[VideoPoint]:
    return [point for point in records("video_point") if isinstance(point, VideoPoint)]


def test_the_published_numbers_of_video_points(points: list[VideoPoint]) -> None:
    assert len({point.point_id for point in points}) == len(points) == 4_445
    assert sum(point.integrated is True for point in points) == 3_300
    expected = [point for point in points if point.should_network]
    networked = [point for point in points if point.networked]
    assert len(networked) / len(expected) == pytest.approx(0.98, abs=0.002)
    assert set(networked) <= set(expected)
    assert {point.secrecy for point in points} == {0}


def test_every_id_follows_rule_a_of_the_standard(points: list[VideoPoint]) -> None:
    for point in points:
        assert RULE_A.match(point.point_id), point.point_id
        assert point.industry == point.point_id[8:10]
        assert point.parent_id is not None
        assert point.parent_id[10:13] == "118"


def test_about_97_8_of_100_points_work(points: list[VideoPoint]) -> None:
    states = Counter(point.status for point in points)
    assert states["ON"] / 4_445 == pytest.approx(0.978, abs=0.007)
    assert {"OFF", "VLOST", "DEFECT"} < set(states)


def test_every_point_lies_in_the_county(points: list[VideoPoint], county: County) -> None:
    leaves = shapely.STRtree([leaf.shape for leaf in county.leaves])
    places = shapely.points([(point.lon, point.lat) for point in points])
    found, _ = leaves.query(places, predicate="intersects")
    assert set(found.tolist()) == set(range(4_445))


def test_the_last_change_of_each_point_is_its_status_in_the_directory(
    points: list[VideoPoint], records: Records
) -> None:
    changes: dict[str, list[tuple[datetime, str]]] = {}
    for change in records("video_status"):
        assert isinstance(change, VideoStatus)
        assert NOW - timedelta(days=30) <= change.at <= NOW
        changes.setdefault(change.point_id, []).append((change.at, change.status))
    for point in points:
        told = changes.get(point.point_id, [])
        assert told == sorted(told)
        assert all(before[1] != after[1] for before, after in pairwise(told))
        if told:
            assert told[-1] == (point.status_at, point.status)


def test_sometimes_a_whole_recorder_goes_down(records: Records, points: list[VideoPoint]) -> None:
    recorder = {point.point_id: point.parent_id for point in points}
    down = sorted(
        (recorder[change.point_id], change.at)
        for change in records("video_status")
        if isinstance(change, VideoStatus) and change.status == "OFF"
    )
    together = [
        (first, last)
        for first, last in zip(down, down[5:], strict=False)
        if first[0] == last[0] and last[1] - first[1] < timedelta(minutes=5)
    ]
    assert together
