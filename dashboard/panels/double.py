"""The double loop (双循环): reported up and answered, handed down and reported back; where cases are stuck on it."""

from __future__ import annotations

from dash import html

from dashboard.panels.asked import asked, rows
from dashboard.panels.marks import marks

#: Area -> (word, count of the answer, edge whose stuck cases stand there).
_EDGES = {
    "up": ("上报", "reported", "UP"),
    "down": ("交办", "assigned", "DOWN"),
    "result": ("办结", "closed", None),
    "answer": ("反馈闭环", "looped", "FEEDBACK"),
}
_PLACES = {"grid": "网格", "centre": "综治中心", "unit": "承办单位"}


def panel() -> html.Section:
    """Counts `[data-loop-step]`, stuck points `[data-stuck]` and the cases there are filled by `65_double.js`."""
    places = [
        html.Span(word, className="double-place", style={"gridArea": area}) for area, word in _PLACES.items()
    ]
    drawn = html.Div(
        [*places, *(_edge(area, *told) for area, told in _EDGES.items())], className="double-loop"
    )
    levels = html.P(id="double-levels", className="double-levels")
    head = html.Div(
        [html.Span(id="double-stuck"), html.Span(**marks(data_fit_note="double-rows"))],
        className="double-head",
    )
    rate = html.Button(
        id="double-rate", type="button", className="figure panel-note", **marks(data_explain="K19")
    )
    return asked("double", "双循环闭环", drawn, levels, head, rows("double", "stuck-rows"), note=rate)


def _edge(area: str, word: str, step: str, stuck: str | None) -> html.Div:
    told = [html.Span(word), html.B("—")]
    if stuck is not None:
        marked = marks(data_stuck=stuck, data_explain=f"K19.{stuck}", data_n="0")
        told.append(html.Button(type="button", className="figure", **marked))
    back = " back" if area in {"result", "answer"} else ""
    return html.Div(
        told, className=f"double-edge{back}", style={"gridArea": area}, **marks(data_loop_step=step)
    )
