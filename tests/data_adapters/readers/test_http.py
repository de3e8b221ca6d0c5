"""The HTTP reader against a real server: pages, logins, retries, and hosts that want it elsewhere."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from data_adapters.readers import web
from data_adapters.readers.http import HttpReader
from data_adapters.readers.reader import GEOMETRY, Chunk, SourceError, Unchanged
from data_adapters.settings import SourceSettings
from tests.fixtures.upstream import Reply, Request, Upstream

ROWS = [{"id": str(n), "at": f"2026-11-{n + 1:02d}", "secret": "x"} for n in range(7)]
SQUARE = {"type": "Polygon", "coordinates": [[[106, 34], [107, 34], [107, 35], [106, 34]]]}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which the tests do not wait for."""
    waited: list[float] = []
    monkeypatch.setattr(web, "sleep", waited.append)
    return waited


def source(upstream: Upstream, http: dict[str, Any] | None = None, **more: Any) -> SourceSettings:
    fields = {"source_id": "id", "occurred_at": "at"}
    told = {"name": "s", "kind": "case", "reader": "http", "url": f"{upstream.url}/cases", "fields": fields}
    return SourceSettings.model_validate(told | ({"http": http} if http else {}) | more)


def read(settings: SourceSettings, cursor: str | None = None, *wanted: str) -> list[Chunk]:
    return list(HttpReader().read(settings, cursor, wanted or ("id", "at")))


def ids(chunks: list[Chunk]) -> list[str]:
    return [row["id"] for chunk in chunks for row in chunk.rows]


