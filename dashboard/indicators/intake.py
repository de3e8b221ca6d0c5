"""What comes in, and whether it is taken up, sent out and signed for in time (K01 to K06)."""

from __future__ import annotations

from dashboard.indicators.indicator import COHORT, EXPIRED, Indicator
from dashboard.indicators.reading import Reading
from data_adapters.ledger.buckets import quantile
from data_adapters.ledger.contributions import FRESH_DAYS


def _fresh(r: Reading) -> tuple[int, int]:
    spans = r.snapshot.counts.spans(r.path, "fresh", r.first, min(r.last, r.snapshot.today))
    return round(quantile(spans, 0.95) or 0), spans.total()


INTAKE = (
    Indicator(
        "K01",
        "上报量",
        "Reported",
        "件",
        "上报时间在期内的案件；同一来源同一编号只计一件",
        counts=("reported",),
    ),
    Indicator("K02", "受理量", "Accepted", "件", "受理时间在期内的案件", counts=("accepted",)),
    Indicator(
        "K03",
        "及时受理率",
        "Timely decisions",
        "%",
        "按时作出受理或不予受理决定的 ÷ 决定时限在期内届满的（上报当日，遇休息日顺延；按日计）",
        counts=("decision_timely", "decision_due"),
        numerator="按时决定",
        denominator="应决定",
        better="up",
        period=EXPIRED,
    ),
    Indicator(
        "K04",
        "不予受理率",
        "Refusals",
        "%",
        "期内不予受理 ÷（期内受理 + 不予受理）",
        counts=("rejected", "accepted + rejected"),
        numerator="不予受理",
        denominator="决定",
    ),
    Indicator(
        "K05",
        "派单准确率",
        "Right first time",
        "%",
        "期内派单且从未被退回的 ÷ 期内派单的；再次派单的计在最后一次",
        counts=("assigned - returned", "assigned"),
        numerator="未退回",
        denominator="派单",
        better="up",
    ),
    Indicator(
        "K06",
        "签收及时率",
        "Timely signing",
        "%",
        "按时签收的 ÷ 签收时限在期内届满的（派单后一个工作日，重大当日；按日计）",
        counts=("sign_timely", "sign_due"),
        numerator="按时签收",
        denominator="应签收",
        better="up",
        period=EXPIRED,
    ),
    Indicator(
        "K91a",
        "数据新鲜度 P95",
        "Freshness of the data, P95",
        "分钟",
        "期内上报的，从上报到入库的分钟数，第 95 百分位；由分组计得，误差不超过 4.5%",
        _fresh,
        counts=("", "fresh"),
        numerator="秒",
        denominator="件",
        better="down",
        per_s=60,
        interval=False,
        left_out=((f"晚于 {FRESH_DAYS} 日入库，视为补录或初次导入", "backfilled"),),
    ),
    Indicator(
        "K91b",
        "定位率",
        "Located",
        "%",
        "能落入网格的 ÷ 期内上报",
        counts=("reported_located", "reported"),
        numerator="已定位",
        denominator="上报",
        better="up",
        period=COHORT,
    ),
    Indicator(
        "K91c",
        "分类完整率",
        "Classified",
        "%",
        "类别不是“其它”的 ÷ 期内上报",
        counts=("reported_classified", "reported"),
        numerator="有类别",
        denominator="上报",
        better="up",
        period=COHORT,
    ),
)
