"""Whether disputes were resolved, where, and what people said of it (K13, K14, K20, K22)."""

from __future__ import annotations

from dashboard.indicators.indicator import COHORT, EXPIRED, Indicator

_LEVELS = {"village": "村社区", "township": "乡镇", "county": "县", "above": "县外"}

_LEVELLED = " + ".join(f"resolved_{level}" for level in _LEVELS)


RESOLVING = (
    Indicator(
        "K13a",
        "化解成功率",
        "Resolution success",
        "%",
        "期内化解成功 ÷（化解成功 + 调解不成），调处口径",
        counts=("succeeded", "succeeded + failed"),
        numerator="成功",
        denominator="调处",
        better="up",
    ),
    Indicator(
        "K13b",
        "化解成功率（受理口径）",
        "Resolved of those accepted",
        "%",
        "期内受理的案件中至今化解成功的 ÷ 期内受理",
        counts=("accepted_succeeded", "accepted - accepted_void"),
        numerator="成功",
        denominator="受理",
        better="up",
        period=COHORT,
        left_out=(("受理后并案或作废", "accepted_void"),),
    ),
    Indicator(
        "K13c",
        "化解成功率（排查口径）",
        "Resolved of those found",
        "%",
        "期内上报的案件中至今化解成功的 ÷ 期内上报",
        counts=("reported_succeeded", "reported - reported_void"),
        numerator="成功",
        denominator="排查",
        better="up",
        period=COHORT,
        left_out=(("并案或作废", "reported_void"),),
    ),
    *(
        Indicator(
            f"K14.{level}",
            f"就地化解率（{label}）",
            f"Resolved at {level} level",
            "%",
            f"期内化解成功且化解层级为{label}的 ÷ 期内化解成功且层级已知的；四级之和为 100%",
            counts=(f"resolved_{level}", _LEVELLED),
            numerator=f"{label}化解",
            denominator="化解成功",
            left_out=(("化解层级未知", f"succeeded - {_LEVELLED.replace(' + ', ' - ')}"),),
        )
        for level, label in _LEVELS.items()
    ),
    Indicator(
        "K20a",
        "回访率",
        "Followed up",
        "%",
        "已回访的 ÷ 回访时限在期内届满的（结案后 7 日）",
        counts=("follow_done", "follow_due"),
        numerator="已回访",
        denominator="应回访",
        better="up",
        period=EXPIRED,
    ),
    Indicator(
        "K20b",
        "回访应答率",
        "Follow-ups answered",
        "%",
        "期内回访中有评价的 ÷ 期内回访",
        counts=("answered", "followed"),
        numerator="应答",
        denominator="回访",
        better="up",
    ),
    Indicator(
        "K20",
        "回访满意率",
        "Satisfaction",
        "%",
        "非常满意与满意 ÷ 有评价的回访；基本满意不计作满意，未应答不计",
        counts=("satisfied", "answered"),
        numerator="满意",
        denominator="应答",
        better="up",
        left_out=(("未应答", "followed - answered"),),
    ),
    Indicator(
        "K22",
        "一次办成率",
        "Done in one visit",
        "%",
        "期内结案且到访不多于一次的 ÷ 期内结案且到访次数已知的",
        counts=("visited_once", "visits_known"),
        numerator="一次办成",
        denominator="结案",
        better="up",
        left_out=(("到访次数未知，或结案后又重办", "closed - visits_known"),),
    ),
)
