"""Names for the demo county: townships as on the design card, everything below put together from syllables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

COUNTY_CODE = "620599"
COUNTY_NAME = "示范县"
PROVINCE_CODE = "990000"
PROVINCE_NAME = "示范省"


@dataclass(frozen=True)
class Township:
    """A township of the demo: where it lies (share of the county's width and height from the north-west),
    its share of the area, its people in thousands, and how much more often than elsewhere people quarrel."""

    name: str
    suffix: str
    east: float
    south: float
    area: float
    people: float
    heat: float


TOWNSHIPS = (
    Township("城关", "镇", 0.770, 0.30, 1.15, 62.0, 1.10),
    Township("松坪", "镇", 0.090, 0.17, 0.95, 14.0, 0.85),
    Township("白河", "镇", 0.240, 0.12, 0.95, 17.5, 0.95),
    Township("红崖", "镇", 0.390, 0.16, 1.05, 19.0, 1.35),
    Township("远门", "镇", 0.520, 0.20, 1.00, 15.5, 1.05),
    Township("贾家川", "镇", 0.060, 0.36, 0.85, 15.0, 1.10),
    Township("云岭", "镇", 0.190, 0.40, 1.00, 13.5, 0.80),
    Township("王河", "镇", 0.325, 0.42, 1.05, 16.0, 0.95),
    Township("草川", "乡", 0.450, 0.47, 0.95, 9.0, 0.70),
    Township("石桥", "镇", 0.600, 0.44, 1.20, 21.0, 1.20),
    Township("金沟", "镇", 0.115, 0.60, 0.90, 13.0, 0.95),
    Township("柳湾", "镇", 0.280, 0.76, 1.45, 24.5, 1.55),
    Township("新堡", "镇", 0.470, 0.80, 1.20, 18.0, 0.90),
    Township("黄门", "镇", 0.650, 0.64, 1.05, 19.5, 1.05),
    Township("丰乐", "乡", 0.820, 0.58, 0.95, 10.0, 0.75),
    Township("土门", "镇", 0.945, 0.60, 1.00, 18.0, 1.15),
    Township("秦亭", "镇", 0.645, 0.88, 0.85, 15.0, 0.85),
    Township("陇东", "乡", 0.785, 0.82, 0.85, 11.5, 0.90),
)

_FAMILIES = tuple(
    "张王李赵刘陈杨马高郭何罗宋郑韩唐冯董程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊陆郝孔崔康毛邱史顾侯邵孟万段雷钱汤尹黎易常武乔贺赖龚"
)
_PREFIXES = (*"上下前后大小东西南北中新老", "柳树", "杨树", "槐树", "石嘴", "青石", "白土", "黄土", "双泉")
_FEATURES = tuple("湾沟坪川河山岭坡庄堡寨峡塬梁岔滩泉峪窑台咀铺营桥")
_QUARTERS = ("东街", "西街", "南街", "北街", "中心", "和平", "文昌", "滨河", "建设", "新华", "永清", "原泉", "轩南",
             "充国", "红旗", "民主", "向阳", "城东", "城西", "北城")  # fmt: skip
_ESTATE_NAMES = (
    "和平阳光锦绣滨河幸福民生金桥翠苑康乐永安瑞祥丽景华兴盛世泰和"
    "福临书香西苑东苑北苑南苑春晖嘉禾惠民安居新城龙泉凤鸣鸿运明珠"
)
_ESTATES = tuple(
    _ESTATE_NAMES[at : at + 2] + kind
    for kind in ("花园", "家园", "新村", "佳苑", "雅居")
    for at in range(0, len(_ESTATE_NAMES), 2)
)


def township_code(number: int) -> str:
    """Nine digits: county and GB/T 10114 township part, 101… for 镇, 201… for 乡 (`number` indexes TOWNSHIPS)."""
    suffix = TOWNSHIPS[number].suffix
    rank = sum(1 for town in TOWNSHIPS[:number] if town.suffix == suffix) + 1
    return f"{COUNTY_CODE}{(100 if suffix == '镇' else 200) + rank:03d}"


def village_stems(rng: np.random.Generator) -> Iterator[str]:
    """Names of villages without 村, each once in the county."""
    families = [f"{family}家{feature}" for family in _FAMILIES for feature in _FEATURES]
    places = [prefix + feature for prefix in _PREFIXES for feature in _FEATURES]
    for _ in range(min(len(families), len(places))):
        pool = families if rng.random() < 0.45 else places
        yield pool.pop(int(rng.integers(len(pool))))


def quarter_stems() -> Iterator[str]:
    """Names of the county seat's communities without 社区, each once."""
    yield from _QUARTERS


def estate_names(rng: np.random.Generator) -> Iterator[str]:
    """Names of housing estates, each once in the county."""
    for index in rng.permutation(len(_ESTATES)):
        yield _ESTATES[int(index)] + "小区"
