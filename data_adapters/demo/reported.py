"""Figures that the demo county's offices report, beside what its platform counts: the published ones, and made-up ones
where nothing was published (targets, monthly petitions, scores). All of them synthetic, as everything here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from data_adapters.demo.grids import County
from data_adapters.demo.names import COUNTY_CODE
from data_adapters.demo.orgs import served_by
from data_adapters.demo.rhythm import calendar, day_of


class Figure(NamedTuple):
    """One row of the upstream sheet: n of N (None: a count) of a grid over [first, end)."""

    id: str
    grid_code: str
    first: date
    end: date
    n: int
    whole: int | None


class Entry(NamedTuple):
    """What the county's configuration says of a figure. ``of`` None: a count; ``rule`` is its period."""

    id: str
    label: str
    label_en: str
    unit: str
    formula: str
    of: tuple[str, str] | None
    better: str = ""
    rule: str = "latest"


#: 平安创建, published: category -> units that were found in order. How many tried is made up.
SAFE_UNITS = {
    "校园": 231, "医院": 17, "交通线": 285, "乡村": 159, "社区": 2, "企业": 3, "景区": 2, "小区": 40, "家庭": 150,
    "寺庙": 32,
}  # fmt: skip
_SAFE_EN = (
    "schools hospitals road-sections villages communities companies scenic-areas estates families temples"
).split()
FORCES = {"QS12a": 361, "QS12b": 1021, "QS12c": 1335, "QS12d": 1012, "QS12e": 1556}
GROUP_GRIDS = 1063
STUDIOS, LEGAL_SERVICE, PSYCH_VILLAGES, PSYCH_SCHOOLS = 117, 174, 169, 120
LECTURES = 200
ENTRIES = (
    Entry("QS9a", "乡镇中心达标率", "Township centres up to standard", "%",
          "六有八化达标的乡镇综治中心 ÷ 乡镇综治中心",
          ("达标", "中心"), "up"),
    Entry("QS9b", "村级中心达标率", "Village centres up to standard", "%",
          "六有八化达标的村级综治中心 ÷ 村级综治中心",
          ("达标", "中心"), "up"),
    Entry("QS11e", "智慧安防小区", "Smart estates", "个", "已建成的智慧安防小区", None),
    Entry("QS12a", "治安信息员", "Safety informants", "人", "各乡镇在册人数，只有人数", None),
    Entry("QS12b", "巡逻队员", "Patrol members", "人", "各乡镇在册人数，只有人数", None),
    Entry("QS12c", "治安户长", "Household leads", "人", "各乡镇在册人数，只有人数", None),
    Entry("QS12d", "四级网格员配备率", "Group grids staffed", "%", "四级网格员 ÷ 四级网格", ("网格员", "网格"), "up"),
    Entry("QS12e", "调解员", "Mediators", "人", "各乡镇在册人数，只有人数", None),
    Entry("QS13a", "乡镇心理室覆盖率", "Townships with a counselling room", "%", "有心理室的乡镇 ÷ 乡镇",
          ("有心理室", "乡镇"), "up"),
    Entry("QS13b", "村级心理室覆盖率", "Villages with a counselling room", "%", "有心理室的村 ÷ 有综治中心的村",
          ("有心理室", "村"), "up"),
    Entry("QS13c", "学校心理室", "School counselling rooms", "个", "已设心理室的学校", None),
    *(
        Entry(f"QS14.{number}", f"平安{name}", f"Safe {english}", "%", f"达标的平安{name} ÷ 申报创建的",
              ("达标", "申报"), "up")
        for number, (name, english) in enumerate(zip(SAFE_UNITS, _SAFE_EN, strict=True), start=1)
    ),
    Entry("K82", "平安创建达标率", "Safe-community units in order", "%", "十类达标 ÷ 十类申报",
          ("达标", "申报"), "up"),
    Entry("QS15a", "季度督查", "Quarterly inspections", "%", "已开展督查的季度 ÷ 应督查的季度",
          ("已督查", "季度"), "up"),
    Entry("QS15b", "约谈单位", "Units called in", "个", "本年约谈的单位，不记个人", None),
    Entry("QS17a", "小区议事厅", "Estate council halls", "个", "已建成的小区议事厅", None),
    Entry("SD6", "五治工作室覆盖率", "Villages with a five-way studio", "%", "建成五治工作室的村 ÷ 计划建设的村",
          ("已建", "计划"), "up"),
    Entry("SX2a", "县级法律服务覆盖率", "County legal service", "%", "有公共法律服务中心的县 ÷ 县",
          ("有", "县"), "up"),
    Entry("SX2b", "乡镇法律服务覆盖率", "Township legal service", "%", "有公共法律服务站的乡镇 ÷ 乡镇",
          ("有", "乡镇"), "up"),
    Entry("SX2c", "村级法律服务覆盖率", "Village legal service", "%", "有公共法律服务室的村 ÷ 有综治中心的村",
          ("有", "村"), "up"),
    Entry("DY12", "普法场次", "Law lectures", "场", "期内举办的普法活动", None, rule="sum"),
    Entry("DY14", "领导接访", "Reception days", "次", "期内接访日，只记次数", None, rule="sum"),
    Entry("K30a", "信访及时受理率", "Petitions accepted in time", "%", "及时受理 ÷ 应受理",
          ("及时", "应受理"), "up", "sum"),
    Entry("K30b", "信访按期办结率", "Petitions closed in time", "%", "按期办结 ÷ 应办结",
          ("按期", "应办结"), "up", "sum"),
    Entry("K30c", "信访按期答复率", "Petitions answered in time", "%", "按期答复 ÷ 应答复",
          ("按期", "应答复"), "up", "sum"),
    Entry("K30d", "信访参评率", "Petitions rated", "%", "已评价 ÷ 已办结", ("已评价", "已办结"), "up", "sum"),
    Entry("K30e", "信访参评满意率", "Satisfied of those rated", "%", "满意 ÷ 已评价",
          ("满意", "已评价"), "up", "sum"),
    Entry("K31", "重复信访率", "Repeat petitions", "%", "同人同事的重复件 ÷ 全部件，由来源判定",
          ("重复", "全部"), "down", "sum"),
    Entry("K32", "信访总量", "Petitions", "件", "期内信访件，只作同比，不排名", None, rule="sum"),
    Entry("SX4", "稳评率", "Decisions assessed for risk", "%", "已作社会稳定风险评估的重大决策和项目 ÷ 应评的",
          ("已评", "应评"), "up"),
    Entry("DY10", "研判会", "Analysis meetings", "次", "期内召开的研判会", None, rule="sum"),
    Entry("SD5", "联席会议待办办结率", "Joint-meeting actions done", "%", "已办结的联席会议议定事项 ÷ 议定事项",
          ("办结", "议定"), "up"),
    Entry("QS21", "群众安全感", "People who feel safe", "%", "问卷中答安全、比较安全的 ÷ 有效问卷",
          ("安全", "有效问卷"), "up"),
    Entry("K44", "巡查完成率", "Patrol tasks done", "%", "完成的巡查任务 ÷ 应完成的，只有任务",
          ("完成", "任务"), "up", "sum"),
    Entry("K90a", "常驻单位", "Permanent residents present", "%", "到岗的常驻单位 ÷ 常驻单位", ("到岗", "应到"), "up"),
    Entry("K90b", "轮驻单位", "Rotating residents present", "%", "到岗的轮驻单位 ÷ 当日应轮驻的单位",
          ("到岗", "应到"), "up"),
    Entry("K90c", "随驻单位", "Units on call", "个", "当日随叫随到的单位", None),
    Entry("K90", "入驻到岗率", "Residents present", "%", "到岗单位 ÷ 应到岗单位", ("到岗", "应到"), "up"),
)  # fmt: skip
#: Where the wall shows them together.
BOARDS = {
    "residency": ("K90a", "K90b", "K90c", "K90"),
    "coverage": ("SD6", "SX2a", "SX2b", "SX2c", "QS13a", "QS13b", "QS9a", "QS9b", "QS12d"),
    "safe": (*(f"QS14.{number}" for number in range(1, len(SAFE_UNITS) + 1)), "K82"),
    "force": ("QS12a", "QS12b", "QS12c", "QS12e"),
    "petition": ("K30a", "K30b", "K30c", "K30d", "K30e", "K31", "K32"),
}
SCORE_PARTS = (("K83a", "运作成效", 50), ("K83b", "履职", 30), ("K83c", "网格员", 20))
BONUS = ("K83d", "加分", 10)
_MONTHS = 25