def fails(settings: SourceSettings, code: str, cursor: str | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        read(settings, cursor)
    assert caught.value.code == code, caught.value
    assert "\n" not in str(caught.value)
    return str(caught.value)


def by_page(request: Request) -> Reply:
    at = 3 * (int(request.params["page"]) - 1)
    return Reply({"data": {"rows": ROWS[at : at + 3], "total": 7}})


def test_one_answer_gives_only_what_is_wanted(upstream: Upstream) -> None:
    upstream.answer = lambda request: Reply(ROWS)
    (chunk,) = read(source(upstream, {"headers": {"X-Key": "k"}, "params": {"area": "6205"}}))
    assert chunk.rows[0] == {"id": "0", "at": "2026-11-01"}
    assert chunk.numbers == [1, 2, 3, 4, 5, 6, 7]
    assert upstream.asked[0].headers["x-key"] == "k"
    assert upstream.asked[0].params == {"area": "6205"}


def test_pages_are_read_until_one_is_not_full(upstream: Upstream) -> None:
    upstream.answer = by_page
    http = {"paging": "page", "size_param": "limit", "page_size": 3}
    chunks = read(source(upstream, http, records="data.rows"))
    assert ids(chunks) == list("0123456")
    assert [number for chunk in chunks for number in chunk.numbers or ()] == [1, 2, 3, 4, 5, 6, 7]
    assert [request.params for request in upstream.asked] == [
        {"page": str(page), "limit": "3"} for page in (1, 2, 3)
    ]


def test_pages_of_unknown_size_are_read_until_one_is_empty(upstream: Upstream) -> None:
    upstream.answer = by_page
    assert ids(read(source(upstream, {"paging": "page"}, records="data.rows"))) == list("0123456")
    assert len(upstream.asked) == 4


def test_an_offset_moves_by_what_came(upstream: Upstream) -> None:
    def answer(request: Request) -> Reply:
        at = int(request.params["resultOffset"])
        return Reply(ROWS[at : at + 2])

    upstream.answer = answer
    assert ids(read(source(upstream, {"paging": "offset", "offset_param": "resultOffset"}))) == list(
        "0123456"
    )
    assert [request.params["resultOffset"] for request in upstream.asked] == ["0", "2", "4", "6", "7"]


def test_a_cursor_of_the_body_leads_to_the_next_page(upstream: Upstream) -> None:
    def answer(request: Request) -> Reply:
        at = int(request.params.get("token", "0"))
        return Reply({"rows": ROWS[at : at + 4], "meta": {"next": at + 4 if at == 0 else None}})

    upstream.answer = answer
    http = {"paging": "cursor", "next": "meta.next", "cursor_param": "token"}
    assert ids(read(source(upstream, http, records="rows"))) == list("0123456")


@pytest.mark.parametrize("where", ["header", "links", "place"])
def test_a_link_leads_to_the_next_page(upstream: Upstream, where: str) -> None:
    def answer(request: Request) -> Reply:
        at = int(request.params.get("from", "0"))
        link = "/cases?from=4&token=t" if at == 0 else None
        body: dict[str, Any] = {"rows": ROWS[at : at + 4]}
        headers = {}
        if where == "header" and link:
            headers = {"Link": f'</cases>; rel="first", <{link}>; rel="next"'}
        elif where == "links":
            body["links"] = [{"rel": "self", "href": "/cases"}] + (
                [{"rel": "next", "href": link}] if link else []
            )
        elif where == "place":
            body["odata"] = {"next": link}
        return Reply(body, headers=headers)

    upstream.answer = answer
    http = {"paging": "link", "params": {"area": "1"}} | ({"next": "odata.next"} if where == "place" else {})
    assert ids(read(source(upstream, http, records="rows"))) == list("0123456")
    assert upstream.asked[1].params == {"from": "4", "token": "t"}


def test_a_server_that_ignores_the_page_is_found_out(upstream: Upstream) -> None:
    upstream.answer = lambda request: Reply(ROWS)
    assert "paging" in fails(source(upstream, {"paging": "page"}), "paging")
    upstream.answer = lambda request: Reply({"rows": ROWS, "next": "again"})
    fails(source(upstream, {"paging": "cursor", "next": "next"}, records="rows"), "paging")
    upstream.answer = lambda request: Reply([{"id": str(len(upstream.asked)), "at": "x"}])
    fails(source(upstream, {"paging": "page", "max_pages": 5}), "paging")


def test_only_what_changed_is_asked_for(upstream: Upstream) -> None:
    upstream.answer = lambda request: Reply([row for row in ROWS if row["at"] >= request.params["since"]])
    settings = source(upstream, {"params": {"since": ":cursor"}}, cursor="at", cursor_start="2026-11-01")
    (chunk,) = read(settings)
    assert len(chunk.rows) == 7
    (later,) = read(settings, chunk.cursor)
    assert (ids([later]), later.cursor) == (["6"], chunk.cursor)
    assert upstream.asked[1].params == {"since": "2026-11-07"}


@pytest.mark.parametrize(
    ("header", "condition"), [("ETag", "if-none-match"), ("Last-Modified", "if-modified-since")]
)
def test_a_host_that_says_nothing_changed_is_believed(
    upstream: Upstream, header: str, condition: str
) -> None:
    def answer(request: Request) -> Reply:
        if request.headers.get(condition) == '"v=1"':
            return Reply(status=304)
        return Reply(ROWS, headers={header: '"v=1"'})

    upstream.answer = answer
    (chunk,) = read(source(upstream))
    with pytest.raises(Unchanged):
        read(source(upstream), chunk.cursor)


def test_geojson_features_are_rows_with_their_geometry(upstream: Upstream) -> None:
    features = [{"type": "Feature", "id": "a", "properties": {"at": "x"}, "geometry": SQUARE}]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    upstream.answer = lambda request: Reply({"type": "FeatureCollection", "features": features, "crs": crs})
    (chunk,) = read(source(upstream), None, "id", "at", GEOMETRY)
    assert chunk.rows == [{"id": "a", "at": "x", GEOMETRY: json.dumps(SQUARE)}]
    assert chunk.crs == "EPSG:4490"


def test_a_token_is_bought_kept_and_bought_again_when_it_runs_out(upstream: Upstream) -> None:
    def answer(request: Request) -> Reply:
        bought = sum(asked.path == "/token" for asked in upstream.asked)
        if request.path == "/token":
            return Reply({"access_token": f"t{bought}", "token_type": "Bearer"})
        good = bought == 2 or ("page" in request.params and request.params["page"] == "1")
        if request.headers.get("authorization") != f"Bearer t{bought}" or not good:
            return Reply({"error": "expired"}, 401)
        return by_page(request)

    upstream.answer = answer
    login = {"token_url": f"{upstream.url}/token", "client_id": "wall", "client_secret": "s", "scope": "read"}
    settings = source(upstream, {"paging": "page", "page_size": 3, "oauth2": login}, records="data.rows")
    assert ids(read(settings)) == list("0123456")
    tokens = [asked for asked in upstream.asked if asked.path == "/token"]
    assert [asked.params for asked in tokens] == [{"grant_type": "client_credentials", "scope": "read"}] * 2
    assert tokens[0].headers["authorization"].startswith("Basic ")


def test_a_login_that_fails_is_one_line_without_the_secret(upstream: Upstream) -> None:
    login = {"token_url": f"{upstream.url}/token?k=hush", "client_id": "wall", "client_secret": "hush"}
    for reply in (Reply({"error": "invalid_client"}, 401), Reply({"access_token": 7}), Reply(b"<html>")):
        upstream.answer = lambda request, reply=reply: reply  # type: ignore[misc]
        assert "hush" not in fails(source(upstream, {"oauth2": login}), "login")
    upstream.answer = lambda request: Reply({}, 403)
    told = fails(source(upstream, url=f"{upstream.url.replace('//', '//u:hush@')}/cases?key=hush"), "login")
    assert "hush" not in told


def test_passing_trouble_is_tried_again_after_pauses_that_grow(
    upstream: Upstream, pauses: list[float]
) -> None:
    replies = [Reply({}, 503), Reply({}, 429, {"Retry-After": "7"}), Reply(ROWS, cut=20), Reply(ROWS)]
    upstream.answer = lambda request: replies[len(upstream.asked) - 1]
    assert len(ids(read(source(upstream)))) == 7
    assert len(pauses) == 3
    assert pauses[0] <= 0.5
    assert pauses[1] >= 7
    assert pauses[2] <= 2


def test_lasting_trouble_is_given_up_and_said(upstream: Upstream, pauses: list[float]) -> None:
    upstream.answer = lambda request: Reply({}, 502)
    assert "502" in fails(source(upstream), "unreachable")
    assert (len(upstream.asked), len(pauses)) == (5, 4)
    upstream.stop()
    fails(source(upstream), "unreachable")


def test_a_plain_refusal_is_not_tried_again(upstream: Upstream) -> None:
    upstream.answer = lambda request: Reply({}, 404)
    assert "404" in fails(source(upstream), "status")
    assert len(upstream.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_other_host_is_ever_asked(upstream: Upstream, status: int) -> None:
    other = Upstream()
    upstream.answer = lambda request: Reply(b"", status, {"Location": f"{other.url}/cases"})
    assert "别的主机" in fails(source(upstream, {"headers": {"X-Key": "k"}}), "foreign_host")
    upstream.answer = lambda request: Reply({"rows": ROWS, "next": f"{other.url}/cases"})
    fails(source(upstream, {"paging": "link", "next": "next"}, records="rows"), "foreign_host")
    other.stop()
    assert other.asked == []


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "//169.254.169.254/", "http://[::1", "gopher://x/"]
)
def test_no_other_scheme_or_address_is_ever_asked(upstream: Upstream, location: str) -> None:
    upstream.answer = lambda request: Reply(b"", 302, {"Location": location})
    with pytest.raises(SourceError):
        read(source(upstream))
    assert len(upstream.asked) == 1


