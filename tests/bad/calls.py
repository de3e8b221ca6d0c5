"""Requests that no honest client sends: bodies that are no JSON, parameters that are none, paths that go astray."""

from __future__ import annotations

from tests.bad.corpus import BadRequest

POST = "/api/v1/incidents"
_BODIES: list[tuple[str, str, str, str, bytes]] = [
    ("empty", "B17", "nothing", "400", b""),
    ("blank", "B17", "blanks", "400", b"   \n"),
    ("cut", "B17", "half an object", "400", b'{"source": "a"'),
    ("null", "B17", "null", "400", b"null"),
    ("text", "B17", "a text", "400", b'"incident"'),
    ("number", "B17", "a number", "400", b"42"),
    ("true", "B17", "true", "400", b"true"),
    ("no-items", "B17", "an empty list", "400", b"[]"),
    ("trailing", "B17", "something after the end", "400", b"{} {}"),
    ("comma", "B17", "a trailing comma", "400", b'{"a": 1,}'),
    ("comment", "B17", "a comment", "400", b'{"a": 1} // good'),
    ("single-quotes", "B17", "single quotes", "400", b"{'a': 1}"),
    ("form", "B17", "a form", "400", b"source=a&source_id=1"),
    (
        "xml",
        "B17",
        "XML with an entity",
        "400",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    ),
    ("html", "B22", "a login page", "400", b"<!DOCTYPE html><html><body>login</body></html>"),
    ("zip", "B16", "an archive", "400", b"PK\x03\x04" + bytes(100)),
    ("pickle", "B17", "a pickle", "400", b"\x80\x04\x95\x0b\x00\x00\x00"),
    ("gbk", "B7", "GBK", "400", '{"category": "邻里"}'.encode("gbk")),
    ("utf-16", "B7", "UTF-16", "400", '{"category": "邻里"}'.encode("utf-16")),
    ("overlong", "B7", "an overlong slash", "400", b'{"a": "\xc0\xaf"}'),
    ("cut-utf-8", "B7", "half a character", "400", '{"a": "邻"}'.encode()[:-3] + b'"}'),
    ("nul", "B20", "NUL between the tokens", "400", b'{"a":\x00 1}'),
    ("raw-newline", "B20", "a raw line end in a string", "400", b'{"a": "x\ny"}'),
    ("bad-escape", "B20", "an escape that is none", "400", b'{"a": "\\x41"}'),
    ("digits", "B10", "a number of 6,000 digits", "400", b'{"n": ' + b"9" * 6_000 + b"}"),
    ("1001", "B10", "1,001 items", "413", b"[" + b"1," * 1_000 + b"1]"),
    ("nine-megabytes", "B10", "nine megabytes", "413", b"[" + b" " * 9_000_000 + b"]"),
    ("deep-list", "B11", "100,000 brackets", "400", b"[" * 100_000),
    ("deep-closed", "B11", "33 nested lists", "400", b"[" * 33 + b"]" * 33),
    ("deep-object", "B11", "5,000 nested objects", "400", b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
    ("deep-mixed", "B11", "nested lists and objects", "400", b'[{"a":' * 2_000 + b"1" + b"}]" * 2_000),
]
_PATHS: list[tuple[str, str, str, str, str]] = [
    ("grid-unknown", "B18", "a grid nobody knows", "404", "/api/v1/grids/nowhere"),
    ("case-unknown", "B18", "a case nobody knows", "404", "/api/v1/cases/620500-20260101-99999"),
    ("view-unknown", "B18", "the view of a grid nobody knows", "404", "/api/v1/view?grid=nowhere"),
    ("indicators-unknown", "B18", "the figures of a grid nobody knows", "404", "/api/v1/indicators?grid=x"),
    ("traversal", "B19", "out of the folder", "404", "/api/v1/grids/..%2f..%2fetc%2fpasswd"),
    ("traversal-twice", "B19", "encoded twice", "404", "/api/v1/grids/..%252f..%252fetc%252fpasswd"),
    ("traversal-back", "B19", "with backslashes", "404", "/api/v1/grids/..%5c..%5cwindows"),
    ("traversal-asset", "B19", "out of the assets", "404", "/assets/..%2f..%2fpyproject.toml"),
    ("traversal-dots", "B19", "plainly out of the assets", "404", "/assets/../yiping.toml"),
    ("asset-absolute", "B19", "an absolute path", "404", "/assets//etc/passwd"),
    ("nul-path", "B19", "NUL in a path", "404", "/api/v1/grids/6205%00"),
    ("overlong-path", "B19", "an overlong slash", "404", "/api/v1/grids/%c0%af"),
    ("long-path", "B10", "a code of 5,000 characters", "404", "/api/v1/grids/" + "6" * 5_000),
    ("tile-layer", "B18", "a layer nobody knows", "404", "/api/v1/tiles/secret/3/0/0.mvt"),
    ("tile-zoom", "B18", "a zoom beyond all", "404", "/api/v1/tiles/video/99/0/0.mvt"),
    ("tile-name", "B19", "a tile as a path", "404", "/api/v1/tiles/video/1/0/..%2f..%2f0.mvt"),
    ("page", "B18", "a page nobody made", "404", "/admin.php"),
    ("env", "B19", "a file of secrets", "404", "/.env"),
    ("git", "B19", "the repository", "404", "/.git/config"),
    ("sql-grid", "B15", "SQL as a grid", "404", "/api/v1/view?grid=%27%20OR%201=1%20--"),
    ("sql-path", "B15", "SQL as a code", "404", "/api/v1/grids/6205%27%3B%20DROP%20TABLE%20grid--"),
    ("sql-state", "B15", "SQL as a state", "400", "/api/v1/cases?state=%27%20OR%201=1%20--"),
    ("sql-from", "B15", "SQL as a date", "400", "/api/v1/cases?from=2026-01-01%27--"),
    ("limit-zero", "B17", "nothing, please", "400", "/api/v1/cases?limit=0"),
    ("limit-huge", "B10", "everything, please", "400", "/api/v1/cases?limit=99999999999999999999"),
    ("limit-words", "B17", "a limit in words", "400", "/api/v1/changes?limit=alle"),
    ("after-negative", "B17", "before the beginning", "400", "/api/v1/changes?after=-1"),
    ("near-nan", "B3", "near NaN", "400", "/api/v1/video-points/near?lon=nan&lat=34.5"),
    ("near-inf", "B3", "near infinity", "400", "/api/v1/video-points/near?lon=inf&lat=34.5"),
    ("near-nothing", "B17", "near nothing", "400", "/api/v1/video-points/near"),
    ("near-far", "B3", "beyond the globe", "400", "/api/v1/video-points/near?lon=400&lat=1"),
    ("period", "B21", "the end before the start", "400", "/api/v1/indicators?from=2026-02-02&to=2026-02-01"),
    ("period-words", "B21", "a day in words", "400", "/api/v1/indicators?from=%E6%98%A8%E5%A4%A9"),
    ("period-edge", "B21", "beyond the calendar", "400", "/api/v1/indicators?from=10000-01-01"),
]
#: The wall has no callback on the server, so there is nothing behind the address of Dash's.
_CALLBACK = "/_dash-update-component"
_CALLBACKS: list[tuple[str, str, str, bytes]] = [
    (
        "unknown",
        "B12",
        "a callback nobody wrote",
        b'{"output": "x.y", "outputs": {"id": "x", "property": "y"}, "inputs": [], "changedPropIds": []}',
    ),
    ("empty", "B12", "a callback of nothing", b"{}"),
    ("no-body", "B12", "a callback without a body", b""),
    ("text", "B12", "a callback that is no JSON", b"output=x.y"),
    ("list", "B12", "a list of callbacks", b"[]"),
    ("layout", "B12", "a callback that would write the page", b'{"output": "wall.children", "inputs": []}'),
    ("multi", "B12", "many outputs", b'{"output": "..a.b...c.d..", "outputs": [], "inputs": []}'),
    ("deep", "B12", "a deep callback", b'{"inputs":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
    ("large", "B12", "a callback of seven megabytes", b'{"output": "' + b"x" * 7_000_000 + b'"}'),
]
REQUESTS = [BadRequest(*known[:4], "POST", POST, known[4]) for known in _BODIES]
REQUESTS += [BadRequest(*known[:4], "GET", known[4]) for known in _PATHS]
REQUESTS += [
    BadRequest(f"callback-{known[0]}", *known[1:3], "404", "POST", _CALLBACK, known[3])
    for known in _CALLBACKS
]
REQUESTS += [
    BadRequest("callback-get", "B12", "a callback as a page", "404", "GET", _CALLBACK),
    BadRequest("callback-other", "B12", "another of Dash's addresses", "404", "GET", "/_dash-alive"),
    BadRequest("method", "B17", "a method nobody offers", "405", "DELETE", POST),
    BadRequest("nothing", "B18", "no such interface", "405", "POST", "/api/v1/nothing", b"{}"),
    BadRequest(
        "step-unknown",
        "B18",
        "a step of no case",
        "404",
        "POST",
        "/api/v1/cases/none/events",
        b'{"type": "ACCEPT", "at": "2026-01-05T08:00:00Z"}',
    ),
]