def make_figures(county: County, now: float, seed: int) -> list[Figure]:
    """Every figure that was reported by `now`: the year's stocks, and the months that are over."""
    rng = Random(f"{seed}/reported")
    today = calendar(day_of(now))
    towns = [town.code for town in county.levels[1]]
    found = list(_stocks(county, today, rng))
    months = _months_before(today.replace(day=1), _MONTHS)
    for number, (first, end) in enumerate(months):
        found += _petitions(towns, first, end, rng)
        found += _scores(towns, first, end, rng)
        lectures = LECTURES // 12 + (number % 12 < LECTURES % 12)
        found += _spread("DY12", lectures, towns, first, end, rng)
        found += [Figure("DY14", COUNTY_CODE, first, end, rng.randint(8, 12), None)]
    yesterday = today - timedelta(days=1)
    # 7 常驻 and 9 轮驻, of whom two were elsewhere, and those on call.
    for id_, n, whole in (("K90a", 7, 7), ("K90b", 7, 9), ("K90c", 12, None), ("K90", 14, 16)):
        found.append(Figure(id_, COUNTY_CODE, yesterday, today, n, whole))
    return found


def _stocks(county: County, today: date, rng: Random) -> Iterator[Figure]:
    year = date(today.year, 1, 1), date(today.year + 1, 1, 1)
    towns = [town.code for town in county.levels[1]]
    serving = served_by(county)
    villages = [village.code for village in county.levels[3] if serving[village.code] == village.name]
    for id_, places, done in (
        ("QS9a", towns, len(towns)),
        ("QS9b", villages, len(villages)),
        ("QS13a", towns, len(towns)),
        ("QS13b", villages, PSYCH_VILLAGES),
        ("SD6", villages[:STUDIOS], STUDIOS),
        ("SX2a", [COUNTY_CODE], 1),
        ("SX2b", towns, len(towns)),
        ("SX2c", villages, LEGAL_SERVICE),
    ):
        having = set(rng.sample(places, done))
        yield from (Figure(id_, place, *year, int(place in having), 1) for place in places)
    wholes = _portions(GROUP_GRIDS, len(towns), rng)
    for id_, people in FORCES.items():
        shares = _portions(people, len(towns), rng)
        if id_ == "QS12d":  # never more staff than grids, in no town
            shares = list(wholes)
            for _ in range(GROUP_GRIDS - people):
                shares[max(range(len(shares)), key=shares.__getitem__)] -= 1
        for town, share, whole in zip(towns, shares, wholes, strict=True):
            yield Figure(id_, town, *year, share, whole if id_ == "QS12d" else None)
    counts = {"QS11e": 60, "QS13c": PSYCH_SCHOOLS, "QS15b": 10, "QS17a": 70}
    yield from (Figure(id_, COUNTY_CODE, *year, n, None) for id_, n in counts.items())
    tried = {name: n + (n + 19) // 20 for name, n in SAFE_UNITS.items()}
    for number, (name, n) in enumerate(SAFE_UNITS.items(), start=1):
        yield Figure(f"QS14.{number}", COUNTY_CODE, *year, n, tried[name])
    yield Figure("K82", COUNTY_CODE, *year, sum(SAFE_UNITS.values()), sum(tried.values()))
    stated = {"SX4": (23, 23), "SD5": (41, 46), "QS21": (1_146, 1_200)}
    for id_, (n, whole) in stated.items():
        yield Figure(id_, COUNTY_CODE, *year, n, whole)
    yield Figure("DY10", COUNTY_CODE, *year, 15, None)
    yield Figure("QS15a", COUNTY_CODE, *year, (today.month - 1) // 3, 4)
    yield Figure("K81", COUNTY_CODE, date(today.year - 1, 1, 1), year[0], 1_986, None)


def _petitions(towns: Sequence[str], first: date, end: date, rng: Random) -> Iterator[Figure]:
    for town in towns:
        every = rng.randint(3, 14)
        closed = max(1, every - rng.randint(0, 2))
        rated = rng.randint(max(1, closed - 3), closed)
        told = {
            "K30a": (every - (rng.random() < 0.1), every),
            "K30b": (closed - (rng.random() < 0.15), closed),
            "K30c": (closed - (rng.random() < 0.1), closed),
            "K30d": (rated, closed),
            "K30e": (rated - (rng.random() < 0.2), rated),
            "K31": (sum(rng.random() < 0.12 for _ in range(every)), every),
            "K32": (every, None),
            "K44": (tasks := rng.randint(80, 120), tasks + rng.randint(0, 12)),
        }
        yield from (Figure(id_, town, first, end, n, whole) for id_, (n, whole) in told.items())


def _scores(towns: Sequence[str], first: date, end: date, rng: Random) -> Iterator[Figure]:
    """Tenths of a point, so that a mark of 8.7 is a whole number."""
    for town in towns:
        for id_, _, _ in SCORE_PARTS:
            yield Figure(id_, town, first, end, rng.randint(780, 990), 1_000)
    yield Figure(BONUS[0], COUNTY_CODE, first, end, rng.randint(0, 4), None)


def _spread(
    id_: str, total: int, towns: Sequence[str], first: date, end: date, rng: Random
) -> Iterator[Figure]:
    for town, n in zip(towns, _portions(total, len(towns), rng), strict=True):
        yield Figure(id_, town, first, end, n, None)


def _portions(total: int, count: int, rng: Random) -> list[int]:
    """`total` in `count` whole portions of about the same size."""
    found = [total // count] * count
    for number in rng.sample(range(count), total % count):
        found[number] += 1
    return found


def _months_before(first: date, count: int) -> list[tuple[date, date]]:
    """The `count` months before the one that begins on `first`, the last one first."""
    found = []
    for _ in range(count):
        end, first = first, (first - timedelta(days=1)).replace(day=1)
        found.append((first, end))
    return found


def indicators_text() -> str:
    """The ``[[indicators]]`` of the county's configuration."""
    parts = []
    for entry in ENTRIES:
        lines = [
            "[[indicators]]",
            f'id = "{entry.id}"',
            f'label = "{entry.label}"',
            f'label_en = "{entry.label_en}"',
        ]
        lines += [f'unit = "{entry.unit}"', f'formula = "{entry.formula}"']
        lines += [f'better = "{entry.better}"'] if entry.better else []
        lines += [f'fact = "{entry.id}"']
        lines += [f'of = ["{entry.of[0]}", "{entry.of[1]}"]'] if entry.of else ["count = true"]
        lines += [f'period = "{entry.rule}"'] if entry.rule != "latest" else []
        lines += [f'board = "{board}"' for board, ids in BOARDS.items() if entry.id in ids]
        parts.append("\n".join(lines) + "\n")
    scores = ", ".join(
        f'{{ fact = "{id_}", label = "{label}", weight = {weight} }}' for id_, label, weight in SCORE_PARTS
    )
    parts.append(
        '[[indicators]]\nid = "K81"\nlabel = "万人成讼率"\nlabel_en = "Lawsuits per 10,000 inhabitants"\n'
        'unit = "件/万人"\nformula = "一审民事收案 ÷ 常住人口 × 10000，由法院提供"\nbetter = "down"\nfact = "K81"\n'
        'denominator = "population"\nof = ["收案", "常住人口"]\nper = 10000\n'
    )
    parts.append(
        '[[indicators]]\nid = "K83"\nlabel = "月考核得分"\nlabel_en = "Monthly score"\nunit = "分"\n'
        f'formula = "各项得分率 × 权重之和，加分不超过 {BONUS[2]}；只对单位"\nbetter = "up"\n'
        f'board = "score"\nscore = [{scores}]\n'
        f'bonus = {{ fact = "{BONUS[0]}", label = "{BONUS[1]}", at_most = {BONUS[2]} }}\n'
    )
    return "\n".join(parts)
