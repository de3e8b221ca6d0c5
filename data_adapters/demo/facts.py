"""What a dispute is about: category, grade, channel, who handles it and how it ends, with the published shares."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from data_adapters.demo.life import Orgs
from data_adapters.demo.site import Leaf


class Category(NamedTuple):
    """``share`` of 869 published cases; tilts multiply the odds: in town, in ``months``, to be serious."""

    name: str
    share: int
    in_town: float
    months: tuple[int, ...]
    serious: float
    department: str


CATEGORIES = (
    Category("婚姻家庭", 160, 1.0, (1, 2), 0.7, "县妇联"),
    Category("邻里", 278, 0.8, (), 0.5, "县司法局"),
    Category("房屋宅基地", 67, 0.7, (3, 4, 5), 1.2, "县自然资源局"),
    Category("合同", 44, 1.8, (), 1.3, "县人民法院"),
    Category("生产经营", 31, 1.4, (), 1.2, "县工信局"),
    Category("损害赔偿", 76, 1.0, (), 1.6, "县司法局"),
    Category("山林土地", 18, 0.15, (3, 4, 9, 10), 2.0, "县林草局"),
    Category("征地拆迁", 28, 1.2, (), 5.0, "县自然资源局"),
    Category("环境污染", 4, 1.0, (6, 7, 8), 2.0, "市生态环境局示范分局"),
    Category("劳动争议", 13, 1.7, (1, 2, 12), 3.0, "县人社局"),
    Category("消费", 7, 2.5, (1, 2), 0.5, "县市场监管局"),
    Category("医疗", 55, 1.8, (), 2.2, "县卫健局"),
    Category("道路交通事故", 33, 1.1, (1, 2, 9, 10), 1.2, "县交警大队"),
    Category("物业", 1, 6.0, (), 0.8, "县住建局"),
    Category("其它", 54, 1.0, (), 1.0, "县综治中心"),
)
BY_NAME = {category.name: category for category in CATEGORIES}
GRADES = {"ORDINARY": 0.85, "COMPLEX": 0.12, "MAJOR": 0.02, "PETITION_BACKLOG": 0.01}
SERIOUSNESS = {"ORDINARY": 0.0, "COMPLEX": 0.6, "MAJOR": 1.0, "PETITION_BACKLOG": 1.0}
CHANNELS = {
    "GRID": 46, "WINDOW": 15, "PUBLIC_APP": 10, "HOTLINE_12345": 9, "POLICE_110": 8, "COURT": 4, "DEPARTMENT": 3,
    "PATROL": 3, "LETTERS_VISITS": 1.5, "SUPERIOR": 0.5,
}  # fmt: skip
METHODS = {
    "grid": {"DIRECT": 60, "PEOPLE": 40},
    "village": {"PEOPLE": 88, "DIRECT": 12},
    "township": {"PEOPLE": 62, "JOINT": 14, "ADMIN": 10, "POLICE": 8, "GOV": 6},
    "county": {"ADMIN": 26, "PEOPLE": 24, "LITIGATION": 18, "JOINT": 14, "JUDICIAL": 8, "PETITION": 6,
               "ARBITRATION": 4},
    "above": {"ADMIN": 60, "JUDICIAL": 40},
}  # fmt: skip
LEVELS = {
    "ORDINARY": {"grid": 14, "village": 30, "township": 46, "county": 10},
    "COMPLEX": {"village": 10, "township": 53, "county": 36, "above": 1},
    "MAJOR": {"township": 18, "county": 76, "above": 6},
    "PETITION_BACKLOG": {"township": 10, "county": 80, "above": 10},
}
#: What a case that is not ordinary is joint work of (六联), by category; of a crowd it is an emergency.
JOINT = {
    "征地拆迁": "PROBLEM", "山林土地": "PROBLEM", "环境污染": "PROBLEM", "道路交通事故": "SECURITY",
    "损害赔偿": "SECURITY", "消费": "SERVICE", "物业": "SERVICE", "生产经营": "SERVICE", "其它": "SAFE",
}  # fmt: skip
SATISFACTION = {"VERY_SATISFIED": 50, "SATISFIED": 37, "BASIC": 1.5, "DISSATISFIED": 1.5, "NO_ANSWER": 10}


def pick(odds: dict[str, float] | dict[str, int], rng: Random) -> str:
    """One key, by its weight."""
    return rng.choices(list(odds), list(odds.values()))[0]


def category_odds(category: Category, month: int, urban: float) -> float:
    """How much likelier than usual this category is in this month and this place (`urban` 0..1)."""
    return float(category.in_town**urban) * (1.7 if month in category.months else 1.0)


def grade_odds(grade: str, category: str) -> float:
    """How much likelier than usual this grade is for this category."""
    return float(BY_NAME[category].serious ** SERIOUSNESS[grade])


def draw(category: str, grade: str, leaf: Leaf, rng: Random) -> tuple[dict[str, Any], dict[str, Any], Orgs]:
    """Facts, ending and desks of a dispute (see :class:`Life`); its number, time and place are added by the caller."""
    level = pick(LEVELS[grade], rng)
    channel = pick(CHANNELS, rng)
    orgs = Orgs(f"{leaf.served_by or leaf.village}调委会", f"{leaf.township}综治中心", "")
    handler = {
        "grid": orgs.village,
        "village": orgs.village,
        "township": orgs.township,
        "county": BY_NAME[category].department,
        "above": "市级联合调解中心",
    }[level]
    facts = {
        "kind": "DISPUTE",
        "category": category,
        "grade": grade,
        "source_channel": channel,
        "origin_level": "grid" if channel in ("GRID", "PATROL", "PUBLIC_APP") else _desk(channel, rng),
        "handling_org": handler,
        "scale": pick({"01": 97, "02": 3} if grade == "ORDINARY" else {"01": 70, "02": 28, "03": 2}, rng),
        "urgency": pick({"03": 70, "02": 26, "01": 4} if grade == "ORDINARY" else {"02": 60, "01": 40}, rng),
        "visit_count": rng.choice((1, 1, 1, 1, 1, 2, 2, 3))
        if channel in ("WINDOW", "LETTERS_VISITS")
        else None,
    }
    if grade != "ORDINARY":
        facts["joint_type"] = "EMERGENCY" if facts["scale"] != "01" else JOINT.get(category, "MEDIATION")
    ending = {
        "outcome": "SUCCESS",
        "resolution_method": pick(METHODS[level], rng),
        "resolved_level": level,
        "satisfaction": pick(SATISFACTION, rng),
    }
    return facts, ending, Orgs(orgs.village, orgs.township, handler)


def _desk(channel: str, rng: Random) -> str:
    if channel == "WINDOW":
        return pick({"village": 40, "township": 45, "county": 15}, rng)
    return "above" if channel == "SUPERIOR" else "county"


def delay_before_report(rng: Random) -> float:
    """Seconds from the happening to the report: mostly an hour or two, now and then a day."""
    return min(rng.lognormvariate(8.6, 1.2), 40 * 3_600)
