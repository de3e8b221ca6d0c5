"""Grids from ArcGIS, WFS 2.0 and OGC API Features: a local server that keeps to what those protocols publish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from data_adapters.ledger import Ledger
from data_adapters.report import SourceReport
from data_adapters.sync import sync
from tests.fixtures.county_files import settings
from tests.fixtures.town import grids
from tests.fixtures.upstream import Reply, Request, Upstream

#: What the server gives at a time, whatever it is asked for.
MOST = 5


def features(swapped: bool = False) -> list[dict[str, Any]]:
    """All grids of the small county; ``swapped``: latitude first, as EPSG itself orders 4490."""
    found = []
    for grid in grids():
        shape = shapely.transform(grid.geometry, lambda xy: xy[:, ::-1]) if swapped else grid.geometry
        told = {"CODE": grid.code, "NAME": grid.name, "LEVEL": grid.level, "PARENT": grid.parent}
        geometry = json.loads(shapely.to_geojson(shape))
        found.append({"type": "Feature", "id": grid.code, "properties": told, "geometry": geometry})
    return found


def collection(page: list[dict[str, Any]], **more: Any) -> Reply:
    return Reply({"type": "FeatureCollection", "features": page} | more)


def arcgis(request: Request) -> Reply:
    """``/FeatureServer/0/query``: maxRecordCount is a limit, and an error is a 200."""
    if request.params.get("where") != "1=1" or request.params.get("f") != "geojson":
        return Reply({"error": {"code": 400, "message": "Unable to complete operation.", "details": []}})
    at, asked = int(request.params["resultOffset"]), int(request.params["resultRecordCount"])
    page = features()[at : at + min(asked, MOST)]
    more = {"properties": {"exceededTransferLimit": True}} if at + len(page) < len(features()) else {}
    return collection(page, **more)


def wfs(request: Request, swapped: bool = False) -> Reply:
    """GetFeature with ``startIndex`` and ``count``: numberMatched is of all, numberReturned of the page."""
    at, asked = int(request.params["startIndex"]), int(request.params["count"])
    page = features(swapped)[at : at + min(asked, MOST)]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    return collection(page, numberMatched=len(features()), numberReturned=len(page), crs=crs)


def ogc(request: Request) -> Reply:
    """``/collections/grids/items``: the next page is a link, which may look like anything."""
    at = int(request.params.get("offset", 0))
    links = [{"rel": "self", "type": "application/geo+json", "href": request.path}]
    if at + MOST < len(features()):
        href = f"{request.path}?f=json&offset={at + MOST}&limit={MOST}"
        links.append({"rel": "next", "type": "application/geo+json", "href": href})
    return collection(features()[at : at + MOST], links=links, numberMatched=len(features()))


SERVICES = {
    "arcgis": (
        arcgis,
        "/FeatureServer/0/query",
        'paging = "offset"\noffset_param = "resultOffset"\nsize_param = "resultRecordCount"\npage_size = 1000\n'
        'params = { where = "1=1", outFields = "*", f = "geojson" }\n',
    ),
    "wfs": (
        wfs,
        "/wfs",
        'paging = "offset"\noffset_param = "startIndex"\nsize_param = "count"\npage_size = 1000\n'
        'params = { service = "WFS", version = "2.0.0", request = "GetFeature", typeNames = "c:grids", '
        'outputFormat = "application/json", srsName = "EPSG:4490" }\n',
    ),
    "ogc": (ogc, "/collections/grids/items", 'paging = "link"\nparams = { f = "json" }\n'),
}


def read(folder: Path, upstream: Upstream, ledger: Ledger, path: str, http: str) -> SourceReport:
    text = f"""[[sources]]
name = "service"
kind = "grid"
reader = "http"
url = "{upstream.url}{path}"
[sources.http]
{http}[sources.fields]
code = "CODE"
name = "NAME"
level = "LEVEL"
parent = "PARENT"
"""
    (told,) = sync(settings(folder, text), ledger).sources
    return told


@pytest.mark.parametrize("service", SERVICES)
def test_every_grid_is_read_though_the_server_gives_fewer_at_a_time_than_it_is_asked_for(
    tmp_path: Path, upstream: Upstream, sqlite_url: str, service: str
) -> None:
    answer, path, http = SERVICES[service]
    upstream.answer = answer
    ledger = Ledger.open(sqlite_url, root="6205")
    told = read(tmp_path, upstream, ledger, path, http)
    assert (told.error, told.read, told.accepted, told.refused) == (None, 22, 22, 0)
    assert len(upstream.asked) == 5
    ledger.close()


def test_an_error_of_arcgis_is_no_empty_layer(tmp_path: Path, upstream: Upstream, sqlite_url: str) -> None:
    _, path, http = SERVICES["arcgis"]
    upstream.answer = arcgis
    ledger = Ledger.open(sqlite_url, root="6205")
    told = read(tmp_path, upstream, ledger, path, http.replace("1=1", "1="))
    assert told.error_code == "records"
    ledger.close()


def test_latitude_first_is_refused_and_never_drawn_somewhere_else(
    tmp_path: Path, upstream: Upstream, sqlite_url: str
) -> None:
    _, path, http = SERVICES["wfs"]
    upstream.answer = lambda request: wfs(request, swapped=True)
    ledger = Ledger.open(sqlite_url, root="6205")
    told = read(tmp_path, upstream, ledger, path, http)
    assert (told.accepted, told.read) == (0, 22)
    assert {code for field, code in told.reasons if field == "geometry"}
    ledger.close()
