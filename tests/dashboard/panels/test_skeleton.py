"""The skeleton that Dash draws: every place that a script fills is there, once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dashboard.pages import wall

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
