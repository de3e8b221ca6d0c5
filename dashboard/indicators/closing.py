"""What is open, what was closed, and in time (K07 to K11, K16, K17)."""

from __future__ import annotations

from dashboard.indicators.indicator import COHORT, END, NOW, Indicator
from dashboard.indicators.reading import Reading

REOPEN_DAYS = 90


def _void(r: Reading) -> int:
    """Merged and cancelled in the period."""
    return r.flows["left"] - r.flows["transferred"]


CLOSING = (
    Indicator(
        "K07",
        "在办数",
        "Open",
        "件",
        "期末已受理且未结案、未移送、未并案、未作废",
        lambda r: (r.closing, None),
        period=END,
    ),
    *(
        Indicator(
            f"K07.{light}",
            f"在办{label}",
            f"Open, {light.lower()}",
            "件",
            f"此刻在办中时限灯为{label}的；四者之和为在办数",
            lambda r, light=light: (r.gauges[f"open.light.{light}"], None),  # type: ignore[misc]
            period=NOW,
        )
        for light, label in {
            "GREEN": "正常",
            "YELLOW": "将到期",
            "RED": "超期",
            "GREY": "挂起或不限时",
        }.items()
    ),
    Indicator("K08", "办结量", "Closed", "件", "结案时间在期内的案件", lambda r: (r.flows["closed"], None)),
    Indicator(
        "K09a",
        "办结率",
        "Closure rate",
        "%",
        "期内结案 ÷（期初在办 + 期内受理 + 期内重办 − 期内并案与作废）",
        lambda r: (r.flows["closed"], r.opening + r.flows["accepted"] + r.flows["reopened"] - _void(r)),
        numerator="结案",
        denominator="期初在办加受理",
        better="up",
        left_out=(("期内并案与作废", _void),),
    ),
    Indicator(
        "K09b",
        "同批办结率",
        "Closed of those accepted",
        "%",
        "期内受理的案件中至今已结案的 ÷ 期内受理",
        lambda r: (r.flows["accepted_closed"], r.flows["accepted"] - r.flows["accepted_void"]),
        numerator="已结案",
        denominator="受理",
        better="up",
        period=COHORT,
        left_out=(("受理后并案或作废", lambda r: r.flows["accepted_void"]),),
    ),
    Indicator(
        "K09c",
        "当期办结比",
        "Closed to accepted",
        "%",
        "期内结案 ÷ 期内受理；结的可能是以前受理的，可超过 100%",
        lambda r: (r.flows["closed"], r.flows["accepted"]),
        numerator="结案",
        denominator="受理",
        interval=False,
    ),
    Indicator(
        "K10",
        "按期办结率",
        "On-time closure",
        "%",
        "期内按期结案 ÷（期内有时限的结案 + 时限在期内已过而仍在办）",
        lambda r: (r.flows["on_time"], r.flows["due_closed"] + r.overdue_in_period),
        numerator="按期",
        denominator="应办结",
        better="up",
        left_out=(("不限时，或结案后又重办", lambda r: r.flows["closed"] - r.flows["due_closed"]),),
    ),
    Indicator(
        "K11",
        "超期率",
        "Overdue share",
        "%",
        "已过时限仍在办 ÷ 在办（此刻）；恰到时限不算超期",
        lambda r: (r.overdue, r.gauges["open"]),
        numerator="超期",
        denominator="在办",
        better="down",
        period=NOW,
    ),
    Indicator(
        "K16",
        "重办率",
        "Reopened",
        "%",
        f"期内重办 ÷ 期前 {REOPEN_DAYS} 日结案；一案多次重办的计最近一次",
        lambda r: (r.flows["reopened"], r.ahead(REOPEN_DAYS)["closed"]),
        numerator="重办",
        denominator=f"前 {REOPEN_DAYS} 日结案",
        better="down",
        interval=False,
    ),
    Indicator(
        "K17",
        "移送率",
        "Transferred",
        "%",
        "期内移送 ÷（期内结案 + 期内移送）",
        lambda r: (r.flows["transferred"], r.flows["closed"] + r.flows["transferred"]),
        numerator="移送",
        denominator="结案加移送",
    ),
)
