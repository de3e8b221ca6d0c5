"""Scenes of a centre: the six that are shipped, what a county may write, and one line where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.indicators.catalogue import Catalogue
from dashboard.pages import wall
from dashboard.panels.registry import BY_NAME, PANELS
from dashboard.scenes import AREAS, SHIPPED, Scenes
from data_adapters.settings import load
from data_adapters.settings_error import SettingsError
from tests.dashboard.panels.test_skeleton import ASSETS, components
from tests.data_adapters.test_settings import HEAD, write

FLOODS = """[[scenes]]
id = "floods"
title = "防汛"
left = ["tiles", "alerts"]
right = ["feed"]
layers = ["grid", "video"]
grid = "620501"
window = "7d"
indicator = "K07"
"""


def scenes_of(folder: Path, text: str) -> Scenes:
    settings = load(write(folder, HEAD + text))
    return Scenes.of(settings, Catalogue.of(settings))


def test_the_six_of_a_centre_are_shipped_in_order_and_every_one_is_valid(tmp_path: Path) -> None:
    found = scenes_of(tmp_path, "")
    assert [scene.title for scene in found] == [
        "态势总览",
        "网格管理",
        "诉求表达",
        "矛盾化解",
        "分析研判",
        "应急指挥",
    ]
    # As a county would have to write them.
    for scene in SHIPPED:
        lines = [
            f"{name} = {value!r}".replace("'", '"')
            for name, value in scene.model_dump(exclude_none=True).items()
        ]
        scenes_of(tmp_path, "[[scenes]]\n" + "\n".join(lines) + "\n")


def test_a_county_adds_a_scene_changes_another_and_chooses_their_order(tmp_path: Path) -> None:
    more = '[[scenes]]\nid = "overview"\ntitle = "总览"\nleft = ["tiles"]\n'
    found = scenes_of(tmp_path, FLOODS + more)
    assert [scene.id for scene in found][-1] == "floods"
    assert found.by_id["overview"].title == "总览"
    chosen = scenes_of(tmp_path, FLOODS + more + '[wall]\nscenes = ["floods", "command"]\n')
    assert [scene.id for scene in chosen] == ["floods", "command"]
    told = chosen.for_page()
    assert told["scenes"][0]["days"] == 7
    assert told["scenes"][0]["grid"] == "620501"
    assert told["carousel"]["alert_scene"] == "command"
    assert (
        scenes_of(tmp_path, FLOODS + '[wall]\nscenes = ["floods"]\n').for_page()["carousel"]["alert_scene"]
        is None
    )


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (('"alerts"]', '"alarms"]'), "scenes（floods）.left：没有面板 alarms，是否想写 alerts？"),
        (
            ('["feed"]', '["tiles"]'),
            "scenes（floods）.right：面板 tiles 放了两次，一个场景里每块面板只有一处",
        ),
        (('"video"]', '"vidio"]'), "scenes（floods）.layers：没有图层 vidio，是否想写 video？"),
        (('"7d"', '"8d"'), "scenes（floods）.window：没有时段 8d，是否想写 7d？"),
        (('"K07"', '"K0x7"'), "scenes（floods）.indicator：没有指标 K0x7，是否想写 K07？"),
    ],
)
def test_what_a_scene_names_and_there_is_not_is_one_line(
    tmp_path: Path, change: tuple[str, str], line: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        scenes_of(tmp_path, FLOODS.replace(*change))
    assert str(refused.value) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[wall]\nscenes = ["overvew"]\n', "wall.scenes：没有场景 overvew，是否想写 overview？"),
        (
            '[carousel]\nscenes = ["overview", "comand"]\n',
            "carousel.scenes：没有场景 comand，是否想写 command？",
        ),
        (
            '[wall]\nscenes = ["overview"]\n[carousel]\nscenes = ["command"]\n',
            "carousel.scenes：wall.scenes 里没有 command，可用：overview",
        ),
        (
            '[carousel]\nalert_scene = "kommand"\n',
            "carousel.alert_scene：没有场景 kommand，是否想写 command？",
        ),
    ],
)
def test_scenes_that_are_chosen_and_there_are_not_are_one_line(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(SettingsError) as refused:
        scenes_of(tmp_path, text)
    assert str(refused.value) == line


def test_a_wrong_key_or_interval_names_the_scene_and_the_line(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"yiping\.toml:13 scenes\[1\]\.lefft：（floods）未知的键，是否想写 left？"
    ):
        scenes_of(tmp_path, FLOODS.replace("left", "lefft"))
    with pytest.raises(SettingsError, match=r"carousel\.every：应不小于 5"):
        scenes_of(tmp_path, '[carousel]\nevery = "1s"\n')


def test_a_grid_that_no_source_has_brought_is_told_with_the_nearest(tmp_path: Path) -> None:
    found = scenes_of(tmp_path, FLOODS)
    assert found.unknown_grids(["6205", "620501"]) == []
    assert found.unknown_grids(["6205", "620502"]) == [
        "scenes（floods）.grid：没有网格 620501，是否想写 620502？"
    ]


def test_the_page_draws_every_panel_once_and_those_of_the_first_scene_in_their_places() -> None:
    own = SHIPPED[5]
    page = wall.layout(scenes=Scenes([own, *SHIPPED[:2]]))
    parts = list(components(page))
    assert sorted(props["data-panel"] for props in parts if "data-panel" in props) == sorted(BY_NAME)
    by_id = {props["id"]: props for props in parts if "id" in props}
    for area in AREAS:
        inside = [
            props["data-panel"]
            for props in components(by_id[f"area-{area}"]["children"])
            if "data-panel" in props
        ]
        assert inside == getattr(own, area)


def test_every_panel_has_a_script_that_paints_it() -> None:
    text = "".join(script.read_text("utf-8") for script in ASSETS.glob("*.js"))
    for panel in PANELS:
        assert f"Wall.{panel.script} = " in text, panel.name
