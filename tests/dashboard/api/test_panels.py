"""What panels ask for: every whole is the sum of its parts, counted again by plain SQL; nothing beyond the scope."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from data_adapters.ledger import Ledger
from data_adapters.records.dictionary import (
    GRADE,
    JOINT_TYPE,
    LEVEL,
    OUTCOME,
    RESOLUTION_METHOD,
    SOURCE_CHANNEL,
)
from tests.dashboard.api.test_reported import fact
from tests.data_adapters.ledger.test_orgs import ORGS
from tests.fixtures.wall import Wall, incident, serve_centre

COUNTY, TOWN = "token-of-the-whole-county", "token-of-the-first-town"
MORE = """[[indicators]]
id = "SD6"
label = "工作室覆盖率"
formula = "已建 ÷ 应建"
fact = "SD6"
of = ["已建", "应建"]
board = "coverage"
[[indicators]]
id = "K83"
label = "月考核得分"
unit = "分"
formula = "只有一项"
board = "score"
score = [{ fact = "SD6", label = "运作", weight = 100 }]
"""
CASES = 300


def wild(number: int, rng: random.Random, now: datetime) -> dict[str, Any]:
    """A case of any kind that another system may tell, reported within forty days."""
    reported = now - timedelta(hours=rng.uniform(1, 40 * 24))
    state = rng.choice(
        "REPORTED ACCEPTED ASSIGNED IN_PROGRESS CLOSED FOLLOW_UP TRANSFERRED CANCELLED".split()
    )
    done = state in {"CLOSED", "FOLLOW_UP"}
    stages = {"accepted_at": reported, "assigned_at": reported} if state != "REPORTED" else {}
    if done:
        closed = min(now, reported + timedelta(hours=rng.uniform(1, 400)))
        stages |= {"resolved_at": closed, "closed_at": closed}
    text = {name: at.isoformat(timespec="seconds") for name, at in stages.items()}
    return (
        incident(number, lon=rng.choice([None, 0.1, 0.6, 1.1, 1.5, 2.9]), state=state)
        | text
        | {
            "occurred_at": reported.isoformat(timespec="seconds"),
            "reported_at": reported.isoformat(timespec="seconds"),
            "grade": rng.choice(list(GRADE)),
            "source_channel": rng.choice([None, *SOURCE_CHANNEL]),
            "resolution_method": rng.choice([None, *RESOLUTION_METHOD]) if done else None,
            "outcome": rng.choice([None, "SUCCESS", "SUCCESS", *OUTCOME]) if done else None,
            "resolved_level": rng.choice([None, "grid", "village", "township", "county", "above"])
            if done
            else None,
            "joint_type": rng.choice([None, None, *JOINT_TYPE]),
            "origin_level": rng.choice([None, *LEVEL]),
            "handling_level": rng.choice([None, None, *LEVEL]),
        }
    )


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """The ruler-drawn county with cases of all kinds, two towns' figures, its organisations."""
    folder = tmp_path_factory.mktemp("panels")
    displays = "".join(
        f'[[displays]]\nname = "{name}"\ntoken = "{token}"\ngrid = "{grid}"\n'
        for name, token, grid in (("县", COUNTY, "6205"), ("甲镇", TOWN, "62051"))
    )
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", MORE + displays)
    ledger = Ledger.open(wall.store, root="6205")
    ledger.write_orgs(ORGS)
    ledger.write_facts([fact("62051", 16, 17), fact("62052", 5, 8)])
    ledger.close()
    rng, now = random.Random(7), datetime.now(UTC)
    status, answer = wall.post("/api/v1/incidents", [wild(n, rng, now) for n in range(CASES)])
    assert status == 200
    assert {one["status"] for one in answer["results"]} == {"accepted"}, answer["results"][:3]
    yield wall
    assert wall.stop() == 0


def read(wall: Wall, path: str, token: str = COUNTY) -> Any:
    status, body = wall.get(f"/api/v1/{path}", token=token)
    assert status == 200, body
    return body


def rows(wall: Wall, columns: str, where: str, **values: Any) -> list[Any]:
    """Raw rows, by plain SQL."""
    engine = sa.create_engine(wall.store)
    with engine.connect() as connection:
        found = connection.execute(sa.text(f"SELECT {columns} FROM cases WHERE {where}"), values).all()
    engine.dispose()
    return list(found)


def since(answer: Any) -> int:
    """The start of the answer's period in the store's milliseconds."""
    start = datetime.fromisoformat(f"{answer['period']['from']}T00:00:00+08:00")
    return int(start.timestamp() * 1000)


