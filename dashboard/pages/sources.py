"""``/sources``: health and mapping report of every source, a plain page that needs no script."""

from __future__ import annotations

from datetime import datetime
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, render_template_string

from dashboard.access import scope_of_request
from dashboard.api.problem import answer
from dashboard.api.sources import states
from dashboard.services import Services

_KINDS = {
    "grid": "网格",
    "video_point": "视频点位",
    "case": "案件",
    "case_event": "流转记录",
    "video_status": "视频状态",
}
#: status -> (mark, word): never told by colour alone.
_STATUS = {
    "good": ("●", "正常"),
    "late": ("◐", "迟到"),
    "failing": ("▲", "失败"),
    "never": ("○", "未读过"),
}
_UNITS = ((86_400, "天"), (3_600, "小时"), (60, "分钟"), (1, "秒"))


def routes(server: Flask, services: Services) -> None:
    """The page. Whoever sees a part of the centre only is told what anyone is told of a page that is not there."""
    template = resources.files("dashboard.pages").joinpath("sources.html").read_text(encoding="utf-8")
    zone = ZoneInfo(services.settings.centre.timezone)

    @server.get("/sources")
    def sources_page() -> Response:
        scope = scope_of_request(services)
        if scope is None:
            return answer(401, "需要显示令牌")
        with services.ledger.read(scope) as snapshot:
            items = states(snapshot, services.settings)
            now = snapshot.now
        if items is None:
            return answer(404, "没有这个页面")
        page = render_template_string(
            template,
            centre=services.settings.centre,
            items=[item | _words(item, zone) for item in items],
            bad=sum(item["status"] in {"failing", "late"} for item in items),
            refused=sum(refusal["count"] for item in items for refusal in item["refusals"]),
            now=now.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        )
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers["Cache-Control"] = "private, no-store"
        return response


def _words(item: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """What the page says of a source in words."""
    mark, word = _STATUS[item["status"]]
    located = item["located"]
    return {
        "mark": mark,
        "status_word": word,
        "kind_word": _KINDS.get(item["kind"], item["kind"]),
        "reader_word": item["reader"] or "推送",
        "every_word": duration(item["every_s"]) if item["every_s"] is not None else "推送",
        "ok_word": _local(item["last_ok_at"], zone),
        "try_word": _local(item["last_try_at"], zone),
        "age_word": f"{duration(item['age_s'])}前" if item["age_s"] is not None else "—",
        "located_word": f"{located['placed'] / located['of']:.1%}" if located and located["of"] else "—",
        "held": sum(refusal["count"] for refusal in item["refusals"]),
    }


def duration(seconds: float) -> str:
    """A length of time in its largest whole unit: ``15 分钟``."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    return f"{seconds // size:.0f} {unit}"


def _local(stamp: str | None, zone: ZoneInfo) -> str:
    if stamp is None:
        return "—"
    return datetime.fromisoformat(stamp).astimezone(zone).strftime("%m-%d %H:%M:%S")
