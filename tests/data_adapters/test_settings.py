"""yiping.toml: what it may say, and what is said of it where it is wrong, in one line with file, line and key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data_adapters.settings import Settings, load
from data_adapters.settings_error import SettingsError

TOML_LINE = re.compile(r"""\[|"[^"]*" *=|[a-z_]+ *= """)
HEAD = """[centre]
name = "示范县综治中心"
root = "6205"
[[levels]]
level = 0
name = "县"
[[levels]]
level = 1
name = "乡镇"
"""
GRIDS = """[[sources]]
name = "towns"
kind = "grid"
path = "towns.geojson"
[sources.fields]
code = "CODE"
name = "NAME"
level = { const = 1 }
parent = { within = 0 }
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "yiping.toml"
    path.write_text(text, encoding="utf-8")
    return path


def fault(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(write(folder, text))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_relative_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    settings = load(write(tmp_path, HEAD + GRIDS))
    assert settings.sources[0].path == tmp_path / "towns.geojson"
    assert settings.store.url == f"sqlite:///{tmp_path / 'yiping.db'}"


def test_an_absolute_store_and_another_database_stay_as_they_are(tmp_path: Path) -> None:
    absolute = load(write(tmp_path, HEAD + '[store]\nurl = "sqlite:////var/lib/yiping.db"\n'))
    other = load(write(tmp_path, HEAD + '[store]\nurl = "postgresql+psycopg://a:b@db/zz"\n'))
    assert absolute.store.url == "sqlite:////var/lib/yiping.db"
    assert other.store.url == "postgresql+psycopg://a:b@db/zz"


def test_secrets_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALL_TOKEN", "0123456789abcdef")
    text = HEAD + '[[displays]]\nname = "大厅"\ntoken = "${HALL_TOKEN}"\ngrid = "6205"\n'
    assert load(write(tmp_path, text)).displays[0].token == "0123456789abcdef"


def test_a_variable_that_is_not_set_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HALL_TOKEN", raising=False)
    message = fault(tmp_path, HEAD + '[[displays]]\nname = "大厅"\ntoken = "${HALL_TOKEN}"\ngrid = "6205"\n')
    assert "HALL_TOKEN" in message
    assert "yiping.toml:12" in message


def test_an_unknown_key_comes_with_the_nearest_one_and_its_line(tmp_path: Path) -> None:
    message = fault(tmp_path, HEAD.replace('name = "示范', 'nane = "示范'))
    assert "yiping.toml:2 centre.nane" in message or "centre.name" in message
    message = fault(tmp_path, HEAD + GRIDS.replace("path =", "pathh ="))
    assert "pathh" in message
    assert "是否想写 path" in message
    assert "yiping.toml:13" in message


def test_an_unknown_field_comes_with_the_nearest_one(tmp_path: Path) -> None:
    message = fault(tmp_path, HEAD + GRIDS.replace("parent =", "parnt ="))
    assert "parnt" in message
    assert "是否想写 parent" in message
    assert "towns" in message


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (GRIDS.replace('kind = "grid"', 'kind = "gird"'), "grid"),
        (GRIDS.replace('name = "NAME"\n', ""), "缺少 name"),
        (GRIDS.replace('path = "towns.geojson"\n', ""), "文件路径"),
        (GRIDS.replace("{ within = 0 }", '{ within = 0, column = "P" }'), "三者之一"),
        (GRIDS.replace("{ within = 0 }", '{ within = "town" }'), "应为整数"),
        (GRIDS.replace('kind = "grid"', 'kind = "grid"\ncrs = "WGS84"'), "EPSG"),
        (GRIDS.replace('kind = "grid"', 'kind = "grid"\nevery = "often"'), "15m"),
        (GRIDS + GRIDS, "重复"),
        (GRIDS + '[sources.values.state]\n"a" = "b"\n', "state"),
        ("[centre]\nname = 1\n", "TOML"),
    ],
)
def test_a_wrong_value_says_what_would_be_right(tmp_path: Path, wrong: str, right: str) -> None:
    assert right in fault(tmp_path, HEAD + wrong)


def test_levels_begin_at_zero_without_gaps(tmp_path: Path) -> None:
    assert "从 0 起连续" in fault(tmp_path, HEAD.replace("level = 1", "level = 2"))


def test_an_unknown_time_zone_comes_with_the_nearest_one(tmp_path: Path) -> None:
    text = HEAD.replace('root = "6205"', 'root = "6205"\ntimezone = "Asia/Shangai"')
    assert "Asia/Shanghai" in fault(tmp_path, text)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="yiping init"):
        load(tmp_path / "yiping.toml")


def test_intervals_are_seconds(tmp_path: Path) -> None:
    settings = load(write(tmp_path, HEAD + GRIDS.replace('kind = "grid"', 'kind = "grid"\nevery = "15m"')))
    assert settings.sources[0].every == 900


def test_the_written_template_is_a_good_configuration() -> None:
    template = Path(__file__).parents[2] / "dashboard" / "yiping.toml"
    settings = load(template)
    assert isinstance(settings, Settings)
    assert settings.level_name(1) == "乡镇"
    assert settings.level_name(7) == "7 级"


def test_every_commented_line_of_the_template_is_right_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HALL_TOKEN", "UPSTREAM_TOKEN", "CASE_DB_PASSWORD"):
        monkeypatch.setenv(name, "0123456789abcdef")
    template = (Path(__file__).parents[2] / "dashboard" / "yiping.toml").read_text(encoding="utf-8")
    commented = [line.removeprefix("# ") for line in template.splitlines() if line.startswith("# ")]
    settings = load(write(tmp_path, HEAD + "\n".join(line for line in commented if TOML_LINE.match(line))))
    assert {"cameras", "case-db", "units"} <= {source.name for source in settings.sources}
    assert settings.displays[0].grid == "620500101"
