"""Which grids stand out beyond chance."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import shapely

from data_adapters.ledger import Scope
from data_adapters.records.case import Case
from layers.plane import Plane
from layers.significance import Significance, bordering, significance
from tests.layers import county as counties
from tests.layers.county import NOW, County


def a_case(number: int, place: tuple[float, float] | None, **other: object) -> Case:
    """Reported an hour ago: a window ends before now."""
    reported = NOW - timedelta(hours=1)
    return counties.a_case(number, place, **({"occurred_at": reported, "reported_at": reported} | other))


def judged(county: County, code: str = "R", category: str | None = None) -> Significance:
    with county.ledger.read(Scope.everything()) as snapshot:
        here = snapshot.grid(code)
        assert here is not None
        return significance(snapshot, here, 90, category)


def of(found: Significance, code: str) -> dict[str, object]:
    (one,) = [f["properties"] for f in found.features["features"] if f["properties"]["code"] == code]
    return one


def test_villages_are_judged_with_their_neighbours_and_the_counts_are_those_of_the_cases(
    county: County,
) -> None:
    cases = [a_case(n, county.inside("T0V0")) for n in range(20)]
    cases += [a_case(100 + n, county.inside("T0V1")) for n in range(18)]
    cases += [a_case(200 + n, county.inside(f"T{n % 4}V{n % 4}")) for n in range(8)]
    county.ledger.write_cases([*cases, a_case(999, None)])
    found = judged(county)
    assert len(found.features["features"]) == 16
    assert found.level == 2
    assert sum(f["properties"]["n"] for f in found.features["features"]) == 46
    assert (found.total, found.unplaced) == (47, 1)
    assert of(found, "T0V0")["z"] > 2 > of(found, "T3V3")["z"]
    assert found.unit == "件/km²"


def test_too_few_grids_are_not_judged_and_it_says_so(county: County) -> None:
    found = judged(county, "T0")
    assert found.features["features"] == []
    assert "不足 8 个" in found.note


def test_small_numbers_of_a_sensitive_category_are_not_told_nor_to_be_worked_out(county: County) -> None:
    cases = [a_case(n, county.inside("T0V0"), category="医疗") for n in range(2)]
    cases += [a_case(100 + n, county.inside("T1V0"), category="医疗") for n in range(7)]
    cases += [a_case(200 + n, county.inside("T2V0"), category="医疗") for n in range(30)]
    county.ledger.write_cases(cases)
    found = judged(county, category="医疗")
    told = {f["properties"]["code"]: f["properties"]["n"] for f in found.features["features"]}
    assert told["T0V0"] is None
    assert told["T1V0"] is None
    assert told["T2V0"] == 30
    assert told["T3V3"] == 0
    assert of(found, "T0V0")["value"] is None


def test_neighbours_share_a_border_and_the_relation_is_mutual(county: County) -> None:
    plane = Plane(106.2)
    codes = [f"T{t}V{v}" for t in range(4) for v in range(4)]
    flat = [
        shapely.transform(county.shapes[code], lambda v: np.column_stack(plane.metres(v[:, 0], v[:, 1])))
        for code in codes
    ]
    near = bordering(flat)
    assert {codes[n] for n in near[codes.index("T0V0")]} == {"T0V1", "T0V2", "T0V3"}
    assert all(at in near[other] for at, others in enumerate(near) for other in others)
