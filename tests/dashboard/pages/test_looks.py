"""How the wall looks, by measuring it: every shape, scene, language and theme, with the longest names there are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.fixtures.browser import OpenPage, until
from tests.fixtures.wall import Wall, incident, serve_centre
from tests.pictures import measure

#: Real ones: the longest name of a county, and villages of sixteen characters.
COUNTY = "积石山保安族东乡族撒拉族自治县"
LONG = (
    "大河家镇保安族撒拉族东乡族聚居新村",
    "双江拉祜族佤族布朗族傣族乡安置社区",
    "镇沅彝族哈尼族拉祜族乡文岗中心村委",
)
#: A representative part; `make pictures` covers every scene at every size in both languages and themes.
PARTS = [
    ("zh", "dark", (1920, 1080), "all"),
    ("en", "light", (1920, 1080), "all"),
    ("en", "light", (1366, 768), "overview"),
    ("en", "light", (3440, 1440), "overview"),
    ("en", "light", (7680, 1440), "overview"),
    ("en", "light", (1080, 1920), "overview"),
    ("en", "light", (820, 1180), "overview"),
    ("en", "light", (390, 844), "all"),
]


@pytest.fixture(scope="module")
def long_named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """A county whose grids have the longest names, with cases in every grade and state of lateness."""
    folder = tmp_path_factory.mktemp("long")
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}")
    wall.stop()
    file = folder / "grids.geojson"
    county = json.loads(file.read_text("utf-8"))
    for at, feature in enumerate(county["features"]):
        told = feature["properties"]
        told["NAME"] = COUNTY if told["LEVEL"] == 0 else LONG[at % len(LONG)]
    file.write_text(json.dumps(county, ensure_ascii=False), "utf-8")
    text = (folder / "yiping.toml").read_text("utf-8").replace("试验县综治中心", f"{COUNTY}综治中心")
    (folder / "yiping.toml").write_text(text, "utf-8")
    sync = [sys.executable, "-m", "dashboard.cli", "sync", "--config", str(folder / "yiping.toml")]
    subprocess.run(sync, check=True, capture_output=True, cwd=Path(__file__).parents[3])
    wall.start()
    grades = ("ORDINARY", "COMPLEX", "MAJOR", "PETITION_BACKLOG")
    cases = [
        incident(
            n, lon=0.1 * (n % 25), grade=grades[n % 4], category=("道路交通事故", "房屋宅基地", "邻里")[n % 3]
        )
        for n in range(60)
    ]
    assert wall.post("/api/v1/incidents", cases)[0] == 200
    yield wall
    wall.stop()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_cut_overlaps_leaves_its_panel_scrolls_or_is_too_faint(
    long_named: Wall, open_page: OpenPage, language: str
) -> None:
    page = open_page()
    parts = [part for part in PARTS if part[0] == language]
    measure.open_wall(page, long_named.url, lang=language, theme=parts[0][1])
    wrong = []
    for _, theme, size, scenes in parts:
        measure.turn_to(page, theme)
        measure.resize(page, size)
        for scene in _scenes(page) if scenes == "all" else [scenes]:
            measure.show_scene(page, scene)
            wrong += [f"{scene} {size[0]} x {size[1]}: {fault}" for fault in measure.faults(page)]
    assert wrong == []


def _scenes(page: Page) -> list[str]:
    found: list[str] = page.evaluate("Wall.scenes.all().map((one) => one.id)")
    return found


FAULTY = """() => {
  const make = (id, style, text, inside) => {
    const node = document.createElement("div");
    node.id = id;
    node.style = style;
    node.textContent = text;
    (inside || document.body).append(node);
    return node;
  };
  make("cut-one", "position:fixed;top:200px;left:300px;width:40px;overflow:hidden;white-space:nowrap", "cut, no title");
  make("faint-one", "position:fixed;top:240px;left:300px;color:#2a3a4a", "too faint");
  make("far-one", "position:fixed;top:280px;left:calc(100vw - 20px);white-space:nowrap", "beyond the edge");
  make("over-one", "position:fixed;top:320px;left:300px", "one over the other");
  make("over-two", "position:fixed;top:322px;left:310px", "the other under one");
  make("tall-one", "position:absolute;top:3000px;left:0", "below");
}"""


def test_the_measure_finds_each_fault_it_speaks_of(quiet_wall: Wall, page: Page) -> None:
    measure.open_wall(page, quiet_wall.url, theme="dark")
    before = measure.faults(page)
    page.evaluate(FAULTY)
    found = "\n".join(set(measure.faults(page)) - set(before))
    for word in (
        "cut: #cut-one",
        "#faint-one",
        "outside the page: #far-one",
        "over each other: #over-one",
        "the page scrolls: 3",
    ):
        assert word in found, found


def test_the_theme_turns_without_making_the_map_anew(quiet_wall: Wall, page: Page) -> None:
    measure.open_wall(page, quiet_wall.url, theme="dark")
    page.evaluate("() => { globalThis.sameMap = Wall.map.get(); }")
    measure.turn_to(page, "light")
    assert page.evaluate("Wall.map.get() === sameMap")
    # Remembered: the next visit is light from the first moment, by what the server writes.
    page.goto(quiet_wall.url, wait_until="commit")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    until(page, "getComputedStyle(document.documentElement).colorScheme === 'light'")


def test_paper_is_light_whatever_the_screen_has(quiet_wall: Wall, page: Page) -> None:
    measure.open_wall(page, quiet_wall.url, theme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert page.evaluate("document.getElementById('scenes').checkVisibility()") is False


def test_a_category_that_holds_markup_is_shown_as_text_and_no_page_lets_a_script_be_made_of_text(
    quiet_wall: Wall, page: Page
) -> None:
    markup = "<img src=x onerror=alert(1)>"
    status, answer = quiet_wall.post("/api/v1/incidents", incident(7_001, category=markup))
    assert status == 200
    number = answer["results"][0]["case_no"]
    measure.open_wall(page, quiet_wall.url)
    row = page.locator(f"#feed-list [data-case-no='{number}']")
    row.wait_for()
    assert markup in (row.text_content() or "")
    assert page.locator("#wall img").count() == 0
    for path in ("/", "/sources", "/remote", "/grid/62051", "/api/v1/view"):
        answered = page.request.get(quiet_wall.url + path)
        policy = answered.headers.get("content-security-policy", "")
        assert "script-src" in policy or "default-src" in policy, path
        assert "unsafe-eval" not in policy, path


def test_every_key_of_the_list_is_listened_for_and_the_list_opens_with_one(
    quiet_wall: Wall, page: Page
) -> None:
    measure.open_wall(page, quiet_wall.url, theme="dark")
    page.keyboard.press("?")
    assert page.evaluate("document.getElementById('help').open")
    page.keyboard.press("Escape")
    assert not page.evaluate("document.getElementById('help').open")
    page.keyboard.press("t")
    assert page.evaluate("Wall.theme.now()") == "light"
    page.keyboard.press("2")
    assert page.evaluate("document.body.dataset.scene") == "grids"


#: Everything that can be acted on: what it is called, and whether it shows that it has the focus.
CONTROLS = """() => [...document.querySelectorAll("a[href], button, input, select, [tabindex='0']")]
  .filter((node) => node.checkVisibility() && !node.disabled)
  .map((node) => {
    node.focus({ focusVisible: true });
    return [node.outerHTML.slice(0, 80), (node.getAttribute("aria-label") || node.title || node.textContent).trim(),
      document.activeElement === node && getComputedStyle(node).outlineStyle !== "none"];
  })"""


def test_whatever_can_be_acted_on_has_a_name_and_shows_its_focus(quiet_wall: Wall, page: Page) -> None:
    measure.open_wall(page, quiet_wall.url)
    found = page.evaluate(CONTROLS)
    assert len(found) > 20
    assert [node for node, name, _ in found if not name] == []
    assert [node for node, _, shown in found if not shown] == []


def test_motion_is_left_out_where_somebody_asked_for_that(quiet_wall: Wall, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    measure.open_wall(page, quiet_wall.url)
    quiet_wall.post("/api/v1/incidents", incident(7_002))
    page.locator("#feed-list [data-case-no]").first.wait_for()
    moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
    assert page.evaluate(moving) == 0
