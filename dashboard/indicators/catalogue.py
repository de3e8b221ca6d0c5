"""The catalogue: one entry an indicator, its formula in words and in integers (domain dictionary, section 3).

A ratio is formed at the last moment from two integers. A denominator of 0 gives no value, never 0 % or 100 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from dashboard.indicators.reading import Reading

Measure = Callable[[Reading], tuple[int, int | None]]


@dataclass(frozen=True, slots=True)
class Indicator:
    """``measure`` gives (numerator, denominator). A count has no denominator of its own: None."""

    id: str
    label: str
    label_en: str
    unit: str
    formula: str
    of: str
    kinds: tuple[str, ...]
    measure: Measure


def percent(numerator: int, denominator: int) -> float | None:
    """n / N in percent, half up to one decimal; None where N is 0."""
    if denominator == 0:
        return None
    exact = Decimal(numerator) * 100 / Decimal(denominator)
    return float(exact.quantize(Decimal("0.1"), ROUND_HALF_UP))


_CASE = ("case",)
_VIDEO = ("video_point", "video_status")

CATALOGUE: tuple[Indicator, ...] = (
    Indicator(
        "K01",
        "上报量",
        "Reported",
        "件",
        "上报时间在期内的案件",
        "件",
        _CASE,
        lambda r: (r.flows["reported"], None),
    ),
    Indicator(
        "K02",
        "受理量",
        "Accepted",
        "件",
        "受理时间在期内的案件",
        "件",
        _CASE,
        lambda r: (r.flows["accepted"], None),
    ),
    Indicator(
        "K07",
        "在办数",
        "Open",
        "件",
        "期末已受理且未结案、未移送、未并案、未作废",
        "件",
        _CASE,
        lambda r: (r.closing, None),
    ),
    Indicator(
        "K08",
        "办结量",
        "Closed",
        "件",
        "结案时间在期内的案件",
        "件",
        _CASE,
        lambda r: (r.flows["closed"], None),
    ),
    Indicator(
        "K09a",
        "办结率",
        "Closure rate",
        "%",
        "期内结案 ÷（期初在办 + 期内受理）",
        "结案 / 期初在办加受理",
        _CASE,
        lambda r: (r.flows["closed"], r.opening + r.flows["accepted"]),
    ),
    Indicator(
        "K10",
        "按期办结率",
        "On-time closure",
        "%",
        "期内按期结案 ÷（期内有时限的结案 + 时限在期内已过而仍在办）",
        "按期 / 应办结",
        _CASE,
        lambda r: (r.flows["on_time"], r.flows["due_closed"] + r.overdue_in_period),
    ),
    Indicator(
        "K11",
        "超期率",
        "Overdue share",
        "%",
        "已过时限仍在办 ÷ 在办（此刻）",
        "超期 / 在办",
        _CASE,
        lambda r: (r.overdue, r.gauges["open"]),
    ),
    Indicator(
        "K13a",
        "化解成功率",
        "Resolution success",
        "%",
        "期内化解成功 ÷（化解成功 + 调解不成），调处口径",
        "成功 / 调处",
        _CASE,
        lambda r: (r.flows["succeeded"], r.flows["succeeded"] + r.flows["failed"]),
    ),
    Indicator(
        "K20",
        "回访满意率",
        "Satisfaction",
        "%",
        "非常满意与满意 ÷ 已应答回访",
        "满意 / 应答",
        _CASE,
        lambda r: (r.flows["satisfied"], r.flows["answered"]),
    ),
    Indicator(
        "K60",
        "视频总数",
        "Video points",
        "路",
        "摄像机类点位（类型码 131、132），不含涉密",
        "路",
        _VIDEO,
        lambda r: (r.gauges["video"], None),
    ),
    Indicator(
        "K61",
        "联网率",
        "Networked",
        "%",
        "已联网 ÷ 应联网",
        "联网 / 应联网",
        _VIDEO,
        lambda r: (r.gauges["video.should_network.networked"], r.gauges["video.should_network"]),
    ),
    Indicator(
        "K63a",
        "视频在线率",
        "Video online",
        "%",
        "此刻在线 ÷ 已联网",
        "在线 / 已联网",
        _VIDEO,
        lambda r: (r.gauges["video.on"], r.gauges["video.networked"]),
    ),
    Indicator(
        "K65",
        "整合率",
        "Integrated",
        "%",
        "已整合 ÷ 视频总数",
        "整合 / 总数",
        _VIDEO,
        lambda r: (r.gauges["video.integrated"], r.gauges["video"]),
    ),
)
BY_ID = {indicator.id: indicator for indicator in CATALOGUE}
