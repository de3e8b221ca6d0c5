"""The page of the sources and its API, on a served centre some of whose sources are in trouble."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.pages.sources import duration
from tests.fixtures.browser import OpenPage
from tests.fixtures.port import free_port
from tests.fixtures.wall import Wall, incident, make_centre

SOURCES = """
[[displays]]
name = "县大厅"
token = "the-hall-of-the-county"
grid = "6205"
[[displays]]
name = "甲镇"
token = "the-hall-of-one-town"
grid = "62051"
[[sources]]
name = "case-table"
kind = "case"
path = "cases.csv"
[sources.fields]
source_id = "ID"
occurred_at = "T"
state = "STATE"
lon = "X"
lat = "Y"
[[sources]]
name = "cameras"
kind = "video_point"
path = "cameras.json"
every = "1h"
[sources.fields]
point_id = "id"
lon = "x"
lat = "y"
"""
T = "2026-01-05 08:00:00"


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """A demo centre: good grids, cases of which seven rows are wrong, cameras behind a login page, a hotline."""
    folder = tmp_path_factory.mktemp("sources")
    store = f"sqlite:///{folder / 'yiping.db'}"
    make_centre(folder, store, SOURCES)
    config = folder / "yiping.toml"
    config.write_text(
        config.read_text("utf-8").replace('root = "6205"', 'root = "6205"\ndemo = true'), "utf-8"
    )
    good = [f"{n},{T},REPORTED,106.2,34.5" for n in range(3)]
    bad = [f"b{n},{T},<b>已转交</b>{n},106.2,34.5" for n in range(6)]
    lines = ["ID,T,STATE,X,Y", *good, f"far,{T},REPORTED,120,30", *bad, "s,昨天,REPORTED,34.5,106.2"]
    (folder / "cases.csv").write_text("\n".join(lines), "utf-8")
    (folder / "cameras.json").write_text("<!DOCTYPE html><html><title>登录</title></html>", "utf-8")
    running = Wall(folder, store, free_port())
    running.start()
    assert running.post("/api/v1/incidents", incident(1))[0] == 200
    end = time.monotonic() + 180
    while not all_read(running):
        assert time.monotonic() < end
        time.sleep(0.2)
    yield running
    assert running.stop() == 0


def all_read(wall: Wall) -> bool:
    """Whether every source was tried. Until the grids are there nobody's token means any of them."""
    status, body = wall.get("/api/v1/sources", "the-hall-of-the-county")
    return status == 200 and all(known["last_try_at"] is not None for known in body["items"])


def items(wall: Wall) -> list[dict[str, Any]]:
    status, body = wall.get("/api/v1/sources", "the-hall-of-the-county")
    assert status == 200, body
    found: list[dict[str, Any]] = body["items"]
    return found


def item(wall: Wall, name: str) -> dict[str, Any]:
    return next(known for known in items(wall) if known["name"] == name)


def test_every_source_says_how_it_fares(centre: Wall) -> None:
    assert [(known["name"], known["status"]) for known in items(centre)] == [
        ("grids", "good"),
        ("cameras", "failing"),
        ("case-table", "good"),
        ("hotline-12345", "good"),
    ]
    cases = item(centre, "case-table")
    assert (cases["read"], cases["accepted"], cases["refused"]) == (11, 4, 7)
    assert cases["located"] == {"placed": 3, "of": 4}
    assert (cases["every_s"], cases["reader"]) == (900, "file")
    assert 0 <= cases["age_s"] < 120
    assert cases["newest_at"] == "2026-01-05T08:00:00+08:00"
    assert cases["newest_age_s"] > 86_400
    assert item(centre, "hotline-12345")["reader"] is None


def test_a_failing_source_says_why_and_has_no_age(centre: Wall) -> None:
    cameras = item(centre, "cameras")
    assert "登录页" in cameras["error"]
    assert (cameras["age_s"], cameras["last_ok_at"], cameras["read"]) == (None, None, 0)


