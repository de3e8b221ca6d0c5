from __future__ import annotations

import math

import orjson
import pytest

from data_adapters.ledger import Scope
from layers.case import CaseLayer, cases_geojson
from layers.tiles import tile_at
from tests.layers.county import County, a_case
from tests.layers.reading import features


def drawn(county: County, scope: Scope | None = None) -> list[dict[str, object]]:
    scope = scope or Scope.everything()
    with county.ledger.read(scope) as snapshot:
        found: list[dict[str, object]] = cases_geojson(snapshot, scope.path)["features"]
    return found


def test_a_case_is_drawn_near_its_place_and_never_at_it(county: County) -> None:
    lon, lat = county.inside("T1V2")
    county.ledger.write_cases([a_case(1, (lon, lat)), a_case(2, (lon + 1e-6, lat))])
    first, second = (feature["geometry"]["coordinates"] for feature in drawn(county))  # type: ignore[index]
    assert first == second
    assert first != [lon, lat]
    metres = math.hypot((first[0] - lon) * 111_320 * math.cos(math.radians(lat)), (first[1] - lat) * 111_320)
    assert 0 < metres <= 100 * math.sqrt(2) + 1


@pytest.mark.parametrize("category", ["婚姻家庭", "医疗", "人格权", "涉民族宗教"])
def test_a_sensitive_category_has_no_point(county: County, category: str) -> None:
    county.ledger.write_cases([a_case(1, county.inside("T0V0"), category=category)])
    assert drawn(county) == []
    with county.ledger.read(Scope.everything()) as snapshot:
        assert CaseLayer().tile(snapshot, tile_at(*county.inside("T0V0"), 10)) == b""


def test_a_case_outside_every_grid_or_without_a_place_is_not_drawn(county: County) -> None:
    county.ledger.write_cases([a_case(1, (100.0, 30.0)), a_case(2, None, grid_code="T0V0")])
    assert drawn(county) == []


def test_a_closed_case_is_not_drawn(county: County) -> None:
    county.ledger.write_cases([a_case(1, county.inside("T0V0"), state="CANCELLED")])
    assert drawn(county) == []


def test_a_point_says_number_grade_and_light_and_nothing_else(county: County) -> None:
    county.ledger.write_cases([a_case(1, county.inside("T0V0"), grade="MAJOR")])
    [feature] = drawn(county)
    properties = feature["properties"]
    assert isinstance(properties, dict)
    assert set(properties) == {"case_no", "grade", "light"}
    assert properties["grade"] == "MAJOR"
    assert b"path" not in orjson.dumps(feature)


def test_a_township_sees_its_own_cases_only(county: County) -> None:
    county.ledger.write_cases([a_case(n, county.inside(f"T{n}V0")) for n in range(4)])
    assert len(drawn(county)) == 4
    assert len(drawn(county, county.scope("T2"))) == 1
    layer = CaseLayer()
    with county.ledger.read(county.scope("T2")) as snapshot:
        tile = layer.tile(snapshot, tile_at(*county.inside("T2V0"), 5))
    assert sum(f["properties"]["n"] for f in features(tile, "case")) == 1


@pytest.mark.parametrize("z", [4, 9, 13, 16])
def test_every_drawn_case_counts_once_at_every_zoom(county: County, z: int) -> None:
    places = [county.inside(f"T{t}V{v}") for t in range(4) for v in range(4)]
    county.ledger.write_cases([a_case(n, places[n % 16]) for n in range(200)], bulk=True)
    layer = CaseLayer()
    with county.ledger.read(Scope.everything()) as snapshot:
        points = [f["geometry"]["coordinates"] for f in cases_geojson(snapshot, "000")["features"]]
        tiles = {tile_at(*point, z) for point in points}
        n = [f["properties"]["n"] for tile in tiles for f in features(layer.tile(snapshot, tile), "case")]
    assert sum(n) == len(points) == 200


def test_the_most_serious_case_speaks_for_a_spot(county: County) -> None:
    place = county.inside("T3V3")
    county.ledger.write_cases(
        [a_case(1, place), a_case(2, place, grade="MAJOR"), a_case(3, place, grade="COMPLEX")]
    )
    with county.ledger.read(Scope.everything()) as snapshot:
        [feature] = features(CaseLayer().tile(snapshot, tile_at(*place, 12)), "case")
    assert (feature["properties"]["n"], feature["properties"]["grade"]) == (3, "MAJOR")
