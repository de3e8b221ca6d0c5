"""How a case is dealt with: how long, where, by how many, with the whole loop or not; whistles and hazards."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from dashboard.indicators.indicator import CASE, COHORT, EXPIRED, GRID, NOW, Indicator
from dashboard.indicators.reading import Reading
from data_adapters.ledger.buckets import quantile
from data_adapters.records import life
from data_adapters.records.dictionary import LEVEL


def _one(_: Reading) -> Fraction:
    return Fraction(1)


def _handled(share: float) -> Callable[[Reading], tuple[int | None, int]]:
    def measure(r: Reading) -> tuple[int | None, int]:
        found = r.handling
        n = found.closed.total() + (found.waiting.total() if found.censored else 0)
        return found.quantile(share) if n else 0, n

    return measure


def _arrived(share: float) -> Callable[[Reading], tuple[int | None, int]]:
    def measure(r: Reading) -> tuple[int | None, int]:
        spans = r.snapshot.counts.spans(r.path, "arrive", r.first, min(r.last, r.snapshot.today))
        found = quantile(spans, share)
        return round(found or 0), spans.total()

    return measure


ACTING = (
    *(
        Indicator(
            f"K12.{name}",
            f"办理时长 {name.upper()}",
            f"Handling time, {name.upper()}",
            "天",
            "期内受理的案件从受理到结案的自然日，扣除挂起；在办超过一成时用 Kaplan–Meier 计入未结的；"
            "由分组计得，误差不超过 4.5%",
            _handled(share),
            counts=("", "handled + open_censored"),
            numerator="秒",
            denominator="件",
            better="down",
            period=COHORT,
            per_s=86_400,
            interval=False,
            left_out=(("仍在办，未计入", "accepted_open - open_censored"),),
        )
        for name, share in (("p50", 0.5), ("p90", 0.9))
    ),
    Indicator(
        "K15",
        "一格解决率",
        "Solved in the grid itself",
        "%",
        "期内结案、在网格或村发现、化解在同一层级、没有吹哨也没有第二个单位的 ÷ 期内结案且在网格或村发现的",
        counts=("one_grid", "origin_local"),
        numerator="一格解决",
        denominator="网格发现并结案",
        left_out=(("不是网格或村发现，或发现层级未知", "finished - origin_local"),),
    ),
    Indicator(
        "K15b",
        "全网联动率",
        "Solved jointly",
        "%",
        "期内结案且吹过哨或有两个以上单位办理的 ÷ 期内结案；与一格解决互不相交",
        counts=("joint", "finished"),
        numerator="联动",
        denominator="结案",
        left_out=(("结案后又重办", "closed - finished"),),
    ),
    Indicator(
        "K18a",
        "司法确认率",
        "Agreements confirmed",
        "%",
        "期内达成的协议中至今已裁定确认的 ÷ 期内达成且依法可以确认的协议（婚姻家庭类不计）",
        counts=("agreed_confirmed", "agreed"),
        numerator="已确认",
        denominator="可确认协议",
        period=COHORT,
        left_out=(("不属于可确认范围", "agreed.1"),),
    ),
    Indicator(
        "K18b",
        "司法确认一小时达标率",
        "Confirmed within an hour",
        "%",
        "期内裁定且从申请到裁定不超过 60 分钟的 ÷ 期内裁定；恰为 60 分钟算达标",
        counts=("ruled_hour", "ruled"),
        numerator="一小时内",
        denominator="裁定",
        better="up",
    ),
    Indicator(
        "K19",
        "双循环闭环率",
        "Loop closed",
        "%",
        "期内结案且流转中上报、派单、签收、办结、结案、反馈齐全的 ÷ 期内结案且有流转记录的；就地办理不需派单签收",
        counts=("looped", "loop_known"),
        numerator="闭环",
        denominator="有流转记录的结案",
        better="up",
        left_out=(("来源没有流转记录", "finished - loop_known"),),
    ),
    *(
        Indicator(
            f"K19.{edge}",
            f"断点：{label}",
            f"Stuck: {label_en}",
            "件",
            f"此刻停在{label}这一环上的案件",
            counts=(f"edge.{edge}",),
            period=NOW,
            better="down",
        )
        for edge, label, label_en in (
            ("UP", "上报待答复", "reported up"),
            ("DOWN", "交办待签收", "handed down"),
            ("FEEDBACK", "办结未反馈", "no feedback"),
        )
    ),
    *(
        Indicator(
            f"K19.{edge}.{to}",
            f"断点：{word} {LEVEL[start]}→{LEVEL[to]}",
            f"Stuck: {word_en}, {start} to {to}",
            "件",
            f"此刻停在{word}这一环上、轮到{LEVEL[to]}的案件；层级按办理层级，没有办理层级的按发现层级的上一级",
            counts=(f"edge.{edge}.{to}",),
            period=NOW,
            better="down",
            left_out=(("层级未知", f"edge.{edge} - " + " - ".join(f"edge.{edge}.{one}" for one in levels)),),
        )
        for edge, word, word_en, levels, beside in (
            ("UP", "上报", "reported up", life.WAITS["UP"], life.below),
            ("DOWN", "交办", "handed down", life.WAITS["DOWN"], life.above),
        )
        for to in levels
        if (start := beside(to)) is not None
    ),
    Indicator(
        "K21a",
        "包案率",
        "Major cases with a lead",
        "%",
        "期内受理的重大案件和信访积案中已有包案单位的 ÷ 期内受理的重大案件和信访积案",
        counts=("major_led", "major"),
        numerator="已包案",
        denominator="重大及以上",
        better="up",
        period=COHORT,
    ),
    Indicator(
        "K21b",
        "包案化解率",
        "Led cases closed",
        "%",
        "期内受理且已包案的重大案件和信访积案中至今结案的 ÷ 已包案的",
        counts=("major_led_closed", "major_led"),
        numerator="已结案",
        denominator="包案",
        better="up",
        period=COHORT,
    ),
    Indicator(
        "K41",
        "有效上报率",
        "Valid reports",
        "%",
        "期内上报中没有作废、不予受理、也没有因无效退回的 ÷ 期内上报",
        counts=("reported - reported_invalid", "reported"),
        numerator="有效",
        denominator="上报",
        better="up",
        period=COHORT,
    ),
    Indicator(
        "K42",
        "人均上报",
        "Reports per grid worker",
        "件/人",
        "期内上报 ÷ 网格员数；网格员数取填报了的最下一层之和",
        counts=("reported", "grids.staff"),
        numerator="上报",
        denominator="网格员",
        kinds=CASE + GRID,
        factor=_one,
        interval=False,
    ),
    Indicator(
        "K50",
        "吹哨率",
        "Whistles",
        "%",
        "期内吹哨 ÷ 期内受理；过高过低都不好，不作排名",
        counts=("whistle", "accepted"),
        numerator="吹哨",
        denominator="受理",
        interval=False,
    ),
    Indicator(
        "K51",
        "应哨及时率",
        "Whistles answered in time",
        "%",
        "按时应哨的 ÷ 应哨时限在期内届满的；过时未应的计入分母",
        counts=("whistle_timely", "whistle_due"),
        numerator="按时应哨",
        denominator="应应哨",
        better="up",
        period=EXPIRED,
    ),
    *(
        Indicator(
            f"K52.{name}",
            f"到场时长 {name.upper()}",
            f"Time to arrive, {name.upper()}",
            "分钟",
            "期内到场的，从吹哨到到场的分钟数；由分组计得，误差不超过 4.5%",
            _arrived(share),
            counts=("", "arrive"),
            numerator="秒",
            denominator="次到场",
            better="down",
            per_s=60,
            interval=False,
        )
        for name, share in (("p50", 0.5), ("p90", 0.9))
    ),
    Indicator(
        "K52a",
        "哨办结率",
        "Whistles done",
        "%",
        "期内吹哨中至今办结的 ÷ 期内吹哨",
        counts=("whistle_done", "whistle"),
        numerator="办结",
        denominator="吹哨",
        better="up",
        period=COHORT,
    ),
    Indicator(
        "K52b",
        "评哨满意率",
        "Whistles rated well",
        "%",
        "期内吹哨中评为满意以上的 ÷ 期内吹哨中有评价的",
        counts=("whistle_satisfied", "whistle_rated"),
        numerator="满意",
        denominator="评价",
        better="up",
        period=COHORT,
        left_out=(("未评价", "whistle - whistle_rated"),),
    ),
    Indicator(
        "K70",
        "隐患销号率",
        "Hazards cleared, of those found",
        "%",
        "期内发现的隐患中至今销号的 ÷ 期内发现的隐患",
        counts=("hazard_cleared", "hazard_found"),
        numerator="已销号",
        denominator="发现",
        better="up",
        period=COHORT,
    ),
    Indicator(
        "K70b",
        "隐患消化率",
        "Hazards cleared, of those at hand",
        "%",
        "期内销号 ÷（期初存量 + 期内发现）",
        counts=("hazard_closed", "hazards_before + hazard_found"),
        numerator="销号",
        denominator="存量加发现",
        better="up",
    ),
    Indicator(
        "K71",
        "重大隐患存量",
        "Major hazards open",
        "件",
        "此刻在办的重大及以上隐患",
        counts=("hazard.major",),
        better="down",
        period=NOW,
    ),
    Indicator(
        "K71b",
        "隐患超期未销",
        "Hazards overdue",
        "件",
        "此刻在办且已过时限的隐患",
        counts=("hazard.overdue",),
        better="down",
        period=NOW,
    ),
)