def test_a_redirect_on_the_same_host_is_followed_but_not_for_ever(upstream: Upstream) -> None:
    upstream.answer = lambda request: (
        Reply(ROWS) if request.path == "/new" else Reply(b"", 302, {"Location": "/new"})
    )
    assert len(ids(read(source(upstream)))) == 7
    upstream.answer = lambda request: Reply(b"", 302, {"Location": "/login"})
    fails(source(upstream), "redirect")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(b"<!DOCTYPE html><title>login</title>"), "html"),
        (Reply(b""), "not_json"),
        (Reply(b'[{"id": NaN}]'), "not_json"),
        (Reply(b'[{"id": "1"'), "not_json"),
        (Reply(b"[" * 10_000), "too_deep"),
        (Reply({"code": 500, "msg": "error"}), "records"),
        (Reply([{"ID": "1"}]), "missing_column"),
        (Reply(b"\xff\xff"), "encoding"),
    ],
    ids=["login page", "nothing", "NaN", "cut", "deep", "error object", "column", "bytes"],
)
def test_what_is_no_data_is_refused(upstream: Upstream, reply: Reply, code: str) -> None:
    upstream.answer = lambda request: reply
    fails(source(upstream), code)


def test_rows_that_are_none_and_repeated_keys_are_broken_rows(upstream: Upstream) -> None:
    upstream.answer = lambda request: Reply(b'[{"id": "1", "at": "x"}, 3, {"id": "1", "id": "2", "at": "x"}]')
    (chunk,) = read(source(upstream))
    assert [(number, fault.code) for number, fault in chunk.broken] == [(2, "type"), (3, "repeated_key")]


def test_nothing_is_no_rows(upstream: Upstream) -> None:
    upstream.answer = lambda request: Reply(status=204)
    assert read(source(upstream)) == []


def test_a_packed_answer_is_unpacked_but_never_beyond_the_limit(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = gzip.compress(json.dumps(ROWS).encode())
    upstream.answer = lambda request: Reply(packed, headers={"Content-Encoding": "gzip"})
    assert len(ids(read(source(upstream)))) == 7
    monkeypatch.setattr(web, "MAX_BYTES", 3_000_000)
    bomb = gzip.compress(bytes(30_000_000))
    upstream.answer = lambda request: Reply(bomb, headers={"Content-Encoding": "gzip"})
    fails(source(upstream), "too_large")


def test_gb18030_is_understood(upstream: Upstream) -> None:
    upstream.answer = lambda request: Reply('[{"id": "邻里", "at": "x"}]'.encode("gb18030"))
    assert ids(read(source(upstream))) == ["邻里"]


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "file:///etc/passwd", "cases", "http://", "http://[x"])
def test_an_address_that_is_none_of_the_web_is_refused(upstream: Upstream, url: str) -> None:
    fails(source(upstream, url=url), "url")


@pytest.mark.parametrize(
    ("http", "words"),
    [
        ({"size_param": "limit"}, "page_size"),
        ({"paging": "cursor"}, "next"),
        ({"paging": "seite"}, "page"),
        ({"oauth2": {"token_url": "https://x/token", "client_id": "a"}}, "client_secret"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused_before_anything_is_asked(
    upstream: Upstream, http: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        source(upstream, http)
    assert upstream.asked == []
