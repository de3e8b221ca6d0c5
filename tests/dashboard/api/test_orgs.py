"""Organisations over HTTP: the tree with its loads, the cases of one, within the viewer's scope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from data_adapters.ledger import Ledger
from tests.data_adapters.ledger.test_orgs import ORGS
from tests.fixtures.wall import Wall, incident, serve_centre

COUNTY, TOWN = "token-of-the-whole-county", "token-of-the-first-town"


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """The county's centre, two towns', a committee and a department; three cases of theirs and one of nobody's."""
    folder = tmp_path_factory.mktemp("orgs")
    more = "".join(
        f'[[displays]]\nname = "{name}"\ntoken = "{token}"\ngrid = "{grid}"\n'
        for name, token, grid in (("县", COUNTY, "6205"), ("甲镇", TOWN, "62051"))
    )
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", more)
    ledger = Ledger.open(wall.store, root="6205")
    ledger.write_orgs(ORGS)
    ledger.close()
    cases = [incident(n, state="IN_PROGRESS") for n in (1, 2)] + [incident(3, 1.5), incident(4)]
    for case, org in zip(cases, ("M11", "T1", "T2"), strict=False):
        case["handling_org"] = org
    assert wall.post("/api/v1/incidents", cases)[0] == 200
    yield wall
    assert wall.stop() == 0


def read(wall: Wall, path: str, token: str = COUNTY) -> Any:
    status, body = wall.get(f"/api/v1/{path}", token=token)
    assert status == 200, body
    return body


def test_every_organisation_comes_with_its_load_and_that_of_those_below(wall: Wall) -> None:
    body = read(wall, "orgs")
    found = {item["code"]: item for item in body["items"]}
    assert list(found) == ["C", "D1", "M11", "T1", "T2", "V11"]
    assert {code: item["open"] for code, item in found.items()} == {
        "C": 2,
        "D1": 0,
        "M11": 1,
        "T1": 2,
        "T2": 0,
        "V11": 1,
    }
    assert (found["T1"]["own"]["open"], found["T1"]["children"], found["T1"]["parent"]) == (1, 1, "C")
    assert found["M11"]["mediator_count"] == 6
    assert found["C"]["on_time"] == {"value": None, "numerator": 0, "denominator": 0, "small": True}
    assert body["types"] == [
        {"type": "ZZ_CENTRE", "label": "综治中心", "n": 4},
        {"type": "DEPARTMENT", "label": "部门", "n": 1},
        {"type": "MEDIATION_GENERAL", "label": "人民调解委员会", "n": 1},
    ]


def test_a_page_of_one_type_goes_on_where_it_ended(wall: Wall) -> None:
    first = read(wall, "orgs?type=ZZ_CENTRE&limit=3")
    rest = read(wall, f"orgs?type=ZZ_CENTRE&limit=3&after={first['next']}")
    assert [item["code"] for item in first["items"] + rest["items"]] == ["C", "T1", "T2", "V11"]
    assert rest["next"] is None


def test_the_cases_of_an_organisation_are_its_own_and_those_below_it(wall: Wall) -> None:
    assert len(read(wall, "cases?org=T1")["items"]) == 2
    assert len(read(wall, "cases?org=M11")["items"]) == 1
    assert len(read(wall, "cases?org=C")["items"]) == 3
    assert len(read(wall, "cases")["items"]) == 4


def test_a_township_never_sees_anothers_organisations_or_their_cases(wall: Wall) -> None:
    body = read(wall, "orgs", TOWN)
    assert [item["code"] for item in body["items"]] == ["M11", "T1", "V11"]
    assert all(item["parent"] in (None, "T1", "V11") for item in body["items"])
    for path in ("orgs?grid=62052", "cases?org=T2", "cases?org=C", "cases?org=nobody"):
        assert wall.get(f"/api/v1/{path}", token=TOWN)[0] == 404, path
    assert wall.get("/api/v1/orgs?type=PERSON", token=TOWN)[0] == 400
