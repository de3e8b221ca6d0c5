"""``/sources``: health and mapping report of every source, a plain page that needs no script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, render_template_string

from dashboard.access import scope_of_request
from dashboard.api.problem import answer
from dashboard.api.sources import states
from dashboard.appearance import Appearance
from dashboard.languages.catalogue import LANGUAGES, Language, Words, of_sources
from dashboard.services import Services

_KINDS = {
    "grid": "网格",
    "org": "单位",
    "indicator": "指标",
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
_UNITS = ((86_400, "{n} 天"), (3_600, "{n} 小时"), (60, "{n} 分钟"), (1, "{n} 秒"))


def routes(server: Flask, services: Services, styles: str, spoken: Mapping[Language, Words]) -> None:
    """The page, with the style sheet at `styles` and the words of each language.

    Whoever sees a part of the centre only is told what anyone is told of a page that is not there.
    """
    template = resources.files("dashboard.pages").joinpath("sources.html").read_text(encoding="utf-8")
    zone = ZoneInfo(services.settings.centre.timezone)
    reports = {language: of_sources(language) for language in LANGUAGES}

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
        viewer = Appearance.of_request(services.settings)
        words = spoken[viewer.language]
        page = render_template_string(
            template,
            lang=LANGUAGES[viewer.language],
            other=next(name for name in LANGUAGES if name != viewer.language),
            theme=viewer.theme,
            t=words.of,
            told=reports[viewer.language].told,
            colon="：" if viewer.language == "zh" else ": ",
            styles=styles,
            centre=services.settings.centre,
            items=[item | _words(item, zone, words.told) for item in items],
            bad=sum(item["status"] in {"failing", "late"} for item in items),
            refused=sum(refusal["count"] for item in items for refusal in item["refusals"]),
            now=now.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        )
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers["Cache-Control"] = "private, no-store"
        return response


def _words(item: dict[str, Any], zone: ZoneInfo, told: Callable[[str], str]) -> dict[str, Any]:
    """What the page says of a source in words, in the viewer's language by `told`."""
    mark, word = _STATUS[item["status"]]
    located, categorised, crs = item["located"], item["categorised"], _crs(item["crs"])
    return {
        "mark": mark,
        "status_word": told(word),
        "kind_word": told(_KINDS.get(item["kind"], item["kind"])),
        "reader_word": told(_reader(item, zone)),
        "every_word": told(_turn(item)),
        "ok_word": _local(item["last_ok_at"], zone),
        "try_word": _local(item["last_try_at"], zone),
        "age_word": told(_ago(item["age_s"])),
        "newest_word": told(_ago(item["newest_age_s"])),
        "newest_at_word": _local(item["newest_at"], zone),
        "located_word": _share(located["placed"], located["of"]) if located else "—",
        "categorised_word": _share(categorised["said"], categorised["of"]) if categorised else "—",
        "crs_word": told(crs) if crs is not None else None,
        "told": bool(item["error"] or item["notes"] or item["crs"] or item["refusals"]),
    }


def _ago(seconds: float | None) -> str:
    return f"{duration(seconds)}前" if seconds is not None else "—"


def _reader(item: dict[str, Any], zone: ZoneInfo) -> str:
    if item["reader"] != "stream":
        return item["reader"] or "推送"
    waiting = f"，{item['lag']:,} 条等着" if item["lag"] is not None else ""
    return f"stream{waiting}，最近一条 {_local(item['last_message_at'], zone)}"


def _turn(item: dict[str, Any]) -> str:
    if item["reader"] == "stream":
        return "一直跟着"
    return duration(item["every_s"]) if item["every_s"] is not None else "推送"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "—"


def _crs(verdict: dict[str, Any] | None) -> str | None:
    """The verdict on the coordinate system in one line."""
    if verdict is None:
        return None
    told = "按点的位置判断为" if verdict["declared"] is None else "写明"
    shares = "、".join(
        f"{crs} {_share(n, verdict['points'])}"
        for crs, n in sorted(verdict["fitting"].items(), key=lambda one: -one[1])[:4]
    )
    return (
        f"{told} {verdict['declared'] or verdict['best']}；{verdict['points']:,} 个点落入网格的比例：{shares}"
    )


def duration(seconds: float) -> str:
    """A length of time in its largest whole unit: ``15 分钟``."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    return unit.format(n=f"{seconds // size:.0f}")


def _local(stamp: str | None, zone: ZoneInfo) -> str:
    if stamp is None:
        return "—"
    return datetime.fromisoformat(stamp).astimezone(zone).strftime("%m-%d %H:%M:%S")
