"""The intake as other systems meet it: over HTTP, against a running server."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.fixtures.wall import Wall, incident

PROBLEM = {"title", "detail", "status"}


def statuses(answer: tuple[int, Any]) -> list[str]:
    status, body = answer
    assert status == 200, body
    return [result["status"] for result in body["results"]]


def test_one_incident_is_accepted_then_a_duplicate_then_updated(wall: Wall) -> None:
    first = wall.post("/api/v1/incidents", incident(1))
    assert statuses(first) == ["accepted"]
    result = first[1]["results"][0]
    assert set(result) == {"index", "status", "seq", "case_no", "errors"}
    assert result["seq"] == wall.sql("SELECT max(seq) FROM change WHERE type = 'case'")
    again = incident(1)
    again["occurred_at"] = again["reported_at"] = "2026-01-01T00:00:00+08:00"
    assert statuses(wall.post("/api/v1/incidents", [again, again])) == ["updated", "duplicate"]
    old = incident(1, grade="MAJOR", source_updated_at="2020-01-01T00:00:00+08:00")
    assert statuses(wall.post("/api/v1/incidents", old)) == ["duplicate"]
    assert wall.sql("SELECT count(*) FROM cases") == 1
    assert wall.sql("SELECT grade FROM cases") == "ORDINARY"


def test_a_bad_item_does_not_cost_the_good_ones(wall: Wall) -> None:
    bad: list[Any] = [
        incident(2, grade="HUGE"),
        incident(3, location={"lon": float("nan"), "lat": 34.5}),
        incident(4, location={"lon": 1e999, "lat": 34.5}),
        incident(5, category="长" * 1_000_000),
        incident(6, occurred_at="昨天"),
        incident(7, source_id=20620599001310000000),
        incident(8, location={"lon": 106.2, "lat": 34.5, "crs": "EPSG:99999999"}),
        incident(9, source=None),
        "不是对象",
        None,
        incident(10, reported_at="2999-01-01T00:00:00Z", occurred_at="2999-01-01T00:00:00Z"),
        incident(11, location=[106.2, 34.5]),
        incident(12, grid_code=6205),
    ]
    answer = wall.post("/api/v1/incidents", [incident(1), *bad, incident(13)])
    found = statuses(answer)
    assert found[0] == found[-1] == "accepted"
    rejected = answer[1]["results"][1:-1]
    named = [result["errors"][0]["field"] for result in rejected if result["status"] == "rejected"]
    assert found.count("rejected") == len(bad) - 1, found  # a numeric source_id is a name like any other
    assert named[:5] == ["grade", "lon", "lon", "category", "occurred_at"]
    assert all(result["errors"][0]["reason"] for result in rejected if result["status"] == "rejected")
    assert wall.sql("SELECT count(*) FROM cases") == 3


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"x"', 400),
        (b"\xff\xfe{}", 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400),
        (b"[" + b"1," * 1_000 + b"1]", 413),
        (b"[" + b" " * 9_000_000 + b"]", 413),
        (b'{"n": ' + b"9" * 6_000 + b"}", 400),
    ],
    ids=[
        "empty",
        "cut",
        "no items",
        "null",
        "text",
        "not utf-8",
        "deep list",
        "deep object",
        "1001",
        "9 MB",
        "digits",
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem_document_never_a_500(
    quiet_wall: Wall, raw: bytes, status: int
) -> None:
    found, body = quiet_wall.post("/api/v1/incidents", raw=raw)
    assert found == status
    assert set(body) >= PROBLEM
    assert quiet_wall.get("/healthz")[0] == 200


def test_a_key_given_twice_is_refused_because_nobody_knows_which_was_meant(quiet_wall: Wall) -> None:
    text = json.dumps(incident(1))[:-1] + ', "grade": "MAJOR"}'
    answer = quiet_wall.post("/api/v1/incidents", raw=text.encode())
    assert statuses(answer) == ["rejected"]
    assert answer[1]["results"][0]["errors"][0]["code"] == "repeated_key"


def test_a_title_of_a_megabyte_and_a_name_have_no_field_to_go_to(wall: Wall) -> None:
    body = incident(1) | {"title": "张三" * 500_000, "parties": [{"name": "张三", "phone": "13800001234"}]}
    assert statuses(wall.post("/api/v1/incidents", body)) == ["accepted"]
    for table in ("cases", "change"):
        columns = "source_id || category || state" if table == "cases" else "body"
        assert wall.sql(f"SELECT count(*) FROM {table} WHERE {columns} LIKE '%张三%'") == 0


def test_coordinates_of_other_systems_are_moved_to_ours(wall: Wall) -> None:
    shifted = incident(1, location={"lon": 106.2545, "lat": 34.4985, "crs": "GCJ-02"})
    assert statuses(wall.post("/api/v1/incidents", shifted)) == ["accepted"]
    assert 0.0005 < 106.2545 - wall.sql("SELECT lon FROM cases") < 0.01


def test_a_step_moves_the_case_and_an_illegal_one_names_the_legal_ones(wall: Wall) -> None:
    number = wall.post("/api/v1/incidents", incident(1))[1]["results"][0]["case_no"]
    address = f"/api/v1/cases/{number}/events"
    step = {"type": "ACCEPT", "at": incident(1)["reported_at"]}
    for type_ in ("REGISTER", "ACCEPT"):
        assert wall.post(address, {**step, "type": type_})[0] == 200
    status, body = wall.post(address, {**step, "type": "RECEIVE"})
    assert status == 409
    assert body["legal_steps"] == ["GRADE", "TRIAGE", "START", "MERGE", "CANCEL"]
    assert wall.post(address, {"type": "NONSENSE", "at": "x"})[1]["errors"][0]["field"] == "type"
    assert wall.post("/api/v1/cases/none/events", step)[0] == 404
    assert wall.get(f"/api/v1/cases/{number}")[1]["state"] == "ACCEPTED"


def test_changes_can_be_read_from_any_place_and_another_epoch_is_gone(wall: Wall) -> None:
    wall.post("/api/v1/incidents", [incident(n) for n in range(7)])
    epoch = wall.get("/readyz")[1]["epoch"]
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        status, body = wall.get(f"/api/v1/changes?epoch={epoch}&after={after}&limit=3")
        assert status == 200
        seen += [item["seq"] for item in body["items"]]
        after = body["next"]
    assert seen == list(range(1, wall.sql("SELECT top FROM stream") + 1))
    status, body = wall.get("/api/v1/changes?epoch=another&after=0")
    assert (status, body["epoch"]) == (410, epoch)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/grids/nowhere",
        "/api/v1/grids/..%2f..%2fetc%2fpasswd",
        "/api/v1/cases/none",
        "/api/v1/tiles/video/99/0/0.mvt",
        "/api/v1/tiles/nolayer/3/0/0.mvt",
        "/api/v1/view?grid=nowhere",
        "/api/v1/nothing",
    ],
)
def test_what_does_not_exist_is_a_404_with_a_reason(quiet_wall: Wall, path: str) -> None:
    status, body = quiet_wall.get(path)
    assert status == 404
    assert set(body) >= PROBLEM


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/cases?limit=0",
        "/api/v1/cases?state=NONE",
        "/api/v1/cases?from=yesterday",
        "/api/v1/changes?after=-1",
        "/api/v1/changes?limit=x",
        "/api/v1/video-points/near?lon=400&lat=1",
        "/api/v1/video-points/near",
        "/api/v1/indicators?from=2026-02-02&to=2026-02-01",
    ],
)
def test_a_parameter_out_of_bounds_is_a_400_with_a_reason(quiet_wall: Wall, path: str) -> None:
    status, body = quiet_wall.get(path)
    assert status == 400
    assert set(body) >= PROBLEM


def ask(wall: Wall, path: str, **headers: str) -> tuple[int, str]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(incident(77)).encode() if path.endswith("incidents") else None
    request = urllib.request.Request(wall.url + path, body, names)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_behind_a_proxy_on_this_machine_the_tile_addresses_are_https(quiet_wall: Wall) -> None:
    status, body = ask(quiet_wall, "/api/v1/map/style.json", X_Forwarded_Proto="https")
    assert status == 200
    assert json.loads(body)["sources"]["video"]["tiles"][0].startswith("https://127.0.0.1:")


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "10.0.0.9"},  # through a proxy nobody is the machine itself
        {"Host": "wall.attacker.example"},  # a name of somebody else's that resolves to us
        {"Origin": "http://attacker.example"},  # a form or script of another page
        {"Origin": "null"},  # one in a sandboxed frame
    ],
)
def test_only_the_machine_itself_looks_and_writes_where_no_token_is_configured(
    quiet_wall: Wall, headers: dict[str, str]
) -> None:
    assert ask(quiet_wall, "/api/v1/view", **headers)[0] == 401
    assert ask(quiet_wall, "/api/v1/incidents", **headers)[0] == 401
    assert ask(quiet_wall, "/", **headers)[0] == 401


def test_the_two_categories_that_no_wall_shows_are_counted_as_others(wall: Wall) -> None:
    wall.post("/api/v1/incidents", incident(1, category="涉民族宗教", state="ACCEPTED"))
    seen = json.dumps(
        [wall.get(f"/api/v1/{path}")[1] for path in ("view", "changes?after=0")], ensure_ascii=False
    )
    assert "涉民族宗教" not in seen
    assert wall.get("/api/v1/view")[1]["figures"]["category.其它"] == {"n": 1}
