"""The peer of the whole screen: the same things by plain Dash, as its documentation shows it.

One callback reads the store and rebuilds the page: the figure of the children, video points and cases on a map, four
figures and the latest cases; an interval asks for it again and again. What can be read once (borders) is read once.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

import dash
import plotly.graph_objects as go
import shapely
import sqlalchemy as sa
from dash import Input, Output, State, dcc, html

INTERVAL_MS = 5_000
#: What one figure can still draw; the store of a county has fewer of either.
MOST_POINTS, MOST_CASES = 5_000, 20_000
_STYLE = {"version": 8, "sources": {}, "layers": []}
_STEP = 3


class Store:
    """The tables of a store made by `yiping`, read by plain SQL."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Every row of a SELECT."""
        with self._engine.connect() as connection:
            return list(connection.execute(sa.text(statement), values))

    @functools.cache  # noqa: B019  one store a process
    def grids(self, path: str) -> tuple[list[Any], dict[str, Any]]:
        """(code, name, path, lon, lat) of the children of `path`, and their borders as GeoJSON."""
        found = self.rows(
            "SELECT code, name, path, lon, lat, geometry FROM grid WHERE parent_path = :path AND current",
            path=path,
        )
        features = [
            {
                "type": "Feature",
                "id": row.code,
                "properties": {},
                "geometry": json.loads(shapely.to_geojson(shapely.from_wkb(row.geometry))),
            }
            for row in found
            if row.geometry is not None
        ]
        return found, {"type": "FeatureCollection", "features": features}


def create(store: Store) -> dash.Dash:
    """The application."""
    app = dash.Dash("plain_wall")
    root = min(
        (row.path for row in store.rows("SELECT path FROM grid WHERE current AND parent_path IS NULL")),
        key=len,
    )
    children, _ = store.grids(root)
    app.layout = html.Div(
        [
            dcc.Interval(id="interval", interval=INTERVAL_MS),
            dcc.Store(id="here", data=root),
            html.Div([html.Button(row.name, id={"grid": row.path}) for row in children]),
            html.Div(id="tiles"),
            dcc.Graph(id="map", style={"height": "800px"}),
            html.Ul(id="feed"),
        ]
    )

    @app.callback(
        Output("here", "data"),
        Input({"grid": dash.ALL}, "n_clicks"),
        State("here", "data"),
        prevent_initial_call=True,
    )
    def drill(_clicks: Any, here: str) -> str:
        return str(dash.ctx.triggered_id["grid"]) if dash.ctx.triggered_id else here

    @app.callback(
        Output("tiles", "children"),
        Output("map", "figure"),
        Output("feed", "children"),
        Input("interval", "n_intervals"),
        Input("here", "data"),
    )
    def render(_beat: Any, here: str) -> tuple[Any, Any, Any]:
        return screen(store, here)

    return app


def screen(store: Store, here: str) -> tuple[Any, Any, Any]:
    """Figures, map and latest cases of a grid."""
    end = here + "~"
    now = int(time.time() * 1_000)
    month = now - 30 * 86_400_000
    inside = {"here": here, "end": end, "month": month}
    counts = store.rows(
        "SELECT COUNT(*) AS n, SUM(closed_at IS NOT NULL) AS closed"
        " FROM cases WHERE path >= :here AND path < :end AND reported_at >= :month",
        **inside,
    )[0]
    standing = store.rows(
        "SELECT COUNT(*) AS n, SUM(light = 'RED') AS red FROM cases"
        " WHERE path >= :here AND path < :end AND (is_open = 1 OR state = 'REPORTED' OR state = 'REGISTERED')",
        **inside,
    )[0]
    online = store.rows(
        "SELECT COUNT(*) AS n, SUM(status = 'ONLINE') AS on_line FROM video_point WHERE path >= :here AND path < :end",
        **inside,
    )[0]
    children, borders = store.grids(here)
    length = len(here) + _STEP
    by_child = dict(
        tuple(row)
        for row in store.rows(
            f"SELECT substr(path, 1, {length}) AS child, COUNT(*) FROM cases"  # noqa: S608
            " WHERE path >= :here AND path < :end AND reported_at >= :month GROUP BY child",
            **inside,
        )
    )
    points = store.rows(
        "SELECT lon, lat FROM video_point WHERE path >= :here AND path < :end LIMIT :most",
        most=MOST_POINTS,
        **inside,
    )
    places = store.rows(
        "SELECT lon, lat FROM cases WHERE path >= :here AND path < :end AND lon IS NOT NULL LIMIT :most",
        most=MOST_CASES,
        **inside,
    )
    latest = store.rows(
        "SELECT case_no, category, grade, reported_at FROM cases WHERE path >= :here AND path < :end"
        " ORDER BY reported_at DESC LIMIT 30",
        **inside,
    )
    figure = go.Figure(
        [
            go.Choroplethmap(
                geojson=borders,
                locations=[row.code for row in children],
                z=[by_child.get(row.path, 0) for row in children],
                text=[row.name for row in children],
            ),
            go.Scattermap(lon=[row.lon for row in points], lat=[row.lat for row in points], mode="markers"),
            go.Scattermap(lon=[row.lon for row in places], lat=[row.lat for row in places], mode="markers"),
        ]
    )
    lons = [row.lon for row in children if row.lon is not None] or [106.0]
    lats = [row.lat for row in children if row.lat is not None] or [34.0]
    middle = {"lon": sum(lons) / len(lons), "lat": sum(lats) / len(lats)}
    figure.update_layout(map={"style": _STYLE, "center": middle, "zoom": 8}, uirevision=here)
    tiles = [
        html.B(f"上报 {counts.n} "),
        html.B(f"办结 {counts.closed} / {counts.n} "),
        html.B(f"在办 {standing.n} 超期 {standing.red} "),
        html.B(f"视频在线 {online.on_line} / {online.n}"),
    ]
    feed = [
        html.Li(
            f"{row.case_no} {row.category} {row.grade} {datetime.fromtimestamp(row.reported_at / 1e3, UTC):%H:%M}"
        )
        for row in latest
    ]
    return tiles, figure, feed


if __name__ == "__main__":
    server = create(Store(sys.argv[2])).server

    @server.get("/readyz")
    def ready() -> dict[str, Any]:
        return {}

    server.run("127.0.0.1", int(sys.argv[1]), threaded=True)
