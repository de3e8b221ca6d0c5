"""Panels that ask, in a real browser: full, empty, small, without an answer; and any number that explains itself."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from data_adapters.ledger import Ledger
from data_adapters.records.indicator import IndicatorFact
from tests.dashboard.api.test_panels import MORE, wild
from tests.data_adapters.ledger.test_orgs import ORGS
from tests.fixtures.browser import OpenPage, until
from tests.fixtures.wall import Wall, incident, serve_centre

LEFT = ["flow", "double", "resolved", "grades", "joint"]
RIGHT = ["residency", "coverage", "safe", "score"]
REST = ["staff", "whistles", "health", "ranking"]
SCENES = f"""
[[scenes]]
id = "first"
title = "其一"
left = {LEFT}
right = {RIGHT}
[[scenes]]
id = "second"
title = "其二"
left = {[*REST, "tiles"]}
[[scenes]]
id = "third"
title = "其三"
left = ["orgs"]
right = ["steps6"]
[wall]
scenes = ["overview", "first", "second", "third"]
""".replace("'", '"')
BOARDS = """
[[indicators]]
id = "K90a"
label = "常驻单位"
formula = "到岗 ÷ 应到"
fact = "K90a"
of = ["到岗", "应到"]
board = "residency"
[[indicators]]
id = "QS14.1"
label = "平安校园"
formula = "达标 ÷ 申报"
fact = "QS14.1"
of = ["达标", "申报"]
board = "safe"
"""
SECONDS = 60_000
#: Panels of the scene that have no answer yet.
WAITING = ".group [data-asked=loading], .group .panel:has(.asked-body):not([data-asked])"
LOOKS = """() => Object.fromEntries(
  [...document.querySelectorAll('.group [data-asked]')].map((node) => [node.id, node.dataset.asked]))"""


def told(id_: str, grid: str, n: int, whole: int) -> IndicatorFact:
    """A figure of this year."""
    year = {"period_from": date(2026, 1, 1), "period_to": date(2027, 1, 1)}
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return IndicatorFact(
        source="sheet", id=id_, grid_code=grid, numerator=n, denominator=whole, as_of=at, **year
    )


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """A county with something for every panel."""
    folder = tmp_path_factory.mktemp("full")
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", MORE + BOARDS + SCENES)
    ledger = Ledger.open(wall.store, root="6205")
    ledger.write_orgs(ORGS)
    ledger.write_facts(
        [
            told("SD6", "62051", 16, 17),
            told("SD6", "62052", 5, 8),
            told("K90a", "6205", 6, 7),
            told("QS14.1", "6205", 231, 243),
        ]
    )
    ledger.close()
    rng, now = random.Random(11), datetime.now(UTC)
    cases = [wild(n, rng, now) for n in range(200)]
    for case in cases[::3]:
        case["handling_org"] = "M11"
    assert wall.post("/api/v1/incidents", cases)[0] == 200
    yield wall
    assert wall.stop() == 0


@pytest.fixture
def bare(tmp_path: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """A county where nothing has happened."""
    folder = tmp_path_factory.mktemp("bare")
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", SCENES)
    yield wall
    assert wall.stop() == 0


def show(page: Page, wall: Wall, scene: str) -> None:
    """Open a scene without the map, which no panel needs, and wait until every panel of it has its answer."""
    page.route("**/*plotly*", lambda route: route.abort())
    page.goto(f"{wall.url}/?scene={scene}")
    page.wait_for_selector("body[data-seq]", timeout=SECONDS)
    until(page, f"document.querySelectorAll({WAITING!r}).length === 0", 60)


def looks(page: Page) -> dict[str, str]:
    """panel -> how it looks."""
    found: dict[str, str] = page.evaluate(LOOKS)
    return found


def test_every_panel_shows_what_the_server_counts_and_says_of_when_and_from_where(
    full: Wall, page: Page
) -> None:
    show(page, full, "first")
    assert looks(page) == dict.fromkeys([*LEFT, *RIGHT], "ready")
    for name in [*LEFT, *RIGHT]:
        expect(page.locator(f"#{name}-honesty")).to_contain_text("截至")
    _, flow = full.get("/api/v1/flow")
    assert page.locator("#flow").get_attribute("data-total") == str(flow["total"])
    shown = [
        int(n)
        for n in page.locator("#flow .flow-column")
        .first.locator("[data-n]")
        .evaluate_all("all => all.map((n) => n.dataset.n)")
    ]
    assert sum(shown) == flow["total"]
    expect(page.locator("#flow-honesty")).to_contain_text("hotline-12345")
    _, grades = full.get("/api/v1/parts/grades")
    for part in grades["parts"]:
        assert page.locator(f"#grades [data-part={part['id']}]").get_attribute("data-n") == str(part["n"])
    _, loop = full.get("/api/v1/loop")
    assert page.locator("[data-loop-step=down]").count() == 0
    assert page.locator("[data-loop-step=assigned]").get_attribute("data-n") == str(loop["steps"]["assigned"])
    stuck = {edge["id"]: edge["n"] for edge in loop["edges"]}
    assert page.locator("[data-stuck=DOWN]").get_attribute("data-n") == str(stuck["DOWN"])
    levels = [one for edge in loop["edges"] for one in edge["levels"] if one["n"] and "from" in one]
    shown_levels = page.locator("#double-levels [data-explain]")
    assert shown_levels.evaluate_all("all => all.map((one) => [one.dataset.explain, one.dataset.n])") == [
        [one["indicator"], str(one["n"])] for one in levels
    ]
    assert levels
    expect(page.locator("#residency .seats i[data-present]")).to_have_count(6)
    expect(page.locator("#residency [data-board-item=K90a]")).to_contain_text("缺 1")
    expect(page.locator("#safe [data-board-item='QS14.1']")).to_contain_text("95.1%")
    expect(page.locator("#coverage [data-board-item=SD6]")).to_contain_text("84.0%")
    expect(page.locator("#coverage-honesty")).to_contain_text("2026 的报数")
    expect(page.locator("#score-value")).to_have_text("84.0 分")
    page.goto(f"{full.url}/?scene=second")
    page.wait_for_selector("#health[data-asked=ready]", timeout=SECONDS)
    expect(page.locator("#health [data-source=grids]")).to_contain_text("正常")
    expect(page.locator("#health a[href='/sources']")).to_have_count(1)
    expect(page.locator("#whistles-empty")).to_have_text("近30日没有吹哨")


def test_a_branch_of_units_opens_on_a_click_and_a_number_lists_its_cases(full: Wall, page: Page) -> None:
    show(page, full, "third")
    _, six = full.get("/api/v1/steps6")
    for step in six["steps"]:
        assert page.locator(f"#steps6 [data-step6='{step['id']}']").get_attribute("data-n") == str(step["n"])
    expect(page.locator("#steps6-owing")).to_contain_text(f"{six['owing_n']}")
    expect(page.locator("#orgs [data-org=T1]")).to_be_visible(timeout=SECONDS)
    page.locator("#orgs [data-org=T1] .row-name").click()
    village = page.locator("#orgs [data-org=V11]")
    expect(village).to_be_visible(timeout=SECONDS)
    opened = int(village.get_attribute("data-open-cases") or "")
    _, loads = full.get("/api/v1/orgs?under=T1")
    assert opened == next(one["open"] for one in loads["items"] if one["code"] == "V11") > 0
    village.locator(".row-value").click()
    lines = page.locator("#explain .case-line")
    expect(lines).to_have_count(min(opened, 20), timeout=SECONDS)
    lines.first.click()
    expect(page.locator("#card")).to_be_visible()


def test_nothing_and_little_are_said_and_neither_coloured_nor_ranked(bare: Wall, open_page: OpenPage) -> None:
    page = open_page()
    show(page, bare, "first")
    assert looks(page) == dict.fromkeys([*LEFT, *RIGHT], "empty")
    for name in [*LEFT, *RIGHT]:
        assert page.locator(f"#{name}-empty").inner_text().strip(), name
        expect(page.locator(f"#{name}-body")).to_be_hidden()
    closed = (datetime.now(UTC) - timedelta(minutes=5)).isoformat(timespec="seconds")
    few = [
        incident(
            n,
            state="CLOSED",
            accepted_at=closed,
            resolved_at=closed,
            closed_at=closed,
            outcome="SUCCESS",
            resolved_level="village",
        )
        for n in range(3)
    ]
    assert bare.post("/api/v1/incidents", few)[0] == 200
    expect(page.locator("#resolved")).to_have_attribute("data-asked", "ready", timeout=SECONDS)
    expect(page.locator("#resolved-note")).to_contain_text("样本不足")
    expect(page.locator("#resolved .whole-bar")).to_be_hidden()
    expect(page.locator("#resolved [data-part=village]")).to_contain_text("3\u2009/\u20093")
    expect(page.locator("#resolved [data-part=village]")).not_to_contain_text("%")
    page.goto(f"{bare.url}/?scene=second")
    rate = page.locator("#ranking-list [data-code='62051'] .rate-figure")
    expect(rate).to_contain_text("样本不足3\u2009/\u20093", timeout=SECONDS)


def test_a_change_is_asked_for_once_by_what_is_shown_and_an_answer_that_fails_leaves_the_old_one(
    full: Wall, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/v1/" in request.url else None)
    show(page, full, "second")
    page.wait_for_timeout(2_500)
    assert not [url for url in asked if re.search(r"/(flow|loop|parts|orgs)\b", url)]
    page.locator("#scenes [data-scene=first]").click()
    expect(page.locator("#flow")).to_have_attribute("data-asked", "ready", timeout=SECONDS)
    total = int(page.locator("#flow").get_attribute("data-total") or "")
    page.route("**/api/v1/flow*", lambda route: route.abort())
    accepted = datetime.now(UTC).isoformat(timespec="seconds")
    more = [incident(9_000 + n, state="ACCEPTED", accepted_at=accepted) for n in range(5)]
    assert full.post("/api/v1/incidents", more)[0] == 200
    expect(page.locator("#flow")).to_have_attribute("data-asked", "stale", timeout=SECONDS)
    expect(page.locator("#flow-honesty")).to_contain_text("暂时取不到，仍是")
    assert page.locator("#flow").get_attribute("data-total") == str(total)
    page.unroute("**/api/v1/flow*")
    del asked[:]
    expect(page.locator("#flow")).to_have_attribute("data-total", str(total + 5), timeout=SECONDS)
    assert len([url for url in asked if "/flow" in url]) == 1
    assert page.locator("#flow").get_attribute("data-asked") == "ready"


def test_a_panel_that_never_got_an_answer_says_so(full: Wall, page: Page) -> None:
    page.route("**/api/v1/parts/grades*", lambda route: route.abort())
    page.route("**/api/v1/loop*", lambda route: route.fulfill(status=404, body="{}"))
    show(page, full, "first")
    expect(page.locator("#grades")).to_have_attribute("data-asked", "error")
    expect(page.locator("#grades-empty")).to_have_text("暂时取不到，稍后再试")
    expect(page.locator("#double-empty")).to_have_text("本屏无权查看")


def test_any_number_explains_itself_by_click_and_by_key_with_the_same_numbers(full: Wall, page: Page) -> None:
    show(page, full, "second")
    rate = page.locator("#ranking-list [data-code='62051'] .rate-figure")
    expect(rate).to_be_visible(timeout=SECONDS)
    parts = rate.locator(".rate-parts").inner_text()
    rate.click()
    card = page.locator("#explain")
    expect(card.locator("#explain-title")).to_have_text("按期办结率", timeout=SECONDS)
    expect(card).to_contain_text(parts)
    expect(card.locator("[data-rows]")).to_have_text(["列出：按期", "列出：应办结", "列出：应办结的其余"])
    for word in ("定义", "期间", "未计入的", "来源", "截至", "网格"):
        expect(card).to_contain_text(word)
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    assert page.evaluate("() => document.activeElement.dataset.explain") == "K10"
    expect(page.locator("#map")).to_have_attribute("data-grid", "6205")  # the row's own link was not followed
    tile = page.locator("[data-indicator=K01]")
    tile.focus()
    page.keyboard.press("Enter")
    expect(card.locator("#explain-title")).to_have_text("上报量", timeout=SECONDS)
    assert card.locator(".explain-value").get_attribute("data-value") == tile.get_attribute("data-value")
    card.locator("[data-rows=numerator]").click()
    reported = int(tile.get_attribute("data-value") or "")
    expect(card.locator(".case-line")).to_have_count(min(reported, 20), timeout=SECONDS)
    card.locator("#explain-close").click()
    page.locator("#staff, #health").first.wait_for()
    assert page.evaluate("() => document.activeElement.dataset.indicator") == "K01"