@pytest.mark.parametrize("grid", ["6205", "62051", "620511"])
def test_what_flows_in_is_what_was_accepted_and_what_flows_out_is_the_same(wall: Wall, grid: str) -> None:
    flow = read(wall, f"flow?grid={grid}")
    path = wall.sql("SELECT path FROM grid WHERE code = :code AND current", code=grid)
    inside = "accepted_at >= :start AND path LIKE :below"
    told = rows(
        wall,
        "source_channel, resolution_method, outcome, is_open",
        inside,
        start=since(flow),
        below=f"{path}%",
    )
    assert flow["total"] == len(told) > 0
    assert flow["in_hand"] == sum(bool(row.is_open) for row in told)
    assert flow["out"] + flow["in_hand"] == flow["total"]
    for nodes in ("channels", "methods", "ends"):
        assert sum(node["n"] for node in flow[nodes]) == flow["total"], nodes
    channels = {node["id"]: node["n"] for node in flow["channels"]}
    for channel in SOURCE_CHANNEL:
        assert channels.get(channel, 0) == sum(row.source_channel == channel for row in told), channel
    # Every node passes on what it takes in.
    for links, end, nodes in (
        ("first", "from", "channels"),
        ("first", "to", "methods"),
        ("second", "from", "methods"),
        ("second", "to", "ends"),
    ):
        for node in flow[nodes]:
            assert node["n"] == sum(link["n"] for link in flow[links] if link[end] == node["id"]), (
                links,
                end,
                node,
            )
    unknown = sum(row.source_channel is None for row in told)
    assert (f"{unknown} 件未注明渠道" in flow["missing"]) == bool(unknown)


def test_grades_add_up_to_what_is_in_hand(wall: Wall) -> None:
    answer = read(wall, "parts/grades")
    told = {part["id"]: part["n"] for part in answer["parts"]}
    raw = rows(wall, "grade", "is_open")
    assert told == {grade: sum(row.grade == grade for row in raw) for grade in GRADE}
    assert answer["whole"]["n"] == sum(told.values()) == len(raw)


def test_levels_of_resolution_add_up_to_all_that_was_resolved_and_say_what_has_no_level(wall: Wall) -> None:
    answer = read(wall, "parts/levels")
    raw = rows(
        wall,
        "resolved_level",
        "outcome = 'SUCCESS' AND state IN ('CLOSED', 'FOLLOW_UP') AND resolved_at >= :start",
        start=since(answer),
    )
    named = [row for row in raw if row.resolved_level is not None]
    assert answer["whole"]["n"] == sum(part["n"] for part in answer["parts"]) == len(named) > 0
    village = next(part["n"] for part in answer["parts"] if part["id"] == "village")
    assert village == sum(row.resolved_level in {"grid", "village"} for row in named)
    assert round(sum(100 * part["n"] / len(named) for part in answer["parts"]), 9) == 100
    without = len(raw) - len(named)
    assert (f"{without} 件未注明化解层级" in answer["missing"]) == bool(without)


def test_joint_work_is_in_exactly_one_of_six_and_the_six_are_all_of_it(wall: Wall) -> None:
    answer = read(wall, "parts/joint")
    raw = rows(wall, "joint_type", "is_open AND joint_type IS NOT NULL")
    assert {part["id"]: part["n"] for part in answer["parts"]} == {
        kind: sum(row.joint_type == kind for row in raw) for kind in JOINT_TYPE
    }
    assert answer["whole"]["n"] == len(raw)
    closed = rows(
        wall,
        "joint_type, closed_at, due_at",
        "joint_type IS NOT NULL AND due_at IS NOT NULL AND state IN ('CLOSED', 'FOLLOW_UP') AND closed_at >= :start",
        start=since(answer),
    )
    for part in answer["parts"]:
        mine = [row for row in closed if row.joint_type == part["id"]]
        on_time = sum(row.closed_at <= row.due_at for row in mine)
        assert (part["on_time"]["numerator"], part["on_time"]["denominator"]) == (on_time, len(mine)), part[
            "id"
        ]


