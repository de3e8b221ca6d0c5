"""Video points: how many, networked, online, integrated, filed (K60 to K66). Secret points are in none of them."""

from __future__ import annotations

from dashboard.indicators.indicator import NOW, VIDEO, Indicator
from dashboard.indicators.reading import Reading


def _unknown_duty(r: Reading) -> int:
    return r.gauges["video"] - r.gauges["video.should_network"]


VIDEO_POINTS = (
    Indicator(
        "K60",
        "视频总数",
        "Video points",
        "路",
        "摄像机类点位（类型码 131、132），不含涉密",
        lambda r: (r.gauges["video"], None),
        kinds=VIDEO,
        period=NOW,
    ),
    Indicator(
        "K61",
        "联网率",
        "Networked",
        "%",
        "已联网 ÷ 应联网",
        lambda r: (r.gauges["video.should_network.networked"], r.gauges["video.should_network"]),
        numerator="联网",
        denominator="应联网",
        better="up",
        kinds=VIDEO,
        period=NOW,
        left_out=(("不要求联网，或未填报", _unknown_duty),),
    ),
    Indicator(
        "K63a",
        "视频在线率",
        "Video online",
        "%",
        "此刻在线 ÷ 已联网；来源未说明是否联网的按已联网计",
        lambda r: (r.gauges["video.on"], r.gauges["video.networked"]),
        numerator="在线",
        denominator="已联网",
        better="up",
        kinds=VIDEO,
        period=NOW,
        left_out=(("未联网", lambda r: r.gauges["video"] - r.gauges["video.networked"]),),
    ),
    Indicator(
        "K65",
        "整合率",
        "Integrated",
        "%",
        "已整合 ÷ 视频总数",
        lambda r: (r.gauges["video.integrated"], r.gauges["video"]),
        numerator="整合",
        denominator="总数",
        better="up",
        kinds=VIDEO,
        period=NOW,
    ),
    Indicator(
        "K66",
        "建档率",
        "Filed",
        "%",
        "名称、位置、点位类别齐全的 ÷ 视频总数",
        lambda r: (r.gauges["video.filed"], r.gauges["video"]),
        numerator="建档",
        denominator="总数",
        better="up",
        kinds=VIDEO,
        period=NOW,
    ),
)
