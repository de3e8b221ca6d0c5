"""The keys of the wall, listed over it: `?` opens the list, and so does its button in the header."""

from __future__ import annotations

from dash import html

from dashboard.panels.marks import marks

#: What is pressed -> what it does. The scripts that listen: 76_help.js, 81_scenes.js and those after it.
KEYS = {
    "1–9": "换到第几个场景",
    "C": "轮播开始或停下",
    "V": "接待模式",
    "Tab": "下一个可操作的地方",
    "Enter": "打开所在的事件、预警、网格或指标",
    "← → ↑ ↓": "在地图上走到相邻的网格，在时间带上前后移动",
    "Esc": "关上卡片，回到上级网格",
    "T": "深色、浅色",
    "L": "中文、English",
    "?": "打开或关上这张表",
}


def panel() -> html.Dialog:
    """Opened and closed by `76_help.js`."""
    rows = [html.Div([html.Dt(html.Kbd(key)), html.Dd(what)]) for key, what in KEYS.items()]
    head = html.Header(
        [
            html.H2("按键", id="help-title"),
            html.Button("关闭", type="button", id="help-close", className="quiet"),
        ],
        className="panel-head",
    )
    return html.Dialog(
        [head, html.Dl(rows)], id="help", className="help", **marks(aria_labelledby="help-title")
    )


def tools() -> html.Span:
    """The switches of the viewer, in the header; a screen that nobody touches does without them."""
    return html.Span(
        [
            html.Button(sign, type="button", id=name, className="quiet", title=word, **marks(aria_label=word))
            for name, sign, word in (
                ("turn-language", "EN", "English"),
                ("turn-theme", "◐", "深色、浅色"),
                ("turn-help", "?", "按键"),
            )
        ],
        className="tools",
    )
