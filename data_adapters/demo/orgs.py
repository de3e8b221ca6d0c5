"""The organisations of the demo county, as many as were published: 1 / 18 / 264 centres, 264 committees of 1,556
mediators, 38 member units, 12 brand rooms. Their codes are what the disputes call them."""

from __future__ import annotations

from typing import NamedTuple

from data_adapters.demo.facts import CATEGORIES
from data_adapters.demo.grids import County, Unit, ancestor
from data_adapters.demo.names import COUNTY_CODE

CENTRE = "县综治中心"
VILLAGE_CENTRES, MEDIATORS, MEMBER_UNITS, BRAND_ROOMS = 264, 1_556, 38, 12
_TYPES = {
    "县人民法院": "COURT",
    "县人民检察院": "PROCURATORATE",
    "县公安局": "POLICE",
    "县交警大队": "POLICE",
    "县司法局": "JUSTICE",
    "县信访局": "LETTERS_VISITS",
    "县仲裁委": "ARBITRATION",
    "县公证处": "NOTARY",
    "县供电公司": "UTILITY",
}
_OTHERS = (
    "县人民检察院 县公安局 县信访局 县仲裁委 县公证处 县供电公司 县委办 县政府办 县委组织部 "
    "县委宣传部 县委统战部 县委社会工作部 县总工会 团县委 县发改局 县教育局 县科技局 县民政局 "
    "县财政局 县交通运输局 县水务局 县农业农村局 县商务局 县文旅局 县应急管理局 县医保局 "
).split()
_BRANDS = "同心 和为贵 枫桥 老支书 邻里情 暖心 清风 百姓 金牌 家和 石榴籽 乡贤".split()


class Organisation(NamedTuple):
    """One row of the upstream list; ``code`` is its name too."""

    code: str
    org_type: str
    level: str
    parent: str | None
    grid_code: str
    mediators: int | None = None


def centre_of(village: str) -> str:
    """The centre of a village, by the village's name."""
    return f"{village}综治中心"


def committee_of(village: str) -> str:
    """The mediation committee of a village, by the village's name."""
    return f"{village}调委会"


def served_by(county: County) -> dict[str, str]:
    """Code of each of the 267 villages -> name of the one whose centre serves it: three have none of their own.

    Those are the smallest; the largest village of their district serves them.
    """
    villages = county.levels[3]
    smallest = sorted(villages, key=lambda unit: (unit.population, unit.code))
    alone: list[Unit] = []
    for village in smallest:
        siblings = (
            [one for one in (village.parent.children or []) if village.parent] if village.parent else []
        )
        if len(siblings) > 1 and not any(one in alone for one in siblings):
            alone.append(village)
        if len(alone) == len(villages) - VILLAGE_CENTRES:
            break
    found = {unit.code: unit.name for unit in villages}
    for village in alone:
        others = [
            one for one in (village.parent.children if village.parent else None) or [] if one is not village
        ]
        found[village.code] = max(others, key=lambda unit: (unit.population, unit.code)).name
    return found


def make_orgs(county: County) -> list[Organisation]:
    """All of them, each after its parent."""
    found = [Organisation(CENTRE, "ZZ_CENTRE", "county", None, COUNTY_CODE)]
    towns = county.levels[1]
    found += [
        Organisation(f"{town.name}综治中心", "ZZ_CENTRE", "township", CENTRE, town.code) for town in towns
    ]
    named = [category.department for category in CATEGORIES if category.department != CENTRE]
    units = list(dict.fromkeys([*named, *_OTHERS]))[:MEMBER_UNITS]
    found += [
        Organisation(unit, _TYPES.get(unit, "DEPARTMENT"), "county", CENTRE, COUNTY_CODE) for unit in units
    ]
    for number, brand in enumerate(_BRANDS):
        town = towns[number * len(towns) // BRAND_ROOMS]
        parent = f"{town.name}综治中心"
        found.append(Organisation(f"{brand}调解室", "MEDIATION_BRAND", "township", parent, town.code))
    serving = served_by(county)
    own = [village for village in county.levels[3] if serving[village.code] == village.name]
    each, more = divmod(MEDIATORS, len(own))
    for number, village in enumerate(own):
        town = ancestor(village, 1)
        centre, committee = centre_of(village.name), committee_of(village.name)
        found.append(Organisation(centre, "ZZ_CENTRE", "village", f"{town.name}综治中心", village.code))
        mediators = each + (number < more)
        found.append(Organisation(committee, "MEDIATION_GENERAL", "village", centre, village.code, mediators))
    return found
