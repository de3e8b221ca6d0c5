"""What is open, what was closed, and in time (K07 to K11, K16, K17)."""

from __future__ import annotations

from dashboard.indicators.indicator import COHORT, END, NOW, Indicator
from dashboard.indicators.reading import REOPEN_DAYS
from data_adapters.ledger.contributions import TRANSFER
from data_adapters.records.dictionary import TRANSFER_TO

_UNTOLD = "transferred - " + " - ".join(f"transferred_to.{bucket}" for bucket in TRANSFER.values())

CLOSING = (
    Indicator(
        "K07",
        "在办数",
        "Open",
        "件",
        "期末已受理且未结案、未移送、未并案、未作废",
        counts=("closing",),
        period=END,
    ),
    *(
        Indicator(
            f"K07.{light}",
            f"在办{label}",
            f"Open, {light.lower()}",
            "件",
            f"此刻在办中时限灯为{label}的；四者之和为在办数",
            counts=(f"open.light.{light}",),
            period=NOW,
        )
        for light, label in {
            "GREEN": "正常",
            "YELLOW": "将到期",
            "RED": "超期",
            "GREY": "挂起或不限时",
        }.items()
    ),
    Indicator("K08", "办结量", "Closed", "件", "结案时间在期内的案件", counts=("closed",)),
    Indicator(
        "K09a",
        "办结率",
        "Closure rate",
        "%",
        "期内结案 ÷（期初在办 + 期内受理 + 期内重办 − 期内并案与作废）",
        counts=("closed", "opening + accepted + reopened - left + transferred"),
        numerator="结案",
        denominator="期初在办加受理",
        better="up",
        left_out=(("期内并案与作废", "left - transferred"),),
    ),
    Indicator(
        "K09b",
        "同批办结率",
        "Closed of those accepted",
        "%",
        "期内受理的案件中至今已结案的 ÷ 期内受理",
        counts=("accepted_closed", "accepted - accepted_void"),
        numerator="已结案",
        denominator="受理",
        better="up",
        period=COHORT,
        left_out=(("受理后并案或作废", "accepted_void"),),
    ),
    Indicator(
        "K09c",
        "当期办结比",
        "Closed to accepted",
        "%",
        "期内结案 ÷ 期内受理；结的可能是以前受理的，可超过 100%",
        counts=("closed", "accepted"),
        numerator="结案",
        denominator="受理",
        interval=False,
    ),
    Indicator(
        "K10",
        "按期办结率",
        "On-time closure",
        "%",
        "期内按期结案 ÷（期内有时限的结案 + 时限在期内已过而仍在办，挂起的不计）",
        counts=("on_time", "due_closed + overdue_in_period"),
        numerator="按期",
        denominator="应办结",
        better="up",
        left_out=(("不限时，或结案后又重办", "closed - due_closed"),),
    ),
    Indicator(
        "K11",
        "超期率",
        "Overdue share",
        "%",
        "已过时限仍在办 ÷ 在办（此刻）；恰到时限不算超期，挂起的时钟停走，不计作超期",
        counts=("overdue", "open"),
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
        counts=("reopened", "closed_ahead"),
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
        counts=("transferred", "closed + transferred"),
        numerator="移送",
        denominator="结案加移送",
    ),
    *(
        Indicator(
            f"K17.{where}",
            f"移送率（{TRANSFER_TO[where]}）",
            f"Transferred, {word}",
            "%",
            f"期内移送{TRANSFER_TO[where]}的 ÷（期内结案 + 期内移送）",
            counts=(f"transferred_to.{bucket}", "closed + transferred"),
            numerator=f"移送{TRANSFER_TO[where]}",
            denominator="结案加移送",
            left_out=(("移送去向未知", _UNTOLD),),
        )
        for (where, bucket), word in zip(
            TRANSFER.items(),
            ("to court", "to arbitration", "for reconsideration", "elsewhere", "other"),
            strict=True,
        )
    ),
)