def test_refused_rows_come_by_field_and_reason_with_five_examples_and_what_to_do(centre: Wall) -> None:
    refusals = item(centre, "case-table")["refusals"]
    assert [(known["field"], known["code"], known["count"]) for known in refusals] == [
        ("state", "unknown_value", 6),
        ("lat", "swapped", 1),
        ("occurred_at", "bad_time", 1),
    ]
    assert len(refusals[0]["examples"]) == 5
    assert refusals[0]["examples"][0] == {
        "row": "6",
        "reason": refusals[0]["examples"][0]["reason"],
        "count": 1,
    }
    assert (refusals[0]["column"], refusals[0]["kinds"]) == ("STATE", 6)
    assert "[sources.values.state]" in refusals[0]["remedy"]


def test_the_verdict_and_the_notes_of_the_report_are_there_with_what_to_do(centre: Wall) -> None:
    cases = item(centre, "case-table")
    assert (cases["crs"]["best"], cases["crs"]["points"]) == ("EPSG:4490", 11)
    assert cases["categorised"] == {"said": 0, "of": 4}
    (note,) = cases["notes"]
    assert (note["code"], note["count"]) == ("outside", 1)
    assert note["examples"] == ["第 5 行：120.000000, 30.000000"]
    assert "crs" in note["remedy"]
    _, page = centre.get("/sources", "the-hall-of-the-county")
    for told in (note["text"], note["examples"][0], note["remedy"], "坐标系：写明 EPSG:4490"):
        assert told in page


@pytest.mark.parametrize("path", ["/sources", "/api/v1/sources"])
def test_who_sees_a_part_is_told_what_anyone_is_told_of_what_is_not_there(centre: Wall, path: str) -> None:
    nothing = centre.get("/nowhere" if path == "/sources" else "/api/v1/nowhere", "the-hall-of-one-town")
    assert centre.get(path, "the-hall-of-one-town") == nothing
    assert nothing[0] == 404
    assert centre.get(path)[0] == centre.get(path, "wrong")[0] == 401


def test_the_page_says_it_all_and_runs_nothing(centre: Wall) -> None:
    status, page = centre.get("/sources", "the-hall-of-the-county")
    assert status == 200
    assert "演示数据" in page
    assert "<script" not in page
    assert "&lt;b&gt;已转交&lt;/b&gt;" in page
    assert "还有 1 种" in page
    assert "<b>已转交" not in page


def test_the_page_is_there_in_english_with_the_words_of_the_upstream_as_they_are(centre: Wall) -> None:
    status, page = centre.get("/sources?lang=en", "the-hall-of-the-county")
    assert status == 200
    assert '<html lang="en"' in page
    text = re.sub(r"<[^>]*>", " ", page)
    for told in (
        "unknown value 已转交",
        "昨天 is no time; it should be",
        "looks like a login page",
        "1 points lie in no grid",
        "row 5: 120.000000, 30.000000",
        "1 more kinds",
    ):
        assert told in html.unescape(re.sub(r"</?b>|&lt;/?b&gt;", "", text)), told
    # Values that may be written are told as they are written.
    theirs = re.compile("试验县综治中心|已转交|昨天|登录|中文|should be one of [^<\\n]*")
    assert re.findall(r"[^\s<>]*[\u3400-\u9fff][^\s<>]*", theirs.sub("", text)) == []


def test_the_page_can_be_read_on_a_desk_and_a_phone(
    centre: Wall, open_page: OpenPage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    looks = (
        (1920, 1080, "zh", "dark"),
        (390, 844, "zh", "light"),
        (1920, 1080, "en", "light"),
        (390, 844, "en", "dark"),
    )
    for width, height, language, theme in looks:
        page = open_page(width, height)
        page.goto(f"{centre.url}/sources?display=the-hall-of-the-county")
        page.goto(f"{centre.url}/sources?lang={language}&theme={theme}")
        shown = page.evaluate("[...document.querySelectorAll('[data-source]')].map(r => r.dataset.status)")
        assert shown == [known["status"] for known in items(centre)]
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.screenshot(
            path=str(Path(tmp_path_factory.getbasetemp()) / f"sources-{width}-{language}.png"), full_page=True
        )


def test_a_duration_is_told_in_its_largest_whole_unit() -> None:
    told = [duration(seconds) for seconds in (0, 59, 60, 3_599, 3_600, 86_399, 172_800)]
    assert told == ["0 秒", "59 秒", "1 分钟", "59 分钟", "1 小时", "23 小时", "2 天"]
