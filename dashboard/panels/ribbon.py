"""The ribbon under the map: what was reported in a day, a week or a month; a span to look at; the way back in time."""

from __future__ import annotations

from dash import html

from dashboard.panels.marks import marks

SPANS = {"day": "日", "week": "周", "month": "月"}


def _button(id_: str, label: str, said: str) -> html.Button:
    return html.Button(label, id=id_, type="button", className="switch", title=said, **marks(aria_label=said))


def tools() -> html.Div:
    """Which days, how to walk through them, and the words that say what is shown."""
    spans = [
        html.Button(label, type="button", className="switch", **marks(data_span=span, aria_pressed="false"))
        for span, label in SPANS.items()
    ]
    return html.Div(
        [
            html.Div(spans, className="switches", role="group", **marks(aria_label="时间轴的长短")),
            html.Div(
                [
                    _button("ribbon-earlier", "‹", "更早"),
                    html.Span(id="ribbon-days"),
                    _button("ribbon-later", "›", "更晚"),
                ],
                className="ribbon-days",
            ),
            html.Span(id="ribbon-words", role="status"),
            _button("ribbon-clear", "取消筛选", "不再只看这一段"),
            html.Div(
                [
                    _button("replay-speed", "10 分/秒", "回放的快慢"),
                    _button("replay-back", "前一步", "回放：前一步"),
                    _button("replay-play", "播放", "回放：播放或暂停"),
                    _button("replay-on", "后一步", "回放：后一步"),
                    _button("replay-live", "回到实时", "回到实时"),
                ],
                className="switches",
                role="group",
                **marks(aria_label="回放"),
            ),
        ],
        className="ribbon-tools",
    )


def panel() -> html.Div:
    """Bins are filled by `56_ribbon.js`; `59_replay.js` goes back in time."""
    return html.Div(
        [
            tools(),
            html.Div(
                [
                    html.Div(
                        id="ribbon-bins",
                        tabIndex="0",
                        role="group",
                        **marks(aria_label="上报按时段；方向键移动，Shift 选一段，回车回到那一刻，Esc 取消"),
                    ),
                    html.I(id="ribbon-span", hidden=True, **marks(aria_hidden="true")),
                    html.I(id="ribbon-now", **marks(aria_hidden="true")),
                ],
                className="ribbon-plot",
            ),
            html.Div(id="ribbon-hours", className="ribbon-hours", **marks(aria_hidden="true")),
        ],
        id="ribbon",
        role="group",
        **marks(aria_label="上报按时段"),
    )


def frame() -> html.Div:
    """What lies over the whole wall while it shows another time than now."""
    return html.Div(
        [
            html.Div(
                [
                    html.I(className="alert-mark"),
                    html.Span(id="replay-alert-says"),
                    html.Button("确认", id="replay-alert-ack", type="button", className="switch"),
                ],
                id="replay-alert",
                role="alert",
                hidden=True,
            )
        ],
        id="replay-frame",
        hidden=True,
    )
