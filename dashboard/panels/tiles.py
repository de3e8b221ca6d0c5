"""The indicator tiles, six at most."""

from __future__ import annotations

from dash import html

from dashboard.indicators.catalogue import Catalogue
from dashboard.panels.marks import marks

#: Labels until the first figures arrive, where the wall says it in other words than the catalogue.
LABELS = {
    "K01": "今日上报",
    "K07": "在办",
    "K11": "超期",
    "K10": "按期办结率",
    "K13a": "化解成功率",
    "K63a": "视频在线率",
}


def tile(identity: str, label: str) -> html.Article:
    """One tile; `50_tiles.js` writes the value and its marks `data-value`, `data-numerator`, `data-denominator`."""
    return html.Article(
        [
            html.H3(label, className="tile-label"),
            html.Span(className="tile-as-of"),
            html.P(
                [html.Span("—", className="tile-value"), html.Span(className="tile-unit")],
                className="tile-figure",
            ),
            html.Div(className="tile-spark-box", id=f"spark-{identity}"),
            html.Span(className="tile-comparison"),
            html.Span(className="tile-parts"),
        ],
        className="panel tile",
        tabIndex=0,
        **marks(data_indicator=identity, data_value="", data_numerator="", data_denominator=""),
    )


def panel(catalogue: Catalogue) -> html.Section:
    """Those of the catalogue's tiles, two abreast, in its order."""
    shown = [tile(one.id, LABELS.get(one.id, one.label)) for one in catalogue.tiles]
    return html.Section(shown, id="tiles", className="tiles", **marks(aria_label="指标"))
