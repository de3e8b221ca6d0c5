"""The skeleton that Dash draws: every place that a script fills is there, once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dashboard.pages import wall
from layers.style import BRIGHT, DARK, Palette

ASSETS = Path(__file__).parents[3] / "assets"


def components(node: Any) -> Iterator[dict[str, Any]]:
    """Every component below `node` as Dash sends it."""
    if isinstance(node, list | tuple):
        for child in node:
            yield from components(child)
    elif hasattr(node, "to_plotly_json"):
        props = node.to_plotly_json()["props"]
        yield props
        yield from components(props.get("children"))


PARTS = list(components(wall.layout()))
IDS = Counter(props["id"] for props in PARTS if "id" in props)


def test_every_id_is_there_once() -> None:
    assert set(IDS.values()) == {1}


def test_every_element_that_a_script_asks_for_by_id_is_in_the_skeleton() -> None:
    asked = set()
    for script in ASSETS.glob("*.js"):
        asked |= set(re.findall(r'(?:getElementById|\$)\("([\w-]+)"\)', script.read_text("utf-8")))
    assert asked
    assert asked <= set(IDS)


def test_the_marks_that_others_hold_on_to_are_there() -> None:
    assert [props["data-indicator"] for props in PARTS if "data-indicator" in props] == [
        "K01",
        "K07",
        "K11",
        "K10",
        "K13a",
        "K63a",
    ]
    assert [props["data-stage"] for props in PARTS if "data-stage" in props] == [
        "ACCEPT",
        "TRIAGE",
        "HANDLE",
        "CLOSE",
        "FOLLOW",
    ]
    assert {"map", "breadcrumb", "feed-list", "legend-steps"} <= set(IDS)


def test_scripts_never_read_data_as_markup_or_code() -> None:
    for script in ASSETS.glob("*.js"):
        text = script.read_text("utf-8")
        for way in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
        ):
            assert way not in text, f"{script.name}: {way}"


def test_scripts_and_styles_name_no_outside_host() -> None:
    for file in [*ASSETS.glob("*.js"), *ASSETS.glob("*.css")]:
        hosts = set(re.findall(r"https?://([^/\"'\s)]+)", file.read_text("utf-8")))
        assert hosts <= {"www.w3.org"}, file.name


def test_only_one_line_reaches_into_plotly() -> None:
    reaching = [
        f"{script.name}: {line.strip()}"
        for script in ASSETS.glob("*.js")
        for line in script.read_text("utf-8").splitlines()
        if "_fullLayout" in line or "_subplot" in line
    ]
    assert len(reaching) == 1, reaching


def test_only_the_tokens_name_a_colour() -> None:
    naming = [
        f"{sheet.name}: {line.strip()}"
        for sheet in ASSETS.glob("*.css")
        if sheet.name not in {"10_tokens.css", "95_print.css"}
        for line in re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.S).splitlines()
        if re.search(r":[^{]*(#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\()", line) and not line.startswith("#")
    ]
    assert naming == []


def test_the_map_has_the_colours_of_the_tokens() -> None:
    tokens = dict(
        re.findall(
            r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\)", (ASSETS / "10_tokens.css").read_text("utf-8")
        )
    )

    def named(palette: Palette) -> dict[str, str]:
        found = {
            "ground": palette.ground,
            "panel": palette.panel,
            "text": palette.text,
            "mark": palette.point,
        }
        found["text-2"] = palette.secondary
        return found | {f"step-{step}": colour for step, colour in enumerate(palette.ramp)}

    bright = named(BRIGHT)
    for name, colour in named(DARK).items():
        assert tokens[name] == f"{bright[name]}, {colour}", name