def test_stuck_cases_are_counted_and_named_oldest_first(wall: Wall) -> None:
    answer = read(wall, "loop?limit=200")
    edges = {edge["id"]: edge for edge in answer["edges"]}
    raw = rows(wall, "case_no, edge", "edge IS NOT NULL")
    for id_, edge in edges.items():
        mine = {row.case_no for row in raw if row.edge == id_}
        assert edge["n"] == len(mine)
        assert {one["case_no"] for one in edge["cases"]} == mine
        # Of a case found by the grid it is the village's turn, of one found by the village the township's, and so on.
        levels = {one["to"]: one["n"] for one in edge["levels"] if one["n"]}
        turns = Counter(one["turn"] for one in edge["cases"] if one["turn"])
        assert {LEVEL[level]: n for level, n in levels.items()} == dict(turns)
        ages = [one["stuck_since"] for one in edge["cases"]]
        assert ages == sorted(ages)
    assert edges["DOWN"]["n"] == len(rows(wall, "id", "state = 'ASSIGNED'")) > 0
    steps = answer["steps"]
    assert steps["reported"] == len(rows(wall, "id", "reported_at >= :start", start=since(answer)))
    assert answer["closed_loop"] == {"value": None, "numerator": 0, "denominator": 0, "small": True}
    assert f"{steps['closed']} 件结案没有流转记录" in answer["missing"]


def test_a_board_has_the_indicators_that_the_county_put_on_it(wall: Wall) -> None:
    (item,) = read(wall, "boards/coverage")["items"]
    assert (item["id"], item["numerator"], item["denominator"], item["reported"][:7]) == (
        "SD6",
        21,
        25,
        "2026 的报",
    )
    score = read(wall, "boards/score")
    assert score["items"][0]["value"] == 84.0
    assert [
        (part["label"], part["numerator"], part["denominator"]) for part in score["items"][0]["parts"]
    ] == [("运作", 21, 25)]
    assert [(unit["code"], unit["value"]) for unit in score["units"]][:2] == [
        ("62051", 94.1),
        ("62052", 62.5),
    ]
    assert read(wall, "boards/residency")["items"] == []
    assert {one["id"] for one in read(wall, "boards/whistles")["items"]} == {
        "K50",
        "K51",
        "K52.p50",
        "K52a",
        "K52b",
    }


def test_a_branch_of_the_organisations_is_one_and_those_directly_below(wall: Wall) -> None:
    assert [one["code"] for one in read(wall, "orgs?under=")["items"]] == ["C"]
    assert [one["code"] for one in read(wall, "orgs?under=C")["items"]] == ["C", "D1", "T1", "T2"]
    assert wall.get("/api/v1/orgs?under=nobody", token=COUNTY)[0] == 404


def test_the_six_steps_are_counted_of_the_latest_cases_and_grave_ones_without_their_own_steps_are_named(
    wall: Wall,
) -> None:
    answer = read(wall, "steps6?limit=1000")
    raw = rows(wall, "case_no, grade, state, source_channel, lead_org, followed_up_at", "1 = 1")
    grave = [row for row in raw if row.grade in {"MAJOR", "PETITION_BACKLOG"}]
    told = {step["id"]: (step["n"], step["of"]) for step in answer["steps"]}
    assert answer["total"] == len(raw)
    assert told[1] == (sum(row.source_channel in {"GRID", "PATROL"} for row in raw), len(raw))
    assert told[4] == (0, len(grave))
    assert told[5] == (sum(row.lead_org is not None for row in grave), len(grave))
    assert told[6] == (sum(row.followed_up_at is not None for row in raw), len(raw))
    assert answer["owing_n"] == len(grave)
    assert {one["case_no"] for one in answer["owing"]} <= {row.case_no for row in grave}
    assert all(4 in one["missing"] for one in answer["owing"])
    ordinary = {row.case_no for row in raw if row.grade == "ORDINARY"}
    assert not ordinary & {one["case_no"] for one in answer["owing"]}


def test_a_township_asks_for_itself_and_for_nothing_else(wall: Wall) -> None:
    for path in (
        "flow",
        "loop",
        "parts/grades",
        "parts/levels",
        "parts/joint",
        "steps6",
        "boards/coverage",
        "boards/staff",
    ):
        assert read(wall, path, TOWN)["grid"] == "62051", path
        assert wall.get(f"/api/v1/{path}?grid=62052", token=TOWN)[0] == 404, path
        assert wall.get(f"/api/v1/{path}?grid=6205", token=TOWN)[0] == 404, path
    assert {unit["code"][:5] for unit in read(wall, "boards/score", TOWN)["units"]} <= {"62051"}
    assert read(wall, "boards/coverage", TOWN)["items"][0]["numerator"] == 16
    assert wall.get("/api/v1/sources?brief=1", token=TOWN)[0] == 404


def test_what_is_not_there_is_said_in_one_line(wall: Wall) -> None:
    for path in ("parts/nothing", "boards/nothing", "flow?days=0", "loop?limit=x"):
        status, body = wall.get(f"/api/v1/{path}", token=COUNTY)
        assert status in {400, 404}, path
        assert "\n" not in body["detail"]
