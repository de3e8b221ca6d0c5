from __future__ import annotations

import pytest
from pyproj import Geod

from data_adapters.ledger import Scope
from layers.nearest import nearest
from layers.video import VideoLayer
from tests.layers.county import County, a_point


def test_the_nearest_points_come_first_with_their_distance_in_metres(county: County) -> None:
    lon, lat = county.inside("T0V0")
    county.ledger.write_points(
        [a_point(n, (lon + 0.01 * n, lat), status="OFF" if n == 1 else "ON") for n in (3, 1, 2)]
    )
    with county.ledger.read(Scope.everything()) as snapshot:
        index = VideoLayer().index(snapshot)
    found = nearest(index, lon, lat, 2)
    assert [one["point_id"] for one in found] == ["P1", "P2"]
    assert found[0]["status"] == "OFF"
    _, _, metres = Geod(ellps="GRS80").inv(lon, lat, lon + 0.01, lat)
    assert found[0]["distance_m"] == pytest.approx(metres, rel=0.005)


def test_where_there_is_no_point_none_is_near(county: County) -> None:
    with county.ledger.read(Scope.everything()) as snapshot:
        assert nearest(VideoLayer().index(snapshot), 106.0, 34.7, 5) == []
