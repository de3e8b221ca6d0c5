"""The header: whose wall it is, the path of the current grid, how fresh the data are, the clock."""

from __future__ import annotations

import json

from dash import html

from dashboard.panels import help
from dashboard.panels.marks import marks
from dashboard.scenes import Scenes


def switches(scenes: Scenes) -> html.Nav:
    """One link a scene, and what the scripts need to know of them all; `81_scenes.js` acts on it."""
    links = [
        html.A(
            scene.title,
            href=f"/?scene={scene.id}",
            **marks(data_scene=scene.id, data_key=str(number) if number <= 9 else ""),
        )
        for number, scene in enumerate(scenes, 1)
    ]
    told = json.dumps(scenes.for_page(), ensure_ascii=False)
    return html.Nav(links, id="scenes", **marks(aria_label="场景", data_scenes=told))


def modes() -> list[html.Button]:
    """The walk through scenes (`82_carousel.js`) and what visitors may see (`83_visitor.js`)."""
    return [
        html.Button(word, type="button", id=name, className="quiet", **marks(aria_pressed="false"))
        for name, word in (("carousel", "轮播"), ("visitor", "接待"))
    ]


def panel(scenes: Scenes) -> html.Header:
    """The header bar. `nav#breadcrumb` is the way up; everything in it is filled by `57_header.js`."""
    return html.Header(
        [
            html.H1(
                [html.Span(id="centre"), html.Span(id="scene-title", className="suffix")], className="name"
            ),
            html.Span("演示数据", id="demo-badge", className="badge", hidden=True),
            html.Div(
                [
                    html.Div(
                        [
                            html.Nav(id="breadcrumb", **marks(aria_label="当前网格的路径")),
                            html.Span(id="levels"),
                        ],
                        className="way",
                    ),
                    html.Div([switches(scenes), *modes()], className="modes"),
                ],
                className="path",
            ),
            html.Span(id="order", className="message", role="status", hidden=True),
            html.Span(id="message", className="message", role="status", hidden=True),
            html.Span(id="replay-words", role="status", hidden=True),
            html.Div(
                [
                    html.I(className="freshness-dot", **marks(aria_hidden="true")),
                    html.Span("正在连接", className="freshness-text"),
                ],
                id="freshness",
            ),
            html.Span([html.Span(id="date"), html.Span(id="calendar")], className="day"),
            html.Time(id="clock"),
            help.tools(),
        ],
        id="header",
        className="header",
    )
