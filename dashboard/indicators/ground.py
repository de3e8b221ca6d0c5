"""The ground itself: which grids report and are staffed, and cases per inhabitant (K40, K43, K80)."""

from __future__ import annotations

from fractions import Fraction

from dashboard.indicators.indicator import CASE, FLOW, GRID, NOW, Indicator
from dashboard.indicators.reading import Reading


def _a_year_of_ten_thousand(r: Reading) -> Fraction:
    return Fraction(10_000 * 365, r.days)


GROUND = (
    Indicator(
        "K40",
        "网格上报覆盖率",
        "Grids that reported",
        "%",
        "期内有上报的最下层网格 ÷ 最下层网格；期间短于 30 日时没有意义，不作考核",
        counts=("grids.reported", "grids.lowest"),
        numerator="有上报网格",
        denominator="网格",
        kinds=CASE + GRID,
        period=FLOW,
    ),
    Indicator(
        "K43",
        "网格员配备率",
        "Grids with staff",
        "%",
        "有网格员的网格 ÷ 填报了网格员数或应配数的网格",
        counts=("grids.staffed", "grids.staff_known"),
        numerator="已配备",
        denominator="网格",
        better="up",
        kinds=GRID,
        period=NOW,
        left_out=(("未填报网格员的网格", "grids.unstated"),),
    ),
    Indicator(
        "K80",
        "万人纠纷率",
        "Cases per 10,000 inhabitants a year",
        "件/万人·年",
        "期内上报（不含并案与作废）÷ 常住人口 × 10000 ×（365 ÷ 期内天数），年化",
        counts=("reported - reported_void", "population"),
        numerator="上报",
        denominator="常住人口",
        kinds=CASE + GRID,
        left_out=(("并案或作废", "reported_void"),),
        factor=_a_year_of_ten_thousand,
        interval=False,
        minimum=5,
    ),
)
