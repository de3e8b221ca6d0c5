"""The demo county's organisations are as many as were published, and its disputes refer to them."""

from __future__ import annotations

from collections import Counter
from typing import cast

from data_adapters.demo.grids import County
from data_adapters.demo.orgs import make_orgs, served_by
from data_adapters.records.case import Case
from data_adapters.records.org import Org
from tests.data_adapters.demo.conftest import Records

#: Handled above the county: no unit of its own.
ABOVE = "市级联合调解中心"


def test_the_published_counts(records: Records) -> None:
    orgs = cast(list[Org], records("org"))
    centres = Counter(org.level for org in orgs if org.org_type == "ZZ_CENTRE")
    assert centres == {"county": 1, "township": 18, "village": 264}
    committees = [org for org in orgs if org.org_type == "MEDIATION_GENERAL"]
    assert (len(committees), sum(org.mediator_count or 0 for org in committees)) == (264, 1_556)
    assert sum(org.org_type == "MEDIATION_BRAND" for org in orgs) == 12
    members = [org for org in orgs if org.level == "county" and org.org_type != "ZZ_CENTRE"]
    assert len(members) == 38
    assert len({org.code for org in orgs}) == len(orgs) == 1 + 18 + 264 + 264 + 12 + 38


def test_whoever_is_above_comes_first(county: County) -> None:
    seen: set[str | None] = {None}
    for one in make_orgs(county):
        assert one.parent in seen
        seen.add(one.code)


def test_three_villages_are_served_by_another(county: County) -> None:
    names = {unit.code: unit.name for unit in county.levels[3]}
    assert sum(name != names[code] for code, name in served_by(county).items()) == 3


def test_every_dispute_is_handled_by_somebody_who_is_there(records: Records) -> None:
    known = {org.code for org in cast(list[Org], records("org"))} | {ABOVE}
    handlers = Counter(case.handling_org for case in cast(list[Case], records("case")))
    assert {name for name in handlers if name not in known} == set()
    assert len(handlers) > 250
